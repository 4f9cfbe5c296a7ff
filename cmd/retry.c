#include "cmd/retry.h"

#include "cmd/clock.h"
#include "cmd/log.h"

#include <poll.h>
#include <stddef.h>
#include <time.h>

static const unsigned waits[] = {1, 4, 16, 30};
enum { WAITS = sizeof waits / sizeof *waits };

static unsigned wait_for(const struct retry *retry, const struct err *err) {
    unsigned wait = waits[retry->done < WAITS ? retry->done : WAITS - 1];
    return err->retry_after > wait ? err->retry_after : wait;
}

/* Waits, but not on after a signal: signals are let in only while the wait looks for them, so that
 * none can come between the look at `stop` and the wait. */
static void pause_for(const struct retry *retry, unsigned seconds) {
    double end = clock_seconds() + seconds * (retry->unit ? retry->unit : 1000) / 1000.0;
    sigset_t ours, before;
    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigprocmask(SIG_BLOCK, &ours, &before);
    for (double left; !*retry->stop && (left = end - clock_seconds()) > 0;) {
        struct timespec time = {.tv_sec = (time_t)left,
                                .tv_nsec = (long)((left - (double)(time_t)left) * 1e9)};
        ppoll(NULL, 0, &time, &before);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
}

bool retry_wait(struct retry *retry, const char *what, const struct err *err) {
    unsigned wait = wait_for(retry, err);
    if (err->code != ERR_TEMPORARY || retry->done >= retry->tries || wait > RETRY_WAIT_MAX ||
        *retry->stop)
        return false;
    log_info("%s: %s; trying again in %u s", what, err->text, wait);
    pause_for(retry, wait);
    retry->done++;
    return !*retry->stop;
}
