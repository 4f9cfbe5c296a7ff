/* X-Failed-Recipients: Exim and Google name the failed recipients in this field, and their notices
 * keep it where gateways have rewritten the text. */
#include "cmd/base/utf8.h"
#include "mime/address.h"
#include "mime/format.h"
#include "mime/notice.h"

static const char name[] = "X-Failed-Recipients";

static bool recognise(const struct mail *mail) {
    return header_has(mail->header, name);
}

static void read_field(struct mail *mail) {
    struct bytes rest = header_unfold(mail->arena, header_value(mail->header, name)), address;
    enum report_action action = notice_action(mail);
    while (address_next(&rest, &address, NULL)) {
        struct report_recipient *r =
            mail_recipient_add(mail, REPORT_SOURCE_HEADER, utf8_clean(mail->arena, address));
        if (!r)
            return;
        r->action = action;
        mail_recipient_diagnose(mail, r, mail->notice);
    }
}

const struct format format_failed_header = {"failed-header", recognise, read_field};
