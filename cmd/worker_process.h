/*
 * worker_process: the inside of a worker: messages in, reports out, over one socket.
 */
#ifndef CMD_WORKER_PROCESS_H
#define CMD_WORKER_PROCESS_H

#include "mime/read.h"

#include <stddef.h>
#include <stdint.h>

/* Before each message, towards the worker. Same machine, same program: no byte order. */
struct worker_request {
    uint64_t number;
    uint32_t length;
    uint16_t option;
    uint16_t truncated;
};

/* Before each frame, towards the parent. */
struct worker_response {
    uint64_t number;
    uint32_t length;
    uint32_t unused;
};

/* Turns this freshly forked process into a worker: gives up all files but the socket and stderr,
 * then answers messages until the parent closes. `charsets` is full: the worker opens nothing. */
_Noreturn void worker_process_run(int socket, const struct report_options *options,
                                  size_t option_count, struct charset_cache *charsets);

#endif
