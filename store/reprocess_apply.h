/*
 * reprocess_apply: what store/reprocess.h has staged -> the ledger, for a look or for good.
 *
 * Each event that differs is superseded by the run, and what took its place is added; what the
 * message was taken for goes to bounce.message_revision. An undo marks that as undone, brings the
 * superseded events back into force and supersedes those that the undone run had added.
 */
#ifndef STORE_REPROCESS_APPLY_H
#define STORE_REPROCESS_APPLY_H

#include "store/reprocess.h"

struct store_reprocess_options {
    const char *run;    /* the run that writes */
    const char *undoes; /* the run that is undone, if what is staged is an undo; else NULL */
    size_t batch;       /* messages a transaction */
};

/* Writes all that is staged in one transaction, sees which states it changes, and rolls it back.
 * Other writers wait meanwhile. options->run does not matter. */
int store_reprocess_preview(struct store *store, const struct store_reprocess_options *options,
                            store_difference_row *state, void *context, struct err *err);

struct store_reprocess_result {
    uint64_t messages;    /* changed */
    uint64_t events;      /* judgements that came into force */
    uint64_t escalations; /* addresses that soft bounces turned hard */
    uint64_t suppressed;  /* addresses that came onto the suppression list */
};

/* Writes all that is staged, a transaction a batch. What does not differ any more when its turn
 * comes is left alone. On -1 *result says what is written. */
int store_reprocess_apply(struct store *store, const struct store_reprocess_options *options,
                          struct store_reprocess_result *result, struct err *err);

#endif
