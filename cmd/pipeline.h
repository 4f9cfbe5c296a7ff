/*
 * pipeline: the way of every message: bytes -> report -> verdict -> rows -> COMMIT.
 *
 * A source pushes messages in (cmd/inbox.c from an IMAP folder, cmd/import.c from disk). They are
 * decoded by the worker processes (mime/), judged (classify/), committed in batches (store/), and
 * only then does the source hear of them again and files them away. While a batch is being
 * committed, the next one is already fetched and decoded.
 */
#ifndef CMD_PIPELINE_H
#define CMD_PIPELINE_H

#include "cmd/analysis.h"
#include "cmd/base/bytes.h"
#include "cmd/base/err.h"
#include "cmd/worker.h"
#include "store/batch.h"
#include "store/run.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What happened so far; for the summary and the progress bar. */
struct pipeline_sums {
    struct store_run_sums run; /* fetched = stored + quarantined + already_known */
    uint64_t waiting;          /* messages that the source had at the start; 0: unknown */
    uint64_t verdicts[VERDICT_COUNT];
    int64_t oldest_arrival; /* of the messages that came; 0: none, or unknown */
    uint64_t unmatched;
    uint64_t not_a_bounce;
    uint64_t cut_lists; /* reports whose further recipients were not read (rows_fill) */
    uint64_t signatures[VERP_SIGNATURE_COUNT]; /* of events that name somebody */
    uint64_t suppressed;                       /* addresses that became hard or complained */
    double seconds_fetching;                   /* waiting for the source */
    double seconds_decoding;                   /* waiting for the workers */
    double seconds_storing;                    /* waiting for PostgreSQL */
};

struct pipeline_options {
    const struct analyst *analyst;
    struct worker_pool *pool;
    unsigned report_option; /* which of the pool's report options are this source's */
    struct store *store;    /* NULL: a dry run, nothing is stored */
    struct store *tokens;   /* where tokens of VERP addresses are looked up; in a dry run too */
    const char *run;        /* id of the run's row */
    const char *mailbox;    /* the source's name in the ledger */
    uint32_t uidvalidity;   /* that of the folder; 0 where UIDs prove nothing */
    bool keep_raw;          /* keep the bytes of what was understood as well */
    size_t batch_messages;  /* a batch is full at so many */

    /* Called once a batch is in the database: now its messages may be filed away. Or NULL. */
    int (*committed)(void *context, const struct store_message *rows, size_t count,
                     struct err *err);
    /* Called for each message that came in. Or NULL. */
    void (*progress)(void *context, const struct pipeline_sums *sums);
    void *committed_context, *progress_context;
};

struct pipeline_message {
    uint32_t uid;
    const char *path;      /* of a mail on disk, copied; NULL: it is of a mailbox */
    int64_t internal_date; /* when it reached the mailbox; 0: unknown, the mail's own Date counts */
    uint64_t size;         /* of the whole message; 0: bytes.len */
    struct bytes bytes;    /* copied */
    bool truncated;        /* bytes is only its beginning */
    uint32_t cursor; /* all of the folder up to this UID has been pushed; 0: does not matter */
};

struct pipeline;

/* `sums` is the caller's, is counted up as things happen, and outlives the pipeline. */
struct pipeline *pipeline_new(const struct pipeline_options *options, struct pipeline_sums *sums);

/* Takes a message; now and then, commits a batch on the way. On -1 nothing is lost: what is stored
 * is stored, and the source still has the rest. */
int pipeline_add(struct pipeline *pipeline, const struct pipeline_message *message,
                 struct err *err);

/* Commits what is left, and waits for it. */
int pipeline_finish(struct pipeline *pipeline, struct err *err);

/* What was not committed is dropped. NULL is fine. */
void pipeline_free(struct pipeline *pipeline);

#endif
