/*
 * connection: what the files of store/ share: the connection itself, and errors by SQLSTATE.
 * Not for other folders.
 */
#ifndef STORE_CONNECTION_H
#define STORE_CONNECTION_H

#include "cmd/base/err.h"
#include "store/store.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

struct store {
    PGconn *connection;
    char *conninfo;
    char *password;
    char *application_name;
    unsigned connect_timeout;
    unsigned answer_timeout;
    bool batch_under_way;
    struct store_lock *staging; /* held from store_reprocess_begin() on */
};

/* Opens one more connection with the options of the store. */
int connection_open(const struct store *store, PGconn **connection, struct err *err);

/* The kind of error that an SQLSTATE is; `sqlstate` may be NULL where there is none, which is what
 * a lost connection gives. */
enum err_code connection_error_code(const char *sqlstate);

/* Claims something for this process; store_mailbox_lock() tells how. *lock is NULL, with 0
 * returned, where another one has it. */
int store_claim(struct store *store, const char *what, struct store_lock **lock, struct err *err);

/* Sets `err` from a failed result (which may be NULL), or from the connection. Returns -1. */
int connection_error(const PGconn *connection, const PGresult *result, struct err *err);

/* Runs one statement with text parameters. *result is the caller's, for PQclear(); it may be NULL
 * where nothing is wanted. */
int connection_query(PGconn *connection, const char *sql, int parameter_count,
                     const char *const *parameters, PGresult **result, struct err *err);

/* Runs one statement in a READ COMMITTED transaction of its own, as the functions that compute
 * states need it (they compute after they have the lock), and reads the number that it gives. */
int connection_compute(PGconn *connection, const char *sql, uint64_t *number, struct err *err);

/* Reads what a `DECLARE rows ... CURSOR` gives, 1000 rows at a time, so that memory stays flat.
 * Stops and returns -1 where `rows` does. */
int connection_read_rows(PGconn *connection, const char *declare, int parameter_count,
                         const char *const *parameters,
                         int (*rows)(void *context, const PGresult *result, struct err *err),
                         void *context, struct err *err);

/* Leaves a transaction that failed. */
void connection_rollback(PGconn *connection);

#endif
