#include "classify/identify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What the tests share: our patterns, and an arena for all reports. */
struct fixture {
    struct verp *verp;
    struct arena *arena;
};

static int set_up(void **state) {
    static struct fixture fixture;
    struct err err;
    fixture.verp = verp_new();
    fixture.arena = arena_new();
    *state = &fixture;
    return verp_add_pattern(fixture.verp, "nullsender", "bounces@news.example.com", &err);
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    verp_free(fixture->verp);
    arena_free(fixture->arena);
    return 0;
}

static size_t identify(void **state, const struct report *report, struct identity **identities) {
    struct fixture *fixture = *state;
    const struct identify_options options = {.addresses = {.verp = fixture->verp}};
    struct identification found;
    identify_report(&options, report, 0, NULL, 0, fixture->arena, &found);
    *identities = found.identities;
    return found.count;
}

/* The one subject that a report must have. */
static const struct identity *identify_one(void **state, const struct report *report) {
    struct identity *identities;
    assert_int_equal(identify(state, report, &identities), 1);
    return identities;
}

static void assert_nobody(void **state, const struct report *report) {
    struct identity *identities;
    if (identify(state, report, &identities))
        fail_msg("%s by %s", identities->recipient, identified_by_name(identities->by));
}

#define VERP_OF(local) "bounces+spring26-" local "=example.net@news.example.com"

static struct report_candidate delivered_to_verp[] = {
    {"Delivered-To", 1, false, "bounces@news.example.com"},
    {"X-Original-To", 1, false, VERP_OF("Ada")},
    {"To", 1, false, VERP_OF("bob")},
};

static void the_first_candidate_that_decodes_identifies(void **state) {
    struct report_recipient group = {.final_recipient = "ada@forwarded.example"};
    struct report report = {
        .kind = REPORT_DELIVERY_STATUS,
        .candidates = delivered_to_verp,
        .candidate_count = 3,
        .recipients = &group,
        .recipient_count = 1,
    };
    const struct identity *who = identify_one(state, &report);
    assert_string_equal(who->campaign, "spring26");
    assert_string_equal(who->recipient, "Ada@example.net");
    assert_string_equal(who->key, "ada@example.net");
    assert_int_equal(who->by, IDENTIFIED_BY_VERP);
    assert_string_equal(who->verp_address, VERP_OF("Ada"));
    assert_string_equal(who->verp_pattern, "nullsender");
    assert_string_equal(who->found_in, "X-Original-To");
    assert_ptr_equal(who->recipient_group, &group);
}

static void the_original_counts_only_where_no_delivery_header_decodes(void **state) {
    struct report_candidate candidates[] = {
        {"original Return-Path", 1, true, VERP_OF("mallory")},
        {"To", 1, false, VERP_OF("ada")},
    };
    struct report report = {
        .kind = REPORT_DELIVERY_STATUS, .candidates = candidates, .candidate_count = 2};
    const struct identity *who = identify_one(state, &report);
    assert_string_equal(who->recipient, "ada@example.net");
    assert_int_equal(who->by, IDENTIFIED_BY_VERP);
    assert_null(who->recipient_group);

    report.candidate_count = 1;
    who = identify_one(state, &report);
    assert_string_equal(who->recipient, "mallory@example.net");
    assert_int_equal(who->by, IDENTIFIED_BY_VERP_IN_ORIGINAL);
    assert_string_equal(who->found_in, "original Return-Path");
}

static void verp_identifies_in_every_kind_of_report(void **state) {
    for (enum report_kind kind = 0; kind < REPORT_KIND_COUNT; kind++) {
        struct report report = {
            .kind = kind,
            .from = "assistant@example.net",
            .candidates = delivered_to_verp,
            .candidate_count = 3,
        };
        assert_string_equal(identify_one(state, &report)->key, "ada@example.net");
    }
}

/* Groups of one report to VERP_OF("Ada"), and which of them must be taken. */
static void the_group_is_the_named_one_else_the_mildest(void **state) {
    enum { GROUPS = 3 };
    static const struct {
        const char *what;
        struct report_recipient groups[GROUPS];
        size_t taken;
    } cases[] = {
        {"named by Final-Recipient, whatever the case",
         {{.final_recipient = "x@t.example", .action = REPORT_ACTION_DELIVERED},
          {.final_recipient = "ADA@Example.Net", .action = REPORT_ACTION_FAILED},
          {.final_recipient = "y@t.example", .action = REPORT_ACTION_DELAYED}},
         1},
        {"named by Original-Recipient",
         {{.final_recipient = "x@t.example", .action = REPORT_ACTION_DELIVERED},
          {.final_recipient = "y@t.example", .action = REPORT_ACTION_DELAYED},
          {.original_recipient = "ada@example.net",
           .final_recipient = "z@t.example",
           .action = REPORT_ACTION_FAILED}},
         2},
        {"several named: the mildest of these",
         {{.final_recipient = "x@t.example", .action = REPORT_ACTION_DELIVERED},
          {.original_recipient = "ada@example.net", .action = REPORT_ACTION_FAILED},
          {.original_recipient = "ada@example.net", .action = REPORT_ACTION_DELAYED}},
         2},
        {"none named: the delivered one",
         {{.final_recipient = "x@t.example", .action = REPORT_ACTION_FAILED, .status = "4.0.0"},
          {.final_recipient = "y@t.example", .action = REPORT_ACTION_DELAYED},
          {.final_recipient = "z@t.example", .action = REPORT_ACTION_RELAYED}},
         2},
        {"none named: the temporary failure",
         {{.final_recipient = "x@t.example", .action = REPORT_ACTION_FAILED, .status = "5.1.1"},
          {.final_recipient = "y@t.example", .action = REPORT_ACTION_FAILED, .status = "4.4.7"},
          {.final_recipient = "z@t.example", .action = REPORT_ACTION_FAILED}},
         1},
        {"the refusing host's own code speaks before the generic one",
         {{.final_recipient = "x@t.example", .status = "5.0.0"},
          {.final_recipient = "y@t.example", .status = "5.0.0", .diagnostic_status = "4.2.2"},
          {.final_recipient = "z@t.example", .status = "5.1.1"}},
         1},
        {"a reply code serves where there is no status",
         {{.final_recipient = "x@t.example", .reply_code = 550},
          {.final_recipient = "y@t.example", .reply_code = 550},
          {.final_recipient = "z@t.example", .reply_code = 452}},
         2},
        {"a status that is none decides nothing",
         {{.final_recipient = "x@t.example", .status = "5.1.1"},
          {.final_recipient = "y@t.example", .status = "\xc3\xa4.1"},
          {.final_recipient = "z@t.example", .status = "9.1.1"}},
         1},
        {"equal: the first",
         {{.final_recipient = "x@t.example"},
          {.final_recipient = "y@t.example"},
          {.final_recipient = "z@t.example"}},
         0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct report_recipient groups[GROUPS];
        memcpy(groups, cases[i].groups, sizeof groups);
        struct report report = {
            .kind = REPORT_DELIVERY_STATUS,
            .candidates = delivered_to_verp,
            .candidate_count = 3,
            .recipients = groups,
            .recipient_count = GROUPS,
        };
        size_t taken = (size_t)(identify_one(state, &report)->recipient_group - groups);
        if (taken != cases[i].taken)
            fail_msg("%s: group %zu", cases[i].what, taken);
    }
}

static void without_verp_each_group_names_its_recipient(void **state) {
    struct report_recipient groups[] = {
        {.original_recipient = "Ada@Example.NET", .final_recipient = "x@t.example"},
        {.final_recipient = "bob@example.net"},
        {.original_recipient = "not an address", .final_recipient = "carol@example.net"},
        {.final_recipient = "dora"},
        {.original_recipient = NULL},
    };
    struct report report = {
        .kind = REPORT_DELIVERY_STATUS,
        .recipients = groups,
        .recipient_count = 5,
        .original = {.present = true, .to = "eve@example.net", .to_count = 1},
    };
    struct identity *who;
    assert_int_equal(identify(state, &report, &who), 3);
    assert_string_equal(who[0].recipient, "Ada@example.net");
    assert_string_equal(who[0].key, "ada@example.net");
    assert_int_equal(who[0].by, IDENTIFIED_BY_ORIGINAL_RECIPIENT);
    assert_string_equal(who[0].found_in, "Original-Recipient");
    assert_string_equal(who[1].recipient, "bob@example.net");
    assert_int_equal(who[1].by, IDENTIFIED_BY_FINAL_RECIPIENT);
    assert_string_equal(who[1].found_in, "Final-Recipient");
    assert_string_equal(who[2].recipient, "carol@example.net");
    for (size_t i = 0; i < 3; i++) {
        assert_ptr_equal(who[i].recipient_group, &groups[i]);
        assert_null(who[i].campaign);
        assert_null(who[i].verp_address);
        assert_null(who[i].verp_pattern);
    }
}

static void a_recipient_named_twice_is_one_with_the_mildest_group(void **state) {
    struct report_recipient groups[] = {
        {.final_recipient = "bob@example.net", .action = REPORT_ACTION_FAILED},
        {.original_recipient = "ada@example.net", .action = REPORT_ACTION_FAILED},
        {.original_recipient = "ADA@example.net", .action = REPORT_ACTION_DELIVERED},
        {.final_recipient = "\"ada\"@example.net.", .action = REPORT_ACTION_FAILED},
    };
    struct report report = {
        .kind = REPORT_DELIVERY_STATUS, .recipients = groups, .recipient_count = 4};
    struct identity *who;
    assert_int_equal(identify(state, &report, &who), 2);
    assert_string_equal(who[0].key, "bob@example.net");
    assert_string_equal(who[1].key, "ada@example.net");
    assert_ptr_equal(who[1].recipient_group, &groups[2]);
}

static void ten_thousand_recipients_are_all_named(void **state) {
    struct fixture *fixture = *state;
    enum { COUNT = REPORT_RECIPIENTS_MAX };
    struct report_recipient *groups = arena_alloc(fixture->arena, COUNT * sizeof *groups);
    for (int i = 0; i < COUNT; i++)
        groups[i].final_recipient =
            arena_printf(fixture->arena, "user%d@example.net", i % (COUNT / 2));
    struct report report = {
        .kind = REPORT_DELIVERY_STATUS, .recipients = groups, .recipient_count = COUNT};
    struct identity *who;
    assert_int_equal(identify(state, &report, &who), COUNT / 2);
    for (size_t i = 0; i < COUNT / 2; i++)
        assert_ptr_equal(who[i].recipient_group, &groups[i]);
}

static void the_originals_to_serves_where_no_group_names_anybody(void **state) {
    struct report_recipient groups[] = {{.status = "5.1.1"}, {.status = "5.1.1"}};
    struct report report = {
        .kind = REPORT_DELIVERY_STATUS,
        .recipients = groups,
        .recipient_count = 1,
        .original = {.present = true, .to = "ada@example.net", .to_count = 1},
    };
    const struct identity *who = identify_one(state, &report);
    assert_string_equal(who->recipient, "ada@example.net");
    assert_int_equal(who->by, IDENTIFIED_BY_ORIGINAL_TO);
    assert_ptr_equal(who->recipient_group, groups);

    report.recipient_count = 2;
    assert_null(identify_one(state, &report)->recipient_group);
    report.original.to_count = 2;
    assert_nobody(state, &report);
}

static void the_originals_to_is_no_list_and_no_sender(void **state) {
    static const struct {
        const char *from, *list_id;
        bool named;
    } cases[] = {
        {"news@example.com", NULL, true},
        {"news@example.com", "spring26.news.example.com", true},
        {"news@example.com", "Cats and more <CATS.example.net>", false},
        {"news@example.com", "cats.example.net", false},
        {"CATS@example.net", NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct report report = {
            .kind = REPORT_DELIVERY_STATUS,
            .original = {.present = true,
                         .to = "cats@Example.net",
                         .to_count = 1,
                         .from = cases[i].from,
                         .list_id = cases[i].list_id},
        };
        struct identity *who;
        assert_int_equal(identify(state, &report, &who), cases[i].named);
    }
}

static void our_own_and_the_mail_systems_addresses_are_no_subjects(void **state) {
    static const struct {
        const char *address;
        enum report_source source;
        bool named;
    } cases[] = {
        {"bounces@news.example.com", REPORT_SOURCE_STATUS_PART, false},
        {VERP_OF("ada"), REPORT_SOURCE_STATUS_PART, false},
        {"MAILER-DAEMON@example.net", REPORT_SOURCE_STATUS_PART, false},
        {"mailer-daemon@mx.reporter.example", REPORT_SOURCE_TEXT, false},
        {"Postmaster@mx.reporter.example", REPORT_SOURCE_TEXT, false},
        {"postmaster@example.net", REPORT_SOURCE_TEXT, false},
        {"postmaster@mx.reporter.example", REPORT_SOURCE_FORMAT, false},
        {"postmaster@mx.reporter.example", REPORT_SOURCE_STATUS_PART, true},
        {"postmaster@example.net", REPORT_SOURCE_FORMAT, true},
        {"redacted@example.net", REPORT_SOURCE_STATUS_PART, false},
        {"Redacted-address@example.net", REPORT_SOURCE_FORMAT, false},
        {"postmaster.jones@example.net", REPORT_SOURCE_TEXT, true},
        {"bounces@example.net", REPORT_SOURCE_TEXT, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct report_recipient group = {.final_recipient = cases[i].address,
                                         .source = cases[i].source};
        struct report report = {
            .kind = REPORT_DELIVERY_STATUS,
            .from = "Postmaster@MX.reporter.example",
            .recipients = &group,
            .recipient_count = 1,
        };
        struct identity *who;
        if (identify(state, &report, &who) != (size_t)cases[i].named)
            fail_msg("%s from %s", cases[i].address, report_source_name(cases[i].source));
    }
}

static void feedback_names_one_recipient_or_none(void **state) {
    const char *rcpt_to[] = {"Ada@example.net", "<ada@EXAMPLE.net>", "bob@example.net"};
    struct report report = {
        .kind = REPORT_FEEDBACK,
        .feedback = {.original_rcpt_to = rcpt_to, .original_rcpt_to_count = 2},
        .original = {.present = true, .to = "carol@example.net", .to_count = 1},
    };
    const struct identity *who = identify_one(state, &report);
    assert_string_equal(who->key, "ada@example.net");
    assert_int_equal(who->by, IDENTIFIED_BY_FEEDBACK);
    assert_null(who->recipient_group);

    report.feedback.original_rcpt_to_count = 3;
    who = identify_one(state, &report);
    assert_string_equal(who->key, "carol@example.net");
    assert_int_equal(who->by, IDENTIFIED_BY_ORIGINAL_TO);

    report.original.to_count = 7;
    assert_nobody(state, &report);
}

static void feedback_is_identified_by_the_verp_of_what_was_sent(void **state) {
    const char *rcpt_to[] = {"bob@example.net"};
    struct report report = {
        .kind = REPORT_FEEDBACK,
        .feedback = {.original_mail_from = "<" VERP_OF("ada") ">",
                     .original_rcpt_to = rcpt_to,
                     .original_rcpt_to_count = 1},
    };
    const struct identity *who = identify_one(state, &report);
    assert_string_equal(who->key, "ada@example.net");
    assert_string_equal(who->campaign, "spring26");
    assert_int_equal(who->by, IDENTIFIED_BY_VERP_IN_ORIGINAL);
    assert_string_equal(who->found_in, "Original-Mail-From");
}

static void only_answers_are_identified_by_from(void **state) {
    static const bool by_from[REPORT_KIND_COUNT] = {
        [REPORT_AUTO_REPLY] = true,
        [REPORT_CHALLENGE] = true,
        [REPORT_UNSUBSCRIBE] = true,
    };
    for (enum report_kind kind = 0; kind < REPORT_KIND_COUNT; kind++) {
        struct report report = {.kind = kind, .from = "ada@example.net"};
        if (by_from[kind])
            assert_int_equal(identify_one(state, &report)->by, IDENTIFIED_BY_FROM);
        else
            assert_nobody(state, &report);
        report.from = "MAILER-DAEMON@example.net";
        assert_nobody(state, &report);
        report.from = NULL;
        assert_nobody(state, &report);
    }
}

static void ordinary_mail_with_addresses_is_about_nobody(void **state) {
    struct report_recipient group = {.final_recipient = "ada@example.net"};
    static const enum report_kind kinds[] = {REPORT_ORDINARY, REPORT_AGGREGATE, REPORT_AUTO_REPLY};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct report report = {
            .kind = kinds[i],
            .recipients = &group,
            .recipient_count = 1,
            .original = {.present = true, .to = "ada@example.net", .to_count = 1},
        };
        assert_nobody(state, &report);
    }
}

static void every_way_has_a_name_of_its_own(void **state) {
    (void)state;
    for (enum identified_by a = 0; a < IDENTIFIED_BY_COUNT; a++) {
        assert_non_null(identified_by_name(a));
        for (enum identified_by b = 0; b < a; b++)
            assert_string_not_equal(identified_by_name(a), identified_by_name(b));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_candidate_that_decodes_identifies),
        cmocka_unit_test(the_original_counts_only_where_no_delivery_header_decodes),
        cmocka_unit_test(verp_identifies_in_every_kind_of_report),
        cmocka_unit_test(the_group_is_the_named_one_else_the_mildest),
        cmocka_unit_test(without_verp_each_group_names_its_recipient),
        cmocka_unit_test(a_recipient_named_twice_is_one_with_the_mildest_group),
        cmocka_unit_test(ten_thousand_recipients_are_all_named),
        cmocka_unit_test(the_originals_to_serves_where_no_group_names_anybody),
        cmocka_unit_test(the_originals_to_is_no_list_and_no_sender),
        cmocka_unit_test(our_own_and_the_mail_systems_addresses_are_no_subjects),
        cmocka_unit_test(feedback_names_one_recipient_or_none),
        cmocka_unit_test(feedback_is_identified_by_the_verp_of_what_was_sent),
        cmocka_unit_test(only_answers_are_identified_by_from),
        cmocka_unit_test(ordinary_mail_with_addresses_is_about_nobody),
        cmocka_unit_test(every_way_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
