/* Hard states that end by themselves: one case a rule, at its edges. */

#include "story.h"

static const struct store_category_expiry expiries[] = {{"mailbox_full", 10}};

static void set_clock(int hour) {
    sql(db, "SELECT bounce.expire(timestamptz '2026-01-01 00:00+00' + %d * interval '1 hour')",
        hour);
}

static int empty_with_expiry(void **state) {
    empty(state);
    struct store_policy policy = store_policy_default;
    policy.strikes = 2;
    policy.window_days = 30;
    policy.expiries = expiries;
    policy.expiry_count = 1;
    sql(db, "UPDATE bounce.expiry_clock SET at = '-infinity'");
    set_policy(&policy);
    return 0;
}

static void hard_states_end_when_their_time_is_over(void **state) {
    (void)state;
    static const struct {
        const char *name, *told;
        int clock;            /* hours */
        const char *expected; /* state|strikes|to hard|hour since when|hour of the end */
    } cases[] = {
        {"an hour before", "F0a F24b", 263, "hard|2|0|24|264"},
        {"to the hour", "F0a F24b", 264, "soft|2|0|0|"},
        {"from the last strike on", "F0a F24b F48c", 264, "hard|3|0|24|288"},
        {"one more makes it hard again", "F0a F24b F300c", 310, "hard|3|0|300|540"},
        {"not beyond the window", "F0a F24b F2000c", 2001, "soft|1|1|2000|"},
        {"the category of the last counts", "F0a S24b", 1000, "hard|2|0|24|"},
        {"and it alone", "S0a F24b", 1000, "soft|2|0|0|"},
        {"what is for ever stays", "F0a F24b H48c", 1000, "hard|2|0|24|"},
        {"also where it came before", "H0a F24b F48c", 1000, "hard|2|0|0|"},
        {"a dead address stays dead", "H0a", 9000, "hard|0||0|"},
        {"a complaint stays", "C0a F24b F48c", 1000, "complained|2|0|0|"},
        {"what an operator decided stays", "F0a F24b s30-", 1000, "suppressed|2|0|30|"},
        {"life came first", "F0a F24b L48c", 30, "active|0|||"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        empty_with_expiry(NULL);
        tell("ada@example.net", cases[i].told);
        set_clock(cases[i].clock);
        static const char query[] =
            "SELECT state, strikes, strikes_to_hard,"
            " extract(epoch FROM since - '2026-01-01 00:00+00')::int / 3600,"
            " extract(epoch FROM expires_at - '2026-01-01 00:00+00')::int / 3600"
            " FROM bounce.recipient";
        for (int rebuilt = 0; rebuilt < 2; rebuilt++) {
            char *row = sql_text(db, query);
            if (strcmp(row, cases[i].expected) != 0)
                fail_msg("%s%s: %s, and not %s", cases[i].name, rebuilt ? ", rebuilt" : "", row,
                         cases[i].expected);
            free(row);
            sql(db, "SELECT bounce.rebuild()");
        }
    }
}

static void the_end_is_an_entry_of_the_list_of_changes(void **state) {
    (void)state;
    tell("ada@example.net", "F0a F24b");
    set_clock(200);
    assert_sql(db, "SELECT count(*) FROM bounce.suppression_changes", "1");
    assert_sql(db, "SELECT expires_at IS NOT NULL FROM bounce.suppression", "t");
    set_clock(264);
    assert_sql(db, "SELECT suppressed, state FROM bounce.suppression_changes ORDER BY time",
               "t|hard\nf|soft");
    assert_sql(db, "SELECT count(*) FROM bounce.suppression", "0");
    assert_sql(db, "SELECT may_send FROM bounce.recipient_status", "t");
    tell("ada@example.net", "F300c");
    assert_sql(db, "SELECT count(*) FROM bounce.escalation", "2");
    assert_sql(db, "SELECT reason FROM bounce.suppression",
               "3 soft bounces since 2026-01-01, the last one: mailbox_full");
}

static void the_clock_does_not_go_back(void **state) {
    (void)state;
    tell("ada@example.net", "F0a F24b");
    set_clock(264);
    set_clock(200);
    assert_sql(db, "SELECT state FROM bounce.recipient", "soft");
    sql(db, "SELECT bounce.rebuild()");
    assert_sql(db, "SELECT state FROM bounce.recipient", "soft");
}

static void without_the_policy_it_does_not_end(void **state) {
    (void)state;
    tell("ada@example.net", "F0a F24b");
    set_clock(264);
    set_policy(&store_policy_default);
    tell("bob@example.net", "F0a F24b F48c F72d F96e");
    uint64_t ended = 1;
    struct err err = {0};
    assert_int_equal(store_expire(store, &ended, &err), 0);
    assert_int_equal(ended, 0);
    assert_sql(db, "SELECT state FROM bounce.recipient ORDER BY recipient", "soft\nhard");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, empty_with_expiry)
    const struct CMUnitTest tests[] = {
        TEST(hard_states_end_when_their_time_is_over),
        TEST(the_end_is_an_entry_of_the_list_of_changes),
        TEST(the_clock_does_not_go_back),
        TEST(without_the_policy_it_does_not_end),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
