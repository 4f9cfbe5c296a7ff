#include "cmd/monitor.h"

#include "cmd/base/memory.h"
#include "cmd/clock.h"
#include "cmd/ping.h"

#include <stdlib.h>

void monitor_begin(struct monitor *monitor, const struct config *config) {
    *monitor = (struct monitor){.config = config, .started = clock_time()};
    if (!config)
        return;
    monitor->runs = memory_zero(config->mailbox_count, sizeof *monitor->runs);
    ping_send(config, PING_START);
}

static struct metrics_run metrics_of(const char *mailbox, double started,
                                     const struct pipeline_sums *sums, const struct err *failure) {
    double now = clock_time();
    double age = sums->oldest_arrival ? now - (double)sums->oldest_arrival : 0;
    return (struct metrics_run){
        .mailbox = mailbox,
        .started = started,
        .seconds = now > started ? now - started : 0,
        .exit_code = failure ? (int)failure->code : 0,
        .fetched = sums->run.fetched,
        .left = sums->waiting > sums->run.fetched ? sums->waiting - sums->run.fetched : 0,
        .oldest_age = age > 0 ? (uint64_t)age : 0,
    };
}

void monitor_add_run(struct monitor *monitor, const char *mailbox, double started,
                     const struct pipeline_sums *sums, const struct err *failure) {
    if (monitor->config)
        monitor->runs[monitor->count++] = metrics_of(mailbox, started, sums, failure);
}

void monitor_write(const struct config *config, const char *mailbox, double started,
                   const struct pipeline_sums *sums, struct store *store,
                   const struct err *failure) {
    const struct metrics_run run = metrics_of(mailbox, started, sums, failure);
    metrics_write(config, &run, 1, store);
}

void monitor_end(struct monitor *monitor, struct store *store, const struct err *failure) {
    if (!monitor->config)
        return;
    metrics_write(monitor->config, monitor->runs, monitor->count, store);
    ping_send(monitor->config, failure ? PING_FAILURE : PING_SUCCESS);
    free(monitor->runs);
}
