/* What people read. */

#include "story.h"

static void the_list_of_changes_has_every_change_once(void **state) {
    (void)state;
    tell("ada@example.net", "H0a");
    tell("ada@example.net", "H24b");
    tell("ada@example.net", "r48-");
    tell("bob@example.net", "S0a");
    sql(db, "SELECT bounce.rebuild()");
    assert_sql(db,
               "SELECT recipient, suppressed, state FROM bounce.suppression_changes ORDER BY time",
               "ada@example.net|t|hard\nada@example.net|f|active");
}

static void a_campaign_is_summed_up(void **state) {
    (void)state;
    sql(db, "INSERT INTO bounce.campaign VALUES ('a', 200), ('quiet', 10)");
    tell("ada@example.net", "S0a H24a");
    tell("bob@example.net", "B0a N1a F2b");
    tell("eve@example.net", "S48a C49a");
    tell("joe@example.net", "N48a S50-");
    assert_sql(db,
               "SELECT campaign, hard, soft, block, complaint, bounced, their_fault, our_fault,"
               " other, sent, bounce_rate, first_day, last_day FROM bounce.campaign_summary"
               " ORDER BY campaign",
               "|0|1|0|0|1|1|0|0|||2026-01-03|2026-01-03\n"
               "a|1|0|1|1|2|1|1|1|200|1.00|2026-01-01|2026-01-03\n"
               "b|0|1|0|0|1|1|0|0|||2026-01-01|2026-01-01\n"
               "quiet|0|0|0|0|0|0|0|0|10|0.00||");
    assert_sql(db,
               "SELECT recipient, verdict, category, state FROM bounce.campaign_bounces"
               " WHERE campaign = 'a' ORDER BY 1",
               "ada@example.net|hard|user_unknown|hard\nbob@example.net|block|spam_detected|soft\n"
               "eve@example.net|complaint|complaint|complained\njoe@example.net|none|delayed|soft");
    sql(db, "DELETE FROM bounce.campaign");
}

static void one_strike_from_hard_is_at_risk(void **state) {
    (void)state;
    tell("ada@example.net", "S0a S24b S48c S72d");
    tell("bob@example.net", "S0a S24b S48c");
    sql(db, "UPDATE bounce.event SET occurred_at = occurred_at + (now() - '2026-01-10')");
    sql(db, "SELECT bounce.rebuild()");
    assert_sql(db, "SELECT recipient FROM bounce.at_risk", "ada@example.net");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, empty)
    const struct CMUnitTest tests[] = {
        TEST(the_list_of_changes_has_every_change_once),
        TEST(a_campaign_is_summed_up),
        TEST(one_strike_from_hard_is_at_risk),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
