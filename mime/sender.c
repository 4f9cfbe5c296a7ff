#include "mime/sender.h"

#include "mime/kind_text.h"
#include "mime/words.h"

static const char *const system_names[] = {
    "mailer-daemon",    "mailer_daemon",        "mailerdaemon",
    "postmaster",       "post_master",          "mail delivery",
    "delivery sub",     "mail system",          "mail-daemon",
    "maildaemon",       "system administrator", "mdaemon",
    "mailsystem",       "delivery system",      "mail daemon",
    "delivery service", "mail.delivery",        "complaints and bounces",
};

static const char *const role_local_parts[] = {
    "mailer-daemon@", "postmaster@", "abuse@",   "mail-daemon@", "mailerdaemon@",
    "noreply@",       "no-reply@",   "support@", "hostmaster@",
};

bool sender_is_named_system(const struct mail *mail) {
    struct bytes sender = bytes_of(mail->sender);
    for (size_t i = 0; i < sizeof system_names / sizeof *system_names; i++)
        if (bytes_find(sender, system_names[i]) >= 0)
            return true;
    return false;
}

bool sender_may_notify(const struct mail *mail) {
    if (mail->report->null_sender || mail->from_system)
        return true;
    /* People answer notices under their subjects, and newsletters about mail have such ones.
     * List-Id says nothing: some systems copy it from the mail that failed. */
    static const char *const not_of_notices[] = {"In-Reply-To", "References", "List-Unsubscribe"};
    for (size_t i = 0; i < sizeof not_of_notices / sizeof *not_of_notices; i++)
        if (header_has(mail->header, not_of_notices[i]))
            return false;
    return !kind_text_is_forward(mail->subject) && words_in_failure_subject(mail->subject);
}

bool sender_is_amazon(const struct mail *mail) {
    return bytes_ends_ignore_case(bytes_of(mail->report->from), ".amazonaws.com");
}

static bool is_same(struct bytes address, const char *other) {
    return other && bytes_equal_ignore_case(address, other);
}

bool sender_is_involved(const struct mail *mail, struct bytes address) {
    const struct report *report = mail->report;
    for (size_t i = 0; i < sizeof role_local_parts / sizeof *role_local_parts; i++)
        if (bytes_starts_ignore_case(address, role_local_parts[i]))
            return true;
    if (is_same(address, report->from) || is_same(address, report->original.from) ||
        is_same(address, report->original.return_path))
        return true;
    for (size_t i = 0; i < report->candidate_count; i++)
        if (is_same(address, report->candidates[i].address))
            return true;
    return false;
}
