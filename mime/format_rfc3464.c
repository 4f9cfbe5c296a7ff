/* RFC 3464 and RFC 6533: the fields of a status part, declared or standing in the text. */
#include "mime/delivery_status.h"
#include "mime/format.h"

enum {
    /* Transfer-encoded fields of REPORT_RECIPIENTS_MAX recipients. */
    READ_MAX = 8 * 1024 * 1024,
};

static bool recognise(const struct mail *mail) {
    if (mail->status_part)
        return true;
    return mail->may_notify && delivery_status_find(mail->notice) >= 0;
}

static void read_fields(struct mail *mail) {
    if (mail->status_part) {
        /* Fields are ASCII by the RFC, and the words of foreign servers in them are not. */
        delivery_status_read(
            mail, entity_text(mail->status_part, mail->charsets, mail->arena, READ_MAX, NULL));
        return;
    }
    long start = delivery_status_find(mail->notice);
    mail_note(mail, "status fields in the text");
    delivery_status_read(mail, bytes_from(mail->notice, (size_t)start));
}

const struct format format_rfc3464 = {"rfc3464", recognise, read_fields};
