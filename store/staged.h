/*
 * staged: what reprocess.c and reprocess_apply.c have to say in the same words: the SQL that
 * compares what is staged with what is in force. Not for other folders.
 */
#ifndef STORE_STAGED_H
#define STORE_STAGED_H

#include "store/reprocess.h"

#include <libpq-fe.h>

/* The events in force of the messages `given`. One look into the index for each message, which
 * OFFSET 0 enforces (migrations/003_state.sql). */
#define STAGED_OLD_EVENTS                                                \
    "SELECT e.* FROM given CROSS JOIN LATERAL (SELECT e.*, e.ctid AS at" \
    "  FROM bounce.event e WHERE e.message = given.id AND e.superseded_by IS NULL OFFSET 0) e"

/* o is an old event, f a fresh one; either may be missing. */
#define STAGED_SAME_SUBJECT "f.message = o.message AND f.recipient = o.recipient"
#define STAGED_DIFFERS                                                                  \
    "(o.recipient, o.campaign, o.verdict, o.category, o.fault, o.counted,"              \
    " o.withheld, o.occurred_at) IS DISTINCT FROM (f.recipient, f.campaign, f.verdict," \
    " f.category, f.fault, f.counted, f.withheld, f.occurred_at) "

/* Whether the message of v, a row of bounce.message_revision, was judged again after it. */
#define STAGED_LATER_REVISION                                  \
    "EXISTS (SELECT FROM bounce.message_revision l"            \
    " WHERE l.message = v.message AND l.revision > v.revision" \
    " AND l.undone_by IS NULL)"

/* Begins a transaction in which queries are not compiled: that takes longer than they do. */
int staged_begin(PGconn *connection, struct err *err);

/* Hands over the rows of a query for count, before, after, also and examples. */
int staged_differences(PGconn *connection, const char *sql, store_difference_row *row,
                       void *context, struct err *err);

#endif
