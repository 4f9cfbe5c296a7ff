#include "classify/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_word_reads_back_as_itself(void **state) {
    (void)state;
    for (int i = 0; i < CATEGORY_COUNT; i++) {
        enum category category;
        assert_true(category_from_name(category_info((enum category)i)->name, &category));
        assert_int_equal(category, i);
    }
    for (int i = 0; i < VERDICT_COUNT; i++) {
        enum verdict verdict;
        assert_true(verdict_from_name(verdict_name((enum verdict)i), &verdict));
        assert_int_equal(verdict, i);
    }
    for (int i = 0; i < FAULT_COUNT; i++) {
        enum fault fault;
        assert_true(fault_from_name(fault_name((enum fault)i), &fault));
        assert_int_equal(fault, i);
    }
}

static void other_words_are_none(void **state) {
    (void)state;
    enum verdict verdict;
    enum category category;
    enum fault fault;
    assert_false(verdict_from_name("", &verdict));
    assert_false(verdict_from_name("Hard", &verdict));
    assert_false(category_from_name("unknown_user", &category));
    assert_false(fault_from_name("senders", &fault));
}

static void verdicts_ascend_from_none_to_complaint(void **state) {
    (void)state;
    assert_true(VERDICT_NONE < VERDICT_BLOCK && VERDICT_BLOCK < VERDICT_SOFT &&
                VERDICT_SOFT < VERDICT_HARD && VERDICT_HARD < VERDICT_COMPLAINT);
}

static void what_is_the_senders_fault_is_never_a_strike(void **state) {
    (void)state;
    for (int i = 0; i < CATEGORY_COUNT; i++) {
        const struct category_info *info = category_info((enum category)i);
        if (info->verdict == VERDICT_BLOCK || info->verdict == VERDICT_NONE)
            assert_false(info->counted);
        if (info->verdict == VERDICT_HARD)
            assert_true(info->fault == FAULT_RECIPIENT || info->fault == FAULT_DOMAIN);
        if (info->fault == FAULT_SENDER || info->fault == FAULT_MESSAGE)
            assert_false(info->counted);
    }
}

static void every_failure_has_an_enhanced_code_and_every_category_a_sentence(void **state) {
    (void)state;
    for (int i = 0; i < CATEGORY_COUNT; i++) {
        const struct category_info *info = category_info((enum category)i);
        size_t len = strlen(info->description);
        assert_true(len > 10 && info->description[len - 1] == '.');
        bool failure = info->verdict == VERDICT_HARD || info->verdict == VERDICT_SOFT ||
                       info->verdict == VERDICT_BLOCK;
        assert_true(!failure || info->status);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_reads_back_as_itself),
        cmocka_unit_test(other_words_are_none),
        cmocka_unit_test(verdicts_ascend_from_none_to_complaint),
        cmocka_unit_test(what_is_the_senders_fault_is_never_a_strike),
        cmocka_unit_test(every_failure_has_an_enhanced_code_and_every_category_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
