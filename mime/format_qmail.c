/* qmail's QSBMF (https://cr.yp.to/proto/qsbmf.txt) and what speaks like it: paragraphs that start
 * with "<ada@example.net>:", then the copy of the message. Yahoo's and many hosters' MTAs are
 * children of qmail with words of their own in front. */
#include "mime/entry.h"
#include "mime/format.h"

static const char *const openings[] = {
    "hi. this is the",
    "message from ",
    "i'm afraid i wasn't able to deliver",
    "qmail-send program",
    "unable to deliver message to the following address",
};

static bool recognise(const struct mail *mail) {
    if (!mail->may_notify)
        return false;
    if (bytes_equal(mail->subject, bytes_of("failure notice")))
        return true;
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++)
        if (bytes_find(mail->head, openings[i]) >= 0)
            return true;
    return false;
}

static void read_entries(struct mail *mail) {
    struct bytes rest = mail->notice;
    struct entry entry;
    while (entry_next_bracketed(&rest, &entry))
        entry_add(mail, &entry, REPORT_ACTION_FAILED);
}

const struct format format_qmail = {"qmail", recognise, read_entries};
