/* Postfix's text, for reports whose status part is missing: "<ada@example.net>: host mx.example.net
 * said: 550 ..." The greeting is configurable; the form of these lines is not, and no other says
 * more than it. */
#include "mime/entry.h"
#include "mime/format.h"
#include "mime/notice.h"

static bool recognise(const struct mail *mail) {
    struct bytes rest = mail->notice;
    struct entry entry;
    return mail->may_notify && entry_next_bracketed(&rest, &entry);
}

static void read_entries(struct mail *mail) {
    struct bytes rest = mail->notice;
    struct entry entry;
    enum report_action action = notice_action(mail);
    while (entry_next_bracketed(&rest, &entry))
        entry_add(mail, &entry, action);
}

const struct format format_postfix = {"postfix", recognise, read_entries};
