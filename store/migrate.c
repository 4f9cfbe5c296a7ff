#include "store/migrate.h"

#include "store/answer.h"
#include "store/connection.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    NUMBER_TEXT_SIZE = 24,
    FORMAT_BINARY = 1,
    TYPE_BYTEA = 17, /* its object id; libpq has no name for it */
};

/* The table of migrations is what the migrations themselves are recorded in, so it stands before
 * the first. */
static const char table_sql[] =
    "CREATE SCHEMA IF NOT EXISTS bounce;"
    "CREATE TABLE IF NOT EXISTS bounce.schema_version ("
    " version integer PRIMARY KEY, name text NOT NULL, sha256 bytea NOT NULL,"
    " applied_at timestamptz NOT NULL DEFAULT now())";

struct report {
    store_migrate_report *call;
    void *context;
};

static void pass_notice(void *context, const PGresult *result) {
    const struct report *report = context;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    if (!report->call || !severity || strcmp(severity, "WARNING") != 0 || !text)
        return;
    report->call(report->context, NULL, text);
    if (hint)
        report->call(report->context, NULL, hint);
}

/* What the database has: name and checksum agree or not, by version. */
enum state {
    STATE_MISSING,
    STATE_APPLIED,
    STATE_CHANGED,
};

static int migration_state(PGconn *c, const struct store_migration *m, enum state *state,
                           struct err *err) {
    char version[NUMBER_TEXT_SIZE];
    snprintf(version, sizeof version, "%ld", strtol(m->name, NULL, 10));
    const char *values[] = {version, m->sql};
    const int lengths[] = {0, (int)m->len};
    const int formats[] = {0, FORMAT_BINARY};
    const Oid types[] = {0, TYPE_BYTEA};
    PGresult *r =
        answer_to(c, PQsendQueryParams(c,
                                       "SELECT sha256 = sha256($2) FROM bounce.schema_version"
                                       " WHERE version = $1::integer",
                                       2, types, values, lengths, formats, 0));
    if (PQresultStatus(r) != PGRES_TUPLES_OK) {
        connection_error(c, r, err);
        PQclear(r);
        return -1;
    }
    if (PQntuples(r) == 0)
        *state = STATE_MISSING;
    else
        *state = *PQgetvalue(r, 0, 0) == 't' ? STATE_APPLIED : STATE_CHANGED;
    PQclear(r);
    return 0;
}

/* Whether the database has more than this program. */
static int check_not_newer(PGconn *c, const struct store_migration *migrations, size_t count,
                           struct err *err) {
    long newest = count ? strtol(migrations[count - 1].name, NULL, 10) : 0;
    PGresult *r;
    if (connection_query(c,
                         "SELECT version, name FROM bounce.schema_version"
                         " ORDER BY version DESC LIMIT 1",
                         0, NULL, &r, err))
        return -1;
    int rc = 0;
    if (PQntuples(r) && strtol(PQgetvalue(r, 0, 0), NULL, 10) > newest)
        rc = err_set(err, ERR_CONFIG,
                     "the database is newer than this program: it has %s; install the nullsender "
                     "that migrated it",
                     PQgetvalue(r, 0, 1));
    PQclear(r);
    return rc;
}

static int changed_error(const struct store_migration *m, struct err *err) {
    return err_set(err, ERR_CONFIG,
                   "migration %s is not the one that was applied: its checksum differs", m->name);
}

static int record(PGconn *c, const struct store_migration *m, struct err *err) {
    char version[NUMBER_TEXT_SIZE];
    snprintf(version, sizeof version, "%ld", strtol(m->name, NULL, 10));
    const char *values[] = {version, m->name, m->sql};
    const int lengths[] = {0, 0, (int)m->len};
    const int formats[] = {0, 0, FORMAT_BINARY};
    const Oid types[] = {0, 0, TYPE_BYTEA};
    PGresult *r =
        answer_to(c, PQsendQueryParams(c,
                                       "INSERT INTO bounce.schema_version (version, name, sha256)"
                                       " VALUES ($1::integer, $2, sha256($3))",
                                       3, types, values, lengths, formats, 0));
    int rc = PQresultStatus(r) == PGRES_COMMAND_OK ? 0 : connection_error(c, r, err);
    PQclear(r);
    return rc;
}

/* A file holds several statements, which only the simple protocol takes at once. */
static int run_script(PGconn *c, const char *sql, struct err *err) {
    PGresult *r = answer_to(c, PQsendQuery(c, sql));
    ExecStatusType status = PQresultStatus(r);
    int rc = 0;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
        rc = connection_error(c, r, err);
    PQclear(r);
    return rc;
}

/* The lock lives in the transaction, as a session's would not survive a connection pooler; so each
 * migration takes it and looks again whether it is still missing. */
static int apply(PGconn *c, const struct store_migration *m, bool *applied, struct err *err) {
    enum state state;
    if (run_script(c, "BEGIN ISOLATION LEVEL READ COMMITTED", err) ||
        run_script(c, "SELECT pg_advisory_xact_lock(hashtextextended('nullsender migrate', 0))",
                   err) ||
        migration_state(c, m, &state, err))
        goto failed;
    if (state == STATE_CHANGED) {
        changed_error(m, err);
        goto failed;
    }
    *applied = state == STATE_MISSING;
    if (*applied && (run_script(c, m->sql, err) || record(c, m, err)))
        goto failed;
    if (run_script(c, "COMMIT", err))
        goto failed;
    return 0;
failed:
    connection_rollback(c);
    return err_prefix(err, "migration %s", m->name);
}

static int prepare(PGconn *c, struct err *err) {
    const char *encoding = PQparameterStatus(c, "server_encoding");
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return err_set(err, ERR_CONFIG,
                       "the database's encoding is %s; bounces come in every script: create it "
                       "with ENCODING 'UTF8' TEMPLATE template0",
                       encoding ? encoding : "unknown");
    if (run_script(c, "BEGIN", err) ||
        run_script(c, "SELECT pg_advisory_xact_lock(hashtextextended('nullsender migrate', 0))",
                   err) ||
        run_script(c, table_sql, err) || run_script(c, "COMMIT", err)) {
        connection_rollback(c);
        return -1;
    }
    return 0;
}

int store_migrate(struct store *store, const struct store_migration *migrations, size_t count,
                  store_migrate_report *report, void *context, size_t *applied, struct err *err) {
    PGconn *c = store->connection;
    struct report passed = {report, context};
    *applied = 0;
    if (prepare(c, err) || check_not_newer(c, migrations, count, err))
        return err_prefix(err, "database");
    PQnoticeReceiver previous = PQsetNoticeReceiver(c, pass_notice, &passed);
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        bool done = false;
        rc = apply(c, &migrations[i], &done, err);
        if (rc == 0 && done) {
            ++*applied;
            if (report)
                report(context, migrations[i].name, NULL);
        }
    }
    PQsetNoticeReceiver(c, previous, NULL);
    return rc ? err_prefix(err, "database") : 0;
}

int store_check_version(struct store *store, const struct store_migration *migrations, size_t count,
                        struct err *err) {
    PGconn *c = store->connection;
    if (check_not_newer(c, migrations, count, err))
        return err_prefix(err, "database");
    for (size_t i = 0; i < count; i++) {
        enum state state;
        if (migration_state(c, &migrations[i], &state, err))
            return err_prefix(err, "database");
        if (state == STATE_CHANGED)
            changed_error(&migrations[i], err);
        else if (state == STATE_MISSING)
            err_set(err, ERR_CONFIG, "migration %s is missing; run nullsender migrate",
                    migrations[i].name);
        if (state != STATE_APPLIED)
            return err_prefix(err, "database");
    }
    return 0;
}
