#include "store/store.h"

#include "cmd/base/memory.h"
#include "store/connection.h"
#include "store/mailbox.h"

#include <stdlib.h>

enum {
    CONNECT_TIMEOUT_DEFAULT = 30, /* seconds; a failover takes about as long */
    ANSWER_TIMEOUT_DEFAULT = 60,  /* seconds */
};

static char *copy(const char *text) {
    return text ? memory_string(text) : NULL;
}

int store_open(const struct store_options *options, struct store **store, struct err *err) {
    struct store *s = memory_zero(1, sizeof *s);
    s->conninfo = memory_string(options->conninfo);
    s->password = copy(options->password);
    s->application_name =
        memory_string(options->application_name ? options->application_name : "nullsender");
    s->connect_timeout =
        options->connect_timeout ? options->connect_timeout : CONNECT_TIMEOUT_DEFAULT;
    s->answer_timeout = options->answer_timeout ? options->answer_timeout : ANSWER_TIMEOUT_DEFAULT;
    if (connection_open(s, &s->connection, err)) {
        store_close(s);
        return -1;
    }
    *store = s;
    return 0;
}

void store_close(struct store *store) {
    if (!store)
        return;
    store_lock_free(store->staging);
    PQfinish(store->connection);
    free(store->conninfo);
    free(store->password);
    free(store->application_name);
    free(store);
}

int store_reconnect(struct store *store, struct err *err) {
    PQfinish(store->connection);
    store->connection = NULL;
    store->batch_under_way = false;
    return connection_open(store, &store->connection, err);
}
