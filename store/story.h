/*
 * story: all that the ledger knows about one address, in order.
 */
#ifndef STORE_STORY_H
#define STORE_STORY_H

#include "cmd/base/err.h"
#include "store/store.h"

#include <stdbool.h>

/* One entry. Strings are valid during the call that hands it over; NULL where there is nothing. */
struct store_story_entry {
    const char *time; /* "2026-11-02 20:04:41 UTC" */
    const char *what; /* "bounce", "proof of life", "suppress", "reinstate" */
    const char *campaign;
    const char *verdict;
    const char *category;
    const char *reason;     /* the category in words; an operator's reason */
    const char *diagnostic; /* the server's words */
    const char *rule;       /* that decided */
    const char *message;    /* id in bounce.message; or the operator's name */
    const char *effect;     /* what it did to the state: "strike 3 of 5", "no strike: one a day" */
};

/* Where it stands now. */
struct store_story_state {
    bool known; /* false: the ledger has never heard of it, and the rest is empty */
    char state[16];
    char since[32];
    char reason[256];
    bool escalated;
    unsigned strikes;
    unsigned strikes_to_hard;
    char expires[32]; /* when it ends by itself; empty where it does not */
};

/* Calls `entry` for each entry, oldest first, and fills `state`. The key is the address in its
 * normal form. */
int store_story_read(struct store *store, const char *key,
                     void (*entry)(void *context, const struct store_story_entry *entry),
                     void *context, struct store_story_state *state, struct err *err);

#endif
