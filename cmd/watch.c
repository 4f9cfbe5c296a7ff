#include "cmd/watch.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "cmd/clock.h"
#include "cmd/log.h"
#include "cmd/monitor.h"
#include "cmd/ping.h"
#include "cmd/watcher.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

/* Seconds before the next try. Providers limit logins, and lock out who tries too often. */
static const unsigned waits[] = {1, 4, 16, 30, 60, 120, 300};

enum {
    WAITS = sizeof waits / sizeof *waits,
    STEADY_SECONDS = 60, /* who was well for so long begins with the first wait again */
    TELL_SECONDS = 60,   /* a failure that passes sooner, as a restart does, is no news */
    PING_SECONDS = 300,  /* as often as the timer fetches */
    BEATS = 4,           /* for each WATCHDOG_USEC */
};

struct mailbox_watch {
    const char *name;
    pid_t pid; /* of the watcher; 0: none is at work */
    int socket;
    bool has_beaten;                            /* since systemd's watchdog was last told */
    bool has_read;                              /* it has been well once */
    bool is_given_up;                           /* failure says why */
    bool is_told;                               /* that it fails */
    double well_since, failing_since, next_try; /* clock_seconds(); 0: not */
    unsigned tries;
    uint64_t messages;
    struct err failure; /* the last one */
};

struct watch {
    const struct invocation *invocation;
    const struct config *config;
    struct mailbox_watch *mailboxes;
    struct pollfd *poll_for; /* by mailbox */
    size_t count;
    unsigned beat_seconds;
    bool is_ready, is_ending;
    double next_ping;  /* 0: nothing is known yet */
    struct buf status; /* that systemd was told last */
    sigset_t unblocked;
    struct err *err; /* the first failure for good; code 0: none */
};

static volatile sig_atomic_t signal_count;

/* A terminal that closes may send more than one SIGHUP. */
static void count_signal(int number) {
    if (number != SIGHUP || !signal_count)
        signal_count++;
}

/* They are let in only while ppoll() waits, so that none comes between a look and the wait. Who was
 * started by nohup(1) goes on without its terminal. */
static void catch_signals(struct watch *watch) {
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    const struct sigaction action = {.sa_handler = count_signal};
    struct sigaction before;
    sigset_t ours;
    sigemptyset(&ours);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        sigaction(numbers[i], NULL, &before);
        if (numbers[i] == SIGHUP && before.sa_handler == SIG_IGN)
            continue;
        sigaction(numbers[i], &action, NULL);
        sigaddset(&ours, numbers[i]);
    }
    sigprocmask(SIG_BLOCK, &ours, &watch->unblocked);
}

static bool is_failing(const struct mailbox_watch *mailbox) {
    return mailbox->is_given_up || mailbox->is_told;
}

static void send_ping(struct watch *watch) {
    bool failing = false;
    for (size_t i = 0; i < watch->count; i++)
        failing |= is_failing(&watch->mailboxes[i]);
    ping_send(watch->config, failing ? PING_FAILURE : PING_SUCCESS);
    watch->next_ping = clock_seconds() + PING_SECONDS;
}

static bool is_beyond_waiting(const struct mailbox_watch *mailbox) {
    enum err_code code = mailbox->failure.code;
    return code == ERR_PERMISSION || (!mailbox->has_read && code != ERR_TEMPORARY);
}

static void tell_monitors(struct watch *watch, const struct mailbox_watch *mailbox) {
    const struct pipeline_sums none = {0};
    monitor_write(watch->config, mailbox->name, clock_time(), &none, NULL, &mailbox->failure);
    send_ping(watch);
}

static void give_up(struct watch *watch, struct mailbox_watch *mailbox) {
    mailbox->is_given_up = true;
    mailbox->well_since = 0;
    if (!watch->err->code)
        *watch->err = mailbox->failure;
    for (size_t i = 0; i < watch->count; i++)
        if (!watch->mailboxes[i].is_given_up) {
            log_error("%s; the mailbox is given up, the others are watched on",
                      mailbox->failure.text);
            break;
        }
    tell_monitors(watch, mailbox);
}

static void try_again(struct watch *watch, struct mailbox_watch *mailbox) {
    double now = clock_seconds();
    if (mailbox->well_since > 0 && now - mailbox->well_since >= STEADY_SECONDS)
        mailbox->tries = 0;
    unsigned wait = waits[mailbox->tries < WAITS ? mailbox->tries : WAITS - 1];
    if (mailbox->failure.retry_after > wait)
        wait = mailbox->failure.retry_after;
    mailbox->tries++;
    mailbox->well_since = 0;
    if (mailbox->failing_since <= 0)
        mailbox->failing_since = now;
    mailbox->next_try = now + wait;
    if (mailbox->is_told || (mailbox->has_read && now - mailbox->failing_since < TELL_SECONDS)) {
        log_info("%s; trying again in %u s", mailbox->failure.text, wait);
        return;
    }
    mailbox->is_told = true;
    log_warning("%s; it is tried again until it works", mailbox->failure.text);
    tell_monitors(watch, mailbox);
}

static void fail(struct watch *watch, struct mailbox_watch *mailbox) {
    log_set_field(LOG_FIELD_MAILBOX, mailbox->name);
    if (watch->is_ending) {
        mailbox->is_given_up = true;
        if (mailbox->failure.code && !watch->err->code)
            *watch->err = mailbox->failure;
    } else if (is_beyond_waiting(mailbox)) {
        give_up(watch, mailbox);
    } else {
        try_again(watch, mailbox);
    }
    log_set_field(LOG_FIELD_MAILBOX, NULL);
}

/* The new process: does not return. */
static void become_watcher(struct watch *watch, const struct mailbox_watch *mailbox, int socket) {
    const struct watcher_options options = {
        .invocation = watch->invocation,
        .mailbox = mailbox->name,
        .socket = socket,
        .beat_seconds = watch->beat_seconds,
        .after_failure = mailbox->failing_since > 0,
        .stop = &signal_count,
    };
    struct err err = {0};
    /* The ends that belong to the parent: none must stay open when it is gone. */
    for (size_t i = 0; i < watch->count; i++)
        if (watch->mailboxes[i].pid)
            close(watch->mailboxes[i].socket);
    sigprocmask(SIG_SETMASK, &watch->unblocked, NULL);
    int rc = watcher_run(&options, &err);
    exit(rc == 0 ? 0 : (int)err.code);
}

static void start(struct watch *watch, struct mailbox_watch *mailbox) {
    int ends[2];
    fflush(NULL);
    mailbox->failure = (struct err){0};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        err_set_errno(&mailbox->failure, ERR_OS, "mailbox %s: socketpair", mailbox->name);
        fail(watch, mailbox);
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        become_watcher(watch, mailbox, ends[1]);
    }
    close(ends[1]);
    if (pid < 0) {
        err_set_errno(&mailbox->failure, ERR_OS, "mailbox %s: fork", mailbox->name);
        close(ends[0]);
        fail(watch, mailbox);
        return;
    }
    mailbox->pid = pid;
    mailbox->socket = ends[0];
}

/* Its end of the socket is closed. */
static void bury(struct watch *watch, struct mailbox_watch *mailbox) {
    int status = 0;
    waitpid(mailbox->pid, &status, 0);
    close(mailbox->socket);
    mailbox->pid = 0;
    if (WIFSIGNALED(status))
        err_set(&mailbox->failure, ERR_OS, "mailbox %s: its process died (signal %d, %s)",
                mailbox->name, WTERMSIG(status), strsignal(WTERMSIG(status)));
    else if (!mailbox->failure.code && (!watch->is_ending || WEXITSTATUS(status)))
        err_set(&mailbox->failure, ERR_TEMPORARY, "mailbox %s: its process ended (exit code %d)",
                mailbox->name, WEXITSTATUS(status));
    fail(watch, mailbox);
}

static void note_read(struct watch *watch, struct mailbox_watch *mailbox, uint64_t messages) {
    mailbox->has_read = true;
    mailbox->messages += messages;
    if (mailbox->well_since <= 0)
        mailbox->well_since = clock_seconds();
    if (mailbox->is_told) {
        mailbox->is_told = false;
        log_warning("mailbox %s: it works again, after %.0f s", mailbox->name,
                    clock_seconds() - mailbox->failing_since);
        send_ping(watch);
    }
    mailbox->failing_since = 0;
}

static void hear(struct watch *watch, struct mailbox_watch *mailbox) {
    struct watcher_report report;
    ssize_t size = recv(mailbox->socket, &report, sizeof report, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    mailbox->has_beaten = true;
    if (size != sizeof report)
        bury(watch, mailbox);
    else if (report.news == WATCHER_READ)
        note_read(watch, mailbox, report.messages);
    else if (report.news == WATCHER_FAILED)
        mailbox->failure = report.failure;
}

static void tell_status(struct watch *watch) {
    struct buf status = BUF_INIT;
    const struct mailbox_watch *failing = NULL;
    size_t well = 0;
    uint64_t messages = 0;
    for (size_t i = 0; i < watch->count; i++) {
        const struct mailbox_watch *mailbox = &watch->mailboxes[i];
        well += mailbox->well_since > 0;
        messages += mailbox->messages;
        if (!failing && mailbox->well_since <= 0 && mailbox->failure.code)
            failing = mailbox;
    }
    buf_printf(&status, "%zu of %zu mailboxes watched, %" PRIu64 " messages so far", well,
               watch->count, messages);
    if (failing)
        buf_printf(&status, "; %s", failing->failure.text);
    if (strcmp(status.data, watch->status.len ? watch->status.data : "") != 0) {
        sd_notifyf(0, "STATUS=%s", status.data);
        buf_reset(&watch->status);
        buf_add_string(&watch->status, status.data);
    }
    buf_free(&status);
}

static void tell_ready(struct watch *watch) {
    size_t read = 0, settled = 0;
    for (size_t i = 0; i < watch->count; i++) {
        read += watch->mailboxes[i].has_read;
        settled += watch->mailboxes[i].has_read || watch->mailboxes[i].is_given_up;
    }
    if (watch->is_ready || !read || settled < watch->count)
        return;
    watch->is_ready = true;
    sd_notify(0, "READY=1");
    send_ping(watch);
}

/* One that waits to be started anew is looked after by us. */
static void tell_watchdog(struct watch *watch) {
    for (size_t i = 0; i < watch->count; i++)
        if (watch->mailboxes[i].pid && !watch->mailboxes[i].has_beaten)
            return;
    for (size_t i = 0; i < watch->count; i++)
        watch->mailboxes[i].has_beaten = false;
    sd_notify(0, "WATCHDOG=1");
}

/* A watcher that reads when SIGTERM comes sees it at the next message; one that waits sees its
 * socket. */
static void end_all(const struct watch *watch, int signal_number) {
    for (size_t i = 0; i < watch->count; i++)
        if (watch->mailboxes[i].pid) {
            shutdown(watch->mailboxes[i].socket, SHUT_WR);
            kill(watch->mailboxes[i].pid, signal_number);
        }
}

static bool is_over(const struct watch *watch) {
    for (size_t i = 0; i < watch->count; i++)
        if (watch->mailboxes[i].pid || (!watch->is_ending && !watch->mailboxes[i].is_given_up))
            return false;
    return true;
}

static void start_due(struct watch *watch) {
    double now = clock_seconds();
    for (size_t i = 0; i < watch->count; i++) {
        struct mailbox_watch *mailbox = &watch->mailboxes[i];
        if (!mailbox->pid && !mailbox->is_given_up && now >= mailbox->next_try)
            start(watch, mailbox);
    }
}

/* Waits for a report, a signal, or the next thing to do. */
static void wait_and_hear(struct watch *watch) {
    double now = clock_seconds(), until = now + watch->beat_seconds;
    if (watch->next_ping > 0 && !watch->is_ending && watch->next_ping < until)
        until = watch->next_ping;
    for (size_t i = 0; i < watch->count; i++) {
        const struct mailbox_watch *mailbox = &watch->mailboxes[i];
        watch->poll_for[i] =
            (struct pollfd){.fd = mailbox->pid ? mailbox->socket : -1, .events = POLLIN};
        if (!mailbox->pid && !mailbox->is_given_up && mailbox->next_try < until)
            until = mailbox->next_try;
    }
    double left = until > now ? until - now : 0;
    const struct timespec time = {.tv_sec = (time_t)left,
                                  .tv_nsec = (long)((left - (double)(time_t)left) * 1e9)};
    if (ppoll(watch->poll_for, watch->count, &time, &watch->unblocked) <= 0)
        return;
    for (size_t i = 0; i < watch->count; i++)
        if (watch->mailboxes[i].pid && watch->poll_for[i].revents)
            hear(watch, &watch->mailboxes[i]);
}

static void work(struct watch *watch) {
    while (!is_over(watch)) {
        if (signal_count > 1) {
            end_all(watch, SIGKILL);
        } else if (signal_count && !watch->is_ending) {
            watch->is_ending = true;
            sd_notify(0, "STOPPING=1");
            end_all(watch, SIGTERM);
        } else if (!watch->is_ending) {
            start_due(watch);
        }
        wait_and_hear(watch);
        if (!watch->is_ending)
            tell_ready(watch);
        tell_status(watch);
        tell_watchdog(watch);
        if (watch->next_ping > 0 && !watch->is_ending && clock_seconds() >= watch->next_ping)
            send_ping(watch);
    }
}

static unsigned beat_seconds(void) {
    uint64_t usec;
    if (sd_watchdog_enabled(0, &usec) <= 0)
        return WATCHER_IDLE_SECONDS;
    uint64_t seconds = usec / 1000000 / BEATS;
    if (seconds > WATCHER_IDLE_SECONDS)
        return WATCHER_IDLE_SECONDS;
    return seconds ? (unsigned)seconds : 1;
}

int watch_mailboxes(const struct invocation *invocation, const struct config *config,
                    const char *const *names, size_t count, struct err *err) {
    struct watch watch = {
        .invocation = invocation,
        .config = config,
        .mailboxes = memory_zero(count, sizeof *watch.mailboxes),
        .poll_for = memory_zero(count, sizeof *watch.poll_for),
        .count = count,
        .beat_seconds = beat_seconds(),
        .status = BUF_INIT,
        .err = err,
    };
    *err = (struct err){0};
    for (size_t i = 0; i < count; i++)
        watch.mailboxes[i].name = names[i];
    catch_signals(&watch);
    ping_send(config, PING_START);
    work(&watch);
    sigprocmask(SIG_SETMASK, &watch.unblocked, NULL);
    buf_free(&watch.status);
    free(watch.poll_for);
    free(watch.mailboxes);
    return err->code ? -1 : 0;
}
