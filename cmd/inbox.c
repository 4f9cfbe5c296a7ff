#include "cmd/inbox.h"

#include "cmd/base/memory.h"
#include "cmd/clock.h"
#include "cmd/filing.h"
#include "cmd/log.h"
#include "cmd/mailbox_run.h"
#include "store/mailbox.h"

#include <stdlib.h>

enum {
    KNOWN_SLICE = 30000, /* UIDs looked up in the database, and filed away, at once */

    /* Where maildir_very_dirty_syncs is set, a FETCH costs Dovecot by all that is in the folder.
     * Like MOVEs (filing.c), FETCHes grow, up to a share of the folder, while the messages of the
     * last one came within so many seconds: whoever interrupts a run waits for them. */
    FETCH_SHARE = 16,
    FETCH_SHARE_UNFILED = 4, /* where nothing is filed in between */
    FETCH_GROWTH = 2,
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
    struct filing *filing;
    size_t asked_together; /* so many were asked for at once */
    double asked_at;
    double asked_silence; /* the server's longest since then: before the first message */
};

/* How many messages to ask for together next. */
static size_t next_size(const struct reading *reading, double now) {
    const struct inbox *inbox = reading->inbox;
    size_t size = reading->asked_together;
    size_t most =
        reading->todo_count /
        (filing_is_on(inbox->mailbox, inbox->dry_run) ? FETCH_SHARE : FETCH_SHARE_UNFILED);
    double took = now - reading->asked_at - reading->asked_silence;
    if (took < COMMAND_SECONDS)
        size *= FETCH_GROWTH;
    else if (took > FETCH_GROWTH * COMMAND_SECONDS)
        size /= FETCH_GROWTH;
    if (inbox->mailbox->fetch_messages)
        return inbox->window;
    size = size < most ? size : most;
    return size > inbox->window ? size : inbox->window;
}

static int file_committed(void *context, const struct store_message *rows, size_t count,
                          struct err *err) {
    struct reading *reading = context;
    return filing_add(reading->filing, rows, count, err);
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
            rc = filing_add_known(reading->filing, slice, outcomes, count, err);
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
    bool changes = filing_is_on(mailbox, inbox->dry_run);
    struct imap_folder_status status;
    if ((changes ? imap_select : imap_examine)(inbox->imap, mailbox->folder, &status, err) != 0)
        return -1;
    if (changes && status.read_only)
        return err_set(err, ERR_PERMISSION,
                       "folder %s is read-only for this user; nothing could be filed away",
                       mailbox->folder);
    if (changes && filing_folders_ensure(mailbox, inbox->imap, err) != 0)
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
        reading->asked_together = next_size(reading, now);
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
    filing_note_silence(reading->filing, waited);
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
    if (pipeline_finish(pipeline, err) != 0)
        return -1;
    double start = clock_seconds();
    int rc = filing_finish(reading->filing, err);
    reading->sums->seconds_fetching += clock_seconds() - start;
    if (lost.code) {
        *err = lost;
        rc = -1;
    }
    *again = rc != 0 && (imap_is_lost(imap) || filing_is_lost(reading->filing));
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

static struct filing *open_filing(const struct reading *reading) {
    const struct inbox *inbox = reading->inbox;
    const struct filing_options options = {
        .config = inbox->config,
        .mailbox = inbox->mailbox,
        .imap = inbox->imap,
        .uidvalidity = reading->uidvalidity,
        .count = reading->todo_count < inbox->limit ? reading->todo_count : inbox->limit,
        .least = inbox->window,
        .seconds = MAILBOX_RUN_SECONDS + MAILBOX_RUN_OVERTIME,
        .dry_run = inbox->dry_run,
        .one_connection = inbox->one_connection,
    };
    return filing_new(&options);
}

int inbox_read(const struct inbox *inbox, struct pipeline_options options,
               struct pipeline_sums *sums, bool *again, struct err *err) {
    struct reading reading = {
        .inbox = inbox,
        .sums = sums,
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
    if (rc == 0) {
        reading.filing = open_filing(&reading);
        rc = choose_messages(&reading, err);
    }
    if (rc != 0)
        goto out;
    options.uidvalidity = reading.uidvalidity;
    options.committed = file_committed;
    options.committed_context = &reading;
    pipeline = pipeline_new(&options, sums);
    rc = read_messages(&reading, pipeline, again, err);
out:
    if (reading.filing)
        sums->run.filed += filing_sum(reading.filing);
    pipeline_free(pipeline);
    filing_free(reading.filing);
    free(reading.todo);
    return rc;
}
