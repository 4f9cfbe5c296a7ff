/*
 * review: the events that no rule understood and the messages that name nobody.
 */
#ifndef STORE_REVIEW_H
#define STORE_REVIEW_H

#include "cmd/base/err.h"
#include "store/store.h"

#include <stdbool.h>

/* One event. Strings are valid during the call that hands it over, and none is NULL: what is not
 * there is "". */
struct store_unknown {
    bool undetermined;      /* no rule knew what it says */
    bool unmatched;         /* nobody knows whom it is about */
    const char *diagnostic; /* the words of the server that refused */
    const char *subject;    /* of the message */
    unsigned reply_code;    /* or 0 */
    const char *status;
    const char *recipient; /* in its normal form */
    const char *server;    /* that refused, or reported */
    const char *message;   /* id in bounce.message */
    const char *time;      /* ISO 8601, UTC */
};

/* Calls `row` for each of them, of `since` (any time that PostgreSQL reads) or later where it is
 * not NULL, in no order. Memory stays flat. Stops and returns -1 where `row` does. ERR_USAGE where
 * `since` is no time. */
int store_unknown_read(struct store *store, const char *since,
                       int (*row)(void *context, const struct store_unknown *row, struct err *err),
                       void *context, struct err *err);

#endif
