/*
 * address: addr-specs (RFC 5321 section 4.1.2, RFC 6531) in header values, in status fields and in
 * prose. Read from the bytes: UTF-8 in either half is kept, quoted local parts stay quoted.
 */
#ifndef MIME_ADDRESS_H
#define MIME_ADDRESS_H

#include "cmd/base/arena.h"
#include "cmd/base/bytes.h"

#include <stdbool.h>

enum {
    /* RFC 5321 section 4.5.3.1.3 allows 254; longer local parts than its 64 octets exist (94 seen).
     */
    ADDRESS_MAX_LENGTH = 320,
};

/* Whether the whole of `text` is local-part@domain. The domain may have a single label, since
 * machines inside of a site are called so. */
bool address_is_valid(struct bytes text);

/* Finds the first addr-spec in running text, takes everything up to its end off `*rest`, and gives
 * it without <>. Sentence punctuation around it does not belong to it; "user@host.example:port" or
 * a message-id are for the caller to recognise by *before (may be NULL), the byte in front of it
 * (0 at the start). */
bool address_next(struct bytes *rest, struct bytes *address, char *before);

/* The first address of an address-list value (From, To, Return-Path): inside <> where there are
 * any, else the first bare one; comments and quoted display names are passed over. A NULL result
 * means there is none. *count (may be NULL) is the number of addresses, at most ADDRESS_COUNT_MAX.
 */
char *address_first(struct arena *arena, struct bytes value, unsigned *count);

enum {
    ADDRESS_COUNT_MAX = 1000, /* whether it is one or many is all that is asked */
};

/* A typed address of RFC 3464 section 2.3 ("rfc822;<ada@example.net>", also without the type), with
 * RFC 6533's \x{HEX} and, where `xtext` says so, RFC 3461's +HH undone. What is not of the form
 * local@domain is given as it stands (X.400 and Notes names), save a lone type. NULL where nothing
 * is left. */
char *address_typed(struct arena *arena, struct bytes value, bool xtext);

/* xtext (RFC 3461 section 4) decoded, where it is encoded at all: only +HH whose octet may not
 * stand for itself in xtext, so that "ada+AB@example.net" of a careless MTA survives. */
struct bytes address_xtext_decode(struct arena *arena, struct bytes text);

#endif
