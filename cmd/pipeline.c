#include "cmd/pipeline.h"

#include "cmd/base/memory.h"
#include "cmd/clock.h"
#include "cmd/log.h"
#include "cmd/rows.h"
#include "store/committer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* A batch is also full when it holds so many octets of mails and of what they say: one that
     * names thousands of recipients is some MB of rows. */
    BATCH_OCTETS = 5 * 1024 * 1024,
    /* All batches, those under way included; above that a commit is waited for. Of a batch that is
     * larger than others, for what one message says, the rest counts so often: it is copied on its
     * way to the database. */
    BATCHES_OCTETS = 16 * 1024 * 1024,
    OVERSIZE_WEIGHT = 3,

    BATCHES = STORE_COMMITTER_MAX + 1, /* and the one that is being filled */
};

/* A message on its way, in one piece. It belongs to its worker's job, and then to a batch. */
struct mail {
    struct store_message row;
    uint32_t cursor;
    const char *path; /* behind the octets; or NULL */
    char octets[];
};

/* A message whose judgement waits until the tokens of its batch are looked up. */
struct waiting {
    struct store_message *row;
    struct analysis *analysis;
};

/* What is committed together. */
struct batch {
    struct arena *arena;
    struct store_message *rows;
    struct mail **mails; /* of the rows */
    size_t count;
    size_t octets; /* of the mails */
    struct waiting *waiting;
    size_t waiting_count;
    uint32_t cursor;
};

struct pipeline {
    struct pipeline_options options;
    struct pipeline_sums *sums;
    struct batch batches[BATCHES]; /* a ring: those before the one that is filled are under way */
    size_t filling;
    struct store_committer *committer; /* from the first batch on; none in a dry run */
};

static struct batch *filling_batch(struct pipeline *p) {
    return &p->batches[p->filling];
}

/* Forgets what is in it, and gives the memory back. */
static void batch_clear(struct batch *batch) {
    for (size_t i = 0; i < batch->count; i++)
        free(batch->mails[i]);
    arena_reset(batch->arena);
    *batch = (struct batch){.arena = batch->arena};
}

static size_t batch_octets(const struct batch *batch) {
    return batch->octets + arena_size(batch->arena);
}

static size_t batch_weight(const struct batch *batch) {
    size_t octets = batch_octets(batch);
    size_t over = octets > BATCH_OCTETS ? octets - BATCH_OCTETS : 0;
    return octets + over * (OVERSIZE_WEIGHT - 1);
}

static bool batch_is_full(const struct pipeline *p, const struct batch *batch) {
    return batch->count == p->options.batch_messages || batch_octets(batch) >= BATCH_OCTETS;
}

struct pipeline *pipeline_new(const struct pipeline_options *options, struct pipeline_sums *sums) {
    struct pipeline *p = memory_zero(1, sizeof *p);
    p->options = *options;
    p->sums = sums;
    for (size_t i = 0; i < BATCHES; i++)
        p->batches[i].arena = arena_new();
    return p;
}

void pipeline_free(struct pipeline *pipeline) {
    if (!pipeline)
        return;
    /* What the workers still have stands in our memory, and its results are nobody else's. */
    struct worker_result dropped;
    while (worker_pool_next(pipeline->options.pool, true, &dropped, NULL) > 0)
        free(dropped.job.context);
    store_committer_free(pipeline->committer);
    for (size_t i = 0; i < BATCHES; i++) {
        batch_clear(&pipeline->batches[i]);
        arena_free(pipeline->batches[i].arena);
    }
    free(pipeline);
}

/* Bytes -> report: in a worker process, meanwhile. */
static void decode(struct pipeline *p, const struct pipeline_message *message) {
    struct bytes octets = message->bytes;
    size_t path_size = message->path ? strlen(message->path) + 1 : 0;
    struct mail *mail = memory_alloc(sizeof *mail + octets.len + path_size);
    if (octets.len)
        memcpy(mail->octets, octets.data, octets.len);
    mail->path = path_size ? memcpy(mail->octets + octets.len, message->path, path_size) : NULL;
    mail->cursor = message->cursor;
    mail->row = (struct store_message){
        .uid = message->uid,
        .size = message->size ? message->size : octets.len,
        .internal_date = message->internal_date,
        .raw = {mail->octets, octets.len},
        .truncated = message->truncated,
    };
    if (p->options.store) /* a sixth of this process's time, and a dry run has no use for it */
        rows_hash(octets, mail->row.sha256);
    worker_pool_submit(p->options.pool, &(struct worker_job){.message = mail->row.raw,
                                                             .truncated = message->truncated,
                                                             .option = p->options.report_option,
                                                             .context = mail});
}

static void log_event(const struct pipeline *p, uint32_t uid, const struct store_event *event) {
    log_set_field(LOG_FIELD_RECIPIENT, event->recipient);
    log_set_field(LOG_FIELD_CAMPAIGN, event->campaign);
    log_set_field(LOG_FIELD_VERDICT, event->verdict);
    log_set_field(LOG_FIELD_CATEGORY, event->category);
    log_set_field(LOG_FIELD_RULE, event->rule);
    log_info("%s: UID %u: %s %s %s (campaign %s, rule %s)", p->options.mailbox, uid, event->verdict,
             event->category, event->recipient ? event->recipient : "nobody named",
             event->campaign ? event->campaign : "unknown", event->rule);
    for (enum log_field f = LOG_FIELD_RECIPIENT; f <= LOG_FIELD_RULE; f++)
        log_set_field(f, NULL);
}

static void log_message(const struct pipeline *p, const struct store_message *row) {
    if (!log_is_on(LOG_LEVEL_INFO))
        return;
    log_set_field_number(LOG_FIELD_UID, row->uid);
    log_set_field(LOG_FIELD_OUTCOME, store_outcome_name(row->outcome));
    if (!row->event_count)
        log_info("%s: UID %u: %s: %s", p->options.mailbox, row->uid,
                 store_outcome_name(row->outcome), row->outcome_reason ? row->outcome_reason : "");
    for (size_t i = 0; i < row->event_count; i++)
        log_event(p, row->uid, &row->events[i]);
    log_set_field(LOG_FIELD_UID, NULL);
    log_set_field(LOG_FIELD_OUTCOME, NULL);
}

static void warn_of_cut(const struct pipeline *p, const struct mail *mail) {
    const struct store_message *row = &mail->row;
    const char *path = mail->path;
    char uid[32];
    snprintf(uid, sizeof uid, "UID %u", row->uid);
    if (!path)
        log_set_field_number(LOG_FIELD_UID, row->uid);
    log_warning("%s: %s: cut within its list of recipients, after %zu of %" PRIu64
                " octets: raise message_octets of the %s and %s",
                p->options.mailbox, path ? path : uid, row->raw.len, row->size,
                path ? "first mailbox" : "mailbox",
                path ? "import it again" : "put the message back into its folder");
    log_set_field(LOG_FIELD_UID, NULL);
}

/* Report -> verdict -> rows. */
static void judge(struct pipeline *p, struct batch *batch, struct analysis *analysis,
                  struct store_message *row) {
    struct pipeline_sums *sums = p->sums;
    analyst_judge(p->options.analyst, true, batch->arena, analysis);
    if (rows_fill(analysis, p->options.analyst, p->options.keep_raw, batch->arena, row)) {
        sums->cut_lists++;
        warn_of_cut(p, batch->mails[row - batch->rows]);
    }
    for (size_t i = 0; i < analysis->count; i++) {
        sums->verdicts[analysis->findings[i].judgement.verdict]++;
        if (analysis->findings[i].identity.recipient)
            sums->signatures[analysis->findings[i].identity.signature]++;
    }
    sums->unmatched += row->outcome == STORE_OUTCOME_UNMATCHED;
    sums->not_a_bounce += row->outcome == STORE_OUTCOME_NOT_A_BOUNCE;
    log_message(p, row);
}

/* Takes back the oldest batch under way; then its messages may be filed away. 1: done, 0: none is
 * ready, or with `wait`, none is under way. */
static int finish_commit(struct pipeline *p, bool wait, struct err *err) {
    size_t under_way = p->committer ? store_committer_count(p->committer) : 0;
    if (!under_way)
        return 0;
    struct batch *batch = &p->batches[(p->filling + BATCHES - under_way) % BATCHES];
    struct store_batch_result result;
    double start = clock_seconds();
    int taken = store_committer_take(p->committer, wait, &result, err);
    p->sums->seconds_storing += clock_seconds() - start;
    if (taken <= 0)
        return taken;
    struct store_run_sums *run = &p->sums->run;
    run->stored += result.new_messages - result.quarantined;
    run->quarantined += result.quarantined;
    run->already_known += result.known + result.duplicates;
    run->events += result.events;
    run->escalations += result.escalations;
    p->sums->suppressed += result.suppressed;
    if (p->options.committed &&
        p->options.committed(p->options.committed_context, batch->rows, batch->count, err) != 0)
        return -1;
    batch_clear(batch);
    return 1;
}

static int finish_commits(struct pipeline *p, bool wait, struct err *err) {
    int taken;
    while ((taken = finish_commit(p, wait, err)) > 0)
        ;
    return taken;
}

/* Asks the database once for all tokens of the batch, and judges what waited for them. */
static int judge_waiting(struct pipeline *p, struct batch *batch, struct err *err) {
    size_t count = batch->waiting_count;
    if (!count)
        return 0;
    /* On the connection that is the committer's while it has a batch. */
    if (finish_commits(p, true, err) != 0)
        return -1;
    struct analysis **analyses = arena_alloc(batch->arena, count * sizeof *analyses);
    for (size_t i = 0; i < count; i++)
        analyses[i] = batch->waiting[i].analysis;
    double start = clock_seconds();
    int rc = analyses_find_tokens(p->options.tokens, analyses, count, batch->arena, err);
    p->sums->seconds_storing += clock_seconds() - start;
    for (size_t i = 0; rc == 0 && i < count; i++)
        judge(p, batch, analyses[i], batch->waiting[i].row);
    return rc;
}

/* Rows -> ledger, once there is room for one more batch under way. */
static int commit(struct pipeline *p, const struct batch *batch, struct err *err) {
    const struct store_batch rows = {
        .run = p->options.run,
        .mailbox = p->options.mailbox,
        .uidvalidity = p->options.uidvalidity,
        .messages = batch->rows,
        .count = batch->count,
        .cursor_uid = batch->cursor,
    };
    if (!p->committer && store_committer_new(p->options.store, &p->committer, err) != 0)
        return -1;
    if (store_committer_count(p->committer) == STORE_COMMITTER_MAX &&
        finish_commit(p, true, err) < 0)
        return -1;
    store_committer_give(p->committer, &rows);
    p->filling = (p->filling + 1) % BATCHES;
    return 0;
}

/* Sends what is judged on its way. */
static int send_batch(struct pipeline *p, struct err *err) {
    struct batch *batch = filling_batch(p);
    if (judge_waiting(p, batch, err) != 0)
        return -1;
    if (!p->options.store)
        batch_clear(batch);
    else if (batch->count && commit(p, batch, err) != 0)
        return -1;
    return finish_commits(p, false, err);
}

/* Sees to it that there is a batch with room for one more message, and memory for what it says. */
static int make_room(struct pipeline *p, struct err *err) {
    if (batch_is_full(p, filling_batch(p)) && send_batch(p, err) != 0)
        return -1;
    for (;;) {
        size_t octets = 0;
        for (size_t i = 0; i < BATCHES; i++)
            octets += batch_weight(&p->batches[i]);
        if (octets < BATCHES_OCTETS)
            return 0;
        int finished = finish_commit(p, true, err);
        if (finished <= 0)
            return finished;
    }
}

static struct store_message *batch_add(const struct pipeline *p, struct batch *batch,
                                       struct mail *mail) {
    if (!batch->rows) {
        batch->rows = arena_alloc(batch->arena, p->options.batch_messages * sizeof *batch->rows);
        batch->mails = arena_alloc(batch->arena, p->options.batch_messages * sizeof *batch->mails);
    }
    struct store_message *row = &batch->rows[batch->count];
    *row = mail->row;
    batch->mails[batch->count++] = mail;
    batch->octets += row->raw.len;
    batch->cursor = mail->cursor;
    return row;
}

/* Takes the next message that a worker has decoded into the batch that is being filled. 1: done, 0:
 * none is ready. */
static int judge_next(struct pipeline *p, bool wait, struct err *err) {
    struct worker_result result;
    if (make_room(p, err) != 0)
        return -1;
    double start = wait ? clock_seconds() : 0;
    int found = worker_pool_next(p->options.pool, wait, &result, err);
    if (wait)
        p->sums->seconds_decoding += clock_seconds() - start;
    if (found <= 0)
        return found;
    struct batch *batch = filling_batch(p);
    struct store_message *row = batch_add(p, batch, result.job.context);
    struct analysis *analysis = arena_alloc(batch->arena, sizeof *analysis);
    analyst_read(p->options.analyst, &result, row->internal_date, batch->arena, analysis);
    if (!analysis->token_count) {
        judge(p, batch, analysis, row);
        return 1;
    }
    batch->waiting =
        arena_grow(batch->arena, batch->waiting, batch->waiting_count, sizeof *batch->waiting);
    batch->waiting[batch->waiting_count++] = (struct waiting){row, analysis};
    return 1;
}

int pipeline_add(struct pipeline *pipeline, const struct pipeline_message *message,
                 struct err *err) {
    while (worker_pool_is_full(pipeline->options.pool))
        if (judge_next(pipeline, true, err) < 0)
            return -1;
    decode(pipeline, message);
    pipeline->sums->run.fetched++;
    pipeline->sums->run.bytes += message->bytes.len;
    int64_t *oldest = &pipeline->sums->oldest_arrival;
    if (message->internal_date && (!*oldest || message->internal_date < *oldest))
        *oldest = message->internal_date;
    int found;
    while ((found = judge_next(pipeline, false, err)) > 0)
        ;
    if (found == 0 && pipeline->options.progress)
        pipeline->options.progress(pipeline->options.progress_context, pipeline->sums);
    return found;
}

int pipeline_finish(struct pipeline *pipeline, struct err *err) {
    int found;
    while ((found = judge_next(pipeline, true, err)) > 0)
        ;
    if (found < 0 || send_batch(pipeline, err) != 0)
        return -1;
    return finish_commits(pipeline, true, err);
}
