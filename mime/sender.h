/*
 * sender: whether a mail comes from a mail system or from somebody.
 */
#ifndef MIME_SENDER_H
#define MIME_SENDER_H

#include "mime/mail.h"

/* Whether the mail says to come from a mail system: an empty envelope sender, or a From such as
 * MAILER-DAEMON or "Mail Delivery Subsystem". Anybody can write that: it opens a door to the
 * formats that read prose, and proves nothing. */
bool sender_is_mail_system(const struct mail *mail);

/* Whether an address is a mail system's own (postmaster@, mailer-daemon@), not a recipient's. */
bool sender_is_role_address(struct bytes address);

#endif
