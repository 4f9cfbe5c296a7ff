/*
 * policy: how many strikes make an address hard; and the words for categories.
 *
 * Both live in the database, because the state of every address is computed there, from the ledger
 * and from these numbers alone.
 */
#ifndef STORE_POLICY_H
#define STORE_POLICY_H

#include "cmd/base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A category that counts for itself: its strikes make hard when there are `strikes` of them, and
 * are left out of the common count. */
struct store_category_strikes {
    const char *category; /* "mailbox_full" */
    unsigned strikes;     /* at least 1; 0: strikes of this category never make hard */
};

/* A category that does not keep an address hard for ever. */
struct store_category_expiry {
    const char *category; /* "mailbox_full" */
    unsigned days;        /* at least 1, from the last bounce that made it hard on */
};

struct store_policy {
    unsigned strikes;       /* soft bounces, on that many days, that make hard; 0: never */
    unsigned window_days;   /* none of them older than this, seen from the last */
    unsigned min_span_days; /* the first and the last at least so far apart */
    const struct store_category_strikes *categories;
    size_t category_count;
    const struct store_category_expiry *expiries;
    size_t expiry_count;

    /* A domain's outage: its soft bounces of one window are no strikes where at least
     * `outage_recipients` of its addresses soft-bounced in it, and these are at least
     * `outage_share` percent of its addresses that were heard of in it. Where that was so three
     * days or more ago too (within window_days), it is how the domain is, and they count. */
    unsigned outage_share;        /* percent, 1 to 100 */
    unsigned outage_recipients;   /* 0: outages are not looked for */
    unsigned outage_window_hours; /* 1 to 24 and a divisor of 24; windows start at midnight UTC */
};

/* 5 strikes within 180 days, span 0; an outage is 20 recipients and 50 percent within 24 hours. */
extern const struct store_policy store_policy_default;

/* Makes this the policy. Where it differs from the one in force, all states are computed anew in
 * the same transaction, which reads the whole ledger (ten seconds a million events on two cores,
 * where little changes) and keeps other writers waiting meanwhile; *recomputed says whether that
 * happened and may be NULL. */
int store_policy_set(struct store *store, const struct store_policy *policy, bool *recomputed,
                     struct err *err);

/* Ends the hard states whose time is over, in several transactions where they are many; *ended says
 * how many there were. For the beginning of a run. */
int store_expire(struct store *store, uint64_t *ended, struct err *err);

/* Computes every state anew from the ledger; *addresses says how many there are. Gives the rows
 * that are there already, unless somebody has changed the ledger by hand. Writers wait meanwhile,
 * readers do not. */
int store_rebuild(struct store *store, uint64_t *addresses, struct err *err);

/* One row of the table of categories that views take their words from. */
struct store_category {
    const char *name;        /* "user_unknown" */
    const char *verdict;     /* the usual one */
    const char *fault;       /* the usual one */
    const char *description; /* "The mailbox does not exist." */
};

/* Makes the table of categories these rows. For `nullsender migrate`. */
int store_categories_set(struct store *store, const struct store_category *categories, size_t count,
                         struct err *err);

#endif
