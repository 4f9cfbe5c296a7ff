/*
 * suppression: the list of addresses that are not to be written to, for other programs.
 */
#ifndef STORE_SUPPRESSION_H
#define STORE_SUPPRESSION_H

#include "cmd/base/err.h"
#include "store/store.h"

#include <stdbool.h>

/* One row; the strings are valid during the call that hands it over, and none is NULL. */
struct store_suppression {
    const char *recipient;
    bool suppressed; /* false only where a list of changes says that it left the list */
    const char *state;
    const char *category;
    const char *reason;
    const char *time; /* ISO 8601, UTC: since when; of a change, when it was made */
};

/* Calls `row` for each suppressed address, by address, or, with `since` (any time that PostgreSQL
 * reads), for each change of the list after that time, oldest first. Memory stays flat. Stops and
 * returns -1 where `row` does. ERR_USAGE where `since` is no time. */
int store_suppression_read(struct store *store, const char *since,
                           int (*row)(void *context, const struct store_suppression *row,
                                      struct err *err),
                           void *context, struct err *err);

#endif
