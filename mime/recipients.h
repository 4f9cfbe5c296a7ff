/*
 * recipients: one entry for each address.
 */
#ifndef MIME_RECIPIENTS_H
#define MIME_RECIPIENTS_H

#include "cmd/base/arena.h"
#include "mime/report.h"

/* Leaves one entry for each final recipient (ASCII case ignored): MTAs name an address once for
 * each of its forwards, or in each of two groups. A failure wins over what is milder, else the
 * first stays, and takes from the others what it lacks. Linear in the number of recipients. */
void recipients_unite(struct report *report, struct arena *arena);

#endif
