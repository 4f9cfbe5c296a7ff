/*
 * verp_setup: the patterns and keys of VERP addresses, from the configuration and the command line.
 */
#ifndef CMD_VERP_SETUP_H
#define CMD_VERP_SETUP_H

#include "classify/verp.h"
#include "cmd/base/err.h"
#include "cmd/command.h"
#include "cmd/config.h"
#include "store/store.h"

#include <stdint.h>

/* What the verp commands work with. */
struct verp_setup {
    struct config *config; /* NULL with --verp and without --config */
    struct verp *verp;
    struct verp_keys *keys; /* NULL where no key_file is configured */
    uint32_t today;         /* days since 1970-01-01 UTC */
    uint32_t lifetime;      /* of signatures, in days */
    struct store *store;    /* NULL until a token needs it */
};

/* Compiles patterns as the configuration has them, "PRESET ADDRESS" or a template; the list ends
 * with NULL. ERR_CONFIG with the pattern that is wrong; *verp is the caller's in either case. */
int verp_patterns_read(const char *const *patterns, struct verp **verp, struct err *err);

/* The patterns of --verp and behind them those of the configuration (NULL: none), as a list for
 * verp_patterns_read(). Freed with free(3); the patterns themselves stay where they are. */
const char **verp_patterns_list(const struct invocation *invocation, const struct config *config);

/* The patterns are those of verp_patterns_list(); with --verp and without --config no configuration
 * is read. verp_setup_close() is due in either case. */
int verp_setup_open(struct verp_setup *setup, const struct invocation *invocation, struct err *err);
void verp_setup_close(struct verp_setup *setup);

/* Connects to the database, where the tokens are; once. ERR_CONFIG where none is configured. */
int verp_setup_connect(struct verp_setup *setup, struct err *err);

#endif
