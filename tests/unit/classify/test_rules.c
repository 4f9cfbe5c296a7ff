/* Reading, compiling and asking rule files. */
#include "classify/rules.h"
#include "classify/rules_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define VERDICT_LINE "verdict soft undetermined\n"
#define HARD_LINE "verdict hard user_unknown\n"

enum { FILES_MAX = 3 };

/* Compiles up to three files, named a.rules, b.rules and c.rules. */
static int compile(const char *const *texts, struct ruleset **rules, struct err *err) {
    static const char *const names[FILES_MAX] = {"a.rules", "b.rules", "c.rules"};
    struct rules_file files[FILES_MAX];
    size_t count = 0;
    for (; count < FILES_MAX && texts[count]; count++)
        files[count] = (struct rules_file){names[count], bytes_of(texts[count])};
    return ruleset_compile(files, count, rules, err);
}

/* The id of the rule that decides the question, copied into `id`; "" for none. */
static const char *decides_question(const char *const *texts, struct rules_question question,
                                    char id[64]) {
    struct ruleset *rules;
    struct err err = {0};
    if (compile(texts, &rules, &err))
        fail_msg("%s", err.text);
    struct ruleset_scratch *scratch = ruleset_scratch_new(rules);
    struct arena *arena = arena_new();
    struct rule_match match;
    bool found = ruleset_match(rules, scratch, &question, arena, &match);
    snprintf(id, 64, "%s", found ? match.rule : "");
    arena_free(arena);
    ruleset_scratch_free(scratch);
    ruleset_free(rules);
    return id;
}

static void assert_decides(const char *const *texts, const char *words, const char *rule) {
    struct arena *arena = arena_new();
    char id[64];
    assert_string_equal(decides_question(texts, rules_question_read(words, arena), id), rule);
    arena_free(arena);
}

static void mistakes_are_told_with_file_line_and_what_would_be_right(void **state) {
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"phase text\nrule x\ntxt foo\n", "a.rules:3: unknown word \"txt\": a rule is made of"},
        {"phase\n", "a.rules:1: \"phase\" needs something behind it"},
        {"phase first\n", "a.rules:1: \"first\" is no phase: local, contra, provider, text"},
        {"rule x\n", "a.rules:1: a line such as \"phase local\" must stand before the first rule"},
        {"text foo\n", "a.rules:1: \"text\" must stand below a line that names its"},
        {"provider p\nhost p.example\nreply 550\n", "a.rules:3: \"reply\" must stand below"},
        {"phase text\nrule A_b\n", "a.rules:2: \"rule\" needs one name of lower-case letters"},
        {"phase text\nrule x\ntext foo\n", "a.rules:2: rule x needs a line such as: verdict"},
        {"phase text\nrule x\n" VERDICT_LINE, "a.rules:2: rule x would fit everything"},
        {"phase text\nrule x\ntext a|b\n" VERDICT_LINE,
         "a.rules:3: put alternatives into brackets"},
        {"phase text\nrule x\ntext (a\n" VERDICT_LINE, "a.rules:3: bad pattern \"(a\": "},
        {"phase text\nrule x\ntext a\nrule y\nreply 1\n", "a.rules:2: rule x needs a line"},
        {"phase text\nrule x\nreply 4500\n", "a.rules:3: \"4500\" is no reply code: write 450"},
        {"phase text\nrule x\nstatus 5.7\n", "a.rules:3: \"5.7\" is no status code: write 4.2.1"},
        {"phase text\nrule x\nwhen later\n",
         "a.rules:3: \"when\" is either temporary or permanent"},
        {"phase text\nrule x\nverdict soft\n",
         "a.rules:3: \"verdict\" needs a verdict and a category"},
        {"phase text\nrule x\nverdict weak mailbox_full\n",
         "a.rules:3: \"weak\" is no verdict: hard"},
        {"phase text\nrule x\nverdict soft mailbox\n", "a.rules:3: \"mailbox\" is no category"},
        {"phase text\nrule x\nverdict hard mailbox_full\n",
         "a.rules:3: mailbox_full is always soft"},
        {"phase text\nrule x\nverdict hard spam_detected\n",
         "a.rules:3: spam_detected is always block"},
        {"phase text\nrule x\nfault sender\n", "a.rules:3: \"fault\" stands after the verdict"},
        {"phase text\nrule x\n" VERDICT_LINE "fault me\n",
         "a.rules:4: \"me\" is none of recipient"},
        {"phase text\nrule x\ntext a\n" VERDICT_LINE "rule x\n",
         "a.rules:5: rule x stands already in line 2"},
        {"phase text\nrule x\nat nobody\n" VERDICT_LINE, "a.rules:3: there is no provider nobody"},
        {"provider p\n", "a.rules:1: provider p needs a line such as: host"},
        {"provider p\nhost localhost\n", "a.rules:2: \"host\" needs host or domain names"},
        {"drop x\n", "a.rules:1: there is no rule x to drop"},
        {"# caf\xe9\n", "a.rules:1: this line is not UTF-8 text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ruleset *rules = NULL;
        struct err err = {0};
        assert_int_equal(compile((const char *[]){cases[i].text, NULL}, &rules, &err), -1);
        assert_int_equal(err.code, ERR_CONFIG);
        if (strncmp(err.text, cases[i].error, strlen(cases[i].error)) != 0)
            fail_msg("error is \"%s\", must be \"%s...\"", err.text, cases[i].error);
    }
}

static void no_rules_at_all_decide_nothing(void **state) {
    (void)state;
    assert_decides((const char *[]){NULL}, "550 5.1.1 no such user", "");
    assert_decides((const char *[]){"# nothing\n\n", NULL}, "550 5.1.1 no such user", "");
}

static void phases_go_before_places(void **state) {
    (void)state;
    const char *texts[] = {"phase reply\nrule by-reply\nreply 550\n" VERDICT_LINE
                           "phase text\nrule by-text\ntext foo\n" VERDICT_LINE
                           "phase contra\nrule by-contra\ntext bar\n" VERDICT_LINE,
                           NULL};
    assert_decides(texts, "550 foo bar", "by-contra");
    assert_decides(texts, "550 foo", "by-text");
    assert_decides(texts, "550", "by-reply");
    assert_decides(texts, "450", "");
}

static void later_files_go_first_and_within_a_file_the_upper_rule(void **state) {
    (void)state;
    const char *texts[] = {"phase text\nrule first\ntext foo\n" VERDICT_LINE
                           "rule second\ntext foo\n" VERDICT_LINE,
                           "phase text\nrule own\ntext foo own\n" VERDICT_LINE, NULL};
    assert_decides(texts, "foo own", "own");
    assert_decides(texts, "foo", "first");
}

static void a_later_file_replaces_and_drops_rules_by_name(void **state) {
    (void)state;
    const char *base =
        "phase text\nrule x\ntext foo\n" VERDICT_LINE "rule y\ntext foo\n" VERDICT_LINE;
    assert_decides((const char *[]){base, "phase text\nrule x\ntext bar\n" VERDICT_LINE, NULL},
                   "foo", "y");
    assert_decides((const char *[]){base, "drop x\n", NULL}, "foo", "y");
    assert_decides((const char *[]){base, "drop x\ndrop y\n", NULL}, "foo", "");
}

static void all_kinds_of_lines_must_fit_and_one_of_each_kind(void **state) {
    (void)state;
    const char *texts[] = {"phase text\nrule x\ntext foo\ntext bar\nunless not\nreply 550 551\n"
                           "status 5.1.1 5.2.x\nwhen permanent\n" VERDICT_LINE,
                           NULL};
    assert_decides(texts, "550 5.1.1 foo", "x");
    assert_decides(texts, "551 5.2.9 bar", "x");
    assert_decides(texts, "550 5.1.1 baz", "");
    assert_decides(texts, "550 5.1.1 foo not", "");
    assert_decides(texts, "552 5.1.1 foo", "");
    assert_decides(texts, "550 5.1.2 foo", "");
    assert_decides(texts, "foo", "");
    const char *temporary[] = {"phase text\nrule x\ntext foo\nwhen temporary\n" VERDICT_LINE, NULL};
    assert_decides(temporary, "450 foo", "x");
    assert_decides(temporary, "550 foo", "");
    assert_decides(temporary, "foo", "");
}

static void patterns_begin_at_words_and_end_anywhere(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *words;
        bool found;
    } cases[] = {
        {"unknown", "user UNKNOWN", true},
        {"unknown", "superunknown", false},
        {"exceed", "exceeded", true},
        {"exceed\\b", "exceeded", false},
        {"(un|in)known", "well-inknown", true},
        {"(un|in)known", "winknown", false},
        {"(the )?user", "superuser", false},
        {"*user", "superuser", true},
        {"\\w*user", "superuser", true},
        {"\\[CS\\]", "x[CS]", true},
        {"^foo$", "550 foo", true},
        {"^foo$", "a foo", false},
        {"full ... user", "full user", true},
        {"full ... user", "full is the mailbox of user", true},
        {"full ... user", "full. The user", false},
        {"full ... user", "full mailbox. The user", false},
        {"full ... user", "full a b c d e f g user", false},
        {"пользователь", "550 ПОЛЬЗОВАТЕЛЬ не найден", true},
        {"user [^ ]+ unknown", "user \xd0\xb0\xd0\xb4\xd0\xb0 unknown", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        snprintf(text, sizeof text, "phase text\nrule x\ntext %s\n" VERDICT_LINE, cases[i].pattern);
        const char *texts[] = {text, NULL};
        assert_decides(texts, cases[i].words, cases[i].found ? "x" : "");
    }
}

static void a_providers_rule_needs_the_provider(void **state) {
    (void)state;
    const char *texts[] = {"provider acme\nhost acme.example mx.acme-mail.example\ntext acmemta\n"
                           "phase provider\nrule x\nat acme\ntext foo\n" HARD_LINE,
                           NULL};
    char id[64];
    static const struct {
        struct rules_question question;
        const char *rule;
    } cases[] = {
        {{.text = "foo"}, ""},
        {{.text = "foo", .hosts = {"mx1.acme.example"}}, "x"},
        {{.text = "foo", .hosts = {NULL, "ACME.EXAMPLE"}}, "x"},
        {{.text = "foo", .hosts = {NULL, NULL, NULL, "mx.acme-mail.example"}}, "x"},
        {{.text = "foo", .hosts = {"notacme.example"}}, ""},
        {{.text = "foo", .hosts = {"acme.example.org"}}, ""},
        {{.text = "foo (acmemta 1.0)"}, "x"},
        {{.text = "host mx.acme.example[192.0.2.1] said: 550 foo"}, "x"},
        {{.text = "foo, see http://help.acme.example/foo"}, "x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(decides_question(texts, cases[i].question, id), cases[i].rule);
}

static void the_version_is_of_all_bytes_in_their_order(void **state) {
    (void)state;
    struct rules_file files[] = {{"a", bytes_of("x")}, {"b", bytes_of("y")}};
    struct rules_file swapped[] = {{"b", bytes_of("y")}, {"a", bytes_of("x")}};
    char version[RULES_VERSION_SIZE], other[RULES_VERSION_SIZE];
    rules_files_version(files, 2, version);
    assert_int_equal(strlen(version), RULES_VERSION_SIZE - 1);
    rules_files_version(files, 2, other);
    assert_string_equal(version, other);
    rules_files_version(swapped, 2, other);
    assert_string_not_equal(version, other);
    rules_files_version(NULL, 0, other);
    assert_string_equal(other, "e3b0c44298fc1c14"); /* SHA-256 of nothing */
}

static void a_cache_serves_its_own_patterns_and_nothing_else(void **state) {
    (void)state;
    struct rules_file file = {"a.rules", bytes_of("phase text\nrule x\ntext foo\n" HARD_LINE)};
    struct rules_file changed = {"a.rules", bytes_of("phase text\nrule x\ntext bar\n" HARD_LINE)};
    struct ruleset *rules;
    struct buf cache = BUF_INIT;
    struct err err = {0};
    assert_int_equal(ruleset_compile(&file, 1, &rules, &err), 0);
    assert_int_equal(ruleset_compiled_count(rules), 1);
    assert_int_equal(ruleset_write_cache(rules, &cache, &err), 0);
    ruleset_free(rules);

    assert_int_equal(ruleset_compile_cached(&file, 1, buf_bytes(&cache), &rules, &err), 0);
    assert_int_equal(ruleset_compiled_count(rules), 0);
    struct ruleset_scratch *scratch = ruleset_scratch_new(rules);
    struct arena *arena = arena_new();
    struct rule_match match;
    struct rules_question question = {.text = "a foo"};
    assert_true(ruleset_match(rules, scratch, &question, arena, &match));
    assert_string_equal(match.matched, "foo");
    arena_free(arena);
    ruleset_scratch_free(scratch);
    ruleset_free(rules);

    assert_int_equal(ruleset_compile_cached(&changed, 1, buf_bytes(&cache), &rules, &err), 0);
    assert_int_equal(ruleset_compiled_count(rules), 1);
    ruleset_free(rules);
    for (size_t cut = 0; cut < cache.len; cut += 7) {
        assert_int_equal(
            ruleset_compile_cached(&file, 1, bytes_first(buf_bytes(&cache), cut), &rules, &err), 0);
        assert_int_equal(ruleset_compiled_count(rules), 1);
        ruleset_free(rules);
    }
    cache.data[cache.len / 2] ^= 1;
    assert_int_equal(ruleset_compile_cached(&file, 1, buf_bytes(&cache), &rules, &err), 0);
    assert_int_equal(ruleset_compiled_count(rules), 1);
    ruleset_free(rules);
    buf_free(&cache);
}

/* An operator's file that adds, replaces and drops, beside the shipped one: the same judgement
 * whether what is known was loaded or compiled. */
static void rules_beside_a_cache_cost_their_own_patterns_only(void **state) {
    (void)state;
    struct rules_file files[] = {
        {"a.rules",
         bytes_of("phase text\n"
                  "rule first\ntext one ... thing\nunless but\n" HARD_LINE
                  "rule second\ntext two\n" HARD_LINE "rule third\ntext three\n" HARD_LINE)},
        {"b.rules", bytes_of("phase text\nrule own\ntext one such thing\ntext two\n"
                             "verdict soft mailbox_full\n"
                             "rule third\ntext drei\n"
                             "verdict soft mailbox_full\n"
                             "drop second\n")},
    };
    static const struct {
        const char *text, *rule, *matched;
    } cases[] = {
        {"there is one odd thing", "first", "one odd thing"},
        {"there is one odd thing but", NULL, NULL},
        {"this one such thing", "own", "one such thing"},
        {"of two kinds", "own", "two"},
        {"the three", NULL, NULL},
        {"die drei", "third", "drei"},
    };
    struct ruleset *rules;
    struct buf cache = BUF_INIT;
    struct err err = {0};
    assert_int_equal(ruleset_compile(files, 1, &rules, &err), 0);
    assert_int_equal(ruleset_write_cache(rules, &cache, &err), 0);
    ruleset_free(rules);
    for (int cached = 0; cached < 2; cached++) {
        struct bytes from = cached ? buf_bytes(&cache) : bytes_of(NULL);
        assert_int_equal(ruleset_compile_cached(files, 2, from, &rules, &err), 0);
        assert_int_equal(ruleset_compiled_count(rules), cached ? 2 : 5);
        struct ruleset_scratch *scratch = ruleset_scratch_new(rules);
        struct arena *arena = arena_new();
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct rules_question question = {.text = cases[i].text};
            struct rule_match match;
            bool found = ruleset_match(rules, scratch, &question, arena, &match);
            assert_int_equal(found, cases[i].rule != NULL);
            if (!found)
                continue;
            assert_string_equal(match.rule, cases[i].rule);
            assert_string_equal(match.matched, cases[i].matched);
        }
        arena_free(arena);
        ruleset_scratch_free(scratch);
        ruleset_free(rules);
    }
    buf_free(&cache);
}

static void a_bad_pattern_beside_a_cache_is_told_with_its_place(void **state) {
    (void)state;
    struct rules_file files[] = {
        {"a.rules", bytes_of("phase text\nrule x\ntext foo\n" HARD_LINE)},
        {"b.rules", bytes_of("phase text\nrule y\ntext foo\ntext bar[\n" HARD_LINE)},
    };
    struct ruleset *rules;
    struct buf cache = BUF_INIT;
    struct err err = {0};
    assert_int_equal(ruleset_compile(files, 1, &rules, &err), 0);
    assert_int_equal(ruleset_write_cache(rules, &cache, &err), 0);
    ruleset_free(rules);
    assert_int_equal(ruleset_compile_cached(files, 2, buf_bytes(&cache), &rules, &err), -1);
    assert_int_equal(err.code, ERR_CONFIG);
    assert_non_null(strstr(err.text, "b.rules:4: bad pattern \"bar[\""));
    buf_free(&cache);
}

static void matched_text_is_the_bytes_of_the_source(void **state) {
    (void)state;
    struct rules_file file = {
        "a.rules",
        bytes_of("phase text\nrule x\ntext no ... user\ntext ^gone for good$\n" HARD_LINE)};
    struct ruleset *rules;
    struct err err = {0};
    assert_int_equal(ruleset_compile(&file, 1, &rules, &err), 0);
    struct ruleset_scratch *scratch = ruleset_scratch_new(rules);
    struct arena *arena = arena_new();
    static const struct {
        const char *text, *matched;
    } cases[] = {
        {"host a.example said: 550 there is no\r\n such  user here", "no\r\n such  user"},
        {"550 gone for good", "gone for good"},
        {"no user", "no user"},
        {"there is no <ada@example.com> user", "no <ada@example.com> user"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rules_question question = {.text = cases[i].text};
        struct rule_match match;
        assert_true(ruleset_match(rules, scratch, &question, arena, &match));
        assert_string_equal(match.matched, cases[i].matched);
    }
    arena_free(arena);
    ruleset_scratch_free(scratch);
    ruleset_free(rules);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_told_with_file_line_and_what_would_be_right),
        cmocka_unit_test(no_rules_at_all_decide_nothing),
        cmocka_unit_test(phases_go_before_places),
        cmocka_unit_test(later_files_go_first_and_within_a_file_the_upper_rule),
        cmocka_unit_test(a_later_file_replaces_and_drops_rules_by_name),
        cmocka_unit_test(all_kinds_of_lines_must_fit_and_one_of_each_kind),
        cmocka_unit_test(patterns_begin_at_words_and_end_anywhere),
        cmocka_unit_test(a_providers_rule_needs_the_provider),
        cmocka_unit_test(the_version_is_of_all_bytes_in_their_order),
        cmocka_unit_test(a_cache_serves_its_own_patterns_and_nothing_else),
        cmocka_unit_test(rules_beside_a_cache_cost_their_own_patterns_only),
        cmocka_unit_test(a_bad_pattern_beside_a_cache_is_told_with_its_place),
        cmocka_unit_test(matched_text_is_the_bytes_of_the_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
