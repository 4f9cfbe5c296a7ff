/*
 * diagnostic: the words of a server that refused, and the codes in them.
 */
#ifndef MIME_DIAGNOSTIC_H
#define MIME_DIAGNOSTIC_H

#include "cmd/base/arena.h"
#include "cmd/base/bytes.h"

#include <stdbool.h>

enum {
    DIAGNOSTIC_STATUS_SIZE = sizeof "5.999.999",
};

struct diagnostic_codes {
    unsigned reply;                      /* RFC 5321 section 4.2, 200 to 599; 0 for none */
    char status[DIAGNOSTIC_STATUS_SIZE]; /* RFC 3463, "5.1.1"; "" for none */
};

/* The codes of a text: the reply code that an enhanced code follows, else the one that starts the
 * text or what a server "said:", else the first number that can be one. Addresses, IP addresses,
 * versions and ports are none. */
struct diagnostic_codes diagnostic_codes_find(struct bytes text);

/* Takes an enhanced status code off the start of `*rest`; false where there is none. */
bool diagnostic_take_status(struct bytes *rest, char status[DIAGNOSTIC_STATUS_SIZE]);

/* The text on one line, UTF-8, at most REPORT_DIAGNOSTIC_MAX bytes. Of a multi-line reply
 * (RFC 5321 section 4.2.1: "550-5.1.1 The account 550-5.1.1 does not 550 5.1.1 exist") the codes
 * stand once: "550 5.1.1 The account does not exist". NULL where nothing is left. */
char *diagnostic_text(struct arena *arena, struct bytes text);

#endif
