/*
 * metrics: a file for node_exporter's textfile collector, in Prometheus' text exposition format
 * (version 0.0.4), written anew at the end of each fetch and put in place by rename(2).
 *
 * Totals come from the database, where the commits of all runs keep them. How the last run on each
 * mailbox went comes from the run itself. What a run cannot know (the totals, without a database;
 * the mailboxes that it did not read; when one was last read well, after a failure) is taken over
 * from the file that is there.
 */
#ifndef CMD_METRICS_H
#define CMD_METRICS_H

#include "cmd/config.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

/* How a run on one mailbox went. */
struct metrics_run {
    const char *mailbox;
    double started;      /* seconds since 1970 UTC */
    double seconds;      /* that it took */
    int exit_code;       /* 0, or what the program would end with */
    uint64_t fetched;    /* the rest only where exit_code is 0 */
    uint64_t left;       /* messages that it left for the next one */
    uint64_t oldest_age; /* seconds since the oldest message that it read reached the mailbox; 0:
                            there was none */
};

/* Writes the file that the configuration names, if it names one. `store` is NULL where there is no
 * database. Several processes may do so at once. What goes wrong is a warning in the log: a run is
 * worth more than its metrics. */
void metrics_write(const struct config *config, const struct metrics_run *runs, size_t count,
                   struct store *store);

#endif
