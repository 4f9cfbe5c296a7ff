/* Postfix's text, for reports whose status part is missing: "<ada@example.net>: host mx.example.net
 * said: 550 ..." The greeting is configurable, the form of these lines is not. */
#include "mime/entry.h"
#include "mime/format.h"
#include "mime/notice.h"
#include "mime/sender.h"

static const char *const openings[] = {
    "This is the mail system at host",
    "This is the Postfix program at host",
    "Postfix",
    "your message could not be delivered to one or more recipients",
    "could not be delivered to one or more destinations",
    "THIS IS A WARNING ONLY",
};

static bool recognise(const struct mail *mail) {
    struct bytes rest = mail->notice;
    struct entry entry;
    if (!sender_may_notify(mail))
        return false;
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++)
        if (bytes_find_ignore_case(bytes_first(rest, 2000), openings[i]) >= 0)
            return entry_next_bracketed(&rest, &entry);
    return false;
}

static void read_entries(struct mail *mail) {
    struct bytes rest = mail->notice;
    struct entry entry;
    enum report_action action = notice_action(mail);
    while (entry_next_bracketed(&rest, &entry))
        entry_add(mail, &entry, action);
}

const struct format format_postfix = {"postfix", recognise, read_entries};
