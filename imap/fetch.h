/*
 * fetch: messages off FETCH responses (RFC 9051 section 7.5.2).
 */
#ifndef IMAP_FETCH_H
#define IMAP_FETCH_H

#include "imap/session.h"

/* Reads the rest of "* 12 FETCH". Sets imap->message_ready where it holds the body of a message
 * that was asked for and not yet answered. */
int fetch_response(struct imap *imap, struct err *err);

/* Acts on a tagged NO to a FETCH, whose words are in imap->text: asks again for what is missing, in
 * two halves, so that one message that the server cannot read does not hide the others; and at last
 * gives up on that one message. */
int fetch_refused(struct imap *imap, const struct command *fetch, struct err *err);

#endif
