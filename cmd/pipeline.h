/*
 * pipeline: one mailbox, from IMAP to PostgreSQL: bytes -> report -> verdict -> rows.
 *
 * The one place where imap/, mime/ (in its worker processes), classify/ and store/ meet. While a
 * batch is being committed, the next one is already fetched and decoded. A message is filed away
 * only after the COMMIT that holds it.
 */
#ifndef CMD_PIPELINE_H
#define CMD_PIPELINE_H

#include "cmd/analysis.h"
#include "cmd/base/err.h"
#include "cmd/config.h"
#include "cmd/worker.h"
#include "imap/mailbox.h"
#include "store/run.h"
#include "store/store.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What happened so far; for the summary and the progress bar. */
struct pipeline_sums {
    struct store_run_sums run; /* fetched = stored + quarantined + already_known */
    uint64_t waiting;          /* messages that the mailbox had for us at the start */
    uint64_t verdicts[VERDICT_COUNT];
    uint64_t unmatched;
    uint64_t not_a_bounce;
    uint64_t suppressed;     /* addresses that became hard or complained */
    double seconds_fetching; /* waiting for the IMAP server */
    double seconds_decoding; /* waiting for the workers */
    double seconds_storing;  /* waiting for PostgreSQL */
};

struct pipeline {
    const struct config *config;
    const struct config_mailbox *mailbox;
    const struct analyst *analyst;
    struct worker_pool *pool;
    unsigned option; /* which of the pool's options are this mailbox's */
    struct imap *imap;
    struct store *store;               /* may be NULL where dry_run is set */
    const char *run;                   /* id of the run's row */
    bool dry_run;                      /* change nothing, neither here nor there */
    uint64_t limit;                    /* stop after so many messages; 0: all */
    const volatile sig_atomic_t *stop; /* set by a signal: finish the batch and leave */
    void (*progress)(void *context, const struct pipeline_sums *sums); /* or NULL */
    void *progress_context;
};

/* Reads the mailbox, whose folder is not yet selected, to its end. On -1 nothing is lost: what is
 * stored is stored, and what is not filed away is found again by the next run. `sums` is filled in
 * either case. */
int pipeline_run(const struct pipeline *pipeline, struct pipeline_sums *sums, struct err *err);

#endif
