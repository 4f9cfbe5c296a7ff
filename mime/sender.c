#include "mime/sender.h"

/* What From contains. Lower case does not matter. */
static const char *const system_names[] = {
    "mailer-daemon",        "mailer_daemon", "mailerdaemon",
    "postmaster",           "post_master",   "mail delivery",
    "delivery system",      "mail system",   "delivery subsystem",
    "mail-daemon",          "maildaemon",    "mail daemon",
    "system administrator", "mdaemon",       "mailsystem",
    "delivery service",     "bounce",
};

static const char *const role_local_parts[] = {
    "mailer-daemon@", "postmaster@", "abuse@", "mail-daemon@", "mailerdaemon@",
    "noreply@",       "no-reply@",   "root@",  "hostmaster@",
};

bool sender_is_mail_system(const struct mail *mail) {
    if (mail->report->null_sender)
        return true;
    for (size_t i = 0; i < sizeof system_names / sizeof *system_names; i++)
        if (bytes_find_ignore_case(bytes_of(mail->sender), system_names[i]) >= 0)
            return true;
    return false;
}

bool sender_is_role_address(struct bytes address) {
    for (size_t i = 0; i < sizeof role_local_parts / sizeof *role_local_parts; i++)
        if (bytes_starts_ignore_case(address, role_local_parts[i]))
            return true;
    return false;
}
