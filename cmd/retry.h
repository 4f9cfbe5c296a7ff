/*
 * retry: another try after a failure that may pass, with growing waits in between.
 */
#ifndef CMD_RETRY_H
#define CMD_RETRY_H

#include "cmd/base/err.h"

#include <signal.h>
#include <stdbool.h>

enum {
    RETRY_WAIT_MAX = 120, /* seconds; who asks for more is left to the next run */
};

struct retry {
    unsigned tries;                    /* how often to try again; 0: never */
    const volatile sig_atomic_t *stop; /* set by a signal: do not try again */
    unsigned unit;                     /* milliseconds in a "second", for tests; 0: 1000 */
    unsigned done;                     /* tries so far; set it to 0 when something was achieved */
};

/* Whether to try again. Waits before it says so: 1, 4, 16 and then 30 seconds, or as long as the
 * other side asks for (err->retry_after). False, without waiting, where the failure is none that
 * passes (only ERR_TEMPORARY does: a refused password is never tried twice), the tries are used up,
 * the wait would be longer than RETRY_WAIT_MAX, or a signal came; also false when one comes during
 * the wait. `what` ("mailbox bounces") is for the log. */
bool retry_wait(struct retry *retry, const char *what, const struct err *err);

#endif
