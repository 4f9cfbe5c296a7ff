/*
 * worker_process: one process that decodes mail, as its parent starts it and from the inside:
 * messages in, reports out, over one socket.
 *
 * It is this program started once more, not a fork: its memory has never held a password, there is
 * nothing in its environment, its command line says "nullsender: worker". What it needs to know it
 * reads from the socket; then it gives up all else (isolation.h), greets, and takes messages.
 *
 *     parent -> worker   worker_settings and what belongs to it, once
 *     worker -> parent   worker_greeting, once
 *     parent -> worker   worker_request and the message, again and again
 *     worker -> parent   worker_response and the report's frame (mime/frame.h) for each, in order
 *
 * Same machine, same program: no byte order. The parent believes nothing of what comes back.
 */
#ifndef CMD_WORKER_PROCESS_H
#define CMD_WORKER_PROCESS_H

#include "cmd/base/buf.h"
#include "cmd/base/err.h"
#include "cmd/isolation.h"
#include "mime/read.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct worker_settings {
    uint64_t length;       /* of what follows: the report options */
    uint32_t seconds;      /* of CPU time that each message may take */
    uint32_t option_count; /* how many they are */
};

struct worker_greeting {
    struct isolation isolation;
};

struct worker_request {
    uint64_t number;
    uint64_t length;
    uint32_t option;
    uint32_t truncated;
};

struct worker_response {
    uint64_t number;
    uint64_t length;
};

/* Appends the settings as worker_process_start() sends them. The charset tables of the options are
 * left out: each worker opens its own. */
void worker_settings_write(const struct report_options *options, size_t option_count,
                           unsigned seconds, struct buf *settings);

/* Starts a worker and sends it the settings. *socket is the parent's end, non-blocking. The process
 * is the caller's to kill and to wait for. */
int worker_process_start(struct bytes settings, pid_t *pid, int *socket, struct err *err);

/* The first thing that main() calls, also that of a test that starts workers. Where this process
 * was started as a worker it works until the parent closes, and does not return. */
void worker_process_main(int argc, char **argv);

#endif
