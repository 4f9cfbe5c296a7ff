/* Batches: what is stored, what is recognised, and what survives trouble. */

#include "database.h"

#include "store/batch.h"
#include "store/mailbox.h"
#include "store/run.h"

#include <unistd.h>

enum {
    NOON_2026 = 1767268800, /* 2026-01-01 12:00 UTC */
};

struct fixture {
    struct store *store;
    PGconn *sql;
    char run[STORE_RUN_ID_SIZE];
};

static int set_up(void **state) {
    struct fixture *f = memory_zero(1, sizeof *f);
    struct err err = {0};
    f->store = database_fresh();
    f->sql = database_connect();
    if (store_run_begin(f->store, "fetch", "bounces", "0.0", "rules", f->run, &err))
        fail_msg("%s", err.text);
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

static struct store_event hard_event(const char *recipient) {
    const char *at = strrchr(recipient, '@');
    return (struct store_event){
        .campaign = "spring",
        .recipient = recipient,
        .recipient_key = recipient,
        .domain = at ? at + 1 : "",
        .verdict = "hard",
        .category = "user_unknown",
        .fault = "recipient",
        .identified_by = "verp",
        .rule = "status-5.1.1",
        .occurred_at = NOON_2026,
    };
}

/* The number of a message also makes its bytes, so that two of one number are the same. */
static struct store_message message(uint32_t uid, unsigned number, const struct store_event *events,
                                    size_t count) {
    struct store_message m = {
        .uid = uid,
        .size = 5,
        .internal_date = NOON_2026,
        .kind = "delivery_status",
        .format = "rfc3464",
        .outcome = STORE_OUTCOME_JUDGED,
        .raw = bytes_of("bytes"),
        .events = events,
        .event_count = count,
    };
    memcpy(m.sha256, &number, sizeof number);
    return m;
}

static struct store_batch_result store_messages(struct fixture *f, const char *mailbox,
                                                uint32_t uidvalidity,
                                                const struct store_message *messages,
                                                size_t count) {
    struct store_batch batch = {f->run, mailbox, uidvalidity, messages, count, 0};
    struct store_batch_result result;
    struct err err = {0};
    if (store_batch_send(f->store, &batch, &err) || store_batch_finish(f->store, &result, &err))
        fail_msg("%s", err.text);
    assert_int_equal(result.new_messages + result.known + result.duplicates, count);
    return result;
}

static void a_batch_is_stored_with_all_its_columns(void **state) {
    struct fixture *f = *state;
    struct store_event event = {
        .campaign = "spring",
        .recipient = "Ada@example.net",
        .recipient_key = "ada@example.net",
        .domain = "example.net",
        .verdict = "soft",
        .category = "mailbox_full",
        .fault = "recipient",
        .counted = true,
        .action = "failed",
        .status = "4.2.2",
        .reply_code = 452,
        .diagnostic = "4.2.2 \"full\" {with, every\\thing} \xe2\x82\xac",
        .reporting_mta = "mx1",
        .remote_mta = "mx2",
        .final_recipient = "ada@final",
        .original_recipient = "ada@original",
        .identified_by = "verp",
        .found_in = "Delivered-To",
        .verp_address = "b+x",
        .rule = "r1",
        .matched = "full",
        .matched_in = "Diagnostic-Code",
        .ruleset = "v1",
        .occurred_at = NOON_2026,
    };
    struct store_message m = message(7, 1, &event, 1);
    m.size = 6000000000;
    m.message_id = "<id@x>";
    m.from = "mailer-daemon@x";
    m.subject = "Undelivered";
    m.outcome_reason = "why";
    m.truncated = true;
    m.raw = (struct bytes){"\0\x80raw", 5};
    struct store_batch_result result = store_messages(f, "bounces", 99, &m, 1);
    assert_int_equal(result.new_messages, 1);
    assert_int_equal(result.events, 1);
    assert_sql(
        f->sql,
        "SELECT size, arrived_at AT TIME ZONE 'UTC', message_id, from_address, subject, kind, format,"
        " outcome, outcome_reason, truncated, encode(raw, 'hex'), uidvalidity, uid,"
        " length(sha256), left(encode(sha256, 'hex'), 32) = replace(id::text, '-', '')"
        " FROM bounce.message JOIN bounce.message_raw r ON r.message = id"
        " JOIN bounce.fetched t ON t.message = id AND mailbox = 'bounces'",
        "6000000000|2026-01-01 12:00:00|<id@x>|mailer-daemon@x|Undelivered|delivery_status|"
        "rfc3464|judged|why|t|0080726177|99|7|32|t");
    assert_sql(
        f->sql,
        "SELECT recipient, address, domain, campaign, occurred_at AT TIME ZONE 'UTC', verdict, category, fault,"
        " counted, action, status, reply_code, diagnostic, reporting_mta, remote_mta,"
        " final_recipient, original_recipient, identified_by, found_in, verp_address, rule,"
        " matched, matched_in, ruleset, revision, superseded_by IS NULL FROM bounce.event",
        "ada@example.net|Ada@example.net|example.net|spring|2026-01-01 12:00:00|soft|"
        "mailbox_full|recipient|t|failed|4.2.2|452|4.2.2 \"full\" {with, every\\thing} "
        "\xe2\x82\xac|mx1|mx2|ada@final|ada@original|verp|Delivered-To|b+x|r1|full|"
        "Diagnostic-Code|v1|0|t");
}

static void what_was_stored_is_recognised_by_its_uid(void **state) {
    struct fixture *f = *state;
    struct store_event event = hard_event("ada@example.net");
    struct store_message all[] = {message(1, 1, &event, 1), message(2, 2, NULL, 0),
                                  message(3, 3, NULL, 0)};
    store_messages(f, "bounces", 1, all, 2);
    struct store_batch_result result = store_messages(f, "bounces", 1, all, 3);
    assert_int_equal(result.known, 2);
    assert_int_equal(result.new_messages, 1);
    assert_int_equal(result.events, 0);
    assert_sql(f->sql, "SELECT count(*) FROM bounce.event", "1");
}

static void the_same_bytes_under_another_uid_are_counted_once(void **state) {
    struct fixture *f = *state;
    struct store_event event = hard_event("ada@example.net");
    struct store_message all[] = {message(1, 1, &event, 1), message(2, 1, &event, 1)};
    struct store_batch_result result = store_messages(f, "bounces", 1, all, 2);
    assert_int_equal(result.new_messages, 1);
    assert_int_equal(result.duplicates, 1);
    assert_int_equal(result.events, 1);

    struct {
        const char *mailbox;
        uint32_t uidvalidity;
    } places[] = {{"bounces", 2}, {"other", 1}};
    for (size_t i = 0; i < 2; i++) {
        result = store_messages(f, places[i].mailbox, places[i].uidvalidity, all, 1);
        assert_int_equal(result.duplicates, 1);
        assert_int_equal(result.events, 0);
    }
    assert_sql(f->sql, "SELECT events, state FROM bounce.recipient", "1|hard");
    assert_sql(f->sql, "SELECT count(*) FROM bounce.fetched", "4");
}

static void the_first_judgement_of_the_same_bytes_stays(void **state) {
    struct fixture *f = *state;
    struct store_event ada = hard_event("ada@example.net"), bob = hard_event("bob@example.net");
    struct store_message first = message(1, 1, &ada, 1), again = message(9, 1, &bob, 1);
    store_messages(f, "bounces", 1, &first, 1);
    store_messages(f, "bounces", 1, &again, 1);
    assert_sql(f->sql, "SELECT recipient FROM bounce.event", "ada@example.net");
    assert_sql(f->sql, "SELECT recipient FROM bounce.recipient", "ada@example.net");
}

static void a_uid_that_a_server_gives_twice_loses_no_message(void **state) {
    struct fixture *f = *state;
    struct store_event ada = hard_event("ada@example.net"), bob = hard_event("bob@example.net");
    struct store_message first = message(1, 1, &ada, 1), other = message(1, 2, &bob, 1);
    store_messages(f, "bounces", 0, &first, 1);
    struct store_batch_result result = store_messages(f, "bounces", 0, &other, 1);
    assert_int_equal(result.new_messages, 1);
    assert_sql(f->sql, "SELECT count(*) FROM bounce.recipient", "2");
}

static void of_two_events_about_one_recipient_the_first_counts(void **state) {
    struct fixture *f = *state;
    struct store_event events[] = {hard_event("ada@example.net"), hard_event("ada@example.net"),
                                   hard_event("bob@example.net")};
    events[1].category = "mailbox_disabled";
    struct store_message m = message(1, 1, events, 3);
    assert_int_equal(store_messages(f, "bounces", 1, &m, 1).events, 2);
    assert_sql(f->sql, "SELECT recipient, category FROM bounce.event ORDER BY 1",
               "ada@example.net|user_unknown\nbob@example.net|user_unknown");
}

static void an_event_about_nobody_has_no_state(void **state) {
    struct fixture *f = *state;
    struct store_event event = hard_event("x@y");
    event.recipient = event.recipient_key = event.domain = event.campaign = NULL;
    struct store_message m = message(1, 1, &event, 1);
    m.outcome = STORE_OUTCOME_UNMATCHED;
    assert_int_equal(store_messages(f, "bounces", 1, &m, 1).events, 1);
    assert_sql(f->sql, "SELECT count(*) FROM bounce.recipient", "0");
    assert_sql(f->sql, "SELECT category FROM bounce.unmatched", "user_unknown");
}

static void what_anyone_can_send_is_stored(void **state) {
    struct fixture *f = *state;
    char longest[STORE_KEY_MAX + 1], too_long[STORE_KEY_MAX * 10];
    for (size_t i = 0; i < sizeof too_long; i++) /* nothing that compression makes short */
        too_long[i] = (char)('a' + i * i * 7919 / 13 % 26);
    memcpy(longest, too_long, STORE_KEY_MAX);
    longest[STORE_KEY_MAX] = too_long[sizeof too_long - 1] = '\0';
    struct store_event events[] = {hard_event("ada@example.net"), hard_event("x@y")};
    events[0].recipient_key = events[0].domain = events[0].campaign = longest;
    events[0].occurred_at = INT64_MAX;
    events[1].recipient = events[1].recipient_key = events[1].domain = too_long;
    events[1].campaign = events[1].diagnostic = events[1].verp_address = too_long;
    events[1].occurred_at = INT64_MIN;
    struct store_message m = message(1, 1, events, 2);
    m.internal_date = INT64_MIN;
    m.subject = m.message_id = m.from = too_long;
    assert_int_equal(store_messages(f, "bounces", 1, &m, 1).events, 2);
    assert_sql(f->sql,
               "SELECT length(recipient), length(domain), length(campaign), length(address),"
               " extract(year FROM occurred_at AT TIME ZONE 'UTC') FROM bounce.event ORDER BY 1",
               "0|0|0|9999|1970\n1000|1000|1000|15|9999");
    assert_sql(f->sql, "SELECT state FROM bounce.recipient", "hard");
}

static void quarantined_messages_are_counted_and_keep_their_bytes(void **state) {
    struct fixture *f = *state;
    struct store_message m = message(1, 1, NULL, 0);
    m.outcome = STORE_OUTCOME_QUARANTINED;
    m.outcome_reason = "the worker died";
    m.kind = m.format = NULL;
    assert_int_equal(store_messages(f, "bounces", 1, &m, 1).quarantined, 1);
    assert_sql(f->sql,
               "SELECT q.reason, convert_from(r.raw, 'UTF8') FROM bounce.quarantined q"
               " JOIN bounce.message_raw r USING (message)",
               "the worker died|bytes");
}

static void bytes_are_left_out_where_they_are_not_to_be_kept(void **state) {
    struct fixture *f = *state;
    struct store_message m = message(1, 1, NULL, 0);
    m.raw.len = 0;
    store_messages(f, "bounces", 1, &m, 1);
    assert_sql(f->sql, "SELECT count(*) FROM bounce.message_raw", "0");
}

static void known_messages_come_with_their_outcome(void **state) {
    struct fixture *f = *state;
    struct store_event event = hard_event("ada@example.net");
    struct store_message all[] = {message(10, 1, &event, 1), message(20, 2, NULL, 0),
                                  message(30, 1, &event, 1)};
    all[1].outcome = STORE_OUTCOME_QUARANTINED;
    store_messages(f, "bounces", 5, all, 3);
    const uint32_t uids[] = {20, 4000000000, 10, 30};
    enum store_outcome outcomes[4];
    struct err err = {0};
    assert_int_equal(store_messages_known(f->store, "bounces", 5, uids, 4, outcomes, &err), 0);
    assert_int_equal(outcomes[0], STORE_OUTCOME_QUARANTINED);
    assert_int_equal(outcomes[1], STORE_OUTCOME_NONE);
    assert_int_equal(outcomes[2], STORE_OUTCOME_JUDGED);
    assert_int_equal(outcomes[3], STORE_OUTCOME_JUDGED);
    const struct {
        const char *mailbox;
        uint32_t uidvalidity;
    } elsewhere[] = {{"bounces", 6}, {"other", 5}};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(store_messages_known(f->store, elsewhere[i].mailbox,
                                              elsewhere[i].uidvalidity, uids, 1, outcomes, &err),
                         0);
        assert_int_equal(outcomes[0], STORE_OUTCOME_NONE);
    }
    assert_int_equal(store_messages_known(f->store, "bounces", 5, uids, 0, outcomes, &err), 0);
}

static void the_cursor_moves_with_its_batch_and_not_back(void **state) {
    struct fixture *f = *state;
    struct store_cursor cursor;
    struct err err = {0};
    assert_int_equal(store_cursor_get(f->store, "bounces", &cursor, &err), 0);
    assert_int_equal(cursor.uidvalidity, 0);
    const struct {
        uint32_t uidvalidity, uid, expected;
    } moves[] = {{4, 100, 100}, {4, 50, 100}, {4, 0, 100}, {4, 4294967295, 4294967295}, {9, 7, 7}};
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        struct store_batch batch = {f->run, "bounces", moves[i].uidvalidity, NULL, 0, moves[i].uid};
        struct store_batch_result result;
        assert_int_equal(store_batch_send(f->store, &batch, &err), 0);
        assert_int_equal(store_batch_finish(f->store, &result, &err), 0);
        assert_int_equal(store_cursor_get(f->store, "bounces", &cursor, &err), 0);
        assert_int_equal(cursor.uidvalidity, moves[i].uidvalidity);
        assert_int_equal(cursor.last_uid, moves[i].expected);
    }
}

static void a_batch_that_fails_stores_nothing_and_the_store_stays_usable(void **state) {
    struct fixture *f = *state;
    struct store_event good = hard_event("ada@example.net"), bad = hard_event("bob@example.net");
    bad.verdict = "dead";
    struct store_message all[] = {message(1, 1, &good, 1), message(2, 2, &bad, 1)};
    struct store_batch batch = {f->run, "bounces", 1, all, 2, 2};
    struct store_batch_result result;
    struct err err = {0};
    assert_int_equal(store_batch_send(f->store, &batch, &err), 0);
    assert_int_equal(store_batch_finish(f->store, &result, &err), -1);
    assert_int_equal(err.code, ERR_SOFTWARE);
    assert_sql(f->sql,
               "SELECT (SELECT count(*) FROM bounce.message), (SELECT count(*) FROM bounce.event),"
               " (SELECT count(*) FROM bounce.mailbox)",
               "0|0|0");
    assert_int_equal(store_messages(f, "bounces", 1, all, 1).new_messages, 1);
}

static void a_lost_connection_is_temporary_and_sending_again_is_right(void **state) {
    struct fixture *f = *state;
    struct store_event event = hard_event("ada@example.net");
    struct store_message m = message(1, 1, &event, 1);
    struct store_batch batch = {f->run, "bounces", 1, &m, 1, 0};
    struct store_batch_result result;
    struct err err = {0};
    sql(f->sql, "BEGIN; SELECT bounce.ledger_lock()");
    assert_int_equal(store_batch_send(f->store, &batch, &err), 0);
    end_backend_of_store(f->sql);
    assert_int_equal(store_batch_finish(f->store, &result, &err), -1);
    assert_int_equal(err.code, ERR_TEMPORARY);
    sql(f->sql, "ROLLBACK");
    assert_sql(f->sql, "SELECT count(*) FROM bounce.message", "0");
    assert_int_equal(store_reconnect(f->store, &err), 0);
    assert_int_equal(store_messages(f, "bounces", 1, &m, 1).new_messages, 1);
}

static void a_batch_is_on_its_way_while_the_caller_works(void **state) {
    struct fixture *f = *state;
    struct store_event event = hard_event("ada@example.net");
    struct store_message m = message(1, 1, &event, 1);
    struct store_batch batch = {f->run, "bounces", 1, &m, 1, 0};
    struct store_batch_result result;
    struct err err = {0};
    sql(f->sql, "BEGIN; SELECT bounce.ledger_lock()"); /* the server cannot answer yet */
    assert_int_equal(store_batch_send(f->store, &batch, &err), 0);
    assert_int_equal(store_batch_send(f->store, &batch, &err), -1);
    m.uid = 0; /* nothing of the batch is needed any more */
    event.recipient_key = NULL;
    sql(f->sql, "COMMIT");
    assert_int_equal(store_batch_finish(f->store, &result, &err), 0);
    assert_int_equal(result.events, 1);
    assert_int_equal(store_batch_finish(f->store, &result, &err), -1);
}

static void a_writer_that_waits_sees_what_the_one_before_it_wrote(void **state) {
    struct fixture *f = *state;
    struct store_event event = hard_event("ada@example.net");
    struct store_message m = message(1, 1, &event, 1);
    struct store_batch batch = {f->run, "bounces", 1, &m, 1, 0};
    struct store_batch_result result;
    struct err err = {0};
    sql(f->sql, "BEGIN; INSERT INTO bounce.event (recipient, message, address, domain, campaign,"
                " occurred_at, verdict, category, fault, counted, identified_by, rule, run)"
                " VALUES ('ada@example.net', gen_random_uuid(), '', 'example.net', 'autumn',"
                " '2025-10-01', 'hard', 'mailbox_disabled', 'recipient', false, '', '',"
                " gen_random_uuid());"
                " SELECT bounce.recipient_refresh(ARRAY['ada@example.net'])");
    assert_int_equal(store_batch_send(f->store, &batch, &err), 0);
    PGconn *watcher = database_connect();
    char *waiting = NULL;
    for (int tries = 0; tries < 200 && (!waiting || *waiting == '0'); tries++) {
        free(waiting);
        usleep(50 * 1000);
        waiting = sql_text(watcher, "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a"
                                    " USING (pid) WHERE l.locktype = 'advisory' AND NOT l.granted"
                                    " AND a.datname = current_database()");
    }
    assert_string_equal(waiting, "1");
    free(waiting);
    PQfinish(watcher);
    sql(f->sql, "COMMIT");
    assert_int_equal(store_batch_finish(f->store, &result, &err), 0);
    assert_sql(f->sql, "SELECT events, category FROM bounce.recipient", "2|mailbox_disabled");
}

static void commits_are_durable_and_read_committed_whatever_the_defaults(void **state) {
    struct fixture *f = *state;
    PGresult *r = PQexec(f->sql, "SELECT current_database()");
    char *database = memory_string(PQgetvalue(r, 0, 0));
    PQclear(r);
    sql(f->sql, "ALTER DATABASE %s SET synchronous_commit = off", database);
    sql(f->sql, "ALTER DATABASE %s SET default_transaction_isolation = 'serializable'", database);
    struct err err = {0};
    assert_int_equal(store_reconnect(f->store, &err), 0);
    /* Recorded from inside the batch's transaction. */
    sql(f->sql, "CREATE TABLE bounce.seen AS SELECT ''::text AS isolation, ''::text AS durable");
    sql(f->sql, "CREATE FUNCTION bounce.see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " UPDATE bounce.seen SET isolation = current_setting('transaction_isolation'),"
                " durable = current_setting('synchronous_commit'); RETURN NULL; END $$");
    sql(f->sql, "CREATE TRIGGER see AFTER INSERT ON bounce.message EXECUTE FUNCTION bounce.see()");
    struct store_message m = message(1, 1, NULL, 0);
    store_messages(f, "bounces", 1, &m, 1);
    sql(f->sql, "ALTER DATABASE %s RESET ALL", database);
    assert_sql(f->sql, "SELECT * FROM bounce.seen", "read committed|on");
    free(database);
}

static void too_large_a_batch_is_refused(void **state) {
    struct fixture *f = *state;
    struct store_message m = message(1, 1, NULL, 0);
    m.raw.len = (size_t)STORE_BATCH_RAW_MAX + 1;
    struct store_batch batch = {f->run, "bounces", 1, &m, 1, 0};
    struct err err = {0};
    assert_int_equal(store_batch_send(f->store, &batch, &err), -1);
    assert_int_equal(err.code, ERR_SOFTWARE);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_batch_is_stored_with_all_its_columns),
        TEST(what_was_stored_is_recognised_by_its_uid),
        TEST(the_same_bytes_under_another_uid_are_counted_once),
        TEST(the_first_judgement_of_the_same_bytes_stays),
        TEST(a_uid_that_a_server_gives_twice_loses_no_message),
        TEST(of_two_events_about_one_recipient_the_first_counts),
        TEST(an_event_about_nobody_has_no_state),
        TEST(what_anyone_can_send_is_stored),
        TEST(quarantined_messages_are_counted_and_keep_their_bytes),
        TEST(bytes_are_left_out_where_they_are_not_to_be_kept),
        TEST(known_messages_come_with_their_outcome),
        TEST(the_cursor_moves_with_its_batch_and_not_back),
        TEST(a_batch_that_fails_stores_nothing_and_the_store_stays_usable),
        TEST(a_lost_connection_is_temporary_and_sending_again_is_right),
        TEST(a_batch_is_on_its_way_while_the_caller_works),
        TEST(a_writer_that_waits_sees_what_the_one_before_it_wrote),
        TEST(commits_are_durable_and_read_committed_whatever_the_defaults),
        TEST(too_large_a_batch_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
