/*
 * sender: whether a mail comes from a mail system or from somebody.
 *
 * Anybody can write what is looked at here: it opens the door to the formats that read prose, and
 * proves nothing.
 */
#ifndef MIME_SENDER_H
#define MIME_SENDER_H

#include "mime/mail.h"

/* Whether From is a mail system's: MAILER-DAEMON, "Mail Delivery Subsystem", postmaster. Found
 * once, for mail->from_system. */
bool sender_is_named_system(const struct mail *mail);

/* Whether the mail may be a notice: from a mail system, with an empty envelope sender, or under the
 * subject of a notice while it answers nobody and is no newsletter. Asks mail->from_system; found
 * once, for mail->may_notify. */
bool sender_may_notify(const struct mail *mail);

/* Whether From is Amazon SNS, which passes SES notices on by mail. */
bool sender_is_amazon(const struct mail *mail);

/* Whether an address cannot be the one that failed: the report's own sender and recipients, the
 * original's sender, a mail system's own (postmaster@). Only for prose, where everybody may stand:
 * people do mail themselves. */
bool sender_is_involved(const struct mail *mail, struct bytes address);

#endif
