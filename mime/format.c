#include "mime/format.h"

/* Surest first: fields that a standard defines, then texts. */
static const struct format *const formats[] = {
    &format_rfc3464,
    &format_qmail,
    &format_exim,
};

bool format_read(struct mail *mail) {
    bool recognised = false;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (!formats[i]->recognise(mail))
            continue;
        if (!recognised)
            mail->report->format = formats[i]->name;
        recognised = true;
        formats[i]->read(mail);
        if (mail->report->recipient_count) {
            mail->report->format = formats[i]->name;
            break;
        }
    }
    return recognised;
}
