/* How the story of an address is read. What it says is for the end-to-end tests of explain. */

#include "story.h"

#include "cmd/base/buf.h"
#include "store/connection.h"
#include "store/story.h"

static void keep_notice(void *context, const PGresult *notice) {
    buf_add_string(context, PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY));
}

static void count_entry(void *context, const struct store_story_entry *entry) {
    assert_non_null(entry->effect);
    ++*(unsigned *)context;
}

/* With jit_above_cost = 0 the server compiles whatever it may: of a story that would take a quarter
 * of a second. auto_explain tells of each query what it compiled. */
static void a_story_is_not_compiled(void **state) {
    (void)state;
    struct buf plans = BUF_INIT;
    struct err err = {0};
    unsigned entries = 0;
    struct store_story_state told;
    tell("ada@example.net", "S1a F30b");
    PGconn *c = store->connection;
    sql(c, "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0;"
           " SET auto_explain.log_level = notice; SET client_min_messages = notice;"
           " SET jit = on; SET jit_above_cost = 0");
    PQsetNoticeReceiver(c, keep_notice, &plans);
    if (store_story_read(store, "ada@example.net", count_entry, &entries, &told, &err))
        fail_msg("%s", err.text);
    assert_int_equal(entries, 2);
    assert_string_equal(told.state, "soft");
    assert_true(bytes_find(buf_bytes(&plans), "FROM bounce.recipient r") >= 0);
    assert_true(bytes_find(buf_bytes(&plans), "bounce.recipient_strikes") >= 0);
    assert_true(bytes_find(buf_bytes(&plans), "JIT:") < 0);
    /* Nothing of it stays: any other query is compiled. */
    sql(c, "SELECT count(*) FROM bounce.event");
    assert_true(bytes_find(buf_bytes(&plans), "JIT:") >= 0);
    buf_free(&plans);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_story_is_not_compiled, empty),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
