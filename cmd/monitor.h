/*
 * monitor: what a fetch tells those who watch it: pings and metrics.
 */
#ifndef CMD_MONITOR_H
#define CMD_MONITOR_H

#include "cmd/base/err.h"
#include "cmd/config.h"
#include "cmd/metrics.h"
#include "cmd/pipeline.h"
#include "store/store.h"

#include <stddef.h>

struct monitor {
    const struct config *config; /* NULL: nobody watches, as in a dry run */
    double started;              /* seconds since 1970 UTC */
    struct metrics_run *runs;
    size_t count;
};

/* A fetch begins. `config` may be NULL. */
void monitor_begin(struct monitor *monitor, const struct config *config);

/* A mailbox that was begun at `started` (clock_time()) has been dealt with; `failure` is NULL where
 * that went well. */
void monitor_add_run(struct monitor *monitor, const char *mailbox, double started,
                     const struct pipeline_sums *sums, const struct err *failure);

/* The same for a mailbox that is watched: only the metrics, and at once. `sums` is what was read
 * since they were last written; `store` is NULL where there is no database. */
void monitor_write(const struct config *config, const char *mailbox, double started,
                   const struct pipeline_sums *sums, struct store *store,
                   const struct err *failure);

/* The fetch is over; `store` is NULL where there is no database. */
void monitor_end(struct monitor *monitor, struct store *store, const struct err *failure);

#endif
