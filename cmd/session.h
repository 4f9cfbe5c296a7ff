/*
 * session: what the commands that write to the ledger share: configuration, worker processes,
 * rules and the database.
 */
#ifndef CMD_SESSION_H
#define CMD_SESSION_H

#include "cmd/analysis.h"
#include "cmd/base/err.h"
#include "cmd/command.h"
#include "cmd/config.h"
#include "cmd/pipeline.h"
#include "cmd/worker.h"
#include "store/store.h"

#include <stdbool.h>

struct session {
    struct config *config;
    struct analyst analyst;
    struct report_options *report_options; /* by mailbox; one without mailboxes */
    struct worker_pool *pool;
    struct store *store;
    bool dry_run;
};

/* Reads the configuration that the invocation names. `check` is called with it before anything is
 * opened; NULL for none. With `dry_run` nothing in the database is changed. session_close() is due
 * in either case. */
int session_open(struct session *session, const struct invocation *invocation, bool dry_run,
                 int (*check)(const struct invocation *, const struct config *, struct err *),
                 struct err *err);
void session_close(struct session *session);

/* The pipeline's options for one source: `mailbox` is its name in the ledger, `report_option` the
 * mailbox's place in the configuration, or 0. */
struct pipeline_options session_pipeline_options(const struct session *session, const char *mailbox,
                                                 size_t report_option, const char *run);

#endif
