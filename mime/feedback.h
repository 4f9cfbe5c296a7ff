/*
 * feedback: feedback reports (ARF, RFC 5965).
 */
#ifndef MIME_FEEDBACK_H
#define MIME_FEEDBACK_H

#include "mime/mail.h"

/* Fills report->feedback from a message/feedback-report part. */
void feedback_read(struct mail *mail, const struct entity *part);

#endif
