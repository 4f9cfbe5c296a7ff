/*
 * answer: waiting for PostgreSQL, which libpq's own functions do without an end.
 *
 * TCP notices a server that has vanished (tcp_user_timeout and keepalives, connection.c). It does
 * not notice one that is there and says nothing: a hung disk, a frozen machine, a firewall that has
 * forgotten the connection. After answer_timeout seconds of silence a second connection asks
 * whether the statement is still at work; while it is, waiting goes on. Where it is not, or where
 * nobody answers there either, the connection is ended, and every later call on it fails at once.
 *
 * Private to store/.
 */
#ifndef STORE_ANSWER_H
#define STORE_ANSWER_H

#include "cmd/base/err.h"
#include "store/store.h"

#include <libpq-fe.h>
#include <stdbool.h>

/* Makes it a connection for the functions below. `store` must live as long. */
void answer_watch(PGconn *connection, const struct store *store);

/* Sends all that is queued, and reads what comes meanwhile. False where the connection is lost. */
bool answer_flush(PGconn *connection);

/* PQgetResult(): the next result, for PQclear(), or NULL. */
PGresult *answer_next(PGconn *connection);

/* The answer to what a PQsend function has just queued, as PQexec() gives it: the last result.
 * `sent` is what that function returned; NULL where it is 0.
 *     PGresult *r = answer_to(c, PQsendQuery(c, "COMMIT")); */
PGresult *answer_to(PGconn *connection, int sent);

/* Whether the connection was ended because of its silence; sets `err` if so. */
bool answer_given_up(const PGconn *connection, struct err *err);

#endif
