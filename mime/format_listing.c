/* Notices that announce the failed recipients with a phrase of their own and name them behind it,
 * on the same line or on the next ones, one a line. The phrase is all that is special to each
 * system, so they share one reader and are rows of a table. */
#include "mime/entry.h"
#include "mime/format.h"
#include "mime/notice.h"
#include "mime/sender.h"

static const struct row {
    const char *name;   /* for report->format */
    const char *phrase; /* compared without the case of ASCII letters */
} rows[] = {
    {"google", "Delivery to the following recipient"},
    {"google", "Your message wasn't delivered to"},
    {"exchange", "did not reach the following recipient"},
    {"exchange", "Delivery has failed to these recipients"},
    {"domino", "Your Document:"},
    {"x3", "Delevery to the following recipients failed permanently"}, /* sic */
    {"mailenable", "The following recipient(s) could not be reached:"},
    {"groupwise", "The message that you sent was undeliverable to the following:"},
    {"communigate", "Failed to deliver to '"},
    {"dma", "There was an error delivering your mail to"}, /* DragonFly Mail Agent */
    {"opensmtpd", "the following list of recipients"},
    {"smail", "Failed addresses follow"},
    {"imail", "Invalid final delivery userid:"},
    {"imail", "User mailbox exceeds allowed size:"},
    {"imail", "Unknown user:"},
    {"imail", "undeliverable to "},
    {"lsmtp", "Error-for:"},
    {"kddi", "Could not be delivered to:"},
    {"kddi", "As their mailbox is full.\nCould not be delivered to:"},
    {"ezweb", "Each of the following recipients was rejected by a remote"},
    {"ezweb", "The user(s) account is disabled."},
    {"ezweb", "The user(s) account is temporarily over quota."},
    {"ezweb", "Unable to deliver your message to the following recipient"},
    {"james", "RCPT TO:"},
    {"phquery", "Message not delivered to the following addresses"},
    {"aol", "Your mail to the following recipients could not be delivered"},
    {"mmdf", "Your message was not delivered to"},
    {"mailsystem", "Intended recipient:"},
    {"mailsystem", "could not be delivered to the following"},
    {"mailsystem", "cannot be delivered to the following"},
    {"mailsystem", "couldn't be delivered to the following"},
    {"mailsystem", "was not delivered to the following"},
    {"mailsystem", "has not been delivered to the following"},
    {"mailsystem", "unable to deliver your message to the following"},
    {"mailsystem", "unable to deliver message to the following"},
    {"mailsystem", "failed to deliver your message to the following"},
    {"mailsystem", "failed for the following recipient"},
    {"mailsystem", "could not be delivered to:"},
    {"mailsystem", "The following recipient"},
    {"mailsystem", "The following address"},
    {"mailsystem", "The following user"},
    {"mailsystem", "to the following recipient"},
    {"mailsystem", "to the following address"},
    {"mailsystem", "to the following user"},
    {"mailsystem", "Your message to:"},
    {"mailsystem", "Recipient address:"},
    {"mailsystem", "Failed recipient:"},
    {"mailsystem", "User's mailbox is full:"},
    {"mailsystem", "Unable to deliver message to:"},
};

enum {
    HEAD_MAX = 8 * 1024, /* announcements stand at the beginning of a notice */
};

static long phrase_find(struct bytes notice, const struct row *row) {
    return bytes_find_ignore_case(bytes_first(notice, HEAD_MAX), row->phrase);
}

static bool recognise(const struct mail *mail) {
    if (!sender_may_notify(mail))
        return false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (phrase_find(mail->notice, &rows[i]) >= 0)
            return true;
    return false;
}

static void read_entries(struct mail *mail) {
    enum report_action action = notice_action(mail);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (phrase_find(mail->notice, &rows[i]) < 0)
            continue;
        /* Some systems say it once for each recipient. */
        struct bytes rest = mail->notice;
        size_t added = 0;
        long at = bytes_find_ignore_case(rest, rows[i].phrase);
        while (at >= 0) {
            rest = bytes_from(rest, (size_t)at + bytes_of(rows[i].phrase).len);
            at = bytes_find_ignore_case(rest, rows[i].phrase);
            struct bytes behind = bytes_first(rest, at < 0 ? rest.len : (size_t)at);
            added += entries_read_listed(mail, behind, action);
        }
        if (!added)
            continue;
        mail->report->format = rows[i].name;
        return;
    }
}

const struct format format_listing = {"listing", recognise, read_entries};
