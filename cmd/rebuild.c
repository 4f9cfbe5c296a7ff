/* nullsender rebuild: every state computed anew from the ledger. */
#include "cmd/command.h"
#include "cmd/database.h"
#include "store/policy.h"

#include <inttypes.h>
#include <stdio.h>

int command_rebuild(const struct invocation *invocation, struct err *err) {
    struct store *store = NULL;
    uint64_t addresses;
    int rc = -1;
    if (database_connect(invocation, &store, err) == 0 &&
        store_rebuild(store, &addresses, err) == 0) {
        printf("%" PRIu64 " addresses computed anew\n", addresses);
        rc = 0;
    }
    store_close(store);
    return rc;
}
