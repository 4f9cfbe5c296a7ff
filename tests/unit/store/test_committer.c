/* Batches on a thread of their own: their order, their failures, and what is dropped. */

#include "database.h"

#include "store/committer.h"
#include "store/run.h"

struct fixture {
    struct store *store;
    struct store_committer *committer;
    PGconn *sql;
    char run[STORE_RUN_ID_SIZE];
    struct store_message messages[STORE_COMMITTER_MAX];
};

static int set_up(void **state) {
    struct fixture *f = memory_zero(1, sizeof *f);
    struct err err = {0};
    f->store = database_fresh();
    f->sql = database_connect();
    if (store_run_begin(f->store, "fetch", "bounces", "0.0", "rules", f->run, &err) ||
        store_committer_new(f->store, &f->committer, &err))
        fail_msg("%s", err.text);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    store_committer_free(f->committer);
    store_close(f->store);
    PQfinish(f->sql);
    free(f);
    return 0;
}

/* A batch of one message that nobody understood; its place says which. */
static void give(struct fixture *f, unsigned place, const char *mailbox) {
    f->messages[place] = (struct store_message){
        .uid = place + 1,
        .internal_date = 1767268800,
        .outcome = STORE_OUTCOME_QUARANTINED,
        .outcome_reason = "a test",
        .raw = bytes_of("bytes"),
    };
    memcpy(f->messages[place].sha256, &place, sizeof place);
    store_committer_give(f->committer, &(struct store_batch){.run = f->run,
                                                             .mailbox = mailbox,
                                                             .uidvalidity = 1,
                                                             .messages = &f->messages[place],
                                                             .count = 1});
}

static int take(struct fixture *f, bool wait, struct err *err) {
    struct store_batch_result result = {0};
    int taken = store_committer_take(f->committer, wait, &result, err);
    if (taken > 0)
        assert_int_equal(result.new_messages, 1);
    return taken;
}

static void batches_are_committed_one_after_the_other(void **state) {
    struct fixture *f = *state;
    struct err err = {0};
    assert_int_equal(take(f, false, &err), 0);
    assert_int_equal(take(f, true, &err), 0);
    sql(f->sql, "BEGIN; SELECT bounce.ledger_lock()"); /* the server cannot answer yet */
    for (unsigned i = 0; i < STORE_COMMITTER_MAX; i++)
        give(f, i, "bounces");
    assert_int_equal(store_committer_count(f->committer), STORE_COMMITTER_MAX);
    assert_int_equal(take(f, false, &err), 0);
    sql(f->sql, "COMMIT");
    for (size_t left = STORE_COMMITTER_MAX; left > 0; left--) {
        assert_int_equal(store_committer_count(f->committer), left);
        assert_int_equal(take(f, true, &err), 1);
    }
    assert_int_equal(store_committer_count(f->committer), 0);
    assert_int_equal(take(f, true, &err), 0);
    assert_sql(f->sql,
               "SELECT string_agg(f.uid::text, ' ' ORDER BY m.stored_at) FROM bounce.fetched f"
               " JOIN bounce.message m ON m.id = f.message",
               "1 2 3");
    give(f, 0, "others");
    struct store_batch_result result;
    assert_int_equal(store_committer_take(f->committer, true, &result, &err), 1);
    assert_int_equal(result.duplicates, 1);
}

static void behind_a_batch_that_fails_none_is_stored(void **state) {
    struct fixture *f = *state;
    struct err err = {0};
    sql(f->sql, "BEGIN; SELECT bounce.ledger_lock()");
    give(f, 0, "bounces");
    give(f, 1, NULL); /* no mailbox: the ledger takes no such row */
    give(f, 2, "bounces");
    sql(f->sql, "COMMIT");
    assert_int_equal(take(f, true, &err), 1);
    for (int again = 0; again < 2; again++) {
        err = (struct err){0};
        assert_int_equal(take(f, true, &err), -1);
        assert_int_equal(err.code, ERR_SOFTWARE);
    }
    store_committer_free(f->committer);
    f->committer = NULL;
    assert_sql(f->sql, "SELECT string_agg(uid::text, ' ') FROM bounce.fetched", "1");
}

static void a_lost_connection_is_told_as_it_is(void **state) {
    struct fixture *f = *state;
    struct err err = {0};
    sql(f->sql, "BEGIN; SELECT bounce.ledger_lock()");
    give(f, 0, "bounces");
    end_backend_of_store(f->sql);
    assert_int_equal(take(f, true, &err), -1);
    assert_int_equal(err.code, ERR_TEMPORARY);
    sql(f->sql, "ROLLBACK");
}

static void what_waits_is_dropped_when_it_is_freed(void **state) {
    struct fixture *f = *state;
    sql(f->sql, "BEGIN; SELECT bounce.ledger_lock()");
    give(f, 0, "bounces");
    end_backend_of_store(f->sql);
    give(f, 1, "bounces");
    give(f, 2, "bounces");
    store_committer_free(f->committer);
    f->committer = NULL;
    sql(f->sql, "ROLLBACK");
    assert_sql(f->sql, "SELECT count(*) FROM bounce.fetched", "0");
    struct err err = {0};
    assert_int_equal(store_reconnect(f->store, &err), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(batches_are_committed_one_after_the_other, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(behind_a_batch_that_fails_none_is_stored, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_lost_connection_is_told_as_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_waits_is_dropped_when_it_is_freed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
