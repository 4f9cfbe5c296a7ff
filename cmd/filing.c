#include "cmd/filing.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "cmd/clock.h"
#include "cmd/log.h"
#include "cmd/mailbox_open.h"

#include <stdlib.h>

enum {
    /* So many times the least that is filed away at once are worth a connection: they take longer
     * than its login. */
    CONNECTION_WORTH = 10,

    /* Of a large Maildir, a MOVE costs Dovecot by all that is in the folder: it reads the list of
     * UIDs and the directory, which takes seconds where there are a million messages. Commands for
     * so many messages each would take the longer, the more there are. Hence they grow, up to a
     * share of the folder, while the last one took less than so many seconds, so that the next one
     * is far below a timeout, or hardly longer than a smaller one before: then it is the folder
     * that takes the time, and not the messages. */
    SHARE = 4,
    SHARE_OWN = 16, /* over a connection of its own; the last one is waited for */
    GROWTH = 4,
    COMMAND_SECONDS = 10,
};

enum place { PLACE_STAY, PLACE_PROCESSED, PLACE_QUARANTINE, PLACE_GONE };

struct filing {
    struct filing_options options;
    struct imap *own; /* NULL: the connection that reads serves */
    struct buf own_name;
    struct err lost;    /* why `own` is of no more use */
    double begun;       /* when `own` got the command that it is at; 0: none */
    uint64_t sum;       /* messages filed away over `own` while it was open */
    uint64_t before;    /* messages filed away over the connection that reads, before */
    struct buf uids;    /* uint32_t: in the database, not yet asked to be filed away */
    struct buf places;  /* enum place: of each */
    size_t together;    /* so many were filed away at once */
    double took;        /* seconds, the last time */
    double took_before; /* and with fewer; at first, with none */
};

static void close_own(struct filing *filing) {
    if (!filing->own)
        return;
    filing->sum += imap_filed(filing->own);
    filing_warn_left(filing->options.mailbox, filing->own);
    imap_close(filing->own);
    filing->own = NULL;
}

void filing_free(struct filing *filing) {
    if (!filing)
        return;
    close_own(filing);
    buf_free(&filing->own_name);
    buf_free(&filing->uids);
    buf_free(&filing->places);
    free(filing);
}

bool filing_is_on(const struct config_mailbox *mailbox, bool dry_run) {
    return !dry_run && mailbox->after != CONFIG_AFTER_KEEP;
}

int filing_folders_ensure(const struct config_mailbox *mailbox, struct imap *imap,
                          struct err *err) {
    if (mailbox->after == CONFIG_AFTER_MOVE &&
        imap_folder_ensure(imap, mailbox->processed_folder, err) != 0)
        return -1;
    if (mailbox->after == CONFIG_AFTER_DELETE && mailbox->trash_folder &&
        imap_folder_ensure(imap, mailbox->trash_folder, err) != 0)
        return -1;
    return imap_folder_ensure(imap, mailbox->quarantine_folder, err);
}

/* A second connection, on which the same folder is selected. */
static int open_own(struct filing *filing, struct err *err) {
    const struct config_mailbox *mailbox = filing->options.mailbox;
    struct imap_folder_status status;
    buf_printf(&filing->own_name, "%s (filing)", mailbox->name);
    filing->own = mailbox_open(filing->options.config, mailbox, filing->own_name.data,
                               filing->options.imap, err);
    if (!filing->own)
        return -1;
    imap_limit(filing->own, filing->options.seconds);
    if (imap_select(filing->own, mailbox->folder, &status, err) != 0 ||
        filing_folders_ensure(mailbox, filing->own, err) != 0)
        return -1;
    if (status.read_only || status.uidvalidity != filing->options.uidvalidity)
        return err_set(err, ERR_UNAVAILABLE, "it shows the folder %s",
                       status.read_only ? "read-only" : "with another UIDVALIDITY");
    return 0;
}

/* Without UIDVALIDITY a UID may stand for another message there (RFC 9051 section 2.3.1.1). */
static bool is_own_worth(const struct filing_options *options) {
    return filing_is_on(options->mailbox, options->dry_run) && options->uidvalidity &&
           !options->mailbox->fetch_messages && !options->one_connection &&
           options->count >= CONNECTION_WORTH * options->least;
}

struct filing *filing_new(const struct filing_options *options) {
    struct filing *filing = memory_zero(1, sizeof *filing);
    struct err err;
    filing->options = *options;
    filing->before = imap_filed(options->imap);
    filing->own_name = filing->uids = filing->places = (struct buf)BUF_INIT;
    if (!is_own_worth(options) || open_own(filing, &err) == 0)
        return filing;
    close_own(filing);
    log_info("mailbox %s: no second connection for filing away, one does both: %s",
             options->mailbox->name, err.text);
    return filing;
}

/* Nothing is deleted that was not understood. */
static enum place place_for(const struct config_mailbox *mailbox, enum store_outcome outcome) {
    if (outcome == STORE_OUTCOME_NONE)
        return PLACE_STAY;
    if (outcome == STORE_OUTCOME_QUARANTINED)
        return PLACE_QUARANTINE;
    if (mailbox->after == CONFIG_AFTER_MOVE)
        return PLACE_PROCESSED;
    return outcome == STORE_OUTCOME_JUDGED ? PLACE_GONE : PLACE_QUARANTINE;
}

/* Goes on without it. What it was at is left to the next connection that lists the folder. */
static void lose_own(struct filing *filing, const struct err *err) {
    filing->lost = *err;
    err_prefix(&filing->lost, "the connection that files away");
    close_own(filing);
    log_info("mailbox %s: %s", filing->options.mailbox->name, filing->lost.text);
}

/* Sends what is queued on the own connection, and looks what has been answered. True while it is
 * at work. */
static bool own_is_busy(struct filing *filing) {
    struct err err;
    int open = filing->own ? imap_advance(filing->own, &err) : 0;
    if (open < 0)
        lose_own(filing, &err);
    if (open == 0 && filing->begun > 0) {
        filing->took = clock_seconds() - filing->begun;
        filing->begun = 0;
    }
    return open > 0;
}

static int queue_filing(struct filing *filing, enum place place, const uint32_t *uids, size_t count,
                        struct err *err) {
    const struct config_mailbox *mailbox = filing->options.mailbox;
    struct imap *imap = filing->own ? filing->own : filing->options.imap;
    /* The next connection files what this one cannot. */
    if (!count || imap_is_lost(imap))
        return 0;
    const char *const folders[] = {[PLACE_PROCESSED] = mailbox->processed_folder,
                                   [PLACE_QUARANTINE] = mailbox->quarantine_folder,
                                   [PLACE_GONE] = mailbox->trash_folder};
    if (!folders[place])
        return imap_delete_begin(imap, uids, count, err);
    return imap_move_begin(imap, uids, count, folders[place], err);
}

/* Asks for the first `count` of what is kept in mind. */
static int file_away(struct filing *filing, size_t count, struct err *err) {
    const uint32_t *uids = (const void *)filing->uids.data;
    const enum place *places = (const void *)filing->places.data;
    uint32_t *some = memory_zero(count, sizeof *some);
    int rc = 0;
    for (enum place place = PLACE_PROCESSED; rc == 0 && place <= PLACE_GONE; place++) {
        size_t n = 0;
        for (size_t i = 0; i < count; i++)
            if (places[i] == place)
                some[n++] = uids[i];
        rc = queue_filing(filing, place, some, n, err);
    }
    free(some);
    buf_remove_first(&filing->uids, count * sizeof *uids);
    buf_remove_first(&filing->places, count * sizeof *places);
    if (count > filing->together)
        filing->took_before = filing->took;
    filing->together = count;
    filing->took = 0;
    if (filing->own && filing->begun <= 0)
        filing->begun = clock_seconds();
    own_is_busy(filing); /* sends it */
    return rc;
}

static void keep_in_mind(struct filing *filing, uint32_t uid, enum store_outcome outcome) {
    const struct filing_options *options = &filing->options;
    enum place place = place_for(options->mailbox, outcome);
    if (!filing_is_on(options->mailbox, options->dry_run) || place == PLACE_STAY)
        return;
    buf_add(&filing->uids, &uid, sizeof uid);
    buf_add(&filing->places, &place, sizeof place);
}

static size_t waiting_count(const struct filing *filing) {
    return filing->uids.len / sizeof(uint32_t);
}

int filing_add_known(struct filing *filing, const uint32_t *uids,
                     const enum store_outcome *outcomes, size_t count, struct err *err) {
    for (size_t i = 0; i < count; i++)
        keep_in_mind(filing, uids[i], outcomes[i]);
    size_t waiting = waiting_count(filing);
    return waiting ? file_away(filing, waiting, err) : 0;
}

/* How many to file away together next. */
static size_t next_size(const struct filing *filing) {
    size_t least = filing->options.least, size = filing->together;
    size_t most = filing->options.count / (filing->own ? SHARE_OWN : SHARE);
    if (filing->options.mailbox->fetch_messages)
        return least;
    if (filing->took < COMMAND_SECONDS || filing->took < 2 * filing->took_before)
        size *= GROWTH;
    else if (filing->took > GROWTH * COMMAND_SECONDS)
        size /= GROWTH;
    size = size < most ? size : most;
    return size > least ? size : least;
}

int filing_add(struct filing *filing, const struct store_message *rows, size_t count,
               struct err *err) {
    for (size_t i = 0; i < count; i++)
        keep_in_mind(filing, rows[i].uid, rows[i].outcome);
    size_t enough = next_size(filing);
    if (own_is_busy(filing) || waiting_count(filing) < enough)
        return 0;
    return file_away(filing, enough, err);
}

void filing_note_silence(struct filing *filing, double seconds) {
    if (!filing->own && seconds > filing->took)
        filing->took = seconds;
}

/* Asks for all that is kept in mind. */
static int file_rest(struct filing *filing, struct err *err) {
    size_t left, size = next_size(filing);
    int rc = 0;
    while (rc == 0 && (left = waiting_count(filing)) > 0)
        rc = file_away(filing, left < size ? left : size, err);
    return rc;
}

/* First comes the connection that reads: while a server cannot send what was fetched and nobody
 * takes, Dovecot keeps an mbox locked, and the other connection's MOVE waits for it. */
int filing_finish(struct filing *filing, struct err *err) {
    struct imap *reads = filing->options.imap;
    struct err refused;
    int rc = file_rest(filing, err);
    if (rc == 0 && !imap_is_lost(reads))
        rc = imap_finish(reads, err);
    if (filing->own && imap_finish(filing->own, &refused) != 0) {
        if (imap_is_lost(filing->own)) {
            lose_own(filing, &refused);
        } else if (rc == 0) {
            *err = refused;
            rc = -1;
        }
    }
    if (rc == 0 && filing->lost.code) {
        *err = filing->lost;
        rc = -1;
    }
    return rc;
}

bool filing_is_lost(const struct filing *filing) {
    return filing->lost.code != ERR_NONE;
}

uint64_t filing_sum(const struct filing *filing) {
    size_t own = filing->own ? imap_filed(filing->own) : 0;
    return filing->sum + own + imap_filed(filing->options.imap) - filing->before;
}

void filing_warn_left(const struct config_mailbox *mailbox, const struct imap *imap) {
    size_t left = imap_left_marked(imap);
    if (left)
        log_warning("mailbox %s: %zu messages are filed away but remain in %s, marked \\Deleted: "
                    "the server has no UIDPLUS",
                    mailbox->name, left, mailbox->folder);
}
