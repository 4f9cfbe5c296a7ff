#include "mime/read.h"

#include "mime/address.h"
#include "mime/candidate.h"
#include "mime/date.h"
#include "mime/delivery_status.h"
#include "mime/feedback.h"
#include "mime/format.h"
#include "mime/kind.h"
#include "mime/mail.h"
#include "mime/notice.h"
#include "mime/original.h"
#include "mime/recipients.h"
#include "mime/sender.h"

enum {
    /* Of a mail system's text: REPORT_RECIPIENTS_MAX entries of a few lines each. */
    NOTICE_MAX = 4 * 1024 * 1024,
    /* Of anybody else's: its first page says whether it is an answer. */
    ORDINARY_TEXT_MAX = 64 * 1024,
};

/* LF for CR, where CR is the only line end there is (classic Mac OS, some gateways). */
static struct bytes with_line_feeds(struct arena *arena, struct bytes message) {
    enum {
        SAMPLE = 4096,
    };
    struct bytes sample = bytes_first(message, SAMPLE);
    if (bytes_find_char(sample, '\n') >= 0 || bytes_find_char(sample, '\r') < 0)
        return message;
    char *copy = arena_bytes(arena, message);
    for (size_t i = 0; i < message.len; i++)
        if (copy[i] == '\r' && !(i + 1 < message.len && copy[i + 1] == '\n'))
            copy[i] = '\n';
    return (struct bytes){copy, message.len};
}

/* Also without the empty lines that some gateways put before the header. */
static struct bytes without_mbox_line(struct bytes message) {
    struct bytes line;
    while (message.len && ascii_is_space(message.data[0]))
        message = bytes_from(message, 1);
    if (bytes_starts_ignore_case(message, "From ") || bytes_starts_ignore_case(message, ">From "))
        bytes_next_line(&message, &line);
    return message;
}

static struct entity *part_of_type(struct entity *root, const char *type) {
    for (struct entity *e = root; e; e = entity_next(e))
        if (entity_is(e, type))
            return e;
    return NULL;
}

static struct entity *status_part_find(struct entity *root) {
    static const char *const types[] = {"message/delivery-status", "message/global-delivery-status",
                                        "text/delivery-status"};
    struct entity *found = NULL;
    for (size_t i = 0; i < sizeof types / sizeof *types && !found; i++)
        found = part_of_type(root, types[i]);
    return found;
}

static void read_header(struct mail *mail) {
    struct report *report = mail->report;
    const struct header *header = mail->header;
    struct arena *arena = mail->arena;
    mail->sender = ascii_lower_string(arena_string(arena, mail_header_text(mail, "From")));
    report->from = address_first(arena, header_value(header, "From"), NULL);
    report->to = address_first(arena, header_value(header, "To"), NULL);
    report->subject = mail_header_text(mail, "Subject");
    mail->subject = bytes_of(ascii_lower_string(arena_string(arena, report->subject)));
    report->message_id = mail_header_text(mail, "Message-ID");
    if (!*report->message_id)
        report->message_id = NULL;
    if (header_has(header, "Auto-Submitted"))
        report->auto_submitted = mail_header_text(mail, "Auto-Submitted");
    report->date = date_read(header_value(header, "Date"));
    report->null_sender = bytes_equal(header_value(header, "Return-Path"), bytes_of("<>"));
}

/* A whole report inside of another mail: forwarded as an attachment, or returned as the original of
 * a relay's own notice. Only the fields of a status part count in there, never prose. */
static bool read_enclosed(struct mail *mail) {
    enum {
        ENCLOSED_MAX = 1024 * 1024, /* reports with a short original; a long one is cut */
    };
    struct bytes message = mail->quoted;
    if (mail->original_part)
        message = entity_content(mail->original_part, mail->arena, ENCLOSED_MAX);
    if (!message.len)
        return false;
    struct entity *root =
        entity_read(without_mbox_line(bytes_first(message, ENCLOSED_MAX)), mail->arena);
    struct entity *part = status_part_find(root);
    if (!part || !delivery_status_read(mail, entity_content(part, mail->arena, ENCLOSED_MAX)))
        return false;
    mail_note(mail, "the report is enclosed in another mail");
    mail->original_part = original_part_find(root, part);
    mail->quoted.len = 0;
    mail->report->original = (struct report_original){0};
    original_read(mail);
    candidates_read_enclosed(mail, &root->header);
    return true;
}

static void set_kind(struct report *report, enum report_kind kind, const char *reason) {
    report->kind = kind;
    report->kind_reason = reason;
}

static void read_kind(struct mail *mail, const struct header *original) {
    struct report *report = mail->report;
    enum report_kind kind;
    const char *reason;
    struct kind_text text;
    if (feedback_read(mail, original, &reason)) {
        set_kind(report, REPORT_FEEDBACK, reason);
        report->format = "feedback";
        return;
    }
    /* A sieve script's reject (RFC 5429) may come as a disposition notification: Dovecot's does,
     * also for a full mailbox. */
    if (part_of_type(mail->root, "message/disposition-notification") &&
        bytes_find(mail->head, "automatically rejected") < 0) {
        set_kind(report, REPORT_DISPOSITION, "a message/disposition-notification part");
        return;
    }
    /* Mail systems say "Auto-Submitted: auto-replied" of their bounces too. */
    bool may_declare = !mail->from_system && !mail->status_part;
    if (may_declare) {
        kind_text_read(mail, &text);
        if (kind_find_declared(mail, &text, &kind, &reason)) {
            set_kind(report, kind, reason);
            return;
        }
    }
    bool recognised = format_read(mail);
    if (!recognised && format_text.recognise(mail)) {
        recognised = true;
        report->format = format_text.name;
        format_text.read(mail);
    }
    if (!report->recipient_count && read_enclosed(mail)) {
        recognised = true;
        report->format = format_rfc3464.name;
    }
    if (recognised) {
        set_kind(report, REPORT_DELIVERY_STATUS,
                 arena_printf(mail->arena, "the form of %s", report->format));
        return;
    }
    if (!may_declare)
        kind_text_read(mail, &text);
    if (kind_find_spoken(mail, &text, may_declare, &kind, &reason))
        set_kind(report, kind, reason);
}

/* Where the caller has cut the message, half an address may stand at its end, and half an address
 * is another one. */
static struct bytes without_cut_line(struct bytes message) {
    long last = bytes_find_last_char(message, '\n');
    return last < 0 ? message : bytes_first(message, (size_t)last + 1);
}

struct report *report_read(struct bytes message, bool truncated,
                           const struct report_options *options, struct arena *arena) {
    struct report *report = arena_alloc(arena, sizeof *report);
    struct charset_cache *own = NULL, *charsets = options ? options->charsets : NULL;
    if (!charsets)
        charsets = own = charset_cache_new();
    struct mail mail = {.options = options, .arena = arena, .charsets = charsets, .report = report};
    struct bytes text = without_mbox_line(with_line_feeds(arena, message));
    mail.root = entity_read(truncated ? without_cut_line(text) : text, arena);
    mail.header = &mail.root->header;
    report->truncated = truncated;
    for (const struct entity *e = mail.root; e; e = entity_next(e))
        report->truncated = report->truncated || e->unclosed;
    if (mail.root->problem)
        mail_note(&mail, mail.root->problem);
    read_header(&mail);
    mail.status_part = status_part_find(mail.root);
    mail.original_part = original_part_find(mail.root, mail.status_part);
    mail.from_system = sender_is_named_system(&mail);
    mail.may_notify = sender_may_notify(&mail);
    notice_read(&mail, mail.may_notify ? NOTICE_MAX : ORDINARY_TEXT_MAX);
    struct header original = original_read(&mail);
    candidates_read(&mail);
    read_kind(&mail, &original);
    recipients_unite(report, arena);
    report->text = arena_bytes(arena, mail_cut(mail.notice, REPORT_TEXT_MAX));
    charset_cache_free(own);
    return report;
}
