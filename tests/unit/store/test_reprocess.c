/* Judging anew: what counts as a difference, what is written, and that all of it can be undone. */

#include "database.h"

#include "store/batch.h"
#include "store/choice.h"
#include "store/reprocess.h"
#include "store/reprocess_apply.h"
#include "store/run.h"

#include <unistd.h>

enum {
    NOON_2026 = 1767268800, /* 2026-01-01 12:00 UTC */
    DAY = 24 * 60 * 60,
    MESSAGES = 24,
    RECIPIENTS = 5,
    EVENTS_MAX = 3, /* of a message */
    ROUNDS = 8,
    SEEDS = 4,
};

/* What stands in the ledger, all of it that must come back after an undo. */
static const char ledger_sql[] =
    "SELECT to_jsonb(t)::text FROM bounce.event t WHERE superseded_by IS NULL"
    " UNION ALL SELECT to_jsonb(t)::text FROM bounce.message t"
    " UNION ALL SELECT to_jsonb(t)::text FROM bounce.recipient t"
    " UNION ALL SELECT to_jsonb(t)::text FROM bounce.campaign_recipient t"
    " UNION ALL SELECT to_jsonb(t)::text FROM bounce.escalation t"
    " UNION ALL SELECT to_jsonb(t)::text FROM bounce.campaign_count t WHERE recipients <> 0"
    " UNION ALL SELECT to_jsonb(t)::text FROM bounce.domain_window t"
    "  WHERE heard > 0 OR trouble > 0 OR delivered > 0 ORDER BY 1";

struct fixture {
    struct store *store;
    PGconn *sql;
    char run[STORE_RUN_ID_SIZE];
    unsigned seed;
};

static int set_up(void **state) {
    struct fixture *f = memory_zero(1, sizeof *f);
    struct err err = {0};
    f->store = database_fresh();
    f->sql = database_connect();
    if (store_run_begin(f->store, "fetch", "bounces", "0.0", "rules", f->run, &err))
        fail_msg("%s", err.text);
    /* An outage at three recipients, so that others are touched by what is written. */
    sql(f->sql, "UPDATE bounce.policy SET strikes = 2, outage_recipients = 3");
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    store_close(f->store);
    PQfinish(f->sql);
    free(f);
    return 0;
}

static unsigned draw(struct fixture *f, unsigned below) {
    f->seed = f->seed * 1103515245u + 12345u;
    return (f->seed >> 16) % below;
}

static const struct {
    const char *verdict, *category, *fault;
    bool counted;
} kinds[] = {
    {"hard", "user_unknown", "recipient", false},   {"soft", "mailbox_full", "recipient", true},
    {"soft", "host_unreachable", "domain", true},   {"block", "blocklisted", "sender", false},
    {"soft", "rate_limited", "sender", false},      {"none", "delivered", "unknown", false},
    {"complaint", "complaint", "recipient", false},
};

static const char *const recipients[RECIPIENTS] = {"a@x.example", "b@x.example", "c@x.example",
                                                   "d@x.example", NULL};
static const char *const campaigns[] = {"spring", "summer", NULL};

/* A message, judged somehow; its bytes are its number. */
struct judged {
    struct store_message message;
    struct store_event events[EVENTS_MAX];
};

static void judge(struct fixture *f, unsigned number, struct judged *judged) {
    *judged = (struct judged){
        .message = {.uid = number + 1,
                    .size = 5,
                    .internal_date = NOON_2026 + (int64_t)(number % 7) * DAY,
                    .kind = "delivery_status",
                    .format = draw(f, 2) ? "rfc3464" : "qmail",
                    .outcome = STORE_OUTCOME_JUDGED,
                    .raw = bytes_of("bytes")},
    };
    memcpy(judged->message.sha256, &number, sizeof number);
    if (!draw(f, 8)) {
        judged->message.outcome = STORE_OUTCOME_QUARANTINED;
        judged->message.kind = judged->message.format = NULL;
        judged->message.outcome_reason = "crashed";
        return;
    }
    unsigned count = 1 + draw(f, EVENTS_MAX), first = draw(f, RECIPIENTS);
    for (unsigned i = 0; i < count; i++) {
        const char *recipient = recipients[(first + i) % RECIPIENTS];
        unsigned kind = draw(f, sizeof kinds / sizeof *kinds);
        judged->events[i] = (struct store_event){
            .campaign = campaigns[draw(f, 3)],
            .recipient = recipient,
            .recipient_key = recipient,
            .domain = recipient ? "x.example" : NULL,
            .verdict = kinds[kind].verdict,
            .category = kinds[kind].category,
            .fault = kinds[kind].fault,
            .counted = kinds[kind].counted,
            .identified_by = "verp",
            .rule = "r",
            .occurred_at = judged->message.internal_date - (int64_t)draw(f, 2) * DAY,
        };
    }
    judged->message.event_count = count;
}

/* The events are told apart from the message only here, where their place is final. */
static void point(struct judged *judged, struct store_message *messages, size_t count) {
    for (size_t i = 0; i < count; i++) {
        messages[i] = judged[i].message;
        messages[i].events = judged[i].events;
    }
}

static void store_all(struct fixture *f, struct judged *judged) {
    struct store_message messages[MESSAGES];
    struct store_batch_result result;
    struct err err = {0};
    point(judged, messages, MESSAGES);
    struct store_batch batch = {f->run, "bounces", 1, messages, MESSAGES, 0};
    if (store_batch_send(f->store, &batch, &err) || store_batch_finish(f->store, &result, &err))
        fail_msg("%s", err.text);
}

static uint64_t stage(struct store *store, struct judged *judged) {
    struct store_message messages[MESSAGES];
    uint64_t differ = 0;
    struct err err = {0};
    point(judged, messages, MESSAGES);
    if (store_reprocess_begin(store, &err) ||
        store_reprocess_stage(store, messages, MESSAGES, &differ, &err))
        fail_msg("%s", err.text);
    return differ;
}

static void count_row(void *context, const struct store_difference *row) {
    *(uint64_t *)context += row->count;
}

/* Looks ahead, which must leave no trace, and writes. */
static struct store_reprocess_result apply(struct fixture *f, struct store *store,
                                           const char *undoes, char run[STORE_RUN_ID_SIZE]) {
    struct store_reprocess_result result;
    struct err err = {0};
    uint64_t rows = 0;
    char *before = sql_text(f->sql, ledger_sql);
    if (store_run_begin(store, "reprocess", NULL, "0.0", NULL, run, &err))
        fail_msg("%s", err.text);
    const struct store_reprocess_options options = {run, undoes, 1 + draw(f, MESSAGES)};
    if (store_reprocess_differences(store, count_row, count_row, &rows, &err) ||
        store_reprocess_preview(store, &options, count_row, &rows, &err))
        fail_msg("%s", err.text);
    assert_sql(f->sql, ledger_sql, before);
    free(before);
    if (store_reprocess_apply(store, &options, &result, &err))
        fail_msg("%s", err.text);
    return result;
}

/* The judgements in force are those that were given, neither more nor fewer. */
static void assert_judged(struct fixture *f, const struct judged *judged) {
    size_t events = 0;
    for (size_t i = 0; i < MESSAGES; i++)
        for (size_t e = 0; e < judged[i].message.event_count; e++, events++) {
            const struct store_event *event = &judged[i].events[e];
            char query[1000];
            snprintf(query, sizeof query,
                     "SELECT count(*) FROM bounce.event e JOIN bounce.message m ON m.id = e.message"
                     " WHERE m.sha256 = decode(rpad('%02x', 64, '0'), 'hex') AND recipient = '%s'"
                     " AND campaign = '%s' AND category = '%s' AND verdict = '%s'"
                     " AND date_part('epoch', occurred_at) = %ld AND superseded_by IS NULL"
                     " AND m.outcome = '%s'",
                     (unsigned)judged[i].message.sha256[0],
                     event->recipient ? event->recipient : "",
                     event->campaign ? event->campaign : "", event->category, event->verdict,
                     (long)event->occurred_at, store_outcome_name(judged[i].message.outcome));
            assert_sql(f->sql, query, "1");
        }
    char count[24];
    snprintf(count, sizeof count, "%zu", events);
    assert_sql(f->sql, "SELECT count(*) FROM bounce.event WHERE superseded_by IS NULL", count);
}

static void assert_rebuild_changes_nothing(struct fixture *f) {
    char *before = sql_text(f->sql, ledger_sql);
    sql(f->sql, "SELECT bounce.rebuild()");
    assert_sql(f->sql, ledger_sql, before);
    free(before);
}

static void judge_all(struct fixture *f, struct judged *judged) {
    for (unsigned i = 0; i < MESSAGES; i++)
        judge(f, i, &judged[i]);
}

/* Some are judged otherwise, the rest as before. */
static void judge_some(struct fixture *f, struct judged *judged) {
    for (unsigned i = 0; i < MESSAGES; i++)
        if (!draw(f, 3))
            judge(f, i, &judged[i]);
}

static void undo(struct fixture *f, const char *run) {
    struct store_undo found = {0};
    struct err err = {0};
    char id[STORE_RUN_ID_SIZE];
    if (store_reprocess_begin(f->store, &err) ||
        store_reprocess_stage_undo(f->store, run, &found, &err))
        fail_msg("%s", err.text);
    assert_int_equal(found.judged_since + found.pruned + found.undone, 0);
    assert_int_equal(apply(f, f->store, run, id).messages, found.staged);
}

static void any_judgements_follow_each_other_and_are_undone(void **state) {
    struct fixture *f = *state;
    struct judged judged[MESSAGES];
    char *ledgers[ROUNDS], runs[ROUNDS][STORE_RUN_ID_SIZE];
    for (f->seed = 1; f->seed <= SEEDS; f->seed++) {
        unsigned seed = f->seed;
        sql(f->sql, "TRUNCATE bounce.event, bounce.message, bounce.message_raw, bounce.fetched,"
                    " bounce.message_revision; SELECT bounce.rebuild();"
                    " TRUNCATE bounce.suppression_log");
        judge_all(f, judged);
        store_all(f, judged);
        for (int round = 0; round < ROUNDS; round++) {
            ledgers[round] = sql_text(f->sql, ledger_sql);
            judge_some(f, judged);
            uint64_t differ = stage(f->store, judged);
            assert_int_equal(apply(f, f->store, NULL, runs[round]).messages, differ);
            assert_judged(f, judged);
            assert_int_equal(stage(f->store, judged), 0);
        }
        assert_rebuild_changes_nothing(f);
        for (int round = ROUNDS - 1; round >= 0; round--) {
            undo(f, runs[round]);
            assert_sql(f->sql, ledger_sql, ledgers[round]);
            free(ledgers[round]);
        }
        assert_rebuild_changes_nothing(f);
        f->seed = seed;
    }
}

static void what_is_staged_is_written_once(void **state) {
    struct fixture *f = *state;
    struct judged judged[MESSAGES];
    char run[STORE_RUN_ID_SIZE];
    f->seed = 99;
    judge_all(f, judged);
    store_all(f, judged);
    judge_all(f, judged);
    uint64_t differ = stage(f->store, judged);
    assert_int_equal(apply(f, f->store, NULL, run).messages, differ);
    assert_int_equal(apply(f, f->store, NULL, run).messages, 0);
    assert_judged(f, judged);
}

static void one_process_at_a_time(void **state) {
    struct fixture *f = *state;
    struct store *other = database_open();
    struct err err = {0};
    assert_int_equal(store_reprocess_begin(f->store, &err), 0);
    assert_int_equal(store_reprocess_begin(f->store, &err), 0);
    assert_int_equal(store_reprocess_begin(other, &err), -1);
    assert_int_equal(err.code, ERR_TEMPORARY);
    store_reprocess_end(f->store);
    assert_int_equal(store_reprocess_begin(other, &err), 0);
    store_close(other);
    /* The server notices a little later that the session which held the lock is gone. */
    int rc = -1;
    for (int tries = 0; rc != 0 && tries < 1000; tries++) {
        rc = store_reprocess_begin(f->store, &err);
        if (rc != 0)
            usleep(10000);
    }
    assert_int_equal(rc, 0);
}

static void a_rule_or_words_alone_are_no_difference(void **state) {
    struct fixture *f = *state;
    struct judged judged[MESSAGES];
    f->seed = 5;
    judge_all(f, judged);
    store_all(f, judged);
    for (size_t i = 0; i < MESSAGES; i++)
        for (size_t e = 0; e < EVENTS_MAX; e++) {
            judged[i].events[e].rule = "another";
            judged[i].events[e].diagnostic = "other words";
        }
    assert_int_equal(stage(f->store, judged), 0);
}

static void an_undo_waits_for_later_runs_and_for_events_that_are_gone(void **state) {
    struct fixture *f = *state;
    struct judged judged[MESSAGES];
    char first[STORE_RUN_ID_SIZE], second[STORE_RUN_ID_SIZE], found[STORE_RUN_ID_SIZE];
    struct store_undo undone = {0};
    struct err err = {0};
    f->seed = 7;
    judge_all(f, judged);
    store_all(f, judged);
    for (int i = 0; i < 2; i++) {
        for (size_t m = 0; m < MESSAGES; m++) {
            judged[m].message.outcome = STORE_OUTCOME_UNMATCHED;
            judged[m].message.event_count = 1;
            judged[m].events[0] =
                (struct store_event){.verdict = "soft",
                                     .category = i ? "dns_failure" : "system_full",
                                     .fault = "domain",
                                     .identified_by = "nothing",
                                     .rule = "r",
                                     .occurred_at = NOON_2026};
        }
        assert_int_equal(stage(f->store, judged), MESSAGES);
        apply(f, f->store, NULL, i ? second : first);
    }
    assert_int_equal(store_reprocess_find_run(f->store, "last", found, &err), 0);
    assert_string_equal(found, second);
    assert_int_equal(store_reprocess_begin(f->store, &err), 0);
    assert_int_equal(store_reprocess_stage_undo(f->store, first, &undone, &err), 0);
    assert_int_equal(undone.staged, 0);
    assert_int_equal(undone.judged_since, MESSAGES);

    sql(f->sql,
        "DELETE FROM bounce.event WHERE superseded_by = '%s' AND message ="
        " (SELECT min(id::text)::uuid FROM bounce.message)",
        second);
    assert_int_equal(store_reprocess_begin(f->store, &err), 0);
    assert_int_equal(store_reprocess_stage_undo(f->store, second, &undone, &err), 0);
    assert_int_equal(undone.pruned, 1);
    assert_int_equal(undone.staged, MESSAGES - 1);
}

static void messages_come_back_as_they_were_fetched(void **state) {
    struct fixture *f = *state;
    struct judged judged[MESSAGES];
    struct store_page page = {0};
    struct err err = {0};
    const struct store_choice all = {{NULL}, false, false, false};
    uint64_t chosen, without_bytes;
    size_t seen = 0;
    f->seed = 3;
    judge_all(f, judged);
    judged[0].message.truncated = true;
    judged[0].message.raw = (struct bytes){"\0\x80\xff\n", 4};
    judged[0].message.size = 6000000000;
    judged[1].message.raw = (struct bytes){0};
    store_all(f, judged);
    assert_int_equal(store_reprocess_begin(f->store, &err), 0);
    assert_int_equal(store_choose(f->store, &all, &chosen, &without_bytes, &err), 0);
    assert_int_equal(chosen, MESSAGES);
    assert_int_equal(without_bytes, 1);
    sql(f->sql, "DELETE FROM bounce.message_raw WHERE message ="
                " (SELECT max(message::text)::uuid FROM bounce.message_raw)");
    for (;;) {
        if (store_reprocess_read(f->store, 5, &page, &err))
            fail_msg("%s", err.text);
        if (!page.count && !page.without_bytes)
            break;
        assert_true(page.count <= 5);
        for (size_t i = 0; i < page.count; i++, seen++) {
            const struct store_message *m = &page.messages[i];
            const struct store_message *given = &judged[m->sha256[0]].message;
            assert_memory_equal(m->sha256, given->sha256, sizeof m->sha256);
            assert_int_equal(m->raw.len, given->raw.len);
            assert_memory_equal(m->raw.data, given->raw.data, m->raw.len);
            assert_int_equal(m->size, given->size);
            assert_int_equal(m->internal_date, given->internal_date);
            assert_int_equal(m->truncated, given->truncated);
            assert_string_equal(page.mailboxes[i], "bounces");
        }
        without_bytes += page.without_bytes;
    }
    assert_int_equal(seen, MESSAGES - 2);
    assert_int_equal(without_bytes, 2);
    store_page_free(&page);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(any_judgements_follow_each_other_and_are_undone),
        TEST(what_is_staged_is_written_once),
        TEST(one_process_at_a_time),
        TEST(a_rule_or_words_alone_are_no_difference),
        TEST(an_undo_waits_for_later_runs_and_for_events_that_are_gone),
        TEST(messages_come_back_as_they_were_fetched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
