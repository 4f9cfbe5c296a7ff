#include "store/health.h"

#include "store/connection.h"

#include <stdlib.h>
#include <string.h>

static const char *text(const PGresult *result, int column, struct arena *arena) {
    if (PQgetisnull(result, 0, column))
        return NULL;
    return arena_string(arena, PQgetvalue(result, 0, column));
}

static bool truth(const PGresult *result, int column) {
    return *PQgetvalue(result, 0, column) == 't';
}

static uint64_t number(const PGresult *result, int column) {
    return strtoull(PQgetvalue(result, 0, column), NULL, 10);
}

static bool is_loopback(const char *address) {
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

int store_server_read(struct store *store, struct arena *arena, struct store_server *server,
                      struct err *err) {
    PGconn *c = store->connection;
    PGresult *r;
    if (connection_query(c,
                         "SELECT current_setting('server_version'), current_database(),"
                         " current_user, current_setting('transaction_read_only') = 'on',"
                         " extract(epoch FROM clock_timestamp())",
                         0, NULL, &r, err))
        return err_prefix(err, "database");
    const char *host = PQhost(c), *encoding = PQparameterStatus(c, "server_encoding");
    *server = (struct store_server){
        .version = text(r, 0, arena),
        .where = arena_printf(arena, "%s on %s:%s", PQgetvalue(r, 0, 1), host, PQport(c)),
        .user = text(r, 2, arena),
        .encoding = arena_string(arena, encoding ? encoding : "unknown"),
        .is_local = *host == '/' || *host == '@' || is_loopback(PQhostaddr(c)),
        .is_encrypted = PQsslInUse(c),
        .is_read_only = truth(r, 3),
        .clock = strtod(PQgetvalue(r, 0, 4), NULL),
    };
    PQclear(r);
    return 0;
}

/* All tables are written by a run or by the functions that it calls, with the rights of our role;
 * those that only migrations write are read. */
static const char missing_sql[] =
    "WITH wanted AS ("
    " SELECT p.privilege, 'schema bounce' AS thing,"
    "  has_schema_privilege('bounce', p.privilege) AS granted, 0 AS place"
    " FROM (VALUES ('USAGE'), ('CREATE')) p (privilege)" /* CREATE: what reprocess stages */
    " UNION ALL"
    " SELECT p.privilege, 'bounce.' || c.relname, has_table_privilege(c.oid, p.privilege), 1"
    " FROM pg_class c"
    " CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) p (privilege)"
    " WHERE c.relnamespace = 'bounce'::regnamespace"
    "  AND (c.relkind IN ('r', 'p') OR (c.relkind = 'v' AND p.privilege = 'SELECT'))"
    "  AND (p.privilege = 'SELECT' OR c.relname NOT IN ('schema_version', 'category'))"
    " UNION ALL"
    " SELECT 'EXECUTE', 'bounce.' || f.proname, has_function_privilege(f.oid, 'EXECUTE'), 2"
    " FROM pg_proc f WHERE f.pronamespace = 'bounce'::regnamespace"
    " UNION ALL"
    " SELECT 'TEMPORARY', 'database ' || current_database(),"
    "  has_database_privilege(current_database(), 'TEMPORARY'), 3)"
    " SELECT string_agg(privileges || ' on ' || thing, '; ' ORDER BY place, thing)"
    " FROM (SELECT thing, place, string_agg(privilege, ', ' ORDER BY privilege) AS privileges"
    "       FROM wanted WHERE NOT granted GROUP BY thing, place) lacking";

int store_privileges_missing(struct store *store, struct arena *arena, const char **missing,
                             struct err *err) {
    PGresult *r;
    if (connection_query(store->connection, missing_sql, 0, NULL, &r, err))
        return err_prefix(err, "database: reading the privileges");
    *missing = text(r, 0, arena);
    PQclear(r);
    return 0;
}

int store_space_read(struct store *store, struct store_space *space, struct err *err) {
    PGresult *r;
    if (connection_query(store->connection,
                         "SELECT pg_database_size(current_database()),"
                         " pg_total_relation_size('bounce.message_raw')",
                         0, NULL, &r, err))
        return err_prefix(err, "database: measuring it");
    *space = (struct store_space){number(r, 0), number(r, 1)};
    PQclear(r);
    return 0;
}

int store_last_run_read(struct store *store, const char *mailbox, struct arena *arena,
                        struct store_last_run *run, struct err *err) {
    PGresult *r;
    *run = (struct store_last_run){0};
    if (connection_query(
            store->connection,
            "SELECT l.adds_up, l.error,"
            " greatest(floor(extract(epoch FROM now() - l.finished_at)), 0)::bigint,"
            " greatest(floor(extract(epoch FROM now() - s.finished_at)), 0)::bigint"
            " FROM (SELECT adds_up, error, finished_at FROM bounce.run"
            "       WHERE command = 'fetch' AND mailbox = $1 AND finished_at IS NOT NULL"
            "       ORDER BY started_at DESC LIMIT 1) l"
            " LEFT JOIN (SELECT finished_at FROM bounce.run WHERE command = 'fetch'"
            "            AND mailbox = $1 AND finished_at IS NOT NULL AND error IS NULL"
            "            ORDER BY started_at DESC LIMIT 1) s ON true",
            1, &mailbox, &r, err))
        return err_prefix(err, "database: reading the last run");
    if (PQntuples(r)) {
        run->any = true;
        run->adds_up = truth(r, 0);
        run->error = text(r, 1, arena);
        run->age = number(r, 2);
        run->any_success = !PQgetisnull(r, 0, 3);
        run->success_age = run->any_success ? number(r, 3) : 0;
    }
    PQclear(r);
    return 0;
}
