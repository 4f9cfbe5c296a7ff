#include "store/totals.h"

#include "store/connection.h"

#include <stdlib.h>

/* The last column is the count, those before it are the labels. */
static const char *const queries[STORE_TOTAL_COUNT] = {
    [STORE_TOTAL_MESSAGES] = "SELECT mailbox, outcome, messages FROM bounce.message_total"
                             " ORDER BY mailbox, outcome",
    [STORE_TOTAL_EVENTS] = "SELECT mailbox, verdict, category, events FROM bounce.event_total"
                           " ORDER BY mailbox, verdict, category",
    [STORE_TOTAL_RUNS] = "SELECT mailbox, exit_code, count(*) FROM bounce.run"
                         " WHERE command = 'fetch' AND exit_code IS NOT NULL"
                         " GROUP BY mailbox, exit_code ORDER BY mailbox, exit_code",
    [STORE_TOTAL_LOGIN_FAILURES] = "SELECT mailbox, count(*) FILTER (WHERE exit_code = 77)"
                                   " FROM bounce.run WHERE command = 'fetch'"
                                   " GROUP BY mailbox ORDER BY mailbox",
    [STORE_TOTAL_BAD_SUMS] = "SELECT mailbox, count(*) FILTER (WHERE exit_code = 0 AND NOT adds_up)"
                             " FROM bounce.run WHERE command = 'fetch'"
                             " GROUP BY mailbox ORDER BY mailbox",
};

int store_total_read(struct store *store, enum store_total total, struct arena *arena,
                     struct store_total_row **rows, size_t *count, struct err *err) {
    PGresult *r;
    if (connection_query(store->connection, queries[total], 0, NULL, &r, err))
        return err_prefix(err, "database: reading totals");
    int labels = PQnfields(r) - 1;
    *count = (size_t)PQntuples(r);
    *rows = arena_alloc(arena, *count * sizeof **rows);
    for (int i = 0; i < PQntuples(r); i++) {
        for (int label = 0; label < labels; label++)
            (*rows)[i].labels[label] = arena_string(arena, PQgetvalue(r, i, label));
        (*rows)[i].count = strtoull(PQgetvalue(r, i, labels), NULL, 10);
    }
    PQclear(r);
    return 0;
}

int store_silence_read(struct store *store, struct arena *arena,
                       struct store_silent_campaign **campaigns, size_t *count, struct err *err) {
    PGresult *r;
    if (connection_query(store->connection,
                         "SELECT campaign, sent, expected, floor(extract(epoch FROM now() - time))"
                         " FROM bounce.silence ORDER BY sent DESC, campaign",
                         0, NULL, &r, err))
        return err_prefix(err, "database: reading silent campaigns");
    *count = (size_t)PQntuples(r);
    *campaigns = arena_alloc(arena, *count * sizeof **campaigns);
    for (int i = 0; i < PQntuples(r); i++)
        (*campaigns)[i] = (struct store_silent_campaign){
            .campaign = arena_string(arena, PQgetvalue(r, i, 0)),
            .sent = strtoull(PQgetvalue(r, i, 1), NULL, 10),
            .expected = strtoull(PQgetvalue(r, i, 2), NULL, 10),
            .age = strtoull(PQgetvalue(r, i, 3), NULL, 10),
        };
    PQclear(r);
    return 0;
}
