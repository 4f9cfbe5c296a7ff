#include "store/suppression.h"

#include "store/connection.h"
#include "store/moment.h"

#define TIME_TEXT "to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

static int hand_over(const PGresult *r,
                     int (*row)(void *context, const struct store_suppression *row,
                                struct err *err),
                     void *context, struct err *err) {
    for (int i = 0; i < PQntuples(r); i++) {
        const struct store_suppression entry = {
            .recipient = PQgetvalue(r, i, 0),
            .suppressed = *PQgetvalue(r, i, 1) == 't',
            .state = PQgetvalue(r, i, 2),
            .category = PQgetvalue(r, i, 3),
            .reason = PQgetvalue(r, i, 4),
            .time = PQgetvalue(r, i, 5),
        };
        if (row(context, &entry, err) != 0)
            return -1;
    }
    return 0;
}

int store_suppression_read(struct store *store, const char *since,
                           int (*row)(void *context, const struct store_suppression *row,
                                      struct err *err),
                           void *context, struct err *err) {
    PGconn *c = store->connection;
    if (since && moment_check(c, since, err) != 0)
        return -1;
    const char *sql = since ? "DECLARE rows NO SCROLL CURSOR FOR SELECT recipient, suppressed,"
                              " state, coalesce(category, ''), coalesce(reason, ''), " TIME_TEXT
                              " FROM bounce.suppression_changes WHERE time > $1::timestamptz"
                              " ORDER BY time, recipient"
                            : "DECLARE rows NO SCROLL CURSOR FOR SELECT recipient, true, state,"
                              " coalesce(category, ''), coalesce(reason, ''), " TIME_TEXT
                              " FROM bounce.suppression ORDER BY recipient";
    int rc = connection_query(c, "BEGIN READ ONLY", 0, NULL, NULL, err);
    if (rc == 0)
        rc = connection_query(c, sql, since ? 1 : 0, &since, NULL, err);
    for (int got = 1; rc == 0 && got;) {
        PGresult *r = NULL;
        rc = connection_query(c, "FETCH 1000 FROM rows", 0, NULL, &r, err);
        if (rc == 0) {
            got = PQntuples(r);
            rc = hand_over(r, row, context, err);
        }
        PQclear(r);
    }
    if (rc == 0)
        rc = connection_query(c, "COMMIT", 0, NULL, NULL, err);
    connection_rollback(c);
    return rc;
}
