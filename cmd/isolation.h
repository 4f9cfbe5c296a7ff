/*
 * isolation: takes from a process all that decoding mail does not need, layer by layer.
 *
 * What is left is computing, memory, and reading and writing the files that are open. A kernel that
 * lacks a layer (seccomp in some containers, Landlock before Linux 5.13) does not keep the program
 * from working: the state says which layers are active, and why the others are not.
 *
 * `nullsender check` prints a line a layer:
 *
 *     struct isolation isolation;
 *     if (worker_isolation(&isolation, err) != 0)                       (cmd/worker.h)
 *         return -1;
 *     for (int layer = 0; layer < ISOLATION_LAYER_COUNT; layer++)
 *         isolation_describe(&isolation, layer, &line);
 */
#ifndef CMD_ISOLATION_H
#define CMD_ISOLATION_H

#include "cmd/base/buf.h"

#include <stdint.h>

/* AddressSanitizer maps terabytes of shadow memory, reads its own memory map to print a report, and
 * traces the process to find leaks: there, what is not allowed fails instead of killing, address
 * space has no limit, and whoever may can trace the process. */
#if defined(__SANITIZE_ADDRESS__)
#define ISOLATION_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ISOLATION_SANITIZED 1
#endif
#endif
#if !defined(ISOLATION_SANITIZED)
#define ISOLATION_SANITIZED 0
#endif

enum isolation_layer {
    ISOLATION_PRIVILEGES,  /* no_new_privs; started by root, the process becomes nobody */
    ISOLATION_LANDLOCK,    /* no files, no TCP, no signals to others */
    ISOLATION_LIMITS,      /* setrlimit(2): memory, stack, files, processes, core */
    ISOLATION_UNTRACEABLE, /* not dumpable: no core, no ptrace(2) and no /proc/PID/mem for others */
    ISOLATION_SECCOMP,     /* no system calls but a few; another one kills */
    ISOLATION_LAYER_COUNT
};

/* What came of it. Plain numbers: a worker sends them to its parent. */
struct isolation {
    uint32_t missing[ISOLATION_LAYER_COUNT]; /* by layer; 0: active, else the errno that says why */
};

/* Enters all layers that the kernel has, for good; from then on the process also ends with its
 * parent. It has a single thread, and open are only the files that it may go on using. */
void isolation_enter(struct isolation *isolation);

/* From now on the process may use so many seconds of CPU time before the kernel ends it with
 * SIGXCPU. To be called before each message: what earlier ones took does not count. Allowed behind
 * isolation_enter(). */
void isolation_grant_seconds(unsigned seconds);

/* Appends a line without its end: "Landlock: active (no files, no network, no signals)", or
 * "Landlock: not active (Function not implemented): " and what that means. */
void isolation_describe(const struct isolation *isolation, enum isolation_layer layer,
                        struct buf *line);

/* For the process that holds the passwords: no core file will hold them, on disk or in a crash
 * collector, and no other process of the same user can read its memory. A debugger needs root. */
void isolation_hide_secrets(void);

#endif
