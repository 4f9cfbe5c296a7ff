/*
 * mailbox_run: a run on one mailbox: the claim on it and the row in bounce.run, around what is
 * read.
 */
#ifndef CMD_MAILBOX_RUN_H
#define CMD_MAILBOX_RUN_H

#include "cmd/base/err.h"
#include "cmd/inbox.h"
#include "cmd/pipeline.h"
#include "cmd/session.h"
#include "store/batch.h"
#include "store/mailbox.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    MAILBOX_RUN_SECONDS = 3600, /* one server that trickles must not keep the others from being
                                   read; a million bounces are read in a third of it */
    MAILBOX_RUN_OVERTIME = 600, /* to store and file away what has come; then the line is cut */
};

struct mailbox_run {
    struct store *store;
    struct store_lock *lock;
    char id[STORE_RUN_ID_SIZE]; /* "": there is no row, as in a dry run */
    struct pipeline_sums sums;
};

/* Notes which account's folder the mailbox is: see store_mailbox_source(). mailbox_run_begin() does
 * it too; it is due before the first inbox_look(), which asks for the cursor. */
int mailbox_run_source(struct store *store, const struct config_mailbox *mailbox, struct err *err);

/* Claims the mailbox and opens the row. *claimed is false, with 0 returned, where another run is at
 * work on it: then there is nothing to end. After an error mailbox_run_end() is due. */
int mailbox_run_begin(struct mailbox_run *run, const struct session *session,
                      const struct config_mailbox *mailbox, bool *claimed, struct err *err);

/* Closes the row with what `rc` and `err` say, and gives up the claim. Returns rc, or -1 where this
 * is what fails. */
int mailbox_run_end(struct mailbox_run *run, int rc, struct err *err);

/* A mailbox of the configuration as a source of the pipeline, without a connection yet: all that is
 * in it, for as long as a run may take. */
struct inbox mailbox_run_inbox(const struct session *session, size_t index,
                               const volatile sig_atomic_t *stop);

#endif
