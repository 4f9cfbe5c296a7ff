/* What the rules have answered is remembered, and nobody can tell from the answers. */
#include "classify/answers.h"
#include "classify/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void only_exactly_the_same_question_is_known(void **state) {
    (void)state;
    struct answers *answers = answers_new();
    struct answer answer;
    assert_false(answers_find(answers, bytes_of("no such user"), &answer));
    answers_add(answers, bytes_of("no such user"), (struct answer){NULL, 3, 7});
    assert_true(answers_find(answers, bytes_of("no such user"), &answer));
    assert_int_equal(answer.from, 3);
    assert_int_equal(answer.to, 7);
    assert_false(answers_find(answers, bytes_of("no such use"), &answer));
    assert_false(answers_find(answers, bytes_of("no such users"), &answer));
    assert_false(answers_find(answers, bytes_of("No such user"), &answer));
    answers_free(answers);
}

/* More questions than there are places: some are forgotten, and none gets another's answer. */
static void a_question_never_gets_the_answer_of_another(void **state) {
    (void)state;
    enum { QUESTIONS = 4 * ANSWERS_MAX };
    struct answers *answers = answers_new();
    char question[32];
    size_t known = 0;
    for (size_t i = 0; i < QUESTIONS; i++) {
        snprintf(question, sizeof question, "mailbox %zu is full", i);
        answers_add(answers, bytes_of(question), (struct answer){NULL, i, i + 1});
    }
    for (size_t i = 0; i < QUESTIONS; i++) {
        struct answer answer;
        snprintf(question, sizeof question, "mailbox %zu is full", i);
        if (!answers_find(answers, bytes_of(question), &answer))
            continue;
        assert_int_equal(answer.from, i);
        known++;
    }
    assert_in_range(known, ANSWERS_MAX / 2, ANSWERS_MAX);
    answers_free(answers);
}

static void a_long_question_is_not_remembered(void **state) {
    (void)state;
    char question[ANSWERS_QUESTION_MAX + 2];
    memset(question, 'x', sizeof question);
    struct answers *answers = answers_new();
    struct answer answer;
    const struct bytes longest = {question, ANSWERS_QUESTION_MAX};
    const struct bytes longer = {question, ANSWERS_QUESTION_MAX + 1};
    answers_add(answers, longest, (struct answer){NULL, 1, 2});
    answers_add(answers, longer, (struct answer){NULL, 1, 2});
    assert_true(answers_find(answers, longest, &answer));
    assert_false(answers_find(answers, longer, &answer));
    answers_free(answers);
}

/* Every fact of a question decides in one rule. */
static const char rules_text[] = "provider one\nhost one.example\n"
                                 "provider two\ntext two says\n"
                                 "phase contra\n"
                                 "rule at-one\nat one\ntext full\nverdict soft mailbox_full\n"
                                 "rule at-two\nat two\ntext full\nverdict block blocklisted\n"
                                 "rule unless\ntext full\nunless of joy\nreply 452\n"
                                 "verdict soft rate_limited\n"
                                 "phase text\n"
                                 "rule later\nwhen temporary\ntext user\nverdict soft greylisted\n"
                                 "rule words\ntext no such user\nverdict hard user_unknown\n"
                                 "phase status\n"
                                 "rule status\nstatus 5.1.1\nverdict hard user_unknown\n"
                                 "rule status-two\nstatus x.2.2\nverdict soft mailbox_full\n"
                                 "rule status-three\nstatus 5.1.3\nverdict hard user_unknown\n"
                                 "phase reply\n"
                                 "rule reply\nreply 550\nverdict soft undetermined\n";

static struct ruleset *compile(void) {
    struct rules_file file = {"test.rules", bytes_of(rules_text)};
    struct ruleset *rules;
    struct err err = {0};
    if (ruleset_compile(&file, 1, &rules, &err))
        fail_msg("%s", err.text);
    return rules;
}

static void assert_same(bool found, const struct rule_match *a, bool found_fresh,
                        const struct rule_match *b) {
    assert_int_equal(found, found_fresh);
    if (!found)
        return;
    assert_string_equal(a->rule, b->rule);
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->by_status, b->by_status);
    assert_int_equal(a->by_reply, b->by_reply);
    assert_int_equal(!a->matched, !b->matched);
    if (a->matched)
        assert_string_equal(a->matched, b->matched);
}

static void who_was_asked_much_answers_as_who_was_asked_nothing(void **state) {
    (void)state;
    static const char *const texts[] = {
        NULL,
        "",
        "550 5.1.1 <ada@a.example>: no such user here",
        "550 5.1.1 <a.much.longer.name@b.example>: No  such\r\n user here",
        "mailbox ada@a.example full",
        "mailbox ada@one.example full of joy",
        "mx.one.example says that mailbox is full",
        "two says mailbox is full",
        "user",
    };
    static const char *const statuses[] = {NULL, "5.1.1", "4.1.1", "5.2.1", "4.2.2", "5.1.3"};
    static const unsigned replies[] = {0, 450, 452, 550};
    static const char *const hosts[] = {NULL, "mx.one.example", "mx.three.example"};
    enum { HOST_COUNT = sizeof hosts / sizeof *hosts };
    struct ruleset *rules = compile();
    struct ruleset_scratch *asked = ruleset_scratch_new(rules);
    struct arena *arena = arena_new();
    size_t count = 0;
    for (size_t t = 0; t < 2 * sizeof texts / sizeof *texts; t++)
        for (size_t s = 0; s < sizeof statuses / sizeof *statuses; s++)
            for (size_t r = 0; r < sizeof replies / sizeof *replies; r++)
                for (unsigned p = 0; p <= PERMANENCE_PERMANENT; p++)
                    for (size_t h = 0; h < HOST_COUNT; h++, count++) {
                        struct rules_question question = {
                            .text = texts[t / 2],
                            .status = statuses[s],
                            .reply_code = replies[r],
                            .permanence = (enum permanence)p,
                            .hosts = {NULL, hosts[h]},
                        };
                        struct ruleset_scratch *fresh = ruleset_scratch_new(rules);
                        struct rule_match a, b;
                        bool found = ruleset_match(rules, asked, &question, arena, &a);
                        assert_same(found, &a, ruleset_match(rules, fresh, &question, arena, &b),
                                    &b);
                        ruleset_scratch_free(fresh);
                    }
    assert_true(count > 3000);
    arena_free(arena);
    ruleset_scratch_free(asked);
    ruleset_free(rules);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_exactly_the_same_question_is_known),
        cmocka_unit_test(a_question_never_gets_the_answer_of_another),
        cmocka_unit_test(a_long_question_is_not_remembered),
        cmocka_unit_test(who_was_asked_much_answers_as_who_was_asked_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
