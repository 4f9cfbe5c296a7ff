/*
 * story: what the ledger knows about an address, in words: `nullsender explain ADDRESS`.
 */
#ifndef CMD_STORY_H
#define CMD_STORY_H

#include "cmd/base/err.h"
#include "cmd/command.h"

/* Prints it. ERR_NOT_FOUND, with near addresses, where nothing is known of it. */
int story_print(const struct invocation *invocation, const char *address, struct err *err);

/* Sets ERR_NOT_FOUND with the addresses that the ledger knows and that are near to this one. */
struct store;
int story_unknown(struct store *store, const char *key, struct err *err);

#endif
