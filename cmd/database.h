/*
 * database: the store, opened and set up as the configuration says.
 */
#ifndef CMD_DATABASE_H
#define CMD_DATABASE_H

#include "cmd/base/err.h"
#include "cmd/command.h"
#include "cmd/config.h"
#include "store/store.h"

#include <stdbool.h>

/* Reads the configuration that --config names, or the default one, and logs from now on as it says,
 * unless --log-format says otherwise. */
int database_config_read(const struct invocation *invocation, struct config **config,
                         struct err *err);

/* Connects. */
int database_open(const struct config *config, struct store **store, struct err *err);

/* Brings the schema up to date, and with it the words that its views take from the program.
 * With `dry_run`, only fails where there is something to do. */
int database_migrate(struct store *store, bool dry_run, struct err *err);

/* Fails unless the schema is the one that this program needs, then makes the configuration's
 * policy the one in force, takes new rows of bounce.delivery into account and ends the hard states
 * whose time is over. With `dry_run`, only looks at the schema. */
int database_prepare(struct store *store, const struct config *config, bool dry_run,
                     struct err *err);

/* All of the above for a command that reads the ledger, or writes to it without a run: the store of
 * the configuration that the invocation names, its schema looked at and nothing changed. */
int database_connect(const struct invocation *invocation, struct store **store, struct err *err);

#endif
