#include "cmd/worker.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "cmd/clock.h"
#include "cmd/log.h"
#include "cmd/worker_jobs.h"
#include "cmd/worker_process.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    READ_CHUNK = 64 * 1024,
    INPUT_KEPT = 4 * READ_CHUNK, /* of a worker's answers, once they are taken apart */
    SEND_TOGETHER = 64,          /* messages in one system call, where workers are busy anyway */
    STARTS_MAX = 3,              /* without a greeting; then it is the machine, not a mail */
    AWAY_SECONDS = 1, /* longer than this between two looks, the parent was busy or stopped */
};

struct worker {
    pid_t pid;
    int socket;
    uint64_t head;      /* the first of its jobs that has no answer; behind the last: none */
    uint64_t next_sent; /* the first of its jobs that is not wholly sent */
    size_t sent;        /* octets of that one, request included */
    size_t waiting;     /* jobs without an answer */
    struct buf input;
    double busy_since; /* when it got to the job it is at; 0: idle */
    bool greeted;
    unsigned failed_starts; /* in a row */
};

struct worker_pool {
    unsigned seconds_max;
    struct buf settings;        /* what each process is told first */
    struct isolation isolation; /* as the last process that started had it */
    bool warned;
    double looked; /* when the workers were last listened to */
    struct worker *workers;
    size_t worker_count;
    struct worker_jobs jobs;
    size_t unsent; /* messages that may not have been handed to a worker yet */
};

static struct job *job_at(const struct worker_pool *pool, uint64_t number) {
    return worker_jobs_at(&pool->jobs, number);
}

unsigned worker_count_default(void) {
    cpu_set_t set;
    int cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return cores > 1 ? (unsigned)cores - 1 : 1;
}

static int worker_start(struct worker_pool *pool, struct worker *w, struct err *err) {
    buf_reset(&w->input);
    w->greeted = false;
    w->busy_since = clock_seconds();
    return worker_process_start(buf_bytes(&pool->settings), &w->pid, &w->socket, err);
}

/* Its status; 0 where none was running. */
static int worker_end(struct worker *w) {
    int status = 0;
    if (!w->pid)
        return 0;
    close(w->socket);
    kill(w->pid, SIGKILL);
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
        ;
    w->pid = 0;
    return status;
}

int worker_pool_start(const struct worker_pool_options *options, struct worker_pool **pool,
                      struct err *err) {
    struct worker_pool *p = memory_zero(1, sizeof *p);
    p->seconds_max = options->seconds_max ? options->seconds_max : WORKER_SECONDS_MAX;
    p->settings = (struct buf)BUF_INIT;
    worker_settings_write(options->reports, options->report_count, p->seconds_max, &p->settings);
    p->looked = clock_seconds();
    worker_jobs_init(&p->jobs);
    p->workers = memory_zero(options->count, sizeof *p->workers);
    for (; p->worker_count < options->count; p->worker_count++) {
        struct worker *w = &p->workers[p->worker_count];
        w->input = (struct buf)BUF_INIT;
        if (worker_start(p, w, err) != 0) {
            worker_pool_stop(p);
            return -1;
        }
    }
    *pool = p;
    return 0;
}

void worker_pool_stop(struct worker_pool *pool) {
    if (!pool)
        return;
    for (size_t i = 0; i < pool->worker_count; i++) {
        worker_end(&pool->workers[i]);
        buf_free(&pool->workers[i].input);
    }
    worker_jobs_free(&pool->jobs);
    buf_free(&pool->settings);
    free(pool->workers);
    free(pool);
}

bool worker_pool_is_full(const struct worker_pool *pool) {
    return worker_jobs_is_full(&pool->jobs);
}

/* The first job of this worker, from `from` on, that has no answer. */
static uint64_t next_waiting(const struct worker_pool *pool, const struct worker *w,
                             uint64_t from) {
    return worker_jobs_next_waiting(&pool->jobs, (size_t)(w - pool->workers), from);
}

/* Why a process ended, for whoever looks into the quarantine. */
static void describe_end(int status, struct buf *words) {
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (number == SIGXCPU)
        buf_add_string(words, "the decoder ran out of its time");
    else if (number == SIGSYS)
        buf_printf(
            words,
            "the decoder asked for a system call that decoding does not need (signal %d, %s)",
            number, strsignal(number));
    else if (number == SIGKILL || number == SIGTERM)
        buf_printf(words, "the decoder was killed (signal %d, %s)", number, strsignal(number));
    else if (number)
        buf_printf(words, "the decoder crashed (signal %d, %s)", number, strsignal(number));
    else if (WEXITSTATUS(status) == ERR_OS) /* memory_fail() */
        buf_add_string(words, "the decoder ran out of memory");
    else
        buf_printf(words, "the decoder ended (status %d)", WEXITSTATUS(status));
}

/* The worker has died, hangs or talks nonsense. It may have died with answers to earlier messages
 * unsent, so which message it was at is only known where it had just one: all that it had are given
 * to its successor one by one, and the one that fails alone has failed for good. A worker that has
 * not greeted has seen no message. */
static int worker_replace(struct worker_pool *pool, struct worker *w, const char *reason,
                          struct err *err) {
    int status = worker_end(w);
    struct buf words = BUF_INIT;
    if (reason)
        buf_add_string(&words, reason);
    else
        describe_end(status, &words);
    int rc = 0;
    if (!w->greeted && ++w->failed_starts == STARTS_MAX)
        rc = err_set(err, ERR_OS, "worker process: does not start: %s", words.data);
    if (w->greeted && w->waiting) {
        if (job_at(pool, w->head)->alone) {
            worker_jobs_fail(&pool->jobs, w->head, buf_bytes(&words));
            w->waiting--;
            w->head = next_waiting(pool, w, w->head + 1);
        }
        for (uint64_t n = w->head; n < pool->jobs.end; n = next_waiting(pool, w, n + 1))
            job_at(pool, n)->alone = true;
    }
    w->next_sent = w->head;
    w->sent = 0;
    buf_free(&words);
    return rc ? rc : worker_start(pool, w, err);
}

/* The parts of a job that are not sent yet: its request, its message. */
static void add_parts(const struct job *job, size_t sent, struct iovec *parts) {
    const struct bytes request = {(const char *)&job->request, sizeof job->request};
    struct bytes rest[] = {
        bytes_from(request, sent < request.len ? sent : request.len),
        bytes_from(job->given.message, sent - (sent < request.len ? sent : request.len))};
    for (size_t i = 0; i < 2; i++)
        parts[i] = (struct iovec){(void *)(uintptr_t)rest[i].data, rest[i].len};
}

/* Sends what the socket takes, straight from the messages, and many of them at once. */
static void worker_send(struct worker_pool *pool, struct worker *w) {
    struct iovec parts[2 * SEND_TOGETHER];
    while (w->waiting) {
        size_t count = 0;
        uint64_t n = w->next_sent = next_waiting(pool, w, w->next_sent);
        for (; n < pool->jobs.end && count < 2 * SEND_TOGETHER; n = next_waiting(pool, w, n + 1)) {
            const struct job *job = job_at(pool, n);
            if (n != w->head && (job->alone || job_at(pool, w->head)->alone))
                break;
            add_parts(job, count ? 0 : w->sent, &parts[count]);
            count += 2;
        }
        ssize_t sent = count ? writev(w->socket, parts, (int)count) : 0;
        if (sent <= 0)
            return; /* nothing to send; or full, or dead: then reading tells */
        if (w->busy_since <= 0)
            w->busy_since = clock_seconds();
        for (size_t i = 0, left = (size_t)sent; i < count; i += 2) {
            size_t job_len = parts[i].iov_len + parts[i + 1].iov_len;
            if (left < job_len) {
                w->sent += left;
                return;
            }
            left -= job_len;
            w->sent = 0;
            w->next_sent = next_waiting(pool, w, w->next_sent + 1);
        }
    }
}

/* Takes the greeting out of the input, where it is there. It was sent before the worker has seen
 * any mail. */
static void worker_take_greeting(struct worker_pool *pool, struct worker *w) {
    struct worker_greeting greeting;
    if (w->greeted || w->input.len < sizeof greeting)
        return;
    memcpy(&greeting, w->input.data, sizeof greeting);
    buf_remove_first(&w->input, sizeof greeting);
    w->greeted = true;
    w->failed_starts = 0;
    w->busy_since = w->waiting ? clock_seconds() : 0;
    pool->isolation = greeting.isolation;
    if (!greeting.isolation.missing[ISOLATION_SECCOMP] || pool->warned)
        return;
    pool->warned = true;
    struct buf line = BUF_INIT;
    isolation_describe(&greeting.isolation, ISOLATION_SECCOMP, &line);
    log_warning("%s", line.data);
    buf_free(&line);
}

/* Takes the whole answers out of the input. False where the worker answers nonsense: what it was
 * not asked, or not yet wholly, or at more length than any report has. */
static bool worker_take_answers(struct worker_pool *pool, struct worker *w) {
    size_t used = 0;
    struct worker_response response;
    worker_take_greeting(pool, w);
    while (w->greeted && w->input.len - used >= sizeof response) {
        memcpy(&response, w->input.data + used, sizeof response);
        if (!w->waiting || response.number != w->head || w->head >= w->next_sent ||
            response.length > worker_jobs_frame_max(job_at(pool, w->head)->given.message))
            return false;
        if (w->input.len - used - sizeof response < response.length)
            break;
        struct bytes rest = bytes_from(buf_bytes(&w->input), used + sizeof response);
        worker_jobs_answer(&pool->jobs, w->head, bytes_first(rest, response.length));
        w->waiting--;
        w->head = next_waiting(pool, w, w->head + 1);
        w->busy_since = w->waiting ? clock_seconds() : 0;
        used += sizeof response + response.length;
    }
    buf_remove_first(&w->input, used);
    if (!w->input.len)
        buf_shrink(&w->input, INPUT_KEPT);
    return true;
}

/* Whether there is room for what it answers; the answer that is due next finds it always. */
static bool worker_is_read(struct worker_pool *pool, const struct worker *w) {
    const struct job *first = job_at(pool, pool->jobs.first);
    bool is_due = pool->jobs.first < pool->jobs.end && first->state == JOB_WAITING &&
                  &pool->workers[first->worker] == w;
    return is_due || !worker_jobs_has_answers(&pool->jobs);
}

static int worker_receive(struct worker_pool *pool, struct worker *w, struct err *err) {
    while (worker_is_read(pool, w)) {
        buf_reserve(&w->input, READ_CHUNK);
        ssize_t n = read(w->socket, w->input.data + w->input.len, READ_CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n <= 0)
            return worker_replace(pool, w, NULL, err);
        w->input.len += (size_t)n;
        if (!worker_take_answers(pool, w))
            return worker_replace(pool, w, "the decoder answered nonsense", err);
    }
    if (w->busy_since > 0 && !worker_is_read(pool, w))
        w->busy_since = clock_seconds(); /* it waits for us */
    if (w->busy_since > 0 && clock_seconds() - w->busy_since > pool->seconds_max)
        return worker_replace(pool, w, "the decoder ran out of its time", err);
    return 0;
}

/* While the parent awaits a server, or is stopped itself, answers wait for it and workers for room
 * in their sockets: that is no time of theirs. */
static void forgive_absence(struct worker_pool *pool) {
    double away = clock_seconds() - pool->looked;
    for (size_t i = 0; away > AWAY_SECONDS && i < pool->worker_count; i++)
        if (pool->workers[i].busy_since > 0)
            pool->workers[i].busy_since += away;
}

/* Moves bytes in both directions. With `wait`, only returns once something has moved, or after a
 * second. */
static int pump(struct worker_pool *pool, bool wait, struct err *err) {
    forgive_absence(pool);
    struct pollfd polls[256];
    size_t count = pool->worker_count < 256 ? pool->worker_count : 256;
    pool->unsent = 0;
    for (size_t i = 0; i < count; i++) {
        struct worker *w = &pool->workers[i];
        worker_send(pool, w);
        bool more = w->waiting && w->next_sent < pool->jobs.end &&
                    (w->next_sent == w->head || !job_at(pool, w->head)->alone);
        short events = (short)((worker_is_read(pool, w) ? POLLIN : 0) | (more ? POLLOUT : 0));
        polls[i] = (struct pollfd){w->socket, events, 0};
    }
    if (poll(polls, count, wait ? 1000 : 0) < 0 && errno != EINTR)
        return err_set_errno(err, ERR_OS, "worker process: poll");
    for (size_t i = 0; i < count; i++)
        if (worker_receive(pool, &pool->workers[i], err) != 0)
            return -1;
    pool->looked = clock_seconds();
    return 0;
}

int worker_isolation(struct isolation *isolation, struct err *err) {
    static const struct report_options none;
    const struct worker_pool_options options = {.count = 1, .reports = &none, .report_count = 1};
    struct worker_pool *pool;
    if (worker_pool_start(&options, &pool, err) != 0)
        return -1;
    int rc = 0;
    while (rc == 0 && !pool->workers[0].greeted)
        rc = pump(pool, true, err);
    *isolation = pool->isolation;
    worker_pool_stop(pool);
    return rc;
}

void worker_pool_submit(struct worker_pool *pool, const struct worker_job *given) {
    size_t least = 0;
    for (size_t i = 1; i < pool->worker_count; i++)
        if (pool->workers[i].waiting < pool->workers[least].waiting)
            least = i;
    struct worker *w = &pool->workers[least];
    if (!w->waiting)
        w->head = w->next_sent = pool->jobs.end;
    worker_jobs_add(&pool->jobs, given, least);
    pool->unsent++;
    if (++w->waiting == 1)
        worker_send(pool, w);
}

int worker_pool_next(struct worker_pool *pool, bool wait, struct worker_result *result,
                     struct err *err) {
    if (pool->jobs.first == pool->jobs.end)
        return 0;
    bool pumped = false;
    while (job_at(pool, pool->jobs.first)->state == JOB_WAITING) {
        if (!wait && (pumped || pool->unsent < SEND_TOGETHER))
            return 0;
        if (pump(pool, wait, err) != 0)
            return -1;
        pumped = true;
    }
    worker_jobs_take(&pool->jobs, result);
    return 1;
}
