#include "cmd/prune.h"

#include "cmd/clock.h"
#include "cmd/command.h"
#include "cmd/database.h"
#include "cmd/log.h"
#include "store/prune.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    DAILY_SECONDS = 20, /* the next fetch goes on where time ran out */
};

/* A token is kept for as long as a bounce to it may come at least. */
static struct store_retention retention_of(const struct config *config) {
    long events = config->keep_events_days, lifetime = config->verp_lifetime_days;
    return (struct store_retention){
        .raw_days = (unsigned)config->keep_raw_days,
        .event_days = (unsigned)events,
        .token_days = (unsigned)(events && events < lifetime ? lifetime : events),
    };
}

static bool is_before(void *deadline) {
    return clock_seconds() < *(const double *)deadline;
}

int prune_daily(struct store *store, const struct config *config, struct err *err) {
    const struct store_retention retention = retention_of(config);
    struct store_pruned pruned;
    bool due;
    if (!retention.raw_days && !retention.event_days)
        return 0;
    if (store_prune_due(store, &due, err) != 0)
        return -1;
    if (!due)
        return 0;
    double deadline = clock_seconds() + DAILY_SECONDS;
    if (store_prune(store, &retention, false, is_before, &deadline, &pruned, err) != 0)
        return -1;
    log_info("pruned the bytes of %" PRIu64 " messages and %" PRIu64 " addresses%s",
             pruned.raw_messages, pruned.addresses,
             pruned.complete ? "" : "; the next fetch goes on");
    return 0;
}

static void print_pruned(const struct store_pruned *pruned, const struct store_retention *retention,
                         bool dry_run) {
    const char *verb = dry_run ? "would go" : "removed";
    if (retention->raw_days)
        printf("the bytes of %" PRIu64 " messages %s: %.1f MB, older than %u days\n",
               pruned->raw_messages, verb, (double)pruned->raw_bytes / 1e6, retention->raw_days);
    if (retention->event_days)
        printf("%" PRIu64 " addresses with %" PRIu64 " events %s: nothing stands against them, and "
               "nothing was heard of them for %u days\n"
               "%" PRIu64 " messages about nobody, %" PRIu64 " deliveries and %" PRIu64
               " tokens of VERP addresses %s\n",
               pruned->addresses, pruned->events, verb, retention->event_days, pruned->messages,
               pruned->deliveries, pruned->tokens, verb);
}

int command_prune(const struct invocation *invocation, struct err *err) {
    bool dry_run = invocation_has(invocation, OPTION_DRY_RUN);
    struct config *config = NULL;
    struct store *store = NULL;
    struct store_pruned pruned;
    int rc = -1;
    if (database_config_read(invocation, &config, err) != 0)
        goto out;
    const struct store_retention retention = retention_of(config);
    if (!retention.raw_days && !retention.event_days) {
        printf("%s keeps everything: keep_raw_days and keep_events_days are 0\n", config->path);
        rc = 0;
        goto out;
    }
    if (database_open(config, &store, err) != 0 ||
        database_prepare(store, config, dry_run, err) != 0 ||
        store_prune(store, &retention, dry_run, NULL, NULL, &pruned, err) != 0)
        goto out;
    print_pruned(&pruned, &retention, dry_run);
    rc = 0;
out:
    store_close(store);
    config_free(config);
    return rc;
}
