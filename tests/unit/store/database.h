/*
 * database: what the tests of store/ share: a migrated database, and plain SQL beside the store.
 *
 * NULLSENDER_TEST_DATABASE is the conninfo of a database that the tests may do anything to; run.py
 * starts a server for it.
 */
#ifndef TESTS_DATABASE_H
#define TESTS_DATABASE_H

#include "cmd/base/memory.h"
#include "store/migrate.h"
#include "store/store.h"

#include <glob.h>
#include <libpq-fe.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define UNUSED __attribute__((unused))

enum {
    MIGRATIONS_MAX = 100,
};

static const char *database_conninfo(void) {
    const char *conninfo = getenv("NULLSENDER_TEST_DATABASE");
    if (!conninfo) {
        fputs("NULLSENDER_TEST_DATABASE is not set: the tests of store/ need a PostgreSQL "
              "database; tests/run.py gives them one\n",
              stderr);
        exit(1);
    }
    return conninfo;
}

static UNUSED PGconn *database_connect(void) {
    PGconn *c = PQconnectdb(database_conninfo());
    if (PQstatus(c) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(c));
    PQclear(PQexec(c, "SET client_min_messages = error"));
    return c;
}

/* Runs SQL, made as by printf, which must work. */
static UNUSED __attribute__((format(printf, 2, 3))) void sql(PGconn *c, const char *format, ...) {
    char *text;
    va_list ap;
    va_start(ap, format);
    assert_true(vasprintf(&text, format, ap) >= 0);
    va_end(ap);
    PGresult *r = PQexec(c, text);
    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s\n%s", text, PQerrorMessage(c));
    PQclear(r);
    free(text);
}

/* Ends the server's side of the store's connection, and waits until it is gone. */
static UNUSED void end_backend_of_store(PGconn *c) {
    sql(c, "DO $$ DECLARE backend int := (SELECT pid FROM pg_stat_activity"
           " WHERE application_name = 'test' AND datname = current_database()); BEGIN"
           " ASSERT pg_terminate_backend(backend);"
           " WHILE EXISTS (SELECT FROM pg_stat_activity WHERE pid = backend) LOOP"
           "  PERFORM pg_sleep(0.01), pg_stat_clear_snapshot(); END LOOP; END $$");
}

/* The result as text, columns parted by | and rows by newlines; to be freed. */
static UNUSED char *sql_text(PGconn *c, const char *query) {
    PGresult *r = PQexec(c, query);
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s\n%s", query, PQerrorMessage(c));
    size_t len = 1;
    for (int row = 0; row < PQntuples(r); row++)
        for (int column = 0; column < PQnfields(r); column++)
            len += (size_t)PQgetlength(r, row, column) + 1;
    char *text = memory_zero(1, len), *end = text;
    for (int row = 0; row < PQntuples(r); row++)
        for (int column = 0; column < PQnfields(r); column++)
            end += sprintf(end, "%s%s", column ? "|" : row ? "\n" : "", PQgetvalue(r, row, column));
    PQclear(r);
    return text;
}

static UNUSED void assert_sql(PGconn *c, const char *query, const char *expected) {
    char *text = sql_text(c, query);
    if (strcmp(text, expected) != 0)
        fail_msg("%s\ngives\n%s\nand not\n%s", query, text, expected);
    free(text);
}

/* The program's own migrations. The strings live as long as the process. */
static UNUSED size_t database_migrations(struct store_migration *list) {
    static struct store_migration own[MIGRATIONS_MAX];
    static size_t count;
    if (!count) {
        glob_t files;
        assert_int_equal(glob("migrations/*.sql", 0, NULL, &files), 0);
        for (size_t i = 0; i < files.gl_pathc; i++) {
            FILE *file = fopen(files.gl_pathv[i], "r");
            assert_non_null(file);
            char *text = NULL;
            size_t size = 0;
            ssize_t len = getdelim(&text, &size, '\0', file);
            assert_true(len > 0);
            fclose(file);
            own[count++] = (struct store_migration){
                memory_string(strrchr(files.gl_pathv[i], '/') + 1), text, (size_t)len};
        }
        globfree(&files);
    }
    memcpy(list, own, count * sizeof *own);
    return count;
}

static UNUSED struct store *database_open(void) {
    struct store_options options = {.conninfo = database_conninfo(), .application_name = "test"};
    struct store *store;
    struct err err = {0};
    if (store_open(&options, &store, &err))
        fail_msg("%s", err.text);
    return store;
}

/* An empty schema and a store on it. */
static UNUSED struct store *database_fresh(void) {
    PGconn *c = database_connect();
    sql(c, "DROP SCHEMA IF EXISTS bounce CASCADE");
    PQfinish(c);
    struct store *store = database_open();
    struct store_migration migrations[MIGRATIONS_MAX];
    size_t count = database_migrations(migrations), applied;
    struct err err = {0};
    if (store_migrate(store, migrations, count, NULL, NULL, &applied, &err))
        fail_msg("%s", err.text);
    assert_int_equal(applied, count);
    return store;
}

#endif
