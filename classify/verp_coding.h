/*
 * verp_coding: octets of campaigns and recipients as characters that a local part may hold, and
 * back. verp.h says how and why.
 */
#ifndef CLASSIFY_VERP_CODING_H
#define CLASSIFY_VERP_CODING_H

#include "cmd/base/arena.h"
#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"

enum verp_coding {
    VERP_CODING_NONE,     /* as it is */
    VERP_CODING_CAMPAIGN, /* =HH */
    VERP_CODING_LOCAL,    /* =HH, with more left as it is */
    VERP_CODING_COURIER,  /* +HH */
    VERP_CODING_COUNT
};

/* The octets that `text` stands for, NUL-terminated; `text` as it is where its escapes do not make
 * UTF-8 together. */
const char *verp_coding_read(enum verp_coding coding, struct bytes text, struct arena *arena);

/* Appends `octets` to a local part that is being written, in front of the character `next` (0 at
 * the end). */
void verp_coding_write(enum verp_coding coding, struct bytes octets, char next, struct buf *out);

#endif
