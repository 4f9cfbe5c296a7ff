/*
 * prune: what the configuration does not keep for ever, removed.
 */
#ifndef CMD_PRUNE_H
#define CMD_PRUNE_H

#include "cmd/base/err.h"
#include "cmd/config.h"
#include "store/store.h"

/* For the end of a fetch: once a day, and for a few seconds at most. */
int prune_daily(struct store *store, const struct config *config, struct err *err);

#endif
