/*
 * feedback: feedback reports: ARF (RFC 5965, RFC 6591), and what says the same without it:
 * Microsoft's JMRP, Amazon SES complaints, and mails that pass a message on as a complaint.
 */
#ifndef MIME_FEEDBACK_H
#define MIME_FEEDBACK_H

#include "mime/mail.h"

/* Fills report->feedback where the mail is a feedback report; *reason is what made it one, in
 * words. `original` is the header of the message that it is about, where mailbox providers leave
 * whom they delivered it to when the report itself does not say. False where it is none. */
bool feedback_read(struct mail *mail, const struct header *original, const char **reason);

#endif
