/* nullsender reprocess: stored messages judged anew, shown, and with --apply written. */
#include "cmd/reprocess.h"

#include "cmd/database.h"
#include "cmd/log.h"
#include "cmd/progress.h"
#include "cmd/rows.h"
#include "cmd/session.h"
#include "store/reprocess_apply.h"
#include "store/run.h"
#include "store/task.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    PAGE_MESSAGES = 1000, /* read from the database at once */
    /* A page is compared in parts, where what its messages say has more octets than this: a report
     * that names thousands is some MB of rows. One is compared while the next is judged. */
    PART_OCTETS = 2 * 1024 * 1024,
};

/* The options under which a mailbox's mail is read; mail from elsewhere is read like an import. */
static unsigned report_option_of(const struct config *config, const char *mailbox) {
    const struct config_mailbox *found = config_mailbox_find(config, mailbox);
    return found ? (unsigned)(found - config->mailboxes) : 0;
}

/* A message that is read, and whose tokens have yet to be looked up. */
struct reading {
    struct store_message *row;
    struct analysis analysis;
};

/* A page on its way through the decoders, in order. */
struct passage {
    const struct session *session;
    const struct store_page *page;
    size_t submitted, taken;
    struct reprocess_sums *sums;
};

/* What is judged and compared at once. */
struct part {
    struct arena *arena;
    struct store_message *judged; /* in the arena */
    size_t count;
    uint64_t differ;
};

/* What PostgreSQL does while a part is judged. */
struct exchange {
    struct store *store;
    struct part *part;       /* to be staged */
    struct store_page *next; /* to be read then; NULL: it is there */
};

static int run_exchange(void *context, struct err *err) {
    struct exchange *exchange = context;
    struct part *part = exchange->part;
    if (part->count &&
        store_reprocess_stage(exchange->store, part->judged, part->count, &part->differ, err) != 0)
        return -1;
    part->count = 0;
    if (!exchange->next)
        return 0;
    return store_reprocess_read(exchange->store, PAGE_MESSAGES, exchange->next, err);
}

static void submit(struct passage *passage) {
    const struct store_page *page = passage->page;
    struct worker_pool *pool = passage->session->pool;
    for (; passage->submitted < page->count && !worker_pool_is_full(pool); passage->submitted++) {
        struct store_message *m = &page->messages[passage->submitted];
        const char *mailbox = page->mailboxes[passage->submitted];
        passage->sums->bytes += m->raw.len;
        worker_pool_submit(pool, &(struct worker_job){
                                     .message = m->raw,
                                     .truncated = m->truncated,
                                     .option = report_option_of(passage->session->config, mailbox),
                                     .context = m,
                                 });
    }
}

static void judge(struct passage *passage, struct arena *arena, struct reading *reading) {
    const struct analyst *analyst = &passage->session->analyst;
    analyst_judge(analyst, true, arena, &reading->analysis);
    if (reading->analysis.failure)
        return;
    rows_fill(&reading->analysis, analyst, true, arena, reading->row);
}

/* Reads the next messages of the page, as many as are compared together, and judges those that
 * need not wait for their tokens. */
static int read_part(struct passage *passage, struct arena *arena, struct reading *readings,
                     size_t *count, struct err *err) {
    struct worker_result result;
    *count = 0;
    while (passage->taken < passage->page->count && arena_size(arena) < PART_OCTETS) {
        submit(passage);
        if (worker_pool_next(passage->session->pool, true, &result, err) < 0)
            return -1;
        passage->taken++;
        struct reading *reading = &readings[(*count)++];
        reading->row = result.job.context;
        /* A time that does not fit the ledger is stored as 1970, and 0 would stand for "now". */
        int64_t received = reading->row->internal_date ? reading->row->internal_date : -1;
        analyst_read(&passage->session->analyst, &result, received, arena, &reading->analysis);
        if (!reading->analysis.token_count)
            judge(passage, arena, reading);
    }
    return 0;
}

/* What was stored as it was fetched: report -> verdict -> rows, as in the pipeline. A message that
 * cannot be decoded this time is left out: what is known of it may be all that will ever be. */
static int judge_part(struct passage *passage, struct part *part, struct store_task *exchanged,
                      struct err *err) {
    struct store *store = passage->session->store;
    struct reprocess_sums *sums = passage->sums;
    struct arena *arena = part->arena;
    size_t left = passage->page->count - passage->taken, read, waiting = 0;
    arena_reset(arena);
    struct reading *readings = arena_alloc(arena, left * sizeof *readings);
    if (read_part(passage, arena, readings, &read, err) != 0)
        return -1;
    part->judged = arena_alloc(arena, read * sizeof *part->judged);
    struct analysis **analyses = arena_alloc(arena, read * sizeof *analyses);
    for (size_t i = 0; i < read; i++)
        if (readings[i].analysis.token_count)
            analyses[waiting++] = &readings[i].analysis;
    /* On the connection that is the other part's while it is exchanged. */
    if (waiting && (store_task_wait(exchanged, err) != 0 ||
                    analyses_find_tokens(store, analyses, waiting, arena, err) != 0))
        return -1;
    for (size_t i = 0; i < read; i++) {
        if (readings[i].analysis.token_count)
            judge(passage, arena, &readings[i]);
        const struct store_message *row = readings[i].row;
        if (readings[i].analysis.failure) {
            log_info("message of %zu octets: %s", row->raw.len, readings[i].analysis.failure);
            sums->failed++;
            continue;
        }
        sums->judged++;
        part->judged[part->count++] = *row;
    }
    return 0;
}

/* Pages and parts, two of each: while one is judged, PostgreSQL has the other. */
struct turns {
    struct store_page pages[2];
    struct part parts[2];
    size_t page, part; /* whose turn it is to be judged */
};

/* Judges a page and reads the next; also stages the last part of the page before. */
static int judge_page(const struct session *session, struct turns *turns,
                      struct reprocess_sums *sums, struct err *err) {
    struct store_page *page = &turns->pages[turns->page], *next = &turns->pages[!turns->page];
    struct passage passage = {.session = session, .page = page, .sums = sums};
    int rc;
    next->last = page->last;
    do {
        struct part *part = &turns->parts[turns->part], *former = &turns->parts[!turns->part];
        struct exchange exchange = {session->store, former, passage.taken ? NULL : next};
        struct store_task exchanged = {.run = run_exchange, .context = &exchange};
        if (store_task_start(&exchanged, err) != 0)
            return -1;
        rc = judge_part(&passage, part, &exchanged, err);
        if (store_task_wait(&exchanged, rc ? NULL : err) != 0)
            rc = -1;
        turns->part = !turns->part;
    } while (rc == 0 && passage.taken < page->count);
    sums->without_bytes += page->without_bytes;
    turns->page = !turns->page;
    return rc;
}

static int judge_all(const struct session *session, uint64_t chosen, struct reprocess_sums *sums,
                     struct err *err) {
    struct progress progress;
    struct pipeline_sums shown = {.waiting = chosen};
    struct turns turns = {.parts = {{.arena = arena_new()}, {.arena = arena_new()}}};
    const struct store_page *page = &turns.pages[0];
    progress_start(&progress, "reprocess");
    int rc = store_reprocess_read(session->store, PAGE_MESSAGES, &turns.pages[0], err);
    while (rc == 0 && (page->count + page->without_bytes || turns.parts[!turns.part].count)) {
        shown.run.fetched += page->count + page->without_bytes;
        rc = judge_page(session, &turns, sums, err);
        progress_update(&progress, &shown);
        page = &turns.pages[turns.page];
    }
    progress_end(&progress);
    for (size_t i = 0; i < 2; i++) {
        sums->differ += turns.parts[i].differ;
        store_page_free(&turns.pages[i]);
        arena_free(turns.parts[i].arena);
    }
    return rc;
}

static const char *plural(uint64_t count) {
    return count == 1 ? "" : "s";
}

static void print_sums(const struct reprocess_sums *sums) {
    printf("%" PRIu64 " message%s judged again, %" PRIu64 " of them otherwise than before\n",
           sums->judged, plural(sums->judged), sums->differ);
    if (sums->without_bytes)
        printf("%" PRIu64 " could not be judged again: their bytes are no longer kept\n",
               sums->without_bytes);
    if (sums->failed)
        printf("%" PRIu64 " could not be decoded, and stay what they were taken for\n",
               sums->failed);
}

/* Writes what is staged, as a run with its sums: messages changed, left alone, and not decoded. */
static int apply(struct store *store, const char *command, const char *ruleset, const char *undoes,
                 size_t batch, const struct reprocess_sums *sums, struct err *err) {
    char run[STORE_RUN_ID_SIZE];
    struct store_reprocess_result result;
    struct err second;
    if (store_run_begin(store, command, NULL, VERSION, ruleset, run, err) != 0)
        return -1;
    const struct store_reprocess_options options = {.run = run, .undoes = undoes, .batch = batch};
    int rc = store_reprocess_apply(store, &options, &result, err);
    uint64_t unchanged = sums->judged > result.messages ? sums->judged - result.messages : 0;
    const struct store_run_sums run_sums = {
        .fetched = sums->judged + sums->failed,
        .stored = result.messages,
        .quarantined = sums->failed,
        .already_known = unchanged,
        .events = result.events,
        .escalations = result.escalations,
        .bytes = sums->bytes,
    };
    if (store_run_finish(store, run, &run_sums, rc ? err : NULL, rc ? &second : err) != 0)
        rc = -1;
    if (rc != 0)
        return -1;
    printf("\n%" PRIu64 " message%s changed by run %s\n", result.messages, plural(result.messages),
           run);
    if (!undoes)
        printf("`nullsender reprocess --undo %s` takes it back\n", run);
    return 0;
}

static int finish(struct store *store, const struct invocation *invocation, const char *command,
                  const char *ruleset, const char *undoes, const struct config *config,
                  const struct reprocess_sums *sums, struct err *err) {
    const struct store_reprocess_options preview = {.undoes = undoes,
                                                    .batch = (size_t)config->commit_messages};
    if (sums->differ && reprocess_show(store, &preview, err) != 0)
        return -1;
    if (invocation_has(invocation, OPTION_APPLY))
        return apply(store, command, ruleset, undoes, preview.batch, sums, err);
    if (sums->differ)
        puts("\nNothing is changed yet; --apply writes it.");
    return 0;
}

static int reprocess(const struct invocation *invocation, struct err *err) {
    struct session session = {0};
    struct store_choice choice;
    struct reprocess_sums sums = {0};
    struct arena *arena = arena_new();
    uint64_t chosen;
    int rc = reprocess_choice_read(invocation, arena, &choice, err);
    if (rc != 0)
        goto out;
    rc = session_open(&session, invocation, !invocation_has(invocation, OPTION_APPLY), NULL, err);
    if (rc == 0)
        rc = store_reprocess_begin(session.store, err);
    if (rc == 0)
        rc = store_choose(session.store, &choice, &chosen, &sums.without_bytes, err);
    if (rc == 0 && !chosen)
        rc = reprocess_nothing_fits(session.store, &choice, err);
    if (rc == 0)
        rc = judge_all(&session, chosen - sums.without_bytes, &sums, err);
    if (rc == 0) {
        print_sums(&sums);
        rc = finish(session.store, invocation, "reprocess", ruleset_version(session.analyst.rules),
                    NULL, session.config, &sums, err);
    }
    if (session.store)
        store_reprocess_end(session.store);
    session_close(&session);
out:
    arena_free(arena);
    return rc;
}

static int nothing_to_undo(const char *run, const struct store_undo *undo, struct err *err) {
    if (undo->judged_since)
        return err_set(err, ERR_NOT_FOUND,
                       "a later run judged the %" PRIu64 " message%s of %s again: undo that one "
                       "first",
                       undo->judged_since, plural(undo->judged_since), run);
    if (undo->pruned)
        return err_set(err, ERR_NOT_FOUND, "the former judgements of %s are no longer kept", run);
    return err_set(err, ERR_NOT_FOUND,
                   undo->undone ? "run %s is undone already" : "run %s changed nothing", run);
}

static void print_undo(const char *run, const struct store_undo *undo) {
    printf("%" PRIu64 " message%s of run %s can be what they were taken for before\n", undo->staged,
           plural(undo->staged), run);
    if (undo->judged_since)
        printf("%" PRIu64 " cannot: a later run judged them again; undo that one first\n",
               undo->judged_since);
    if (undo->pruned)
        printf("%" PRIu64 " cannot: their former judgements are no longer kept\n", undo->pruned);
    if (undo->undone)
        printf("%" PRIu64 " are that already\n", undo->undone);
}

static int undo(const struct invocation *invocation, struct err *err) {
    struct config *config = NULL;
    struct store *store = NULL;
    struct store_undo staged = {0};
    char run[STORE_RUN_ID_SIZE];
    const char *name = invocation_value(invocation, OPTION_UNDO, NULL);
    int rc = -1;
    if (database_config_read(invocation, &config, err) != 0 ||
        database_open(config, &store, err) != 0 ||
        database_prepare(store, config, !invocation_has(invocation, OPTION_APPLY), err) != 0 ||
        store_reprocess_begin(store, err) != 0 ||
        store_reprocess_find_run(store, name, run, err) != 0 ||
        store_reprocess_stage_undo(store, run, &staged, err) != 0)
        goto out;
    if (!staged.staged) {
        rc = nothing_to_undo(run, &staged, err);
        goto out;
    }
    print_undo(run, &staged);
    const struct reprocess_sums sums = {.judged = staged.staged, .differ = staged.staged};
    rc = finish(store, invocation, "reprocess --undo", NULL, run, config, &sums, err);
out:
    if (store)
        store_reprocess_end(store);
    store_close(store);
    config_free(config);
    return rc;
}

/* An undo concerns a run as it is; a part of it cannot be chosen. */
static int check_undo_alone(const struct invocation *invocation, struct err *err) {
    static const enum option_id others[] = {
        OPTION_SINCE,    OPTION_UNTIL,     OPTION_MAILBOX,     OPTION_MESSAGE,
        OPTION_CAMPAIGN, OPTION_CATEGORY,  OPTION_VERDICT,     OPTION_RECIPIENT,
        OPTION_RULE,     OPTION_UNMATCHED, OPTION_QUARANTINED, OPTION_UNDETERMINED,
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (invocation_has(invocation, others[i]))
            return err_set(err, ERR_USAGE,
                           "--undo takes back a whole run; --%s does not go with it",
                           option_table[others[i]].name);
    return 0;
}

int command_reprocess(const struct invocation *invocation, struct err *err) {
    if (invocation_has(invocation, OPTION_APPLY) && invocation_has(invocation, OPTION_DRY_RUN))
        return err_set(err, ERR_USAGE, "either --apply or --dry-run");
    if (!invocation_has(invocation, OPTION_UNDO))
        return reprocess(invocation, err);
    return check_undo_alone(invocation, err) == 0 ? undo(invocation, err) : -1;
}
