/*
 * worker: mail is decoded in processes of their own.
 *
 * Anyone can mail the bounce address, and a message that crashes or hangs the decoder must cost
 * that message only. A worker has one socket to its parent and nothing else (isolation.h): it takes
 * messages and gives back reports (mime/frame.h). One that dies, runs out of time or answers
 * nonsense is replaced; the message it was at comes back as failed, those behind it are given to
 * its successor.
 *
 * Workers are this program started anew (worker_process.h), so that it does not matter which
 * secrets this process holds when it starts one.
 */
#ifndef CMD_WORKER_H
#define CMD_WORKER_H

#include "cmd/base/bytes.h"
#include "cmd/base/err.h"
#include "cmd/isolation.h"
#include "mime/read.h"

#include <stdbool.h>
#include <stddef.h>

struct worker_pool;

enum {
    /* For one message, of CPU time and of time on the clock; the slowest honest one takes under a
     * second. */
    WORKER_SECONDS_MAX = 20,
};

struct worker_pool_options {
    unsigned count;                       /* processes, at least 1 */
    const struct report_options *reports; /* each message is read under one of these */
    size_t report_count;
    unsigned seconds_max; /* for one message; 0: WORKER_SECONDS_MAX */
};

/* Starts the processes. Those that lack seccomp are warned of in the log. */
int worker_pool_start(const struct worker_pool_options *options, struct worker_pool **pool,
                      struct err *err);

/* Ends the processes. Messages that are still with them are dropped. NULL is fine. */
void worker_pool_stop(struct worker_pool *pool);

/* One message, until its result is taken. */
struct worker_job {
    struct bytes message;
    bool truncated;  /* the caller cut it */
    unsigned option; /* which of the report options */
    void *context;   /* the caller's */
};

/* What came of it. Exactly one of frame and failure is set. */
struct worker_result {
    struct worker_job job;
    struct bytes frame;  /* for report_frame_read(); valid until the next call on the pool */
    const char *failure; /* "the decoder crashed (signal 11)"; the same lifetime */
};

/* Whether as much is under way as the pool takes; then results have to be taken first. */
bool worker_pool_is_full(const struct worker_pool *pool);

/* Hands a message over; its bytes must stay until the result is taken. Only where the pool is not
 * full. */
void worker_pool_submit(struct worker_pool *pool, const struct worker_job *job);

/* Takes the next result, in the order in which the messages were handed over. 1: taken; 0: none
 * under way, or, with `wait` false, none ready; -1: no process can be started. */
int worker_pool_next(struct worker_pool *pool, bool wait, struct worker_result *result,
                     struct err *err);

/* Starts a worker, asks it which layers of isolation it has, and ends it. */
int worker_isolation(struct isolation *isolation, struct err *err);

/* How many processes suit this machine: one fewer than the cores that may be used, since the caller
 * keeps one busy itself; at least one. A worker beside the caller on its core would only keep it
 * from the others, which run out of messages meanwhile. */
unsigned worker_count_default(void);

#endif
