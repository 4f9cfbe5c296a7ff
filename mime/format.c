#include "mime/format.h"

#include "mime/address.h"
#include "mime/diagnostic.h"

/* Surest first: fields that a standard defines, then texts. */
static const struct format *const formats[] = {
    &format_rfc3464,  &format_qmail, &format_exim, &format_sendmail, &format_postfix,
    &format_exchange, &format_aol,   &format_ses,  &format_listing,  &format_failed_header,
};

/* A line of the notice that has a reply's code; where there are several recipients, one whose first
 * address is `address`. */
static struct bytes code_line_find(const struct mail *mail, const char *address) {
    struct bytes rest = bytes_first(mail->notice, mail->head.len), line;
    while (bytes_next_line(&rest, &line)) {
        struct diagnostic_codes codes = diagnostic_codes_find(line);
        /* A version number may look like a status, and a count like a reply. */
        bool leads = bytes_trim(line).len && ascii_is_digit(bytes_trim(line).data[0]);
        if (!(codes.reply >= 400 && *codes.status) &&
            !(leads && (codes.reply >= 400 || *codes.status)))
            continue;
        struct bytes left = line, first;
        if (!address ||
            (address_next(&left, &first, NULL) && bytes_equal_ignore_case(first, address)))
            return bytes_trim(line);
    }
    return (struct bytes){NULL, 0};
}

/* Recipients of a text whose own words have no code get what the transcript says of them. */
static void add_codes(struct mail *mail) {
    enum {
        LOOKUPS_MAX = 20, /* each reads the head of the notice again */
    };
    struct report *report = mail->report;
    for (size_t i = 0; i < report->recipient_count && i < LOOKUPS_MAX; i++) {
        struct report_recipient *r = &report->recipients[i];
        if (r->source == REPORT_SOURCE_STATUS_PART || r->reply_code || r->diagnostic_status ||
            r->status)
            continue;
        struct bytes line =
            code_line_find(mail, report->recipient_count > 1 ? r->final_recipient : NULL);
        if (!line.len)
            continue;
        const char *words = r->diagnostic_code ? r->diagnostic_code : "";
        words = arena_printf(mail->arena, "%.*s %s", (int)line.len, line.data, words);
        mail_recipient_diagnose(mail, r, bytes_of(words));
    }
}

/* Whether every recipient has an address. */
static bool all_are_named(const struct report *report) {
    for (size_t i = 0; i < report->recipient_count; i++)
        if (!report->recipients[i].final_recipient)
            return false;
    return report->recipient_count > 0;
}

/* Names for the recipients of a status part whose fields name nobody, where the text has as many.
 */
static void adopt_names(struct report *report, const struct report *text) {
    if (report->recipient_count != text->recipient_count)
        return;
    for (size_t i = 0; i < report->recipient_count; i++) {
        struct report_recipient *to = &report->recipients[i];
        const struct report_recipient *from = &text->recipients[i];
        if (to->final_recipient)
            continue;
        to->final_recipient = from->final_recipient;
        to->source = from->source;
        if (!to->diagnostic_code) {
            to->diagnostic_code = from->diagnostic_code;
            to->diagnostic_status = from->diagnostic_status;
            to->reply_code = from->reply_code;
        }
    }
}

/* Runs the formats from the `first`th on until one names a recipient. */
static bool read_from(struct mail *mail, size_t first, size_t *last) {
    bool recognised = false;
    struct report *report = mail->report;
    for (size_t i = first; i < sizeof formats / sizeof *formats; i++) {
        if (!formats[i]->recognise(mail))
            continue;
        const char *before = report->format;
        report->format = formats[i]->name;
        recognised = true;
        *last = i;
        formats[i]->read(mail);
        if (report->recipient_count)
            return true;
        if (before)
            report->format = before;
    }
    if (recognised)
        format_text.read(mail);
    return recognised;
}

bool format_read(struct mail *mail) {
    struct report *report = mail->report;
    size_t last = 0;
    if (!read_from(mail, 0, &last))
        return false;
    if (!report->recipient_count || all_are_named(report)) {
        add_codes(mail);
        return true;
    }
    struct report kept = *report;
    report->recipients = NULL;
    report->recipient_count = 0;
    if (!read_from(mail, last + 1, &last))
        format_text.read(mail);
    adopt_names(&kept, report);
    *report = kept;
    return true;
}
