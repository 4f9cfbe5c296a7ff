/* The trouble of a whole domain is not its recipients'. */

#include "story.h"

enum {
    ADDRESS_MAX = 100,
};

static void tell_domain(int troubled, int heard, int delivered) {
    char address[ADDRESS_MAX];
    for (int i = 0; i < heard; i++) {
        snprintf(address, sizeof address, "user%d@example.net", i);
        tell(address, i < troubled ? "S12a" : "B12a");
    }
    for (int i = 0; i < delivered; i++)
        sql(db,
            "INSERT INTO bounce.delivery VALUES ('ok%d@example.net', 'a',"
            " '2026-01-01 13:00+00')",
            i);
    sql(db, "SELECT bounce.delivery_apply(1)");
    sql(db, "SELECT bounce.delivery_apply()");
}

static void a_domains_outage_is_no_strike(void **state) {
    static const struct {
        int troubled, heard, delivered;
        const char *softs;
    } cases[] = {
        {2, 2, 0, "2"},                                 /* too few */
        {3, 3, 0, "0"}, {3, 6, 0, "0"},                 /* half of them, to the one */
        {3, 7, 0, "3"}, {4, 7, 1, "0"}, {4, 7, 2, "4"}, /* deliveries say that the domain works */
    };
    struct store_policy policy = store_policy_default;
    policy.outage_recipients = 3;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        empty(state);
        set_policy(&policy);
        tell_domain(cases[i].troubled, cases[i].heard, cases[i].delivered);
        assert_sql(db, "SELECT count(*) FROM bounce.recipient WHERE state = 'soft'",
                   cases[i].softs);
        sql(db, "SELECT bounce.rebuild()");
        assert_sql(db, "SELECT count(*) FROM bounce.recipient WHERE state = 'soft'",
                   cases[i].softs);
    }
}

static void what_an_outage_excuses_was_never_suppressed(void **state) {
    (void)state;
    struct store_policy policy = store_policy_default;
    policy.outage_recipients = 3;
    policy.strikes = 1;
    set_policy(&policy);
    tell_domain(3, 3, 0);
    sql(db, "DELETE FROM bounce.recipient; DELETE FROM bounce.domain_window;"
            " DELETE FROM bounce.suppression_log; SELECT bounce.rebuild()");
    assert_sql(db, "SELECT state, count(*) FROM bounce.recipient GROUP BY 1", "active|3");
    assert_sql(db, "SELECT count(*) FROM bounce.suppression_log", "0");
}

static void full_mailboxes_are_no_outage(void **state) {
    (void)state;
    struct store_policy policy = store_policy_default;
    policy.outage_recipients = 2;
    set_policy(&policy);
    tell("ada@example.net", "F1a");
    tell("bob@example.net", "F1a");
    tell("eve@example.net", "F1a");
    assert_sql(db, "SELECT count(*) FROM bounce.recipient WHERE state = 'soft'", "3");
}

static void trouble_that_stays_or_comes_again_counts(void **state) {
    (void)state;
    struct store_policy policy = store_policy_default;
    policy.outage_recipients = 2;
    policy.window_days = 20;
    set_policy(&policy);
    tell("ada@example.net", "S0a S24b S48c S72d S96e S600f");
    tell("bob@example.net", "S0a S24b S48c S72d S96e S600f");
    assert_sql(db,
               "SELECT extract(day FROM starts_at AT TIME ZONE 'UTC') FROM bounce.domain_outage"
               " ORDER BY 1",
               "1\n2\n3\n26");
    assert_sql(db, "SELECT recipient, strikes FROM bounce.recipient ORDER BY 1",
               "ada@example.net|2\nbob@example.net|2");
}

static void an_outage_goes_with_its_evidence(void **state) {
    (void)state;
    struct store_policy policy = store_policy_default;
    policy.outage_recipients = 3;
    set_policy(&policy);
    tell_domain(3, 3, 0);
    assert_sql(db, "SELECT recipients, heard FROM bounce.domain_outage", "3|3");
    sql(db, "UPDATE bounce.event SET superseded_by = gen_random_uuid()"
            " WHERE recipient = 'user0@example.net'");
    sql(db, "SELECT bounce.recipient_refresh(ARRAY['user0@example.net'])");
    assert_sql(db, "SELECT count(*) FROM bounce.domain_outage", "0");
    assert_sql(db, "SELECT recipient, state FROM bounce.recipient ORDER BY 1",
               "user1@example.net|soft\nuser2@example.net|soft");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, empty)
    const struct CMUnitTest tests[] = {
        TEST(a_domains_outage_is_no_strike),    TEST(what_an_outage_excuses_was_never_suppressed),
        TEST(full_mailboxes_are_no_outage),     TEST(trouble_that_stays_or_comes_again_counts),
        TEST(an_outage_goes_with_its_evidence),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
