/*
 * store: a connection to PostgreSQL, and what went wrong on it.
 *
 * The layer writes bounced mail into the ledger of schema `bounce` (migrations/) and reads what a
 * run needs to know. One store is one connection used by one thread.
 *
 * All functions of store/ that return int return 0, or -1 with `err` set. The kind of error comes
 * from SQLSTATE, never from a message's words:
 *
 *   ERR_TEMPORARY   no connection, connection lost or silent, server shutting down or starting
 *                   (08, 57P), serialization failure and deadlock (40), a server that only reads
 *                   because it is a standby (25006), no disk, memory or connections left (53)
 *   ERR_PERMISSION  wrong password, no pg_hba.conf entry (28), a privilege is missing (42501)
 *   ERR_CONFIG      no such database (3D000), conninfo that does not parse, or no schema yet:
 *                   "run nullsender migrate"
 *   ERR_SOFTWARE    anything else
 *
 * After a failure the transaction is rolled back and nothing of it is stored. No text holds the
 * password.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "cmd/base/err.h"

struct store;

struct store_options {
    const char *conninfo;         /* libpq's: a URI, key=value pairs, "service=..."; "" for libpq's
                                     defaults (PGHOST, PGSERVICE, ...). Copied. */
    const char *password;         /* where it does not stand in conninfo; NULL for none. Copied. */
    const char *application_name; /* as pg_stat_activity shows it; NULL for "nullsender" */
    unsigned connect_timeout;     /* seconds; 0 for 30 */
    unsigned answer_timeout;      /* seconds of silence after which the server is asked on a second
                                     connection whether it is still at work; 0 for 60 */
};

/* Connects. On success *store is the caller's, for store_close(). */
int store_open(const struct store_options *options, struct store **store, struct err *err);

/* Ends the connection; what was not committed is rolled back. NULL is fine. */
void store_close(struct store *store);

/* Connects again after ERR_TEMPORARY; the store stays the same object. */
int store_reconnect(struct store *store, struct err *err);

#endif
