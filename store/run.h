/*
 * run: one row for each run on each mailbox, with its sums.
 */
#ifndef STORE_RUN_H
#define STORE_RUN_H

#include "cmd/base/err.h"
#include "store/batch.h"
#include "store/store.h"

#include <stdint.h>

struct store_run_sums {
    uint64_t fetched;     /* messages looked at: stored + quarantined + already_known */
    uint64_t stored;      /* new, understood or at least not quarantined */
    uint64_t quarantined; /* new, kept for a person */
    uint64_t already_known;
    uint64_t filed; /* moved or deleted on the server */
    uint64_t events;
    uint64_t escalations;
    uint64_t bytes;
};

/* Starts a run and writes its id (a UUID) to `run`. `command` is "fetch", "import", ...; `mailbox`
 * may be NULL. A run that is killed stays visible as one without an end. */
int store_run_begin(struct store *store, const char *command, const char *mailbox,
                    const char *version, const char *ruleset, char run[STORE_RUN_ID_SIZE],
                    struct err *err);

/* Ends it. `outcome` is NULL when all went well, else what ended it. */
int store_run_finish(struct store *store, const char *run, const struct store_run_sums *sums,
                     const struct err *outcome, struct err *err);

#endif
