/*
 * totals: counters over everything that was ever stored, for a monitoring system. They only grow.
 */
#ifndef STORE_TOTALS_H
#define STORE_TOTALS_H

#include "cmd/base/arena.h"
#include "cmd/base/err.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

enum store_total {
    STORE_TOTAL_MESSAGES,       /* by mailbox and outcome */
    STORE_TOTAL_EVENTS,         /* by mailbox, verdict and category */
    STORE_TOTAL_RUNS,           /* of fetch, by mailbox and exit code; killed ones have none */
    STORE_TOTAL_LOGIN_FAILURES, /* of these, those with ERR_PERMISSION */
    STORE_TOTAL_BAD_SUMS,       /* of these, those whose sums do not add up */
    STORE_TOTAL_COUNT
};

enum {
    STORE_TOTAL_LABELS_MAX = 3,
};

struct store_total_row {
    const char *labels[STORE_TOTAL_LABELS_MAX]; /* in the order above; NULL behind the last */
    uint64_t count;
};

/* The rows, in the order of their labels; they live in the arena. */
int store_total_read(struct store *store, enum store_total total, struct arena *arena,
                     struct store_total_row **rows, size_t *count, struct err *err);

/* A row of bounce.silence: a campaign that should have bounced by now. */
struct store_silent_campaign {
    const char *campaign;
    uint64_t sent;
    uint64_t expected; /* bounces, at the usual rate */
    uint64_t age;      /* seconds since it was sent */
};
int store_silence_read(struct store *store, struct arena *arena,
                       struct store_silent_campaign **campaigns, size_t *count, struct err *err);

#endif
