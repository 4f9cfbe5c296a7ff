/*
 * normalise: a server's words without what differs from one mail to the next, so that refusals for
 * the same cause read the same and can be counted together.
 *
 * words.h has taken away the reporting side's words and the codes at the start, and made addresses
 * "@" and host names "~". Here addresses in numbers, dates, queue ids and whatever else has a digit
 * in it become "#", runs of them one "#", a URL becomes "~", and letters become small.
 */
#ifndef CLASSIFY_NORMALISE_H
#define CLASSIFY_NORMALISE_H

#include "classify/words.h"
#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"

#include <stdbool.h>

enum {
    NORMALISE_MAX = 240, /* bytes: what comes behind two or three sentences is boilerplate */
};

/* Puts the normal form of `text` into `out`, in place of what is there. `local_part` is the
 * recipient's, which servers like to name without its domain ("User ada not listed"); it becomes
 * "@" as well. NULL where nobody knows it. `words` is for working in. Valid UTF-8 in gives valid
 * UTF-8. */
void normalise(struct words *words, struct bytes text, const char *local_part, struct buf *out);

/* Puts a rule's pattern (etc/man/nullsender-rules.5) for a normal form into `out`: its longest run
 * of words without anything taken away. False where there is none that says something. */
bool normalise_pattern(struct bytes normal, struct buf *out);

#endif
