#include "cmd/inbox.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "cmd/clock.h"
#include "cmd/log.h"
#include "store/mailbox.h"

#include <stdlib.h>

enum {
    KNOWN_SLICE = 30000, /* UIDs looked up in the database, and filed away, at once */

    /* Of a large Maildir, a command costs Dovecot by all that is in the folder: a MOVE reads the
     * list of UIDs and the directory, which takes seconds where there are a million messages, and
     * where maildir_very_dirty_syncs is set, a FETCH reads the directory, too. Commands for so many
     * messages each would take the longer, the more there are. Hence they grow, up to a share of
     * the folder.
     *
     * A MOVE grows while the server was silent over the last one for less than so many seconds, so
     * that the next one is far below a timeout, or hardly longer than over the smaller one before:
     * then it is the folder that takes the time, and not the messages. A FETCH grows while its
     * messages come within so many seconds: whoever interrupts a run waits for them. */
    FETCH_SHARE = 16,
    FETCH_SHARE_UNFILED = 4, /* where nothing is filed in between */
    FETCH_GROWTH = 2,
    FILING_SHARE = 4,
    FILING_GROWTH = 4,
    COMMAND_SECONDS = 10,
};

/* A read under way. */
struct reading {
    const struct inbox *inbox;
    struct pipeline_sums *sums;
    uint32_t uidvalidity;
    uint32_t *todo; /* UIDs to fetch, ascending */
    size_t todo_count;
    size_t asked;     /* of todo */
    size_t taken;     /* messages that came */
    uint32_t cursor;  /* all of todo up to this UID has come; 0: nobody can say */
    bool cursor_held; /* by a message that did not come, or not in order */
    uint64_t filed;   /* messages whose filing away was asked for */

    struct buf stored_uids;     /* uint32_t: in the database, not yet asked to be filed away */
    struct buf stored_outcomes; /* enum store_outcome: of each */
    size_t stored_count;
    size_t filed_together; /* so many were filed away at once */
    double silence;        /* the server's longest since then, seconds: over the MOVE */
    double silence_before; /* the same over a smaller one; at first, over none */
    size_t asked_together; /* so many were asked for at once */
    double asked_at;
    double asked_silence; /* the server's longest since then: before the first message */
};

static bool is_filing(const struct inbox *inbox) {
    return !inbox->dry_run && inbox->mailbox->after != CONFIG_AFTER_KEEP;
}

enum place { PLACE_STAY, PLACE_PROCESSED, PLACE_QUARANTINE, PLACE_GONE };

/* Nothing is deleted that was not understood, and "keep" changes nothing in the mailbox. */
static enum place place_for(const struct config_mailbox *mailbox, enum store_outcome outcome) {
    if (mailbox->after == CONFIG_AFTER_KEEP || outcome == STORE_OUTCOME_NONE)
        return PLACE_STAY;
    if (outcome == STORE_OUTCOME_QUARANTINED)
        return PLACE_QUARANTINE;
    if (mailbox->after == CONFIG_AFTER_MOVE)
        return PLACE_PROCESSED;
    return outcome == STORE_OUTCOME_JUDGED ? PLACE_GONE : PLACE_QUARANTINE;
}

static int file_to(struct reading *reading, enum place place, const uint32_t *uids, size_t count,
                   struct err *err) {
    const struct config_mailbox *mailbox = reading->inbox->mailbox;
    /* The next connection files what this one cannot. */
    if (!count || reading->inbox->dry_run || imap_is_lost(reading->inbox->imap))
        return 0;
    reading->filed += count;
    const char *const folders[] = {[PLACE_PROCESSED] = mailbox->processed_folder,
                                   [PLACE_QUARANTINE] = mailbox->quarantine_folder,
                                   [PLACE_GONE] = mailbox->trash_folder};
    if (!folders[place])
        return imap_delete_begin(reading->inbox->imap, uids, count, err);
    return imap_move_begin(reading->inbox->imap, uids, count, folders[place], err);
}

/* Queues the filing away of these messages, which the database has. */
static int file_away(struct reading *reading, const uint32_t *uids,
                     const enum store_outcome *outcomes, size_t count, struct err *err) {
    uint32_t *some = memory_zero(count, sizeof *some);
    int rc = 0;
    for (enum place place = PLACE_PROCESSED; rc == 0 && place <= PLACE_GONE; place++) {
        size_t n = 0;
        for (size_t i = 0; i < count; i++)
            if (place_for(reading->inbox->mailbox, outcomes[i]) == place)
                some[n++] = uids[i];
        rc = file_to(reading, place, some, n, err);
    }
    free(some);
    return rc;
}

static int file_stored(struct reading *reading, struct err *err) {
    size_t count = reading->stored_count;
    int rc = 0;
    if (count)
        rc = file_away(reading, (const void *)reading->stored_uids.data,
                       (const void *)reading->stored_outcomes.data, count, err);
    reading->stored_count = 0;
    buf_reset(&reading->stored_uids);
    buf_reset(&reading->stored_outcomes);
    return rc;
}

/* A command's size within what the folder and the configuration allow. */
static size_t fit_size(const struct reading *reading, size_t size, size_t share) {
    size_t least = reading->inbox->window, most = reading->todo_count / share;
    if (reading->inbox->mailbox->fetch_messages)
        return least;
    size = size < most ? size : most;
    return size > least ? size : least;
}

static size_t next_filing(const struct reading *reading) {
    size_t size = reading->filed_together;
    if (reading->silence < COMMAND_SECONDS || reading->silence < 2 * reading->silence_before)
        size *= FILING_GROWTH;
    else if (reading->silence > FILING_GROWTH * COMMAND_SECONDS)
        size /= FILING_GROWTH;
    return fit_size(reading, size, FILING_SHARE);
}

static size_t next_fetch(const struct reading *reading, double now) {
    size_t size = reading->asked_together;
    double took = now - reading->asked_at - reading->asked_silence;
    if (took < COMMAND_SECONDS)
        size *= FETCH_GROWTH;
    else if (took > FETCH_GROWTH * COMMAND_SECONDS)
        size /= FETCH_GROWTH;
    return fit_size(reading, size, is_filing(reading->inbox) ? FETCH_SHARE : FETCH_SHARE_UNFILED);
}

static int file_committed(void *context, const struct store_message *rows, size_t count,
                          struct err *err) {
    struct reading *reading = context;
    for (size_t i = 0; i < count; i++) {
        buf_add(&reading->stored_uids, &rows[i].uid, sizeof rows[i].uid);
        buf_add(&reading->stored_outcomes, &rows[i].outcome, sizeof rows[i].outcome);
    }
    reading->stored_count += count;
    size_t enough = next_filing(reading);
    if (reading->stored_count < enough)
        return 0;
    if (enough > reading->filed_together)
        reading->silence_before = reading->silence;
    reading->filed_together = enough;
    reading->silence = 0;
    return file_stored(reading, err);
}

/* What an earlier run stored and did not come to file away is filed now; the rest is to do. */
static int leave_out_known(struct reading *reading, struct err *err) {
    const struct inbox *inbox = reading->inbox;
    enum store_outcome *outcomes = memory_zero(KNOWN_SLICE, sizeof *outcomes);
    size_t kept = 0, all = reading->todo_count;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < all; i += KNOWN_SLICE) {
        size_t count = all - i < KNOWN_SLICE ? all - i : KNOWN_SLICE;
        const uint32_t *slice = reading->todo + i;
        rc = store_messages_known(inbox->store, inbox->mailbox->name, reading->uidvalidity, slice,
                                  count, outcomes, err);
        if (rc == 0)
            rc = file_away(reading, slice, outcomes, count, err);
        for (size_t j = 0; rc == 0 && j < count; j++)
            if (outcomes[j] == STORE_OUTCOME_NONE)
                reading->todo[kept++] = slice[j];
    }
    free(outcomes);
    if (rc != 0)
        return -1;
    reading->sums->run.already_known += all - kept;
    reading->sums->run.fetched += all - kept;
    reading->todo_count = kept;
    return 0;
}

static int ensure_folders(const struct inbox *inbox, struct err *err) {
    const struct config_mailbox *mailbox = inbox->mailbox;
    if (mailbox->after == CONFIG_AFTER_MOVE &&
        imap_folder_ensure(inbox->imap, mailbox->processed_folder, err) != 0)
        return -1;
    if (mailbox->after == CONFIG_AFTER_DELETE && mailbox->trash_folder &&
        imap_folder_ensure(inbox->imap, mailbox->trash_folder, err) != 0)
        return -1;
    return imap_folder_ensure(inbox->imap, mailbox->quarantine_folder, err);
}

/* How far an earlier run has read a mailbox whose messages stay where they are. */
static int find_cursor(const struct inbox *inbox, struct store_cursor *cursor, struct err *err) {
    *cursor = (struct store_cursor){0};
    if (inbox->mailbox->after != CONFIG_AFTER_KEEP)
        return 0;
    return store_cursor_get(inbox->store, inbox->mailbox->name, cursor, err);
}

/* Selects the folder and lists what is in it. */
static int open_folder(struct reading *reading, const struct store_cursor *cursor,
                       struct err *err) {
    const struct inbox *inbox = reading->inbox;
    const struct config_mailbox *mailbox = inbox->mailbox;
    bool changes = is_filing(inbox);
    struct imap_folder_status status;
    if ((changes ? imap_select : imap_examine)(inbox->imap, mailbox->folder, &status, err) != 0)
        return -1;
    if (changes && status.read_only)
        return err_set(err, ERR_PERMISSION,
                       "folder %s is read-only for this user; nothing could be filed away",
                       mailbox->folder);
    if (changes && ensure_folders(inbox, err) != 0)
        return -1;
    reading->uidvalidity = status.uidvalidity;
    /* Without UIDVALIDITY nobody knows whether a UID still stands for the same message. */
    bool cursor_holds = status.uidvalidity && cursor->uidvalidity == status.uidvalidity;
    uint32_t after_uid = cursor_holds ? cursor->last_uid : 0;
    return imap_uid_list(inbox->imap, after_uid, &reading->todo, &reading->todo_count, err);
}

/* Decides what of it there is to do. */
static int choose_messages(struct reading *reading, struct err *err) {
    reading->sums->waiting = reading->sums->run.fetched + reading->todo_count;
    /* Without UIDVALIDITY a UID proves nothing; the bytes do, when they are stored. */
    if (reading->uidvalidity && leave_out_known(reading, err) != 0)
        return -1;
    if (reading->todo_count > reading->inbox->limit)
        reading->todo_count = reading->inbox->limit;
    return 0;
}

/* Asks for more while a window of messages is still to come, so that the line is never idle. */
static int ask_ahead(struct reading *reading, struct err *err) {
    const struct inbox *inbox = reading->inbox;
    while (reading->asked < reading->todo_count &&
           reading->asked - reading->taken < inbox->window) {
        double now = clock_seconds();
        size_t left = reading->todo_count - reading->asked;
        reading->asked_together = next_fetch(reading, now);
        reading->asked_at = now;
        reading->asked_silence = 0;
        size_t count = left < reading->asked_together ? left : reading->asked_together;
        if (imap_fetch_begin(inbox->imap, reading->todo + reading->asked, count,
                             (uint32_t)inbox->mailbox->message_octets, err) != 0)
            return -1;
        reading->asked += count;
    }
    return 0;
}

/* The next message of the folder. 1: there is one, 0: that was all. */
static int fetch_next(struct reading *reading, struct imap_message *message, struct err *err) {
    double start = clock_seconds();
    int found;
    for (;;) {
        found = ask_ahead(reading, err);
        if (found == 0)
            found = imap_fetch_next(reading->inbox->imap, message, err);
        if (found != 0 || reading->asked == reading->todo_count)
            break;
        /* All that was asked for is answered; some of it had left the folder meanwhile. */
        reading->taken = reading->asked;
    }
    double waited = clock_seconds() - start;
    reading->sums->seconds_fetching += waited;
    if (waited > reading->silence)
        reading->silence = waited;
    if (waited > reading->asked_silence)
        reading->asked_silence = waited;
    reading->taken += found > 0;
    return found;
}

/* Only what came in order moves the cursor of a mailbox whose messages stay where they are. */
static void move_cursor(struct reading *reading, const struct imap_message *message) {
    if (reading->inbox->mailbox->after != CONFIG_AFTER_KEEP)
        return;
    if (message->refusal || message->uid < reading->cursor)
        reading->cursor_held = true;
    if (!reading->cursor_held)
        reading->cursor = message->uid;
}

/* Whether to leave the rest to the next run. */
static bool is_over(const struct reading *reading) {
    const struct inbox *inbox = reading->inbox;
    if (*inbox->stop)
        return true;
    if (inbox->until <= 0 || clock_seconds() < inbox->until)
        return false;
    log_warning("mailbox %s: this takes too long; %zu messages are left to the next run",
                inbox->mailbox->name, reading->todo_count - reading->taken);
    return true;
}

static int push_messages(struct reading *reading, struct pipeline *pipeline, struct err *err) {
    struct imap_message message;
    int found = 0;
    while (!is_over(reading) && (found = fetch_next(reading, &message, err)) > 0) {
        move_cursor(reading, &message);
        if (message.refusal) {
            log_set_field_number(LOG_FIELD_UID, message.uid);
            log_warning("mailbox %s: UID %u: the server does not hand out this message: %s",
                        reading->inbox->mailbox->name, message.uid, message.refusal);
            log_set_field(LOG_FIELD_UID, NULL);
            continue;
        }
        const struct pipeline_message pushed = {
            .uid = message.uid,
            .internal_date = message.internal_date,
            .size = message.size,
            .bytes = message.body,
            .truncated = message.truncated,
            .cursor = reading->cursor,
        };
        if (pipeline_add(pipeline, &pushed, err) != 0)
            return -1;
    }
    return found < 0 ? -1 : 0;
}

/* Reads and stores all that is to do. What has come before the connection was lost is stored, too.
 */
static int read_messages(struct reading *reading, struct pipeline *pipeline, bool *again,
                         struct err *err) {
    struct imap *imap = reading->inbox->imap;
    struct err lost = {0};
    if (push_messages(reading, pipeline, err) != 0) {
        if (!imap_is_lost(imap))
            return -1;
        lost = *err;
    }
    if (pipeline_finish(pipeline, err) != 0 || file_stored(reading, err) != 0)
        return -1;
    if (lost.code)
        *err = lost;
    int rc = lost.code ? -1 : imap_finish(imap, err);
    *again = rc != 0 && imap_is_lost(imap);
    return rc;
}

int inbox_look(const struct inbox *inbox, size_t *waiting, struct err *err) {
    struct reading reading = {.inbox = inbox};
    struct store_cursor cursor;
    int rc = find_cursor(inbox, &cursor, err);
    if (rc == 0)
        rc = open_folder(&reading, &cursor, err);
    *waiting = reading.todo_count;
    free(reading.todo);
    return rc;
}

void inbox_warn_left(const struct inbox *inbox) {
    size_t left = imap_left_marked(inbox->imap);
    if (left)
        log_warning("mailbox %s: %zu messages are filed away but remain in %s, marked \\Deleted: "
                    "the server has no UIDPLUS",
                    inbox->mailbox->name, left, inbox->mailbox->folder);
}

int inbox_read(const struct inbox *inbox, struct pipeline_options options,
               struct pipeline_sums *sums, bool *again, struct err *err) {
    struct reading reading = {
        .inbox = inbox,
        .sums = sums,
        .stored_uids = BUF_INIT,
        .stored_outcomes = BUF_INIT,
        .asked_at = clock_seconds(),
    };
    struct pipeline *pipeline = NULL;
    struct store_cursor cursor;
    *again = false;
    int rc = find_cursor(inbox, &cursor, err);
    if (rc == 0) {
        rc = open_folder(&reading, &cursor, err);
        *again = rc != 0;
    }
    if (rc == 0)
        rc = choose_messages(&reading, err);
    if (rc != 0)
        goto out;
    options.uidvalidity = reading.uidvalidity;
    options.committed = file_committed;
    options.committed_context = &reading;
    pipeline = pipeline_new(&options, sums);
    rc = read_messages(&reading, pipeline, again, err);
    if (rc == 0)
        sums->run.filed += reading.filed;
out:
    pipeline_free(pipeline);
    buf_free(&reading.stored_uids);
    buf_free(&reading.stored_outcomes);
    free(reading.todo);
    return rc;
}
