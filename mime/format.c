#include "mime/format.h"

/* Surest first: fields that a standard defines, then texts. */
static const struct format *const formats[] = {
    &format_rfc3464,  &format_qmail, &format_exim, &format_sendmail, &format_postfix,
    &format_exchange, &format_aol,   &format_ses,  &format_listing,  &format_failed_header,
};

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
    if (!report->recipient_count || all_are_named(report))
        return true;
    struct report kept = *report;
    report->recipients = NULL;
    report->recipient_count = 0;
    if (!read_from(mail, last + 1, &last))
        format_text.read(mail);
    adopt_names(&kept, report);
    *report = kept;
    return true;
}
