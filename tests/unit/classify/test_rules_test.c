/* The examples that stand in the rule files, and what ruleset_test finds wrong with bad ones. */
#include "classify/rules_test.h"
#include "tests/unit/classify/rules_of_tree.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include <cmocka.h>

struct fixture {
    struct ruleset *rules;
    struct ruleset_scratch *scratch;
    struct arena *arena;
};

static struct fixture compile(const char *text) {
    struct fixture f = {NULL, NULL, arena_new()};
    struct rules_file file = {"test.rules", bytes_of(text)};
    struct err err = {0};
    if (ruleset_compile(&file, 1, &f.rules, &err))
        fail_msg("%s", err.text);
    f.scratch = ruleset_scratch_new(f.rules);
    return f;
}

static void release(struct fixture *f) {
    ruleset_scratch_free(f->scratch);
    ruleset_free(f->rules);
    arena_free(f->arena);
}

static void every_rule_of_the_tree_decides_its_examples(void **state) {
    (void)state;
    struct fixture f = {compile_rules_of_tree(), NULL, arena_new()};
    f.scratch = ruleset_scratch_new(f.rules);
    struct rules_test test = ruleset_test(f.rules, f.scratch, f.arena);
    for (size_t i = 0; i < test.finding_count; i++)
        print_error("%s\n", rules_finding_text(&test.findings[i], f.arena));
    assert_int_equal(test.finding_count, 0);
    assert_true(test.rule_count > 300);
    assert_true(test.example_count >= test.rule_count);
    release(&f);
}

static void findings_name_rule_line_and_what_decides(void **state) {
    (void)state;
    static const struct {
        const char *rules;
        enum rules_finding_kind kind;
        const char *text; /* of the first finding */
    } cases[] = {
        {"phase text\nrule a\ntext foo\nverdict soft undetermined\n", RULES_FINDING_NO_EXAMPLE,
         "test.rules:2: rule a has no example"},
        {"phase text\nrule a\ntext foo\nverdict soft undetermined\nexample bar\n",
         RULES_FINDING_NO_FIT,
         "test.rules:5: rule a does not fit its example, no rule decides: bar"},
        {"phase text\nrule a\ntext foo\nverdict soft undetermined\nexample foo\n"
         "rule b\ntext foo bar\nverdict soft undetermined\nexample foo bar\n",
         RULES_FINDING_SHADOWED,
         "test.rules:9: rule b is shadowed by a, which comes first: foo bar"},
        {"phase text\nrule a\ntext foo\nverdict soft undetermined\nexample foo\nnot foo bar\n",
         RULES_FINDING_DECIDES_NOT, "test.rules:6: rule a decides what it must not: foo bar"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f = compile(cases[i].rules);
        struct rules_test test = ruleset_test(f.rules, f.scratch, f.arena);
        assert_true(test.finding_count >= 1);
        assert_int_equal(test.findings[0].kind, cases[i].kind);
        assert_string_equal(rules_finding_text(&test.findings[0], f.arena), cases[i].text);
        release(&f);
    }
}

static void a_rule_that_decides_no_example_is_reported_once_more(void **state) {
    (void)state;
    struct fixture f =
        compile("phase text\nrule a\ntext foo\nverdict soft undetermined\nexample bar\n");
    struct rules_test test = ruleset_test(f.rules, f.scratch, f.arena);
    assert_int_equal(test.finding_count, 2);
    assert_int_equal(test.findings[1].kind, RULES_FINDING_NEVER_DECIDES);
    release(&f);
}

static void an_example_of_a_providers_rule_is_said_by_that_provider(void **state) {
    (void)state;
    struct fixture f = compile("provider acme\nhost acme.example\n"
                               "phase provider\nrule a\nat acme\ntext foo\n"
                               "verdict soft undetermined\nexample foo\n");
    assert_int_equal(ruleset_test(f.rules, f.scratch, f.arena).finding_count, 0);
    release(&f);
}

static void explain_lists_all_rules_that_fit_in_the_order_of_judgement(void **state) {
    (void)state;
    struct fixture f =
        compile("phase reply\nrule by-reply\nreply 550\nverdict soft undetermined\n"
                "phase status\nrule by-status\nstatus x.1.1\nverdict hard user_unknown\n"
                "phase text\nrule by-text\ntext no such user\nverdict hard user_unknown\n"
                "phase contra\nrule contra\ntext over quota\nverdict soft mailbox_full\n");
    struct rule_match *matches;
    size_t count = ruleset_explain(f.rules, f.scratch, "550 5.1.1 no such user, or over quota",
                                   NULL, f.arena, &matches);
    assert_int_equal(count, 4);
    assert_string_equal(matches[0].rule, "contra");
    assert_string_equal(matches[0].matched, "over quota");
    assert_string_equal(matches[1].rule, "by-text");
    assert_string_equal(matches[1].matched, "no such user");
    assert_string_equal(matches[2].rule, "by-status");
    assert_null(matches[2].matched);
    assert_string_equal(matches[3].rule, "by-reply");
    assert_int_equal(matches[3].line, 2);
    release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_of_the_tree_decides_its_examples),
        cmocka_unit_test(findings_name_rule_line_and_what_decides),
        cmocka_unit_test(a_rule_that_decides_no_example_is_reported_once_more),
        cmocka_unit_test(an_example_of_a_providers_rule_is_said_by_that_provider),
        cmocka_unit_test(explain_lists_all_rules_that_fit_in_the_order_of_judgement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
