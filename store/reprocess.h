/*
 * reprocess: stored messages judged anew: the difference, what it would do, and writing it.
 *
 *     store_reprocess_begin(store, &err);
 *     store_choose(store, &choice, ...);             // or store_reprocess_stage_undo()
 *     store_reprocess_read(store, &page, ...)        // until nothing is left:
 *         store_reprocess_stage(store, rows, ...)    //   keeps those that are judged otherwise
 *     store_reprocess_differences(store, ...);       // what is staged, compared with the ledger
 *     store_reprocess_preview(store, ...);           // its effect on states, and
 *     store_reprocess_apply(store, ...);             // writing it: store/reprocess_apply.h
 *     store_reprocess_end(store);
 *
 * A judgement differs where recipient, campaign, verdict, category, fault, whether it counts, what
 * is withheld, or the time differs, or the message's outcome. The rule alone is no difference, nor
 * are the words. An event that differs is superseded, never changed; those of the same message that
 * do not differ stay.
 *
 * What is staged lives in unlogged tables, so that memory stays flat here; not in temporary ones,
 * which a pooler that shares connections between transactions (PgBouncer) would lose. A run that is
 * killed leaves whole batches, and these tables for the next one to drop. As batches that are
 * written do not differ any more, the next run does the rest. Fetches may run meanwhile; they wait
 * for a batch, and for a preview.
 */
#ifndef STORE_REPROCESS_H
#define STORE_REPROCESS_H

#include "cmd/base/err.h"
#include "store/batch.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

/* Makes the tables; what was staged before is gone. One process at a time: ERR_TEMPORARY where
 * another one is at it. */
int store_reprocess_begin(struct store *store, struct err *err);

/* Drops the tables and lets others begin. Nothing happens where store_reprocess_begin() was not
 * called. */
void store_reprocess_end(struct store *store);

/* Some of the chosen messages as they were fetched: sha256, size, internal_date, raw, truncated. */
struct store_page {
    struct store_message *messages;
    const char **mailboxes; /* where each was first met; "" where that is unknown */
    size_t count;
    size_t without_bytes; /* messages whose bytes went away since they were chosen */
    uint64_t last;        /* the place of the last one */
    void *memory;
};

/* Reads the messages behind the place page->last, which is 0 at first: at most `at_most`, and not
 * many more octets than 4 MB. The page before is freed. count and without_bytes are 0 at the
 * end. */
int store_reprocess_read(struct store *store, size_t at_most, struct store_page *page,
                         struct err *err);
void store_page_free(struct store_page *page);

/* Takes messages judged anew, and keeps those whose judgement differs; *differ counts them. At most
 * STORE_BATCH_MAX at once. */
int store_reprocess_stage(struct store *store, const struct store_message *messages, size_t count,
                          uint64_t *differ, struct err *err);

struct store_undo {
    uint64_t staged; /* messages that can be brought back */
    uint64_t
        judged_since; /* ... that cannot, as a later run judged them again: undo that one first */
    uint64_t pruned;  /* ... that cannot, as former events are no longer kept */
    uint64_t undone;  /* ... that are brought back already */
};

/* Stages what a run superseded. */
int store_reprocess_stage_undo(struct store *store, const char *run, struct store_undo *undo,
                               struct err *err);

/* A row of a table for people. The strings are valid during the call that hands it over. */
struct store_difference {
    uint64_t count;
    const char *before, *after; /* "hard/user_unknown", or an outcome, or a state */
    const char *also;           /* what else differs: "campaign, time"; or "" */
    const char *examples;       /* ids of messages or addresses; the latter come from outside */
};
typedef void store_difference_row(void *context, const struct store_difference *row);

/* Judgements that differ, most frequent first; then messages whose outcome differs. */
int store_reprocess_differences(struct store *store, store_difference_row *judgement,
                                store_difference_row *outcome, void *context, struct err *err);

/* The run that is meant: `name` is its id, the beginning of it, or "last", the latest one that
 * changed something that is not undone. ERR_NOT_FOUND, with the latest ones, where there is none;
 * `run` has room for STORE_RUN_ID_SIZE. */
int store_reprocess_find_run(struct store *store, const char *name, char *run, struct err *err);

#endif
