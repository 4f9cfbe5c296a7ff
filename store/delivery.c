#include "store/delivery.h"

#include "store/connection.h"

#include <stdlib.h>

/* bounce.delivery_apply() computes after it has the lock, for which it needs READ COMMITTED. */
static int apply_some(PGconn *c, uint64_t *applied, struct err *err) {
    PGresult *r = NULL;
    int rc = connection_query(c, "BEGIN ISOLATION LEVEL READ COMMITTED", 0, NULL, NULL, err);
    if (rc == 0)
        rc = connection_query(c, "SELECT bounce.delivery_apply()", 0, NULL, &r, err);
    if (rc == 0)
        rc = connection_query(c, "COMMIT", 0, NULL, NULL, err);
    if (rc == 0)
        *applied = strtoull(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    connection_rollback(c);
    return rc;
}

int store_deliveries_apply(struct store *store, uint64_t *applied, struct err *err) {
    uint64_t some;
    *applied = 0;
    do {
        if (apply_some(store->connection, &some, err))
            return err_prefix(err, "database: taking deliveries into account");
        *applied += some;
    } while (some);
    return 0;
}
