/*
 * response: the untagged responses that we understand (RFC 9051 section 7); all others are skipped.
 */
#ifndef IMAP_RESPONSE_H
#define IMAP_RESPONSE_H

#include "imap/session.h"

/* Reads the rest of an untagged response, from behind its "* ", and keeps in `imap` what it tells.
 * -1 ends the session: not IMAP, a BYE, another UIDVALIDITY than before. */
int response_read(struct imap *imap, struct err *err);

/* Acts on the response code in imap->text, the text of an OK, NO or BAD: [ALERT], [UIDNEXT 7]. */
int response_code(struct imap *imap, struct err *err);

#endif
