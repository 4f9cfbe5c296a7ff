/*
 * inbox: a bounce mailbox as a source of the pipeline: what is new in its folder, and where its
 * messages go once the database has them.
 */
#ifndef CMD_INBOX_H
#define CMD_INBOX_H

#include "cmd/base/err.h"
#include "cmd/config.h"
#include "cmd/pipeline.h"
#include "imap/mailbox.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct inbox {
    const struct config *config;
    const struct config_mailbox *mailbox;
    struct imap *imap;
    struct store *store;               /* knows what was read before */
    bool dry_run;                      /* change nothing, neither here nor there */
    uint64_t limit;                    /* read so many messages at most */
    double until;                      /* on clock_seconds()'s clock: leave the rest to the next
                                          run; 0: never */
    size_t window;                     /* messages to ask the server for at once, at least */
    bool one_connection;               /* file away over the one that reads, however many */
    const volatile sig_atomic_t *stop; /* set by a signal: commit what has come, and leave */
};

/* Selects the folder and counts what inbox_read() would look at. Nothing is read or changed, save
 * that folders to file to are made. */
int inbox_look(const struct inbox *inbox, size_t *waiting, struct err *err);

/* Selects the folder and reads what is new in it through a pipeline with these options; its
 * uidvalidity, committed and committed_context are filled in here. Adds to `sums`, also on failure.
 *
 * On -1 nothing is lost: what has come is stored, and what is not filed away is found again by the
 * next run. *again: the mail server has failed, and not the database, in a way in which a new
 * connection may do better: at the opening of the folder, or by breaking off. Then calling this
 * with one goes on with what is not done; messages that were stored and not yet filed away count
 * once more, as already known. */
int inbox_read(const struct inbox *inbox, struct pipeline_options options,
               struct pipeline_sums *sums, bool *again, struct err *err);

#endif
