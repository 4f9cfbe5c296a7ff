/*
 * committer: batches on their way into the database, on a thread of its own. While PostgreSQL is at
 * work on one, the mail server's next messages are read and judged, and a mail server that is busy
 * filing messages away leaves PostgreSQL the batches that wait here.
 *
 * The thread touches its store and the batches it was given, nothing else. While batches are under
 * way, no other function of the store may be called.
 */
#ifndef STORE_COMMITTER_H
#define STORE_COMMITTER_H

#include "cmd/base/err.h"
#include "store/batch.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>

/* Batches under way at once: one that PostgreSQL is at work on, and two that wait for it, which
 * keep it busy while a long command keeps the mail server. Each holds its mails in memory. */
enum { STORE_COMMITTER_MAX = 3 };

struct store_committer;

/* For store_committer_free(). ERR_OS where no thread can be had. */
int store_committer_new(struct store *store, struct store_committer **committer, struct err *err);

/* Batches given and not taken back; never more than STORE_COMMITTER_MAX. */
size_t store_committer_count(const struct store_committer *committer);

/* Gives a batch to be committed after those before it. All that it points to must stay as it is
 * until store_committer_take() has said what became of it. */
void store_committer_give(struct store_committer *committer, const struct store_batch *batch);

/* Takes the oldest batch back: 1, it is committed; 0, none is ready, or with `wait`, none is under
 * way; -1, it is not stored (see store_batch_finish()), and neither is any that follows. */
int store_committer_take(struct store_committer *committer, bool wait,
                         struct store_batch_result *result, struct err *err);

/* Waits for the batch that PostgreSQL is at work on; those behind it are dropped. NULL is fine. */
void store_committer_free(struct store_committer *committer);

#endif
