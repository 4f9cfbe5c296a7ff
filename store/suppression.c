#include "store/suppression.h"

#include "store/connection.h"
#include "store/moment.h"

#define TIME_TEXT "to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

/* To whom the rows go. */
struct receiver {
    int (*row)(void *context, const struct store_suppression *row, struct err *err);
    void *context;
};

static int hand_over(void *context, const PGresult *r, struct err *err) {
    const struct receiver *receiver = context;
    for (int i = 0; i < PQntuples(r); i++) {
        const struct store_suppression entry = {
            .recipient = PQgetvalue(r, i, 0),
            .suppressed = *PQgetvalue(r, i, 1) == 't',
            .state = PQgetvalue(r, i, 2),
            .category = PQgetvalue(r, i, 3),
            .reason = PQgetvalue(r, i, 4),
            .time = PQgetvalue(r, i, 5),
        };
        if (receiver->row(receiver->context, &entry, err) != 0)
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
    struct receiver receiver = {row, context};
    return connection_read_rows(c, sql, since ? 1 : 0, &since, hand_over, &receiver, err);
}
