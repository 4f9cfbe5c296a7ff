/*
 * migrate: brings the schema to what this program needs.
 *
 * Migrations are numbered SQL files ("001_ledger.sql"), applied in the order given, each in a
 * transaction of its own that also writes its name and the SHA-256 of its bytes into
 * bounce.schema_version. One process at a time migrates (advisory lock); the second one waits and
 * then finds nothing to do.
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "cmd/base/err.h"
#include "store/store.h"

#include <stddef.h>

/* One migration; cmd/embedded.h has the program's own. */
struct store_migration {
    const char *name; /* "001_ledger.sql"; the number in front is its version */
    const char *sql;  /* NUL-terminated behind len */
    size_t len;
};

/* Called with the name of each migration that was applied, and with each NOTICE or WARNING that
 * the server gave (name NULL); for printing. */
typedef void store_migrate_report(void *context, const char *name, const char *notice);

/* Applies what is missing; *applied says how many that were. ERR_CONFIG where the database is
 * newer than this program, or a migration that was applied differs from the one given here. On an
 * error the earlier migrations stay and the failing one leaves nothing. `report` may be NULL. */
int store_migrate(struct store *store, const struct store_migration *migrations, size_t count,
                  store_migrate_report *report, void *context, size_t *applied, struct err *err);

/* Fails with ERR_CONFIG unless exactly these migrations are applied: "run nullsender migrate" where
 * some are missing, "the database is newer" where there are more. Changes nothing. */
int store_check_version(struct store *store, const struct store_migration *migrations, size_t count,
                        struct err *err);

#endif
