/*
 * original: the returned original message: who sent what to whom.
 */
#ifndef MIME_ORIGINAL_H
#define MIME_ORIGINAL_H

#include "mime/mail.h"

/* Finds the part that returns the original (message/rfc822, text/rfc822-headers, their global forms
 * of RFC 6533, or a part without a proper type that begins with a header), or NULL. */
struct entity *original_part_find(struct entity *root, const struct entity *status_part);

/* Fills report->original from mail->original_part, else from mail->quoted. Only the header is read.
 * Returns the header, for what else stands in it. */
struct header original_read(struct mail *mail);

#endif
