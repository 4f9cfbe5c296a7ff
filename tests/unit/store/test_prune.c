/* What is removed, and that nothing else changes by it. */

#include "story.h"

#include "store/prune.h"

static const struct store_retention a_year = {
    .raw_days = 100, .event_days = 365, .token_days = 365};

static struct store_pruned prune(bool dry_run) {
    struct store_pruned pruned;
    struct err err = {0};
    if (store_prune(store, &a_year, dry_run, NULL, NULL, &pruned, &err) != 0)
        fail_msg("%s", err.text);
    return pruned;
}

/* Stories begin on 2026-01-01; that becomes so many days ago. */
static void make_old(int days) {
    static const char *const moved[][2] = {{"event", "occurred_at"},
                                           {"delivery", "delivered_at"},
                                           {"operator_action", "acted_at"},
                                           {"suppression_log", "changed_at"}};
    sql(db,
        "UPDATE bounce.suppression_log SET changed_at = changed_at - (now() - '2026-01-01 00:00+00')");
    for (size_t i = 0; i < sizeof moved / sizeof moved[0]; i++)
        sql(db,
            "UPDATE bounce.%s SET %s = date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'"
            " - interval '%d days' + (%s - '2026-01-01 00:00+00')",
            moved[i][0], moved[i][1], days, moved[i][1]);
    sql(db, "SELECT bounce.rebuild()");
}

static void addresses_against_which_nothing_stands_are_forgotten(void **state) {
    (void)state;
    static const struct {
        const char *address, *story;
        bool stays;
    } cases[] = {
        {"blocked@example.net", "B0a", false},
        {"lived-again@example.net", "S0a S24b L48c", false},
        {"strikes-long-ago@example.net", "S0a S24b", false},
        {"escalated-and-lived@example.net", "S0a S24b S48c S72d S96e d120x", false},
        {"hard@example.net", "H0a", true},
        {"complained@example.net", "C0a", true},
        {"escalated@example.net", "S0a S24b S48c S72d S96e", true},
        {"decided@example.net", "H0a r24-", true},
        {"suppressed@example.net", "B0a s24-", true},
        {"heard-of@example.net", "B0a B9000b", true},
        {"delivered-lately@example.net", "B0a d9000b", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tell(cases[i].address, cases[i].story);
    make_old(400);
    char *before = sql_text(db, "SELECT count(*) FROM bounce.recipient");
    struct store_pruned would = prune(true);
    assert_sql(db, "SELECT count(*) FROM bounce.recipient", before);
    free(before);
    struct store_pruned pruned = prune(false);
    assert_memory_equal(&would, &pruned, sizeof pruned);
    assert_int_equal(pruned.addresses, 4);
    assert_int_equal(pruned.events, 11);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char query[200];
        snprintf(query, sizeof query,
                 "SELECT (SELECT count(*) FROM bounce.recipient WHERE recipient = '%s') > 0,"
                 " (SELECT count(*) FROM bounce.event WHERE recipient = '%s') > 0",
                 cases[i].address, cases[i].address);
        char *row = sql_text(db, query);
        if (strcmp(row, cases[i].stays ? "t|t" : "f|f") != 0)
            fail_msg("%s: %s", cases[i].address, row);
        free(row);
    }
    pruned = prune(false);
    assert_int_equal(pruned.addresses, 0);
}

static void a_change_of_the_list_is_kept_until_everybody_has_seen_it(void **state) {
    (void)state;
    tell("ada@example.net", "S0a S24b S48c S72d S96e");
    make_old(400);
    sql(db,
        "INSERT INTO bounce.delivery VALUES ('ada@example.net', '', now() - interval '370 days');"
        " SELECT bounce.delivery_apply()");
    assert_sql(db, "SELECT state FROM bounce.recipient", "active");
    assert_int_equal(prune(false).addresses, 0);
    sql(db, "UPDATE bounce.suppression_log SET changed_at = changed_at - interval '366 days'");
    assert_int_equal(prune(false).addresses, 1);
    assert_sql(db, "SELECT count(*) FROM bounce.suppression_log", "0");
}

/* All that is computed of those that stay, and of everybody the sums. */
static char *computed(void) {
    return sql_text(
        db, "SELECT * FROM (SELECT 1 AS n, r::text AS t FROM bounce.recipient r"
            "  WHERE EXISTS (SELECT FROM stays s WHERE s.recipient = r.recipient)"
            " UNION ALL SELECT 2, e::text FROM bounce.escalation e"
            "  WHERE EXISTS (SELECT FROM stays s WHERE s.recipient = e.recipient)"
            " UNION ALL SELECT 3, c::text FROM bounce.campaign_recipient c"
            "  WHERE EXISTS (SELECT FROM stays s WHERE s.recipient = c.recipient)"
            " UNION ALL SELECT 4, c::text FROM bounce.campaign_count c WHERE recipients <> 0"
            " UNION ALL SELECT 5, d::text FROM bounce.domain_window d"
            " UNION ALL SELECT 6, s::text FROM bounce.suppression s"
            " UNION ALL SELECT 7, l::text FROM bounce.suppression_log l"
            "  WHERE EXISTS (SELECT FROM stays s WHERE s.recipient = l.recipient)"
            " UNION ALL SELECT 8, c::text FROM bounce.campaign_summary c"
            ") s ORDER BY n, t COLLATE \"C\"");
}

static void assert_computed(const char *expected, const char *what) {
    char *now = computed();
    size_t i = 0;
    while (now[i] && now[i] == expected[i])
        i++;
    if (now[i] != expected[i])
        fail_msg("%s changes something: %.300s\nwas %.300s", what, now + i, expected + i);
    free(now);
}

/* Domains of 20 addresses with two years of trouble, outages among it. */
static void nothing_else_changes(void **state) {
    (void)state;
    sql(db,
        "INSERT INTO bounce.event (recipient, message, address, domain, campaign, occurred_at,"
        " verdict, category, fault, counted, identified_by, rule, run)"
        " SELECT format('u%%s@d%%s.example', n %% 20, n / 20 %% 5),"
        "  md5(format('%%s %%s', n, k))::uuid, 'x', format('d%%s.example', n / 20 %% 5),"
        "  format('c%%s', k), now() - interval '900 days' + k * interval '31 days'"
        "   + n %% 7 * interval '20 minutes',"
        "  CASE WHEN h %% 23 = 0 THEN 'hard' WHEN h %% 5 = 0 THEN 'block' ELSE 'soft' END,"
        "  CASE WHEN h %% 23 = 0 THEN 'user_unknown' WHEN h %% 5 = 0 THEN 'spam_detected'"
        "   ELSE 'host_unreachable' END, 'domain', h %% 23 > 0 AND h %% 5 > 0, 'verp', 'r',"
        "  gen_random_uuid()"
        " FROM generate_series(0, 99) n CROSS JOIN generate_series(0, 20) k"
        " CROSS JOIN LATERAL (SELECT ('x' || left(md5(format('%%s.%%s', k, n)), 6))::bit(24)::int AS h) x"
        /* Half of them bounce only long ago, and in one campaign of three nobody but few. */
        " WHERE (k < 8 OR n %% 2 = 0) AND (k %% 3 > 0 OR n %% 4 = 0)");
    sql(db, "INSERT INTO bounce.delivery SELECT format('u%%s@d%%s.example', n, n %% 5), 'w',"
            " now() - interval '600 days' + n * interval '10 days' FROM generate_series(0, 50) n;"
            " UPDATE bounce.policy SET outage_recipients = 8, strikes = 3, window_days = 100");
    sql(db, "SELECT bounce.delivery_apply(); SELECT bounce.rebuild();"
            " UPDATE bounce.suppression_log SET changed_at = changed_at - interval '500 days'");
    sql(db, "CREATE TEMP TABLE IF NOT EXISTS stays (recipient text); DELETE FROM stays;"
            " INSERT INTO stays SELECT recipient FROM bounce.recipient");
    char *outages =
        sql_text(db, "SELECT count(*) FILTER (WHERE outage) > 3 FROM bounce.domain_window");
    assert_string_equal(outages, "t");
    free(outages);
    struct store_pruned would = prune(true);
    sql(db, "DELETE FROM stays WHERE recipient IN (SELECT r.recipient FROM bounce.recipient r"
            " WHERE r.state IN ('active', 'soft') AND r.last_event_at < now() - interval '365 days'"
            " AND coalesce(r.last_proof_of_life < now() - interval '365 days', true))");
    char *before = computed();
    struct store_pruned pruned = prune(false);
    assert_int_equal(pruned.addresses, would.addresses);
    assert_in_range(pruned.addresses, 10, 80);
    assert_true(pruned.deliveries > 0);
    assert_computed(before, "pruning");
    sql(db, "SELECT bounce.rebuild()");
    assert_computed(before, "a rebuild after pruning");
    char *gone = sql_text(db, "SELECT count(*) FROM bounce.recipient r WHERE NOT EXISTS"
                              " (SELECT FROM stays s WHERE s.recipient = r.recipient)");
    assert_string_equal(gone, "0");
    free(gone);
    free(before);
    sql(db, "DELETE FROM bounce.forgotten_window; DELETE FROM bounce.forgotten_campaign");
}

static void bytes_go_when_understood_and_later_when_not(void **state) {
    (void)state;
    static const struct {
        const char *name, *outcome, *category;
        int days;
        bool stays;
    } cases[] = {
        {"new", "judged", "user_unknown", 99, true},
        {"understood", "judged", "user_unknown", 101, false},
        {"no bounce", "not_a_bounce", NULL, 101, false},
        {"undetermined", "judged", "undetermined", 101, true},
        {"undetermined for long", "judged", "undetermined", 201, false},
        {"unmatched", "unmatched", NULL, 101, true},
        {"unmatched for long", "unmatched", NULL, 201, false},
        {"quarantined", "quarantined", NULL, 101, true},
        {"quarantined for long", "quarantined", NULL, 201, false},
    };
    sql(db, "DELETE FROM bounce.message; DELETE FROM bounce.message_raw");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sql(db,
            "INSERT INTO bounce.message (id, sha256, size, arrived_at, outcome, truncated, run,"
            " stored_at) VALUES (md5('%s')::uuid, '', 1, now(), '%s', false, gen_random_uuid(),"
            " now() - interval '%d days');"
            " INSERT INTO bounce.message_raw VALUES (md5('%s')::uuid, 'bytes', now() - interval"
            " '%d days')",
            cases[i].name, cases[i].outcome, cases[i].days, cases[i].name, cases[i].days);
        if (cases[i].category)
            sql(db,
                "INSERT INTO bounce.event (recipient, message, address, domain, campaign,"
                " occurred_at, verdict, category, fault, counted, identified_by, rule, run)"
                " VALUES ('ada@example.net', md5('%s')::uuid, '', '', '', now(), 'soft', '%s',"
                " 'unknown', false, 'verp', 'r', gen_random_uuid())",
                cases[i].name, cases[i].category);
    }
    struct store_pruned pruned = prune(false);
    assert_int_equal(pruned.raw_messages, 5);
    assert_int_equal(pruned.raw_bytes, 25);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char query[200];
        snprintf(query, sizeof query,
                 "SELECT count(*) FROM bounce.message_raw WHERE message = md5('%s')::uuid",
                 cases[i].name);
        char *row = sql_text(db, query);
        if (strcmp(row, cases[i].stays ? "1" : "0") != 0)
            fail_msg("%s", cases[i].name);
        free(row);
    }
}

static void a_forgotten_message_leaves_its_fingerprint_only(void **state) {
    (void)state;
    sql(db, "DELETE FROM bounce.message; DELETE FROM bounce.message_raw");
    tell("gone@example.net", "B0a");
    tell("stays@example.net", "H0b");
    /* The first one's message is about the second one too; a further one is not. */
    tell("gone@example.net", "B1c");
    make_old(400);
    sql(db,
        "UPDATE bounce.event SET message = (SELECT message FROM bounce.event WHERE recipient ="
        " 'stays@example.net') WHERE campaign = 'a';"
        " INSERT INTO bounce.message (id, sha256, size, arrived_at, subject, from_address,"
        " outcome, truncated, run) SELECT DISTINCT ON (message) message, ''::bytea, 1, now(), 'subject',"
        " 'from', 'judged', false, gen_random_uuid() FROM bounce.event;"
        " INSERT INTO bounce.message_raw SELECT id, 'bytes' FROM bounce.message;"
        " SELECT bounce.rebuild()");
    assert_int_equal(prune(false).addresses, 1);
    /* Judging the bytes anew would bring the first one back. */
    assert_sql(db, "SELECT count(*) FROM bounce.message_raw", "0");
    assert_sql(db,
               "SELECT forgotten, subject, from_address, (SELECT count(*) FROM bounce.event e WHERE"
               " e.message = m.id) FROM bounce.message m ORDER BY forgotten",
               "f|subject|from|1\nt|||0");
}

static bool never(void *context) {
    (*(int *)context)++;
    return false;
}

static void what_time_does_not_allow_is_left_for_later(void **state) {
    (void)state;
    struct store_pruned pruned;
    struct err err = {0};
    int asked = 0;
    bool due;
    tell("ada@example.net", "B0a");
    make_old(400);
    sql(db, "DELETE FROM bounce.prune_log");
    assert_int_equal(store_prune(store, &a_year, false, never, &asked, &pruned, &err), 0);
    assert_int_equal(asked, 1);
    assert_false(pruned.complete);
    assert_int_equal(store_prune_due(store, &due, &err), 0);
    assert_true(due);
    assert_int_equal(prune(false).addresses, 1);
    assert_int_equal(store_prune_due(store, &due, &err), 0);
    assert_false(due);
}

static void tokens_of_addresses_that_nobody_knows_go(void **state) {
    (void)state;
    tell("bounced@example.net", "H0a");
    sql(db, "INSERT INTO bounce.verp_token (token, recipient, domain, created_at) VALUES"
            " ('old', 'ada@example.net', 'x.example', now() - interval '400 days'),"
            " ('young', 'ada@example.net', 'x.example', now() - interval '300 days'),"
            " ('bounced', 'bounced@example.net', 'x.example', now() - interval '400 days')");
    assert_int_equal(prune(true).tokens, 1);
    assert_int_equal(prune(false).tokens, 1);
    assert_sql(db, "SELECT string_agg(token, ' ' ORDER BY token) FROM bounce.verp_token",
               "bounced young");
    assert_sql(db, "SELECT sum(tokens) FROM bounce.prune_log", "1");
    assert_int_equal(prune(false).tokens, 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, empty)
    const struct CMUnitTest tests[] = {
        TEST(addresses_against_which_nothing_stands_are_forgotten),
        TEST(a_change_of_the_list_is_kept_until_everybody_has_seen_it),
        TEST(nothing_else_changes),
        TEST(bytes_go_when_understood_and_later_when_not),
        TEST(a_forgotten_message_leaves_its_fingerprint_only),
        TEST(what_time_does_not_allow_is_left_for_later),
        TEST(tokens_of_addresses_that_nobody_knows_go),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
