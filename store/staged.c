#include "store/staged.h"

#include "store/connection.h"

#include <stdlib.h>

int staged_begin(PGconn *connection, struct err *err) {
    if (connection_query(connection, "BEGIN ISOLATION LEVEL READ COMMITTED", 0, NULL, NULL, err))
        return -1;
    return connection_query(connection, "SET LOCAL jit = off", 0, NULL, NULL, err);
}

int staged_differences(PGconn *connection, const char *sql, store_difference_row *row,
                       void *context, struct err *err) {
    PGresult *r = NULL;
    if (connection_query(connection, sql, 0, NULL, &r, err) != 0)
        return -1;
    for (int i = 0; i < PQntuples(r); i++) {
        const struct store_difference difference = {
            .count = strtoull(PQgetvalue(r, i, 0), NULL, 10),
            .before = PQgetvalue(r, i, 1),
            .after = PQgetvalue(r, i, 2),
            .also = PQgetvalue(r, i, 3),
            .examples = PQgetvalue(r, i, 4),
        };
        row(context, &difference);
    }
    PQclear(r);
    return 0;
}
