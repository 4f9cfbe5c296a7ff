#include "mime/mail.h"

#include "mime/diagnostic.h"

#include <string.h>

enum {
    NOTES_MAX = 20, /* a hostile message has thousands of oddities */

    /* Diagnostic words of all recipients together, which 10,000 honest ones have; behind that, the
     * words of one. */
    DIAGNOSED_MAX = 1024 * 1024,
    DIAGNOSTIC_SHORT = 256, /* most have half of it */
};

const char *mail_header_text(const struct mail *mail, const char *name) {
    return encoding_header_text(mail->charsets, mail->arena, header_value(mail->header, name));
}

struct report_recipient *mail_recipient_add(struct mail *mail, enum report_source source,
                                            const char *address) {
    struct report *report = mail->report;
    if (report->recipient_count == REPORT_RECIPIENTS_MAX) {
        mail_note(mail, "more recipients than are read");
        return NULL;
    }
    report->recipients = arena_grow(mail->arena, report->recipients, report->recipient_count,
                                    sizeof *report->recipients);
    struct report_recipient *recipient = &report->recipients[report->recipient_count++];
    *recipient = (struct report_recipient){.final_recipient = address, .source = source};
    return recipient;
}

void mail_recipient_diagnose(struct mail *mail, struct report_recipient *recipient,
                             struct bytes words) {
    if (mail->diagnosed > DIAGNOSED_MAX)
        words = mail_cut(words, DIAGNOSTIC_SHORT);
    recipient->diagnostic_code = diagnostic_text(mail->arena, words);
    if (!recipient->diagnostic_code)
        return;
    mail->diagnosed += strlen(recipient->diagnostic_code);
    struct diagnostic_codes codes = diagnostic_codes_find(bytes_of(recipient->diagnostic_code));
    recipient->reply_code = codes.reply;
    recipient->diagnostic_status = *codes.status ? arena_string(mail->arena, codes.status) : NULL;
}

struct bytes mail_cut(struct bytes text, size_t max) {
    if (text.len <= max)
        return text;
    text.len = max;
    while (text.len && ((unsigned char)text.data[text.len] & 0xC0) == 0x80)
        text.len--;
    return text;
}

void mail_note(struct mail *mail, const char *note) {
    struct report *report = mail->report;
    if (report->note_count == NOTES_MAX)
        return;
    for (size_t i = 0; i < report->note_count; i++)
        if (!strcmp(report->notes[i], note))
            return;
    report->notes =
        arena_grow(mail->arena, report->notes, report->note_count, sizeof *report->notes);
    report->notes[report->note_count++] = note;
}
