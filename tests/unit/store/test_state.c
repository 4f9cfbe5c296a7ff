/* What makes an address soft, hard and active again: one case a rule, at its edges. */

#include "story.h"

#include "store/delivery.h"

enum {
    SCAN_NAME_MAX = 100,
};

static const char row_query[] = "SELECT state, escalated, strikes, strikes_to_hard,"
                                " extract(epoch FROM since - '2026-01-01 00:00+00')::int / 3600"
                                " FROM bounce.recipient WHERE recipient = 'ada@example.net'";

struct story {
    const char *name;
    const char *told;
    const char *expected; /* state|escalated|strikes|to hard|hour since when */
};

static void assert_stories(const struct story *stories, size_t count) {
    for (size_t i = 0; i < count; i++) {
        sql(db, "DELETE FROM bounce.event; DELETE FROM bounce.delivery;"
                " DELETE FROM bounce.operator_action");
        tell("ada@example.net", stories[i].told);
        char *row = sql_text(db, row_query);
        if (strcmp(row, stories[i].expected) != 0)
            fail_msg("%s: %s, and not %s", stories[i].name, row, stories[i].expected);
        free(row);
    }
}
#define ASSERT_STORIES(stories) assert_stories(stories, sizeof(stories) / sizeof(stories)[0])

static void strikes_escalate(void **state) {
    (void)state;
    static const struct story stories[] = {
        {"four strikes are one short", "S0a S24b S48c F72d", "soft|f|4|1|0"},
        {"five strikes make hard", "S0a S24b S48c F72d S96e", "hard|t|5|0|96"},
        {"a sixth changes nothing", "S0a S24b S48c F72d S96e S120f", "hard|t|6|0|96"},
        {"the order of writing does not matter", "S96e S24b S0a F72d S48c", "hard|t|5|0|96"},
        {"one strike a day", "S0a S1b S2c S3d S23e", "soft|f|1|4|0"},
        {"days are UTC", "S23a S24b", "soft|f|2|3|23"},
        {"one strike a campaign", "S0a S24a S48a S72a S96a", "soft|f|1|4|0"},
        {"without campaign each message counts", "S0- S24- S48- S72- S96-", "hard|t|5|0|96"},
        {"soft ones that are not counted", "G0a G24b G48c G72d G96e", "active|f|0||"},
        {"blocks never count", "B0a B24b B48c B72d B96e", "active|f|0||"},
        {"delays never count", "N0a N24b N48c N72d N96e", "active|f|0||"},
        {"five within the window, to the hour", "S0a S24b S48c S72d S4320e", "hard|t|5|0|4320"},
        {"the first is older than the window", "S0a S24b S48c S72d S4321e", "soft|f|4|1|24"},
        {"and the last five are not", "S0a S24b S48c S72d S4321e S4344f", "hard|t|5|0|4344"},
    };
    ASSERT_STORIES(stories);
}

static void the_heaviest_of_a_campaign_counts(void **state) {
    (void)state;
    static const struct story stories[] = {
        {"hard at once", "H5a", "hard|f|0||5"},
        {"complaint at once", "C5a", "complained|f|0||5"},
        {"complaint before hard", "H0a C24b", "complained|f|0||24"},
        {"the first hard one is the reason", "H24b H0a", "hard|f|0||0"},
        {"soft turns hard", "S0a H24a", "hard|f|0||24"},
        {"hard stays hard", "H0a S24a", "hard|f|0||0"},
        {"none, block, soft are one strike", "N0a B1a S24a", "soft|f|1|4|24"},
        {"a counted one before one that is not", "G0a S24a", "soft|f|1|4|24"},
    };
    ASSERT_STORIES(stories);
}

static void life_resets_the_streak_and_silence_does_not(void **state) {
    (void)state;
    static const struct story stories[] = {
        {"a delivered report", "S0a S24b L36c S48d S72e S96f", "soft|f|3|2|48"},
        {"a row of bounce.delivery", "S0a S24b d36c S48d S72e S96f", "soft|f|3|2|48"},
        {"life before and after changes nothing", "d-5x S0a S24b S48c S72d S96e", "hard|t|5|0|96"},
        {"nothing left after life", "S0a S24b S48c L72d", "active|f|0||"},
        {"delivered, and bounced within the hour before", "S0a S24b S48c d25b S72d S96e",
         "hard|t|5|0|96"},
        {"delivered, and bounced long before", "S0a S24b S48c d26b S72d S96e", "soft|f|3|2|48"},
        {"delivered, and bounced after", "S0a S24b S48c d1b S72d S96e", "hard|t|5|0|96"},
        {"delivery without campaign", "S0a S24- S48c d25- S72d S96e", "soft|f|3|2|48"},
        {"life at the very moment comes first", "S0a L24x S24b", "soft|f|1|4|24"},
        {"life lifts what strikes alone have made", "S0a S24b S48c S72d S96e d200x",
         "active|f|0||"},
        {"life does not lift a hard one", "H0a d200x L300y", "hard|f|0||0"},
        {"silence lifts nothing", "S0a S24b S48c S72d S96e N90000x", "hard|t|5|0|96"},
    };
    ASSERT_STORIES(stories);
}

static void people_decide(void **state) {
    (void)state;
    static const struct story stories[] = {
        {"suppressed", "s5-", "suppressed|f|0||5"},
        {"hard is more than suppressed", "s5- H9a", "hard|f|0||9"},
        {"suppressed is more than soft", "S1a s5-", "suppressed|f|1|4|5"},
        {"reinstated", "s5- r6-", "active|f|0||"},
        {"suppressed again", "s5- r6- s7-", "suppressed|f|0||7"},
        {"reinstated after hard", "H1a r2-", "active|f|0||"},
        {"reinstated after a complaint", "C1a r2-", "active|f|0||"},
        {"reinstated after strikes", "S0a S24b S48c S72d S96e r100-", "active|f|0||"},
        {"hard after that, of a campaign that bounced before", "H1a r2- H3a", "hard|f|0||3"},
        {"a campaign that struck before strikes again", "S1a r2- S25a", "soft|f|1|4|25"},
        {"strikes begin anew", "S0a S24b S48c S72d r80- S96e", "soft|f|1|4|96"},
    };
    ASSERT_STORIES(stories);
}

static void categories_may_count_for_themselves(void **state) {
    (void)state;
    const struct store_category_strikes own[] = {{"mailbox_full", 2}, {"greylisted", 0}};
    struct store_policy policy = store_policy_default;
    policy.strikes = 3;
    policy.categories = own;
    policy.category_count = 2;
    set_policy(&policy);
    static const struct story stories[] = {
        {"their own number", "F0a F24b", "hard|t|2|0|24"},
        {"apart from the others", "F0a S24b S48c", "soft|f|2|1|24"},
        {"which count among themselves", "S0a F24b S48c S72d", "hard|t|3|0|72"},
        {"the nearer count is shown", "S0a F24b", "soft|f|1|1|24"},
    };
    ASSERT_STORIES(stories);

    const struct store_category_strikes never[] = {{"mailbox_full", 0}};
    policy.categories = never;
    policy.category_count = 1;
    set_policy(&policy);
    static const struct story nevers[] = {
        {"zero is never", "F0a F24b F48c F72d F96e", "soft|f|5||0"},
        {"a count that never ends is not the nearer one", "F0a F24b S48c", "soft|f|1|2|48"},
    };
    ASSERT_STORIES(nevers);
}

static void a_minimum_span_is_waited_for(void **state) {
    (void)state;
    struct store_policy policy = store_policy_default;
    policy.strikes = 2;
    policy.min_span_days = 4;
    set_policy(&policy);
    static const struct story stories[] = {
        {"not yet", "S1a S24b S96c", "soft|f|3|0|1"},
        {"to the hour", "S0a S24b S96c", "hard|t|3|0|96"},
    };
    ASSERT_STORIES(stories);
}

static void an_escalation_lists_its_strikes(void **state) {
    (void)state;
    struct store_policy policy = store_policy_default;
    policy.strikes = 2;
    set_policy(&policy);
    tell("ada@example.net", "S0a S24b S48c L60x S72d S96e");
    assert_sql(db,
               "SELECT extract(epoch FROM escalated_at - '2026-01-01 00:00+00')::int / 3600,"
               " strikes, (SELECT string_agg(campaign, '' ORDER BY occurred_at) FROM bounce.event e"
               "  WHERE e.message = ANY (x.strike_messages))"
               " FROM bounce.escalation x ORDER BY 1",
               "24|2|ab\n96|2|de");
    assert_sql(db, "SELECT reason FROM bounce.suppression",
               "2 soft bounces since 2026-01-04, the last one: host_unreachable");
}

static void a_new_policy_recomputes_and_the_same_does_not(void **state) {
    (void)state;
    tell("ada@example.net", "S0a S24b S48c");
    struct store_policy policy = store_policy_default;
    struct err err = {0};
    bool recomputed = true;
    assert_int_equal(store_policy_set(store, &policy, &recomputed, &err), 0);
    assert_false(recomputed);
    policy.strikes = 3;
    assert_int_equal(store_policy_set(store, &policy, &recomputed, &err), 0);
    assert_true(recomputed);
    assert_sql(db, row_query, "hard|t|3|0|48");
    policy.window_days = 0;
    assert_int_equal(store_policy_set(store, &policy, &recomputed, &err), -1);
    policy.window_days = 180;
    assert_int_equal(store_policy_set(store, &policy, &recomputed, &err), 0);
    assert_false(recomputed);
}

static void new_deliveries_are_taken_into_account_once(void **state) {
    (void)state;
    uint64_t applied;
    struct err err = {0};
    tell("ada@example.net", "S0a S24b");
    sql(db,
        "INSERT INTO bounce.delivery (recipient, delivered_at)"
        " SELECT 'user' || n || '@example.net', timestamptz '2026-02-01 00:00+00' FROM generate_series(1, 100001) n"
        " UNION ALL SELECT 'ada@example.net', '2026-02-01 00:00+00'");
    assert_int_equal(store_deliveries_apply(store, &applied, &err), 0);
    assert_int_equal(applied, 100002);
    assert_sql(db, row_query, "active|f|0||");
    assert_sql(db, "SELECT delivered FROM bounce.domain_window WHERE delivered > 0", "100002");
    assert_int_equal(store_deliveries_apply(store, &applied, &err), 0);
    assert_int_equal(applied, 0);
}

/* The planner of a database that was never analyzed knows nothing; the functions must not need it.
 */
static void a_refresh_reads_no_table_whole(void **state) {
    (void)state;
    sql(db, "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;"
            " SET enable_nestloop = off");
    sql(db, "PREPARE state (text[]) AS SELECT * FROM bounce.recipient_compute($1)");
    char *plan = sql_text(db, "EXPLAIN EXECUTE state (NULL)");
    static const char *const tables[] = {"event", "delivery", "operator_action", "domain_window"};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char scan[SCAN_NAME_MAX];
        snprintf(scan, sizeof scan, "Seq Scan on %s", tables[i]);
        if (strstr(plan, scan))
            fail_msg("%s", plan);
        assert_non_null(strstr(plan, tables[i]));
    }
    /* Every scan by index asks for a key. */
    for (char *scan = plan; (scan = strstr(scan, "Index Scan using event")); scan++) {
        char *line_end = strchr(scan, '\n');
        assert_non_null(line_end);
        line_end += 1 + strspn(line_end + 1, " ");
        assert_int_equal(strncmp(line_end, "Index Cond", strlen("Index Cond")), 0);
    }
    free(plan);
    sql(db, "DEALLOCATE ALL; RESET ALL; SET client_min_messages = error");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, empty)
    const struct CMUnitTest tests[] = {
        TEST(strikes_escalate),
        TEST(the_heaviest_of_a_campaign_counts),
        TEST(life_resets_the_streak_and_silence_does_not),
        TEST(people_decide),
        TEST(categories_may_count_for_themselves),
        TEST(a_minimum_span_is_waited_for),
        TEST(an_escalation_lists_its_strikes),
        TEST(a_new_policy_recomputes_and_the_same_does_not),
        TEST(new_deliveries_are_taken_into_account_once),
        TEST(a_refresh_reads_no_table_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
