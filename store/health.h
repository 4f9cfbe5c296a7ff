/*
 * health: how the database is, for `nullsender check` and for monitoring. Changes nothing.
 */
#ifndef STORE_HEALTH_H
#define STORE_HEALTH_H

#include "cmd/base/arena.h"
#include "cmd/base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

/* What can be asked of any database, one without our schema too. */
struct store_server {
    const char *version;  /* "15.14" */
    const char *where;    /* "bounces on db.example.com:5432", or "... on /run/postgresql:5432" */
    const char *user;     /* the role that we are */
    const char *encoding; /* of the database: "UTF8" */
    bool is_local;        /* over a Unix socket, or to this machine's loopback */
    bool is_encrypted;    /* over TLS */
    bool is_read_only;    /* a standby, or default_transaction_read_only */
    double clock;         /* seconds since 1970, by the server's clock */
};
int store_server_read(struct store *store, struct arena *arena, struct store_server *server,
                      struct err *err);

/* What our role lacks of what a run needs, as a list: "USAGE on schema bounce, INSERT on
 * bounce.event"; NULL where nothing is missing. For a database with our schema. */
int store_privileges_missing(struct store *store, struct arena *arena, const char **missing,
                             struct err *err);

/* Octets on disk. */
struct store_space {
    uint64_t database;
    uint64_t raw; /* of it, the bytes of messages */
};
int store_space_read(struct store *store, struct store_space *space, struct err *err);

/* The runs on a mailbox: the last one that ended, and the last one that ended well. */
struct store_last_run {
    bool any;
    bool adds_up;
    const char *error;    /* NULL: it ended well */
    uint64_t age;         /* seconds since it ended */
    bool any_success;     /* there is one that ended well, and */
    uint64_t success_age; /* so many seconds ago */
};
int store_last_run_read(struct store *store, const char *mailbox, struct arena *arena,
                        struct store_last_run *run, struct err *err);

#endif
