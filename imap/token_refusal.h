/*
 * token_refusal: what a server means that refuses an OAuth 2.0 access token.
 */
#ifndef IMAP_TOKEN_REFUSAL_H
#define IMAP_TOKEN_REFUSAL_H

#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"

/* Appends the refusal in words: the server's `words` (the text behind its NO; may be empty), the
 * status and scope out of `challenge`, and the likely cause and remedy. `challenge` is what came in
 * the continuation before, still in base64: JSON with "status" and perhaps "scope", the same for
 * OAUTHBEARER (RFC 7628 section 3.2.2) and Google's XOAUTH2; empty where there was none. */
void token_refusal_describe(struct buf *out, struct bytes words, struct bytes challenge);

#endif
