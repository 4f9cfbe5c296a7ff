/* nullsender migrate: the database schema, brought up to date. */
#include "cmd/command.h"
#include "cmd/database.h"

int command_migrate(const struct invocation *invocation, struct err *err) {
    struct config *config = NULL;
    struct store *store = NULL;
    int rc = -1;
    if (database_config_read(invocation, &config, err) == 0 &&
        database_open(config, &store, err) == 0)
        rc = database_migrate(store, invocation_has(invocation, OPTION_DRY_RUN), err);
    store_close(store);
    config_free(config);
    return rc;
}
