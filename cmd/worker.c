#include "cmd/worker.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "cmd/clock.h"
#include "cmd/worker_process.h"
#include "mime/charset.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    JOBS_MAX = 512,                  /* under way at once: keeps every worker busy */
    JOB_BYTES_MAX = 8 * 1024 * 1024, /* and no more memory than this, but for one message */
    FRAME_MAX = 64 * 1024 * 1024,    /* 10,000 recipients with full diagnostics stay below */
    READ_CHUNK = 64 * 1024,
};

enum job_state { JOB_WAITING, JOB_DONE, JOB_FAILED };

struct job {
    struct worker_job given;
    struct worker_request request;
    enum job_state state;
    size_t worker;
    bool alone;        /* its worker gets nothing else until it has answered this one */
    struct buf answer; /* the frame, or the failure in words */
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
};

struct worker_pool {
    struct worker_pool_options options;
    struct charset_cache *charsets; /* opened here, used in the processes */
    struct worker *workers;
    size_t worker_count;
    struct job *jobs; /* a ring: job `number` is jobs[number % JOBS_MAX] */
    uint64_t first;   /* number of the oldest job whose result was not taken */
    uint64_t end;     /* number that the next job gets */
    size_t bytes;     /* of messages under way */
};

static struct job *job_at(struct worker_pool *pool, uint64_t number) {
    return &pool->jobs[number % JOBS_MAX];
}

unsigned worker_core_count(void) {
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > 0 ? (unsigned)count : 1;
}

static int worker_start(struct worker_pool *pool, struct worker *w, struct err *err) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return err_set_errno(err, ERR_OS, "worker process: socketpair");
    pid_t pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return err_set_errno(err, ERR_OS, "worker process: fork");
    }
    if (pid == 0)
        worker_process_run(ends[1], pool->options.reports, pool->options.report_count,
                           pool->charsets);
    close(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    w->pid = pid;
    w->socket = ends[0];
    buf_reset(&w->input);
    w->busy_since = 0;
    return 0;
}

static int worker_end(struct worker *w) {
    int status = 0;
    close(w->socket);
    kill(w->pid, SIGKILL);
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

int worker_pool_start(const struct worker_pool_options *options, struct worker_pool **pool,
                      struct err *err) {
    struct worker_pool *p = memory_zero(1, sizeof *p);
    p->options = *options;
    if (!p->options.seconds_max)
        p->options.seconds_max = WORKER_SECONDS_MAX;
    p->charsets = charset_cache_new();
    charset_cache_fill(p->charsets);
    p->jobs = memory_zero(JOBS_MAX, sizeof *p->jobs);
    for (size_t i = 0; i < JOBS_MAX; i++)
        p->jobs[i].answer = (struct buf)BUF_INIT;
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
    for (size_t i = 0; i < JOBS_MAX; i++)
        buf_free(&pool->jobs[i].answer);
    charset_cache_free(pool->charsets);
    free(pool->workers);
    free(pool->jobs);
    free(pool);
}

bool worker_pool_is_full(const struct worker_pool *pool) {
    return pool->end - pool->first >= JOBS_MAX ||
           (pool->bytes >= JOB_BYTES_MAX && pool->end != pool->first);
}

/* The first job of this worker, from `from` on, that has no answer; pool->end where there is none.
 */
static uint64_t next_waiting(struct worker_pool *pool, const struct worker *w, uint64_t from) {
    size_t index = (size_t)(w - pool->workers);
    uint64_t n = from;
    while (n < pool->end &&
           (job_at(pool, n)->worker != index || job_at(pool, n)->state != JOB_WAITING))
        n++;
    return n;
}

/* The worker has died, hangs or talks nonsense. It may have died with answers to earlier messages
 * unsent, so which message it was at is only known where it had just one: all that it had are given
 * to its successor one by one, and the one that fails alone has failed for good. */
static int worker_replace(struct worker_pool *pool, struct worker *w, const char *reason,
                          struct err *err) {
    int status = worker_end(w);
    if (!w->waiting)
        return worker_start(pool, w, err);
    struct job *head = job_at(pool, w->head);
    if (head->alone) {
        head->state = JOB_FAILED;
        buf_reset(&head->answer);
        if (reason)
            buf_add_string(&head->answer, reason);
        else if (WIFSIGNALED(status))
            buf_printf(&head->answer, "the decoder crashed (signal %d, %s)", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
        else
            buf_printf(&head->answer, "the decoder ended (status %d)", WEXITSTATUS(status));
        w->waiting--;
        w->head = next_waiting(pool, w, w->head + 1);
    }
    for (uint64_t n = w->head; n < pool->end; n = next_waiting(pool, w, n + 1))
        job_at(pool, n)->alone = true;
    w->next_sent = w->head;
    w->sent = 0;
    return worker_start(pool, w, err);
}

/* Sends what the socket takes, straight from the messages. */
static void worker_send(struct worker_pool *pool, struct worker *w) {
    if (!w->waiting)
        return;
    while ((w->next_sent = next_waiting(pool, w, w->next_sent)) < pool->end) {
        struct job *job = job_at(pool, w->next_sent);
        if (w->next_sent != w->head && (job->alone || job_at(pool, w->head)->alone))
            return;
        struct bytes parts[2] = {{(const char *)&job->request, sizeof job->request},
                                 job->given.message};
        size_t total = parts[0].len + parts[1].len;
        struct bytes head = bytes_from(parts[0], w->sent);
        struct bytes body =
            bytes_from(parts[1], w->sent > parts[0].len ? w->sent - parts[0].len : 0);
        struct iovec iov[2] = {{(void *)(uintptr_t)head.data, head.len},
                               {(void *)(uintptr_t)body.data, body.len}};
        ssize_t n = writev(w->socket, iov, 2);
        if (n <= 0)
            return; /* full, or dead: then reading tells */
        if (w->busy_since <= 0)
            w->busy_since = clock_seconds();
        w->sent += (size_t)n;
        if (w->sent < total)
            return;
        w->sent = 0;
        w->next_sent++;
    }
}

/* Takes the whole answers out of the input. False where the worker answers nonsense. */
static bool worker_take_answers(struct worker_pool *pool, struct worker *w) {
    size_t used = 0;
    struct worker_response response;
    while (w->input.len - used >= sizeof response) {
        memcpy(&response, w->input.data + used, sizeof response);
        if (response.length > FRAME_MAX || !w->waiting || response.number != w->head)
            return false;
        if (w->input.len - used - sizeof response < response.length)
            break;
        struct job *job = job_at(pool, w->head);
        buf_reset(&job->answer);
        buf_add(&job->answer, w->input.data + used + sizeof response, response.length);
        job->state = JOB_DONE;
        w->waiting--;
        w->head = next_waiting(pool, w, w->head + 1);
        w->busy_since = w->waiting ? clock_seconds() : 0;
        used += sizeof response + response.length;
    }
    buf_remove_first(&w->input, used);
    return true;
}

static int worker_receive(struct worker_pool *pool, struct worker *w, struct err *err) {
    for (;;) {
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
    if (w->busy_since > 0 && clock_seconds() - w->busy_since > pool->options.seconds_max)
        return worker_replace(pool, w, "the decoder ran out of its time", err);
    return 0;
}

/* Moves bytes in both directions. With `wait`, only returns once something has moved. */
static int pump(struct worker_pool *pool, bool wait, struct err *err) {
    struct pollfd polls[256];
    size_t count = pool->worker_count < 256 ? pool->worker_count : 256;
    for (size_t i = 0; i < count; i++) {
        struct worker *w = &pool->workers[i];
        worker_send(pool, w);
        bool more = w->waiting && w->next_sent < pool->end &&
                    (w->next_sent == w->head || !job_at(pool, w->head)->alone);
        polls[i] = (struct pollfd){w->socket, (short)(POLLIN | (more ? POLLOUT : 0)), 0};
    }
    if (poll(polls, count, wait ? 1000 : 0) < 0 && errno != EINTR)
        return err_set_errno(err, ERR_OS, "worker process: poll");
    for (size_t i = 0; i < count; i++)
        if (worker_receive(pool, &pool->workers[i], err) != 0)
            return -1;
    return 0;
}

void worker_pool_submit(struct worker_pool *pool, const struct worker_job *given) {
    size_t least = 0;
    for (size_t i = 1; i < pool->worker_count; i++)
        if (pool->workers[i].waiting < pool->workers[least].waiting)
            least = i;
    struct worker *w = &pool->workers[least];
    if (!w->waiting)
        w->head = w->next_sent = pool->end;
    struct job *job = job_at(pool, pool->end);
    job->given = *given;
    job->state = JOB_WAITING;
    job->worker = least;
    job->alone = false;
    job->request = (struct worker_request){pool->end, (uint32_t)given->message.len,
                                           (uint16_t)given->option, given->truncated};
    pool->end++;
    pool->bytes += given->message.len;
    w->waiting++;
    worker_send(pool, w);
}

int worker_pool_next(struct worker_pool *pool, bool wait, struct worker_result *result,
                     struct err *err) {
    if (pool->first == pool->end)
        return 0;
    struct job *job = job_at(pool, pool->first);
    bool pumped = false;
    while (job->state == JOB_WAITING) {
        if (pumped && !wait)
            return 0;
        if (pump(pool, wait, err) != 0)
            return -1;
        pumped = true;
    }
    *result = (struct worker_result){.job = job->given};
    if (job->state == JOB_DONE)
        result->frame = buf_bytes(&job->answer);
    else
        result->failure = job->answer.data;
    pool->bytes -= job->given.message.len;
    pool->first++;
    return 1;
}
