/* From a report to a verdict: kinds, actions, which words and which codes count. */
#include "classify/judge.h"
#include "tests/unit/classify/rules_of_tree.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include <cmocka.h>

static struct ruleset *rules;
static struct ruleset_scratch *scratch;
static struct arena *arena;

static int set_up(void **state) {
    (void)state;
    rules = compile_rules_of_tree();
    scratch = ruleset_scratch_new(rules);
    arena = arena_new();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_free(arena);
    ruleset_scratch_free(scratch);
    ruleset_free(rules);
    return 0;
}

static struct judgement judge(const struct report *report,
                              const struct report_recipient *recipient) {
    struct judgement judgement;
    judge_recipient(rules, scratch, report, recipient, arena, &judgement);
    return judgement;
}

/* A delivery status about one recipient. */
static struct judgement judge_one(struct report_recipient recipient, const char *text) {
    struct report report = {.kind = REPORT_DELIVERY_STATUS,
                            .recipients = &recipient,
                            .recipient_count = 1,
                            .text = text};
    return judge(&report, &recipient);
}

static void assert_judged(struct judgement judgement, enum verdict verdict,
                          enum category category) {
    assert_string_equal(verdict_name(judgement.verdict), verdict_name(verdict));
    assert_string_equal(category_info(judgement.category)->name, category_info(category)->name);
    assert_non_null(judgement.rule);
    assert_true(!judgement.matched == !judgement.matched_in);
}

static void what_is_no_failure_is_judged_by_its_kind(void **state) {
    (void)state;
    static const struct {
        enum report_kind kind;
        enum category category;
        const char *rule;
    } cases[] = {
        {REPORT_ORDINARY, CATEGORY_NOT_A_BOUNCE, "kind-ordinary"},
        {REPORT_AUTO_REPLY, CATEGORY_AUTO_REPLY, "kind-auto_reply"},
        {REPORT_CHALLENGE, CATEGORY_CHALLENGE_RESPONSE, "kind-challenge"},
        {REPORT_DISPOSITION, CATEGORY_NOT_A_BOUNCE, "kind-disposition"},
        {REPORT_AGGREGATE, CATEGORY_FEEDBACK_OTHER, "kind-aggregate"},
        {REPORT_UNSUBSCRIBE, CATEGORY_UNSUBSCRIBE_REQUEST, "kind-unsubscribe"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct report report = {.kind = cases[i].kind, .text = "550 5.1.1 user unknown"};
        struct judgement judgement = judge(&report, NULL);
        assert_judged(judgement, VERDICT_NONE, cases[i].category);
        assert_string_equal(judgement.rule, cases[i].rule);
        assert_null(judgement.status);
        assert_false(judgement.counted);
    }
}

static void only_abuse_and_fraud_reports_are_complaints(void **state) {
    (void)state;
    static const struct {
        const char *type;
        enum verdict verdict;
        enum category category;
    } cases[] = {
        {"abuse", VERDICT_COMPLAINT, CATEGORY_COMPLAINT},
        {"fraud", VERDICT_COMPLAINT, CATEGORY_COMPLAINT},
        {"not-spam", VERDICT_NONE, CATEGORY_FEEDBACK_OTHER},
        {"auth-failure", VERDICT_NONE, CATEGORY_FEEDBACK_OTHER},
        {"virus", VERDICT_NONE, CATEGORY_FEEDBACK_OTHER},
        {"opt-out", VERDICT_NONE, CATEGORY_UNSUBSCRIBE_REQUEST},
        {NULL, VERDICT_NONE, CATEGORY_FEEDBACK_OTHER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct report report = {.kind = REPORT_FEEDBACK, .feedback.type = cases[i].type};
        assert_judged(judge(&report, NULL), cases[i].verdict, cases[i].category);
    }
}

static void an_action_that_is_no_failure_decides_alone(void **state) {
    (void)state;
    static const struct {
        enum report_action action;
        const char *status;
        enum category category;
    } cases[] = {
        {REPORT_ACTION_DELAYED, "4.4.1", CATEGORY_DELAYED},
        {REPORT_ACTION_DELAYED, "5.1.1", CATEGORY_DELAYED},
        {REPORT_ACTION_DELIVERED, "2.0.0", CATEGORY_DELIVERED},
        {REPORT_ACTION_RELAYED, "2.0.0", CATEGORY_RELAYED},
        {REPORT_ACTION_EXPANDED, NULL, CATEGORY_EXPANDED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct judgement judgement =
            judge_one((struct report_recipient){.action = cases[i].action,
                                                .status = cases[i].status,
                                                .diagnostic_code = "450 4.2.2 over quota"},
                      NULL);
        assert_judged(judgement, VERDICT_NONE, cases[i].category);
        assert_string_equal(judgement.matched_in, "Action");
        if (cases[i].status)
            assert_string_equal(judgement.status, cases[i].status);
    }
}

static void a_success_with_a_failures_status_is_a_failure(void **state) {
    (void)state;
    assert_judged(
        judge_one((struct report_recipient){.action = REPORT_ACTION_DELIVERED, .status = "5.1.1"},
                  NULL),
        VERDICT_HARD, CATEGORY_USER_UNKNOWN);
}

static void a_reply_code_alone_is_never_hard(void **state) {
    (void)state;
    for (unsigned code = 400; code < 600; code++) {
        struct judgement judgement =
            judge_one((struct report_recipient){.action = REPORT_ACTION_FAILED,
                                                .reply_code = code,
                                                .diagnostic_code = arena_printf(arena, "%u", code)},
                      NULL);
        assert_true(judgement.verdict == VERDICT_SOFT || judgement.verdict == VERDICT_BLOCK);
        assert_int_equal(judgement.reply_code, code);
    }
}

static void class_5_alone_is_not_hard(void **state) {
    (void)state;
    assert_judged(
        judge_one((struct report_recipient){.action = REPORT_ACTION_FAILED, .status = "5.0.0"},
                  NULL),
        VERDICT_SOFT, CATEGORY_UNDETERMINED);
    assert_judged(judge_one((struct report_recipient){.action = REPORT_ACTION_FAILED}, NULL),
                  VERDICT_SOFT, CATEGORY_UNDETERMINED);
}

static void a_temporary_refusal_makes_hard_soft_and_keeps_the_category(void **state) {
    (void)state;
    struct judgement judgement =
        judge_one((struct report_recipient){.action = REPORT_ACTION_FAILED,
                                            .status = "4.1.1",
                                            .diagnostic_code = "450 4.1.1 user unknown",
                                            .reply_code = 450,
                                            .diagnostic_status = "4.1.1"},
                  NULL);
    assert_judged(judgement, VERDICT_SOFT, CATEGORY_USER_UNKNOWN);
    assert_true(judgement.counted);
    assert_judged(
        judge_one((struct report_recipient){.action = REPORT_ACTION_FAILED, .status = "4.1.1"},
                  NULL),
        VERDICT_SOFT, CATEGORY_USER_UNKNOWN);
}

static void the_specific_code_counts(void **state) {
    (void)state;
    static const struct {
        const char *status, *in_diagnostic, *used;
    } cases[] = {
        {"5.0.0", "5.1.1", "5.1.1"}, {"5.1.1", "5.0.0", "5.1.1"}, {"5.1.1", "5.7.1", "5.7.1"},
        {"5.1.1", NULL, "5.1.1"},    {NULL, "5.1.1", "5.1.1"},    {"2.0.0", "5.1.1", "5.1.1"},
        {"5.7.0", "5.0.0", "5.0.0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct judgement judgement =
            judge_one((struct report_recipient){.action = REPORT_ACTION_FAILED,
                                                .status = cases[i].status,
                                                .diagnostic_code = "550 no words that tell",
                                                .reply_code = 550,
                                                .diagnostic_status = cases[i].in_diagnostic},
                      NULL);
        assert_string_equal(judgement.status, cases[i].used);
        assert_false(judgement.status_is_derived);
    }
}

static void without_an_enhanced_code_the_categorys_is_given_and_marked(void **state) {
    (void)state;
    static const struct {
        const char *diagnostic;
        unsigned reply_code;
        const char *status;
    } cases[] = {
        {"550 user unknown", 550, "5.1.1"},
        {"450 user unknown", 450, "4.1.1"},
        {"user unknown", 0, "5.1.1"},
        {"421 too many connections", 421, "4.7.28"},
        {"retry timeout exceeded", 0, "4.4.7"},
        {"user unknown: retry timeout exceeded", 0, "4.1.1"},
        {"mailbox full", 0, "5.2.2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct judgement judgement =
            judge_one((struct report_recipient){.action = REPORT_ACTION_FAILED,
                                                .diagnostic_code = cases[i].diagnostic,
                                                .reply_code = cases[i].reply_code},
                      NULL);
        assert_string_equal(judgement.status, cases[i].status);
        assert_true(judgement.status_is_derived);
    }
}

static void the_readable_part_helps_where_the_diagnostic_says_nothing(void **state) {
    (void)state;
    struct report_recipient vague = {.action = REPORT_ACTION_FAILED,
                                     .status = "5.0.0",
                                     .diagnostic_code = "550 see the text",
                                     .reply_code = 550};
    struct judgement judgement =
        judge_one(vague, "Sorry.\r\n\r\nThe recipient's mailbox is full.\r\n");
    assert_judged(judgement, VERDICT_SOFT, CATEGORY_MAILBOX_FULL);
    assert_string_equal(judgement.matched_in, "text");

    struct report_recipient clear = vague;
    clear.diagnostic_code = "550 5.1.1 user unknown";
    clear.diagnostic_status = "5.1.1";
    judgement = judge_one(clear, "Another mailbox is full.");
    assert_judged(judgement, VERDICT_HARD, CATEGORY_USER_UNKNOWN);
    assert_string_equal(judgement.matched_in, "Diagnostic-Code");
    assert_string_equal(judgement.matched, "user unknown");

    /* Of two recipients, the text does not say which one it means. */
    struct report_recipient two[] = {vague, clear};
    struct report report = {.kind = REPORT_DELIVERY_STATUS,
                            .recipients = two,
                            .recipient_count = 2,
                            .text = "ada: user unknown\r\ncharles: undelivered\r\n"};
    assert_judged(judge(&report, &two[0]), VERDICT_SOFT, CATEGORY_UNDETERMINED);
}

static void a_bounce_that_names_nobody_is_judged_by_its_text(void **state) {
    (void)state;
    struct report report = {.kind = REPORT_DELIVERY_STATUS,
                            .text =
                                "host mx.example.com[192.0.2.1] said: 550 5.1.1 no such user here"};
    struct judgement judgement = judge(&report, NULL);
    assert_judged(judgement, VERDICT_HARD, CATEGORY_USER_UNKNOWN);
    assert_string_equal(judgement.status, "5.1.1");
    assert_int_equal(judgement.reply_code, 550);
    report.text = NULL;
    assert_judged(judge(&report, NULL), VERDICT_SOFT, CATEGORY_UNDETERMINED);
}

static void names_of_hosts_and_addresses_decide_nothing(void **state) {
    (void)state;
    static const char *const words[] = {
        "spam",     "blocked",    "over-quota",   "blacklisted",  "virus-found",   "rate-limited",
        "greylist", "dmarc-fail", "relay-denied", "mailbox-full", "listed-in-rbl", "user-unknown"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct report_recipient recipient = {
            .action = REPORT_ACTION_FAILED,
            .status = "5.1.1",
            .final_recipient = arena_printf(arena, "%s@%s.example", words[i], words[i]),
            .diagnostic_code = arena_printf(
                arena, "550 5.1.1 <%s@%s.example>: not here (%s.example.com, http://%s.org)",
                words[i], words[i], words[i], words[i]),
            .reply_code = 550,
            .diagnostic_status = "5.1.1",
            .remote_mta = arena_printf(arena, "%s-gw.example.com", words[i])};
        struct judgement judgement = judge_one(recipient, NULL);
        assert_judged(judgement, VERDICT_HARD, CATEGORY_USER_UNKNOWN);
        assert_string_equal(judgement.rule, "status-x.1.1");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_failure_is_judged_by_its_kind),
        cmocka_unit_test(only_abuse_and_fraud_reports_are_complaints),
        cmocka_unit_test(an_action_that_is_no_failure_decides_alone),
        cmocka_unit_test(a_success_with_a_failures_status_is_a_failure),
        cmocka_unit_test(a_reply_code_alone_is_never_hard),
        cmocka_unit_test(class_5_alone_is_not_hard),
        cmocka_unit_test(a_temporary_refusal_makes_hard_soft_and_keeps_the_category),
        cmocka_unit_test(the_specific_code_counts),
        cmocka_unit_test(without_an_enhanced_code_the_categorys_is_given_and_marked),
        cmocka_unit_test(the_readable_part_helps_where_the_diagnostic_says_nothing),
        cmocka_unit_test(a_bounce_that_names_nobody_is_judged_by_its_text),
        cmocka_unit_test(names_of_hosts_and_addresses_decide_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
