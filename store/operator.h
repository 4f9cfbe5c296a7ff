/*
 * operator: what people decide about addresses: to suppress them, or to reinstate them.
 *
 * A decision is an entry in the ledger (bounce.operator_action) with who and why; the states follow
 * from it like from any other entry, in the same transaction.
 */
#ifndef STORE_OPERATOR_H
#define STORE_OPERATOR_H

#include "cmd/base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>

enum store_decision { STORE_SUPPRESS, STORE_REINSTATE };

/* Which addresses: those listed, or those that fit all of the rest that is not NULL. */
struct store_selection {
    const char *const *keys; /* addresses in their normal form; NULL: choose by the rest */
    size_t key_count;
    const char *domain;   /* in its normal form */
    const char *category; /* why the address is in the state that it is in */
    const char *since;    /* ... since then or later; any time that PostgreSQL reads */
    const char *until;    /* ... and before this */
};

struct store_decision_result {
    size_t chosen;     /* addresses that the selection gives */
    size_t unknown;    /* listed ones that the ledger has never heard of */
    size_t suppressed; /* of the chosen, how many are suppressed now, afterwards */
};

/* Writes the decision for all addresses of the selection. A reinstatement concerns those that the
 * ledger knows, a selection by domain or the like those that are suppressed (to reinstate) or not
 * (to suppress). With `dry_run` all is rolled back again. ERR_USAGE where a time is none. */
int store_decide(struct store *store, enum store_decision decision,
                 const struct store_selection *selection, const char *operator_name,
                 const char *reason, bool dry_run, struct store_decision_result *result,
                 struct err *err);

/* Addresses that the ledger knows and that resemble this one (same domain or same local part), at
 * most `max`; malloc'ed strings in a malloc'ed array, for the caller to free. */
int store_recipient_neighbours(struct store *store, const char *key, size_t max, char ***keys,
                               size_t *count, struct err *err);

#endif
