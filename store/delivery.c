#include "store/delivery.h"

#include "store/connection.h"

int store_deliveries_apply(struct store *store, uint64_t *applied, struct err *err) {
    uint64_t some;
    *applied = 0;
    do {
        if (connection_compute(store->connection, "SELECT bounce.delivery_apply()", &some, err))
            return err_prefix(err, "database: taking deliveries into account");
        *applied += some;
    } while (some);
    return 0;
}
