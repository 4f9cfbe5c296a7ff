/*
 * watcher: the process that watches one mailbox for `fetch --watch`: it logs in, reads what is
 * there, waits for mail (IDLE, RFC 2177, or asking now and then), and reads what has come.
 *
 * It lives as long as its connections do: whatever fails ends it, and its parent (watch.h) starts
 * the next one, which reads configuration, passwords and tokens anew. The mailbox is claimed only
 * while it is read, and each read that finds something is a run with its row in bounce.run, so
 * other fetches and watchers may work beside it.
 */
#ifndef CMD_WATCHER_H
#define CMD_WATCHER_H

#include "cmd/base/err.h"
#include "cmd/command.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    /* RFC 2177 wants IDLE to be said anew within 29 minutes; routers forget connections that are
     * silent for 5. */
    WATCHER_IDLE_SECONDS = 240,
};

/* What the parent hears over the socket (SOCK_SEQPACKET): one of these a packet. */
struct watcher_report {
    enum watcher_news {
        WATCHER_ALIVE,  /* it is at work */
        WATCHER_READ,   /* the mailbox has been looked at, and read where there was something */
        WATCHER_FAILED, /* its last words */
    } news;
    uint64_t messages;  /* WATCHER_READ: that were read since the last report */
    struct err failure; /* WATCHER_FAILED */
};

struct watcher_options {
    const struct invocation *invocation;
    const char *mailbox;
    int socket;                        /* reports go here; when the other end is closed, or writes
                                          no more, the watcher ends */
    unsigned beat_seconds;             /* reports while it waits: at least so often */
    bool after_failure;                /* the mailbox was not read since the last watcher failed */
    const volatile sig_atomic_t *stop; /* set by a signal: commit what has come, and end */
};

/* Watches until it is told to end (0) or something fails (-1, and the parent has been told). */
int watcher_run(const struct watcher_options *options, struct err *err);

#endif
