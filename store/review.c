#include "store/review.h"

#include "store/connection.h"
#include "store/moment.h"

#include <stdlib.h>

/* The index bounce.event_unknown has these rows and no others. An event about nobody is of interest
 * where the message is a report; most of the others are auto-replies. */
static const char rows_sql[] =
    "DECLARE rows NO SCROLL CURSOR FOR"
    " SELECT e.category = 'undetermined', e.recipient = '', coalesce(e.diagnostic, ''),"
    " coalesce(m.subject, ''), coalesce(e.reply_code, 0), coalesce(e.status, ''), e.recipient,"
    " coalesce(e.remote_mta, e.reporting_mta, ''), e.message,"
    " to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    " FROM bounce.event e JOIN bounce.message m ON m.id = e.message"
    " WHERE e.superseded_by IS NULL AND (e.category = 'undetermined' OR e.recipient = '')"
    " AND (e.recipient <> '' OR m.outcome = 'unmatched')"
    " AND e.occurred_at >= coalesce($1::timestamptz, '-infinity')";

/* To whom the rows go. */
struct receiver {
    int (*row)(void *context, const struct store_unknown *row, struct err *err);
    void *context;
};

static int hand_over(void *context, const PGresult *r, struct err *err) {
    const struct receiver *receiver = context;
    for (int i = 0; i < PQntuples(r); i++) {
        const struct store_unknown unknown = {
            .undetermined = *PQgetvalue(r, i, 0) == 't',
            .unmatched = *PQgetvalue(r, i, 1) == 't',
            .diagnostic = PQgetvalue(r, i, 2),
            .subject = PQgetvalue(r, i, 3),
            .reply_code = (unsigned)strtoul(PQgetvalue(r, i, 4), NULL, 10),
            .status = PQgetvalue(r, i, 5),
            .recipient = PQgetvalue(r, i, 6),
            .server = PQgetvalue(r, i, 7),
            .message = PQgetvalue(r, i, 8),
            .time = PQgetvalue(r, i, 9),
        };
        if (receiver->row(receiver->context, &unknown, err) != 0)
            return -1;
    }
    return 0;
}

int store_unknown_read(struct store *store, const char *since,
                       int (*row)(void *context, const struct store_unknown *row, struct err *err),
                       void *context, struct err *err) {
    PGconn *c = store->connection;
    if (since && moment_check(c, since, err) != 0)
        return -1;
    struct receiver receiver = {row, context};
    return connection_read_rows(c, rows_sql, 1, &since, hand_over, &receiver, err);
}
