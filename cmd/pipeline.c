#include "cmd/pipeline.h"

#include "cmd/base/memory.h"
#include "cmd/clock.h"
#include "cmd/log.h"
#include "cmd/rows.h"
#include "store/mailbox.h"

#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BATCH_BYTES = 8 * 1024 * 1024, /* a batch is also full at so many octets: memory stays flat */
    KNOWN_SLICE = 10000,           /* UIDs looked up in the database at once */
};

/* What is committed together. */
struct batch {
    struct arena *arena;
    struct store_message *rows;
    size_t count;
    size_t judged; /* rows [0, judged) have been decoded and judged */
    size_t bytes;
};

/* A run's own state. */
struct flow {
    const struct pipeline *p;
    struct pipeline_sums *sums;
    uint32_t uidvalidity;
    uint32_t *todo; /* UIDs to fetch, ascending */
    size_t todo_count;
    size_t asked;     /* of todo */
    size_t taken;     /* messages that came */
    uint32_t cursor;  /* all of todo up to this UID has come; 0: nobody can say */
    bool cursor_held; /* by a message that did not come, or not in order */
    struct batch batches[2];
    struct batch *committing; /* sent to the database, its answer not yet awaited; or NULL */
    bool finished;            /* all that was to be fetched has come */
};

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

static int file_to(struct flow *flow, enum place place, const uint32_t *uids, size_t count,
                   struct err *err) {
    const struct config_mailbox *mailbox = flow->p->mailbox;
    if (!count || flow->p->dry_run)
        return 0;
    flow->sums->run.filed += count;
    if (place == PLACE_GONE)
        return imap_delete_begin(flow->p->imap, uids, count, err);
    return imap_move_begin(
        flow->p->imap, uids, count,
        place == PLACE_PROCESSED ? mailbox->processed_folder : mailbox->quarantine_folder, err);
}

/* Queues the filing away of these messages, which the database has. */
static int file_away(struct flow *flow, const uint32_t *uids, const enum store_outcome *outcomes,
                     size_t count, struct err *err) {
    uint32_t *some = memory_zero(count, sizeof *some);
    int rc = 0;
    for (enum place place = PLACE_PROCESSED; rc == 0 && place <= PLACE_GONE; place++) {
        size_t n = 0;
        for (size_t i = 0; i < count; i++)
            if (place_for(flow->p->mailbox, outcomes[i]) == place)
                some[n++] = uids[i];
        rc = file_to(flow, place, some, n, err);
    }
    free(some);
    return rc;
}

static int file_batch(struct flow *flow, const struct batch *batch, struct err *err) {
    uint32_t *uids = memory_zero(batch->count, sizeof *uids);
    enum store_outcome *outcomes = memory_zero(batch->count, sizeof *outcomes);
    for (size_t i = 0; i < batch->count; i++) {
        uids[i] = batch->rows[i].uid;
        outcomes[i] = batch->rows[i].outcome;
    }
    int rc = file_away(flow, uids, outcomes, batch->count, err);
    free(uids);
    free(outcomes);
    return rc;
}

/* Waits for the COMMIT of the batch that is under way, if one is, and files its messages away. */
static int finish_commit(struct flow *flow, struct err *err) {
    struct batch *batch = flow->committing;
    if (!batch)
        return 0;
    flow->committing = NULL;
    struct store_batch_result result;
    double start = clock_seconds();
    int rc = store_batch_finish(flow->p->store, &result, err);
    flow->sums->seconds_storing += clock_seconds() - start;
    if (rc != 0)
        return -1;
    struct store_run_sums *run = &flow->sums->run;
    run->stored += result.new_messages - result.quarantined;
    run->quarantined += result.quarantined;
    run->already_known += result.known + result.duplicates;
    run->events += result.events;
    run->escalations += result.escalations;
    flow->sums->suppressed += result.suppressed;
    return file_batch(flow, batch, err);
}

static int commit(struct flow *flow, struct batch *batch, struct err *err) {
    if (flow->p->dry_run)
        return 0;
    bool keep = flow->p->mailbox->after == CONFIG_AFTER_KEEP;
    struct store_batch rows = {
        .run = flow->p->run,
        .mailbox = flow->p->mailbox->name,
        .uidvalidity = flow->uidvalidity,
        .messages = batch->rows,
        .count = batch->count,
        .cursor_uid = keep ? flow->cursor : 0,
    };
    if (store_batch_send(flow->p->store, &rows, err) != 0)
        return -1;
    flow->committing = batch;
    return 0;
}

static void log_message(const struct pipeline *p, const struct store_message *row) {
    if (!log_is_on(LOG_LEVEL_INFO))
        return;
    if (!row->event_count)
        log_info("%s: UID %u: %s: %s", p->mailbox->name, row->uid, store_outcome_name(row->outcome),
                 row->outcome_reason ? row->outcome_reason : "");
    for (size_t i = 0; i < row->event_count; i++) {
        const struct store_event *event = &row->events[i];
        log_info("%s: UID %u: %s %s %s (campaign %s, rule %s)", p->mailbox->name, row->uid,
                 event->verdict, event->category,
                 event->recipient ? event->recipient : "nobody named",
                 event->campaign ? event->campaign : "unknown", event->rule);
    }
}

/* Takes the next decoded report. 1: taken, 0: none (ready), -1: error. */
static int judge_next(struct flow *flow, struct batch *batch, bool wait, struct err *err) {
    struct worker_result result;
    int found = worker_pool_next(flow->p->pool, wait, &result, err);
    if (found <= 0)
        return found;
    struct store_message *row = &batch->rows[batch->judged++];
    struct analysis analysis;
    analyst_judge(flow->p->analyst, &result, batch->arena, &analysis);
    rows_fill(&analysis, flow->p->analyst, flow->p->config->keep_raw, batch->arena, row);
    for (size_t i = 0; i < analysis.count; i++)
        flow->sums->verdicts[analysis.findings[i].judgement.verdict]++;
    flow->sums->unmatched += row->outcome == STORE_OUTCOME_UNMATCHED;
    flow->sums->not_a_bounce += row->outcome == STORE_OUTCOME_NOT_A_BOUNCE;
    log_message(flow->p, row);
    return 1;
}

/* --- bytes -> report
 * ------------------------------------------------------------------------------ */

/* Keeps one or two batches' worth of messages asked for, so that the line is never idle. */
static int ask_ahead(struct flow *flow, struct err *err) {
    size_t batch = (size_t)flow->p->config->commit_messages;
    while (flow->asked < flow->todo_count && flow->asked - flow->taken < batch) {
        size_t left = flow->todo_count - flow->asked;
        size_t count = left < batch ? left : batch;
        if (imap_fetch_begin(flow->p->imap, flow->todo + flow->asked, count,
                             (uint32_t)flow->p->mailbox->message_octets, err) != 0)
            return -1;
        flow->asked += count;
    }
    return 0;
}

/* The next message of the mailbox. 1: there is one, 0: that was all. */
static int fetch_next(struct flow *flow, struct imap_message *message, struct err *err) {
    double start = clock_seconds();
    int found;
    for (;;) {
        found = ask_ahead(flow, err) == 0 ? imap_fetch_next(flow->p->imap, message, err) : -1;
        if (found != 0)
            break;
        /* All that was asked for is answered; some of it had left the folder meanwhile. */
        flow->taken = flow->asked;
        if (flow->asked == flow->todo_count)
            break;
    }
    flow->sums->seconds_fetching += clock_seconds() - start;
    flow->taken += found > 0;
    return found;
}

static void add_message(struct flow *flow, struct batch *batch,
                        const struct imap_message *message) {
    struct store_message *row = &batch->rows[batch->count++];
    *row = (struct store_message){
        .uid = message->uid,
        .size = message->size,
        .internal_date = message->internal_date ? message->internal_date : (int64_t)time(NULL),
        .raw = {arena_bytes(batch->arena, message->body), message->body.len},
        .truncated = message->truncated,
    };
    struct sha256_ctx sha;
    sha256_init(&sha);
    sha256_update(&sha, row->raw.len, (const uint8_t *)row->raw.data);
    sha256_digest(&sha, sizeof row->sha256, row->sha256);
    batch->bytes += row->raw.len;
    flow->sums->run.fetched++;
    flow->sums->run.bytes += row->raw.len;
    worker_pool_submit(flow->p->pool, &(struct worker_job){.message = row->raw,
                                                           .truncated = row->truncated,
                                                           .option = flow->p->option});
}

/* Fetches, decodes and judges the next batch. */
static int fill(struct flow *flow, struct batch *batch, struct err *err) {
    arena_reset(batch->arena);
    batch->count = batch->judged = batch->bytes = 0;
    batch->rows =
        arena_alloc(batch->arena, (size_t)flow->p->config->commit_messages * sizeof *batch->rows);
    while (batch->count < (size_t)flow->p->config->commit_messages && batch->bytes < BATCH_BYTES &&
           !*flow->p->stop) {
        struct imap_message message;
        int found = fetch_next(flow, &message, err);
        if (found < 0)
            return -1;
        if (found == 0) {
            flow->finished = true;
            break;
        }
        if (message.refusal || message.uid < flow->cursor)
            flow->cursor_held = true;
        if (!flow->cursor_held)
            flow->cursor = message.uid;
        if (message.refusal) {
            log_warning("mailbox %s: UID %u: the server does not hand out this message: %s",
                        flow->p->mailbox->name, message.uid, message.refusal);
            continue;
        }
        while (worker_pool_is_full(flow->p->pool))
            if (judge_next(flow, batch, true, err) < 0)
                return -1;
        add_message(flow, batch, &message);
        while ((found = judge_next(flow, batch, false, err)) > 0)
            ;
        if (found < 0)
            return -1;
        if (flow->p->progress)
            flow->p->progress(flow->p->progress_context, flow->sums);
    }
    double start = clock_seconds();
    while (batch->judged < batch->count)
        if (judge_next(flow, batch, true, err) < 0)
            return -1;
    flow->sums->seconds_decoding += clock_seconds() - start;
    return 0;
}

/* --- the way of a mailbox
 * ------------------------------------------------------------------------- */

/* What an earlier run stored and did not come to file away is filed now; the rest is to do. */
static int leave_out_known(struct flow *flow, struct err *err) {
    enum store_outcome *outcomes = memory_zero(KNOWN_SLICE, sizeof *outcomes);
    size_t kept = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < flow->todo_count; i += KNOWN_SLICE) {
        size_t count = flow->todo_count - i < KNOWN_SLICE ? flow->todo_count - i : KNOWN_SLICE;
        const uint32_t *slice = flow->todo + i;
        rc = store_messages_known(flow->p->store, flow->p->mailbox->name, flow->uidvalidity, slice,
                                  count, outcomes, err);
        if (rc == 0)
            rc = file_away(flow, slice, outcomes, count, err);
        for (size_t j = 0; rc == 0 && j < count; j++)
            if (outcomes[j] == STORE_OUTCOME_NONE)
                flow->todo[kept++] = slice[j];
    }
    flow->sums->run.already_known += flow->todo_count - kept;
    flow->sums->run.fetched += flow->todo_count - kept;
    flow->todo_count = kept;
    free(outcomes);
    return rc;
}

/* Selects the folder and finds out what there is to do. */
static int open_folder(struct flow *flow, struct err *err) {
    const struct pipeline *p = flow->p;
    const struct config_mailbox *mailbox = p->mailbox;
    struct imap_folder_status status;
    struct store_cursor cursor = {0};
    if ((p->dry_run ? imap_examine : imap_select)(p->imap, mailbox->folder, &status, err) != 0)
        return -1;
    flow->uidvalidity = status.uidvalidity;
    if (!p->dry_run && mailbox->after != CONFIG_AFTER_KEEP) {
        if (status.read_only)
            return err_set(err, ERR_PERMISSION,
                           "folder %s is read-only for this user; nothing could be filed away",
                           mailbox->folder);
        if ((mailbox->after == CONFIG_AFTER_MOVE &&
             imap_folder_ensure(p->imap, mailbox->processed_folder, err) != 0) ||
            imap_folder_ensure(p->imap, mailbox->quarantine_folder, err) != 0)
            return -1;
    }
    if (p->store && mailbox->after == CONFIG_AFTER_KEEP &&
        store_cursor_get(p->store, mailbox->name, &cursor, err) != 0)
        return -1;
    uint32_t after_uid = cursor.uidvalidity == status.uidvalidity ? cursor.last_uid : 0;
    if (imap_uid_list(p->imap, after_uid, &flow->todo, &flow->todo_count, err) != 0)
        return -1;
    flow->sums->waiting = flow->todo_count;
    /* Without UIDVALIDITY a UID proves nothing; the bytes do, when they are stored. */
    if (p->store && status.uidvalidity && leave_out_known(flow, err) != 0)
        return -1;
    if (p->limit && flow->todo_count > p->limit)
        flow->todo_count = p->limit;
    return 0;
}

int pipeline_run(const struct pipeline *pipeline, struct pipeline_sums *sums, struct err *err) {
    *sums = (struct pipeline_sums){0};
    struct flow flow = {.p = pipeline, .sums = sums};
    for (int i = 0; i < 2; i++)
        flow.batches[i].arena = arena_new();
    int rc = -1;
    if (open_folder(&flow, err) != 0)
        goto out;
    for (int turn = 0; !flow.finished && !*pipeline->stop; turn = !turn) {
        struct batch *batch = &flow.batches[turn];
        if (fill(&flow, batch, err) != 0 || finish_commit(&flow, err) != 0)
            goto out;
        if (batch->count && commit(&flow, batch, err) != 0)
            goto out;
    }
    if (finish_commit(&flow, err) != 0 || imap_finish(pipeline->imap, err) != 0)
        goto out;
    rc = 0;
out:
    for (int i = 0; i < 2; i++)
        arena_free(flow.batches[i].arena);
    free(flow.todo);
    return rc;
}
