#include "cmd/worker_jobs.h"

#include "cmd/base/memory.h"

#include <stdlib.h>

enum {
    JOBS_MAX = 512,                  /* under way at once: keeps every worker busy */
    JOB_BYTES_MAX = 2 * 1024 * 1024, /* and no more octets than this, but for one message */
    ANSWERS_MAX = 4 * 1024 * 1024,   /* octets of frames that wait for those before them */
    /* An answer says what the message says: so many octets for each of the message's, which in
     * another charset may be three, and of a list of short addresses are ten; and the words that
     * every report has. 10,000 recipients with full diagnostics stay below FRAME_MAX. */
    FRAME_SHARE = 24,
    FRAME_LEAST = 64 * 1024,
    FRAME_MAX = 64 * 1024 * 1024,
};

void worker_jobs_init(struct worker_jobs *jobs) {
    *jobs =
        (struct worker_jobs){.ring = memory_zero(JOBS_MAX, sizeof *jobs->ring), .taken = BUF_INIT};
    for (size_t i = 0; i < JOBS_MAX; i++)
        jobs->ring[i].answer = (struct buf)BUF_INIT;
}

void worker_jobs_free(struct worker_jobs *jobs) {
    for (size_t i = 0; i < JOBS_MAX; i++)
        buf_free(&jobs->ring[i].answer);
    buf_free(&jobs->taken);
    free(jobs->ring);
}

bool worker_jobs_is_full(const struct worker_jobs *jobs) {
    return jobs->end - jobs->first >= JOBS_MAX ||
           (jobs->bytes >= JOB_BYTES_MAX && jobs->end != jobs->first);
}

bool worker_jobs_has_answers(const struct worker_jobs *jobs) {
    return jobs->answers >= ANSWERS_MAX;
}

struct job *worker_jobs_at(const struct worker_jobs *jobs, uint64_t number) {
    return &jobs->ring[number % JOBS_MAX];
}

void worker_jobs_add(struct worker_jobs *jobs, const struct worker_job *given, size_t worker) {
    struct job *job = worker_jobs_at(jobs, jobs->end);
    job->given = *given;
    job->request =
        (struct worker_request){jobs->end, given->message.len, given->option, given->truncated};
    job->state = JOB_WAITING;
    job->worker = worker;
    job->alone = false;
    jobs->end++;
    jobs->bytes += given->message.len;
}

uint64_t worker_jobs_next_waiting(const struct worker_jobs *jobs, size_t worker, uint64_t from) {
    for (uint64_t n = from; n < jobs->end; n++) {
        const struct job *job = worker_jobs_at(jobs, n);
        if (job->worker == worker && job->state == JOB_WAITING)
            return n;
    }
    return jobs->end;
}

size_t worker_jobs_frame_max(struct bytes message) {
    size_t max = FRAME_LEAST + FRAME_SHARE * message.len;
    return max < FRAME_MAX ? max : FRAME_MAX;
}

static void finish(struct job *job, enum job_state state, struct bytes answer) {
    job->state = state;
    buf_add_bytes(&job->answer, answer);
}

void worker_jobs_answer(struct worker_jobs *jobs, uint64_t number, struct bytes frame) {
    finish(worker_jobs_at(jobs, number), JOB_DONE, frame);
    jobs->answers += frame.len;
}

void worker_jobs_fail(struct worker_jobs *jobs, uint64_t number, struct bytes reason) {
    finish(worker_jobs_at(jobs, number), JOB_FAILED, reason);
}

void worker_jobs_take(struct worker_jobs *jobs, struct worker_result *result) {
    struct job *job = worker_jobs_at(jobs, jobs->first);
    buf_free(&jobs->taken);
    jobs->taken = job->answer;
    job->answer = (struct buf)BUF_INIT;
    *result = (struct worker_result){.job = job->given};
    if (job->state == JOB_DONE)
        result->frame = buf_bytes(&jobs->taken);
    else
        result->failure = jobs->taken.data;
    jobs->answers -= result->frame.len;
    jobs->bytes -= job->given.message.len;
    jobs->first++;
}
