/*
 * reprocess: stored messages judged anew under today's rules, and undone again.
 *
 * The way is that of a fetch (cmd/pipeline.h), save that the bytes come from the database and that
 * nothing is written before the difference has been shown.
 */
#ifndef CMD_REPROCESS_H
#define CMD_REPROCESS_H

#include "cmd/base/arena.h"
#include "cmd/base/err.h"
#include "cmd/command.h"
#include "store/choice.h"
#include "store/reprocess.h"
#include "store/store.h"

#include <stdint.h>

/* What became of the messages that were chosen. */
struct reprocess_sums {
    uint64_t judged;        /* decoded and judged again */
    uint64_t without_bytes; /* could not be: their bytes are no longer kept */
    uint64_t failed;        /* could not be decoded; what they were taken for stays */
    uint64_t differ;        /* of those judged */
    uint64_t bytes;
};

/* Reads the choice from the options. ERR_NOT_FOUND, with the nearest word, where a verdict or a
 * category is none. The strings are the invocation's or live in the arena. */
int reprocess_choice_read(const struct invocation *invocation, struct arena *arena,
                          struct store_choice *choice, struct err *err);

/* Sets ERR_NOT_FOUND for a choice that no message fits: the value that the ledger does not know,
 * with the nearest one, or that all of them together fit nothing. */
int reprocess_nothing_fits(struct store *store, const struct store_choice *choice, struct err *err);

/* Prints what is staged: which judgements differ, which outcomes, and whose state that changes. */
struct store_reprocess_options;
int reprocess_show(struct store *store, const struct store_reprocess_options *options,
                   struct err *err);

#endif
