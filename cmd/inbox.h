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
    const struct config_mailbox *mailbox;
    struct imap *imap;
    struct store *store;               /* knows what was read before */
    bool dry_run;                      /* change nothing, neither here nor there */
    uint64_t limit;                    /* read so many messages at most; 0: all */
    size_t window;                     /* messages to ask the server for at once */
    const volatile sig_atomic_t *stop; /* set by a signal: commit what has come, and leave */
};

/* Reads the mailbox, whose folder is not yet selected, through a pipeline with these options; its
 * uidvalidity, committed and committed_context are filled in here. On -1 nothing is lost: what is
 * not filed away is found again by the next run. `sums` is filled in either case. */
int inbox_read(const struct inbox *inbox, struct pipeline_options options,
               struct pipeline_sums *sums, struct err *err);

#endif
