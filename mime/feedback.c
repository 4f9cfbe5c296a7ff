#include "mime/feedback.h"

#include "cmd/base/utf8.h"
#include "mime/address.h"
#include "mime/date.h"
#include "mime/json.h"
#include "mime/sender.h"

#include <string.h>

enum {
    READ_MAX = 64 * 1024, /* a feedback report is a page */
    RCPT_TO_MAX = 1000,
};

static const char *text(struct mail *mail, const struct header *header, const char *name) {
    enum {
        VALUE_MAX = 1024,
    };
    struct bytes value = bytes_first(header_value(header, name), VALUE_MAX);
    return value.len ? utf8_clean(mail->arena, header_unfold(mail->arena, value)) : NULL;
}

static void add_recipient(struct mail *mail, const char *address) {
    struct report_feedback *feedback = &mail->report->feedback;
    if (!address || feedback->original_rcpt_to_count == RCPT_TO_MAX)
        return;
    feedback->original_rcpt_to =
        arena_grow(mail->arena, feedback->original_rcpt_to, feedback->original_rcpt_to_count,
                   sizeof *feedback->original_rcpt_to);
    feedback->original_rcpt_to[feedback->original_rcpt_to_count++] = address;
}

/* "abuse", also of "Abuse (by the user)". */
static const char *first_word(struct arena *arena, struct bytes value) {
    enum {
        WORD_MAX = 100,
    };
    value = bytes_trim(header_without_comments(arena, bytes_first(value, WORD_MAX)));
    size_t len = 0;
    while (len < value.len && !ascii_is_space(value.data[len]) && !strchr(";,", value.data[len]))
        len++;
    return len ? ascii_lower_string(utf8_clean(arena, bytes_first(value, len))) : NULL;
}

/* Return Path says what it is in a field of its own. */
static const char *type_of(struct arena *arena, const struct header *header) {
    const char *type = first_word(arena, header_value(header, "Feedback-Type"));
    return type ? type : first_word(arena, header_value(header, "Abuse-Type"));
}

/* Fields of the report that name who complained; RFC 5965 section 3.2, its drafts, and DMARC
 * reporters that copy the words of RFC 3464. */
static const char *const recipient_fields[] = {
    "Original-Rcpt-To",
    "Removal-Recipient",
    "Original-Recipient",
};

/* Fields of the original's header in which mailbox providers put who complained. */
static const char *const complainer_fields[] = {
    "X-HmXmrOriginalRecipient", /* Microsoft's Junk Mail Reporting Program */
    "X-Apparently-To",          /* Yahoo */
};

/* Fields that any delivery adds; under a list or an alias they name where it ended, so that a
 * single To goes before them. */
static const char *const delivered_fields[] = {
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Delivered-To",
};

static void read_fields(struct mail *mail, const struct header *header) {
    struct report_feedback *feedback = &mail->report->feedback;
    struct arena *arena = mail->arena;
    feedback->type = type_of(arena, header);
    feedback->original_mail_from =
        address_first(arena, header_value(header, "Original-Mail-From"), NULL);
    feedback->source_ip = text(mail, header, "Source-IP");
    feedback->reported_domain = text(mail, header, "Reported-Domain");
    feedback->user_agent = text(mail, header, "User-Agent");
    feedback->arrival = date_read(header_value(header, "Arrival-Date"));
    if (!feedback->arrival)
        feedback->arrival = date_read(header_value(header, "Received-Date"));
    for (size_t n = 0; n < sizeof recipient_fields / sizeof *recipient_fields; n++)
        for (size_t i = 0; i < header->count; i++)
            if (bytes_equal_ignore_case(header->fields[i].name, recipient_fields[n]))
                add_recipient(mail, address_typed(arena, header->fields[i].value, false));
}

static void read_one_of(struct mail *mail, const struct header *original, const char *const *names,
                        size_t count) {
    for (size_t i = 0; i < count && !mail->report->feedback.original_rcpt_to_count; i++)
        add_recipient(mail, address_first(mail->arena, header_value(original, names[i]), NULL));
}

/* Where the report redacts who complained, or has no field for it. */
static void read_delivered(struct mail *mail, const struct header *original) {
    read_one_of(mail, original, complainer_fields,
                sizeof complainer_fields / sizeof *complainer_fields);
    if (mail->report->original.to_count != 1)
        read_one_of(mail, original, delivered_fields,
                    sizeof delivered_fields / sizeof *delivered_fields);
}

static struct header part_header(struct mail *mail, const struct entity *part) {
    struct bytes content = entity_content(part, mail->arena, READ_MAX);
    struct header header;
    while (content.len && ascii_is_space(content.data[0]))
        content = bytes_from(content, 1);
    header_read(content, mail->arena, &header);
    return header;
}

/* The part, by its type or, in a multipart/report for it, by what stands in it. */
static bool read_arf(struct mail *mail, const char **reason) {
    bool announced = bytes_equal_ignore_case(mail->root->report_type, "feedback-report");
    for (const struct entity *e = mail->root; e; e = entity_next(e)) {
        bool declared = entity_is(e, "message/feedback-report");
        if (e->first_part || !(declared || (announced && e != mail->root)))
            continue;
        struct header header = part_header(mail, e);
        if (!declared && !header_has(&header, "Feedback-Type"))
            continue;
        *reason = "a message/feedback-report part";
        read_fields(mail, &header);
        return true;
    }
    if (announced)
        *reason = "report-type=feedback-report";
    return announced;
}

/* Subjects and texts over a message that is passed on as a complaint. */
static const char *const complaint_subjects[] = {
    "complaint about message from", /* Microsoft, before and beside X-HmXmrOriginalRecipient */
    "email feedback report for",    /* AOL and its followers */
    "abuse report",
    "spam complaint",
    "abuse complaint",
    "spam report",
    "junk mail report",
    "feedback loop",
    "client complaint",
    "[fbl]",
};
static const char *const complaint_texts[] = {
    "this is an email abuse report", /* the example of RFC 5965, word for word in most reports */
    "this is an abuse report",
    "this is a spam report",
    "this is a spam complaint",
};

static bool is_complaint(const struct mail *mail) {
    /* What answers somebody, and what a list sent, talks about complaints. */
    if (!mail->report->original.present || mail->status_part ||
        header_has(mail->header, "In-Reply-To") || header_has(mail->header, "List-Id"))
        return false;
    for (size_t i = 0; i < sizeof complaint_subjects / sizeof *complaint_subjects; i++)
        if (bytes_starts_ignore_case(mail->subject, complaint_subjects[i]))
            return true;
    for (size_t i = 0; i < sizeof complaint_texts / sizeof *complaint_texts; i++)
        if (bytes_find(mail->head, complaint_texts[i]) >= 0)
            return true;
    return false;
}

/* {"notificationType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":...}],
 * "complaintFeedbackType":"abuse"}} */
static void read_ses(struct mail *mail) {
    struct bytes list = json_text_array(mail->notice, "complainedRecipients"), item;
    struct bytes type = json_text_string(mail->arena, mail->notice, "complaintFeedbackType");
    mail->report->feedback.type =
        type.len ? ascii_lower_string(utf8_clean(mail->arena, bytes_first(type, 100))) : "abuse";
    while (json_text_next_object(&list, &item)) {
        struct bytes address = json_text_string(mail->arena, item, "emailAddress");
        add_recipient(mail, address_first(mail->arena, bytes_first(address, 1000), NULL));
    }
}

bool feedback_read(struct mail *mail, const struct header *original, const char **reason) {
    if (sender_is_amazon(mail) && (json_text_has(mail->notice, "notificationType", "Complaint") ||
                                   json_text_has(mail->notice, "eventType", "Complaint"))) {
        *reason = "notificationType: Complaint";
        read_ses(mail);
        return true;
    }
    bool arf = read_arf(mail, reason);
    bool complaint =
        is_complaint(mail) || (!mail->status_part && header_has(original, complainer_fields[0]));
    if (!arf && !complaint)
        return false;
    if (!arf)
        *reason = "a message that is passed on as a complaint";
    if (complaint && !mail->report->feedback.type)
        mail->report->feedback.type = "abuse";
    read_delivered(mail, original);
    return true;
}
