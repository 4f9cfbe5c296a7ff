/*
 * worker_jobs: the messages that a pool has under way, in the order in which they were handed over,
 * and what came of each. For cmd/worker.c alone.
 *
 * They are numbered from 0 on for as long as the pool lives. Each is one worker's.
 */
#ifndef CMD_WORKER_JOBS_H
#define CMD_WORKER_JOBS_H

#include "cmd/base/buf.h"
#include "cmd/worker.h"
#include "cmd/worker_process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum job_state { JOB_WAITING, JOB_DONE, JOB_FAILED };

struct job {
    struct worker_job given;
    struct worker_request request;
    enum job_state state;
    size_t worker;
    bool alone;        /* its worker gets nothing else until it has answered this one */
    struct buf answer; /* the frame, or the failure in words */
};

struct worker_jobs {
    struct job *ring;
    uint64_t first;   /* number of the oldest job whose result was not taken */
    uint64_t end;     /* number that the next job gets */
    size_t bytes;     /* of messages under way */
    size_t answers;   /* octets of frames that were not taken */
    struct buf taken; /* the answer that was taken last */
};

void worker_jobs_init(struct worker_jobs *jobs);
void worker_jobs_free(struct worker_jobs *jobs);

bool worker_jobs_is_full(const struct worker_jobs *jobs);

/* Whether no more frames should come for now, since so much of them waits to be taken. */
bool worker_jobs_has_answers(const struct worker_jobs *jobs);

/* The job of a number between first and end. */
struct job *worker_jobs_at(const struct worker_jobs *jobs, uint64_t number);

/* Gives a job to a worker. */
void worker_jobs_add(struct worker_jobs *jobs, const struct worker_job *given, size_t worker);

/* The number of the first job of this worker, from `from` on, that has no answer; `end` where there
 * is none. */
uint64_t worker_jobs_next_waiting(const struct worker_jobs *jobs, size_t worker, uint64_t from);

/* How long the frame may be that answers a message. */
size_t worker_jobs_frame_max(struct bytes message);

/* What came of a job: a frame; or none, and why. Copied. */
void worker_jobs_answer(struct worker_jobs *jobs, uint64_t number, struct bytes frame);
void worker_jobs_fail(struct worker_jobs *jobs, uint64_t number, struct bytes reason);

/* Takes the first job, which is not waiting. The result is valid until the next is taken. */
void worker_jobs_take(struct worker_jobs *jobs, struct worker_result *result);

#endif
