/*
 * prune: removing what is not to be kept any longer.
 *
 * Nothing that goes changes the state of an address that stays, a sum of a campaign or what was a
 * domain's outage: what is needed of it for computing these anew is kept as sums, without
 * addresses. A message's row stays, without its texts, so that the same bytes are known when they
 * come again.
 */
#ifndef STORE_PRUNE_H
#define STORE_PRUNE_H

#include "cmd/base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct store_retention {
    /* Messages' bytes, counted from the day they were stored; twice as many for what nobody has
     * understood. 0: for ever. */
    unsigned raw_days;
    /* Addresses against which nothing stands, with their events, counted from the last thing that
     * was heard of them; messages about nobody. 0: for ever. */
    unsigned event_days;
    /* Tokens of VERP addresses, counted from the day they were stored, save those of addresses that
     * the ledger knows. 0: for ever. */
    unsigned token_days;
};

struct store_pruned {
    uint64_t raw_messages; /* messages whose bytes went */
    uint64_t raw_bytes;
    uint64_t addresses;
    uint64_t events;     /* of these addresses */
    uint64_t deliveries; /* rows of bounce.delivery about addresses that never bounced */
    uint64_t messages;   /* about nobody */
    uint64_t tokens;     /* of VERP addresses */
    bool complete;       /* nothing that is due is left */
};

/* Removes what is due, in transactions of a second at most, each committed before `go_on` is asked
 * whether there is time for one more; NULL: there is. With `dry_run` only counts. */
int store_prune(struct store *store, const struct store_retention *retention, bool dry_run,
                bool (*go_on)(void *context), void *context, struct store_pruned *pruned,
                struct err *err);

/* Whether the last time that everything was removed is more than a day ago. */
int store_prune_due(struct store *store, bool *due, struct err *err);

#endif
