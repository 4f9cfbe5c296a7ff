#include "store/mailbox.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "store/connection.h"

#include <stdlib.h>
#include <string.h>

enum {
    NUMBER_TEXT_SIZE = 24,
};

struct store_lock {
    PGconn *connection;
};

int store_claim(struct store *store, const char *what, struct store_lock **lock, struct err *err) {
    *lock = NULL;
    PGconn *c;
    if (connection_open(store, &c, err))
        return -1;
    PGresult *r = NULL;
    /* A run may take longer than a server lets transactions idle. And a client whose machine has
     * died must not hold the claim for the two hours after which a server notices by default. */
    if (connection_query(c, "BEGIN", 0, NULL, NULL, err) ||
        connection_query(c,
                         "SELECT set_config(name, value, true) FROM (VALUES"
                         " ('tcp_keepalives_idle', '60'), ('tcp_keepalives_interval', '10'),"
                         " ('tcp_keepalives_count', '6')) AS s (name, value)",
                         0, NULL, NULL, err) ||
        connection_query(c, "SET LOCAL idle_in_transaction_session_timeout = 0", 0, NULL, NULL,
                         err) ||
        connection_query(c, "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", 1, &what,
                         &r, err)) {
        PQfinish(c);
        return err_prefix(err, "database: claiming %s", what);
    }
    bool held = *PQgetvalue(r, 0, 0) == 't';
    PQclear(r);
    if (!held) {
        PQfinish(c);
        return 0;
    }
    *lock = memory_zero(1, sizeof **lock);
    (*lock)->connection = c;
    return 0;
}

int store_mailbox_lock(struct store *store, const char *mailbox, struct store_lock **lock,
                       struct err *err) {
    struct buf what = BUF_INIT;
    buf_printf(&what, "nullsender mailbox %s", mailbox);
    int rc = store_claim(store, what.data, lock, err);
    buf_free(&what);
    return rc;
}

void store_lock_free(struct store_lock *lock) {
    if (!lock)
        return;
    PQfinish(lock->connection);
    free(lock);
}

int store_mailbox_source(struct store *store, const char *mailbox, const char *source,
                         struct err *err) {
    const char *values[] = {mailbox, source};
    if (connection_query(store->connection,
                         "WITH moved AS (SELECT FROM bounce.mailbox"
                         " WHERE mailbox = $1 AND source <> $2), forgotten AS ("
                         " DELETE FROM bounce.fetched"
                         " WHERE mailbox = $1 AND EXISTS (SELECT FROM moved))"
                         " INSERT INTO bounce.mailbox AS m (mailbox, uidvalidity, last_uid, source)"
                         " VALUES ($1, 0, 0, $2) ON CONFLICT (mailbox) DO UPDATE SET source = $2,"
                         " uidvalidity = CASE WHEN m.source <> $2 THEN 0 ELSE m.uidvalidity END,"
                         " last_uid = CASE WHEN m.source <> $2 THEN 0 ELSE m.last_uid END,"
                         " updated_at = now() WHERE m.source IS DISTINCT FROM $2",
                         2, values, NULL, err))
        return err_prefix(err, "database: mailbox %s", mailbox);
    return 0;
}

int store_cursor_get(struct store *store, const char *mailbox, struct store_cursor *cursor,
                     struct err *err) {
    PGresult *r;
    *cursor = (struct store_cursor){0};
    if (connection_query(store->connection,
                         "SELECT uidvalidity, last_uid FROM bounce.mailbox WHERE mailbox = $1", 1,
                         &mailbox, &r, err))
        return err_prefix(err, "database: mailbox %s", mailbox);
    if (PQntuples(r)) {
        cursor->uidvalidity = (uint32_t)strtoul(PQgetvalue(r, 0, 0), NULL, 10);
        cursor->last_uid = (uint32_t)strtoul(PQgetvalue(r, 0, 1), NULL, 10);
    }
    PQclear(r);
    return 0;
}

static enum store_outcome outcome_from_name(const char *name) {
    for (enum store_outcome o = STORE_OUTCOME_NONE; o < STORE_OUTCOME_COUNT; o++)
        if (strcmp(name, store_outcome_name(o)) == 0)
            return o;
    return STORE_OUTCOME_NONE;
}

int store_messages_known(struct store *store, const char *mailbox, uint32_t uidvalidity,
                         const uint32_t *uids, size_t count, enum store_outcome *outcomes,
                         struct err *err) {
    char validity[NUMBER_TEXT_SIZE];
    snprintf(validity, sizeof validity, "%lu", (unsigned long)uidvalidity);
    struct buf list = BUF_INIT;
    buf_add_char(&list, '{');
    for (size_t i = 0; i < count; i++) {
        outcomes[i] = STORE_OUTCOME_NONE;
        if (i)
            buf_add_char(&list, ',');
        buf_add_number(&list, uids[i]);
    }
    buf_add_char(&list, '}');
    const char *values[] = {mailbox, validity, list.data};
    PGresult *r = NULL;
    int rc = connection_query(store->connection,
                              "SELECT u.place, m.outcome"
                              " FROM unnest($3::int8[]) WITH ORDINALITY AS u (uid, place)"
                              " JOIN bounce.fetched f ON f.mailbox = $1"
                              " AND f.uidvalidity = $2::int8 AND f.uid = u.uid"
                              " JOIN bounce.message m ON m.id = f.message",
                              3, values, &r, err);
    buf_free(&list);
    if (rc)
        return err_prefix(err, "database: mailbox %s", mailbox);
    for (int i = 0; i < PQntuples(r); i++) {
        size_t place = (size_t)strtoul(PQgetvalue(r, i, 0), NULL, 10);
        outcomes[place - 1] = outcome_from_name(PQgetvalue(r, i, 1));
    }
    PQclear(r);
    return 0;
}
