/*
 * filing: messages that the database has leave the folder of a mailbox, for where their outcome
 * sends them.
 *
 * Where there are many, over a connection of its own: a server takes as long to move messages as to
 * hand them out, and meanwhile the next ones can be read, judged and stored.
 */
#ifndef CMD_FILING_H
#define CMD_FILING_H

#include "cmd/base/err.h"
#include "cmd/config.h"
#include "imap/mailbox.h"
#include "store/batch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filing;

struct filing_options {
    const struct config *config;
    const struct config_mailbox *mailbox;
    struct imap *imap;    /* the connection that reads, with the folder selected */
    uint32_t uidvalidity; /* of the folder; 0: unknown */
    size_t count;         /* messages that there will be, about */
    size_t least;         /* messages to file away at once, at least */
    unsigned seconds;     /* that a connection of its own may last */
    bool dry_run;         /* file nothing away */
    bool one_connection;  /* use only the one that reads */
};

/* Whether messages leave the folder at all. */
bool filing_is_on(const struct config_mailbox *mailbox, bool dry_run);

/* Makes sure that the folders to file to are there. */
int filing_folders_ensure(const struct config_mailbox *mailbox, struct imap *imap, struct err *err);

/* Connects where that is worth it; where a second connection is refused, one serves both ways. A
 * server may also end the first one: then, call it with one_connection the next time. Free with
 * filing_free(). */
struct filing *filing_new(const struct filing_options *options);
void filing_free(struct filing *filing); /* NULL is fine */

/* Files these away that an earlier run has stored; those with STORE_OUTCOME_NONE stay. */
int filing_add_known(struct filing *filing, const uint32_t *uids,
                     const enum store_outcome *outcomes, size_t count, struct err *err);

/* Files these away, which are committed, or keeps them in mind until there are enough. Takes up
 * what the server has answered meanwhile, without waiting. */
int filing_add(struct filing *filing, const struct store_message *rows, size_t count,
               struct err *err);

/* On the connection that reads, the server was silent for so long. */
void filing_note_silence(struct filing *filing, double seconds);

/* Files away what is left, and waits until the server has answered all commands of both
 * connections. -1 also where it has refused one before, or where a connection was lost; then the
 * messages concerned are found by the next run that lists the folder. */
int filing_finish(struct filing *filing, struct err *err);

/* Whether the connection of its own has broken off. */
bool filing_is_lost(const struct filing *filing);

/* How many messages the server says that it has filed away. */
uint64_t filing_sum(const struct filing *filing);

/* Warns where messages that were filed away over `imap` remain in the folder, for want of UIDPLUS.
 */
void filing_warn_left(const struct config_mailbox *mailbox, const struct imap *imap);

#endif
