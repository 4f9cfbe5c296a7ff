#include "classify/codes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void codes_are_found_where_servers_put_them(void **state) {
    (void)state;
    static const struct {
        const char *text;
        unsigned reply_code;
        const char *status;
    } cases[] = {
        {"550 5.1.1 no such user", 550, "5.1.1"},
        {"550-5.1.1 no such user", 550, "5.1.1"},
        {"  452 4.2.2 full", 452, "4.2.2"},
        {"550 no such user (#5.1.1)", 550, "5.1.1"},
        {"550 #5.1.0 Address rejected.", 550, "5.1.0"},
        {"Sorry, no mailbox here by that name. (#5.1.1)", 0, "5.1.1"},
        {"5.1.1 no such user", 0, "5.1.1"},
        {"smtp; 550 5.7.606 banned", 550, "5.7.606"},
        {"host mx[192.0.2.1] said: 550 5.1.1 no (in reply to RCPT TO)", 550, "5.1.1"},
        {"605 Not delivering", 605, ""},
        {"550", 550, ""},
        {"", 0, ""},
        /* What only looks like a code. */
        {"5.1.1.9 is an address", 0, ""},
        {"550 5.1.1.9 is blocked", 550, ""},
        {"192.0.2.1 refused", 0, ""},
        {"250.1 things", 0, ""},
        {"5501 things", 0, ""},
        {"354 go on", 0, ""},
        {"1.1.1 no class", 0, ""},
        {"5.1.1x", 0, ""},
        {"5.1000.1 too long", 0, ""},
        {"Error 550 in the middle", 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct codes_found found = codes_find(cases[i].text);
        assert_int_equal(found.reply_code, cases[i].reply_code);
        if (!bytes_equal(found.status, bytes_of(cases[i].status)))
            fail_msg("\"%s\": status is \"%.*s\"", cases[i].text, (int)found.status.len,
                     found.status.data);
    }
}

static void codes_at_the_start_are_passed_over(void **state) {
    (void)state;
    assert_true(bytes_equal(bytes_trim(codes_skip(bytes_of("550 5.1.1 no"))), bytes_of("no")));
    assert_true(bytes_equal(codes_skip(bytes_of("no 550")), bytes_of("no 550")));
}

static void status_codes_read_whole(void **state) {
    (void)state;
    struct status_code code;
    assert_true(status_code_read("5.7.606", &code));
    assert_int_equal(code.class, 5);
    assert_int_equal(code.subject, 7);
    assert_int_equal(code.detail, 606);
    assert_false(status_code_read("5.7", &code));
    assert_false(status_code_read("5.7.1 ", &code));
    assert_false(status_code_read("3.7.1", &code));
    assert_false(status_code_read("", &code));
}

static void permanence_is_the_reply_codes(void **state) {
    (void)state;
    assert_int_equal(codes_permanence(450, "5.1.1"), PERMANENCE_TEMPORARY);
    assert_int_equal(codes_permanence(550, "4.4.7"), PERMANENCE_PERMANENT);
    assert_int_equal(codes_permanence(0, "4.4.7"), PERMANENCE_TEMPORARY);
    assert_int_equal(codes_permanence(250, "5.0.0"), PERMANENCE_PERMANENT);
    assert_int_equal(codes_permanence(605, NULL), PERMANENCE_PERMANENT);
    assert_int_equal(codes_permanence(0, NULL), PERMANENCE_UNKNOWN);
    assert_int_equal(codes_permanence(0, "nonsense"), PERMANENCE_UNKNOWN);
}

static void reply_patterns_match_digits_and_ranges(void **state) {
    (void)state;
    static const struct {
        const char *pattern;
        unsigned inside, outside;
    } cases[] = {
        {"450", 450, 451},     {"4xx", 499, 500},     {"45x", 459, 460},
        {"550-559", 559, 560}, {"500-55x", 559, 560}, {"xxx", 550, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply_pattern pattern;
        assert_true(reply_pattern_read(bytes_of(cases[i].pattern), &pattern));
        assert_true(reply_pattern_matches(&pattern, cases[i].inside));
        assert_false(reply_pattern_matches(&pattern, cases[i].outside));
    }
    static const char *const bad[] = {"", "45", "4500", "4x5", "x50", "550-450", "550-", "abc"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct reply_pattern pattern;
        assert_false(reply_pattern_read(bytes_of(bad[i]), &pattern));
    }
}

static void status_patterns_match_wildcards_and_ranges(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *inside, *outside;
    } cases[] = {
        {"4.2.1", "4.2.1", "5.2.1"},
        {"x.2.2", "5.2.2", "5.2.3"},
        {"5.7.x", "5.7.999", "4.7.1"},
        {"x.x.x", "4.0.0", NULL},
        {"5.7.606-5.7.649", "5.7.649", "5.7.650"},
        {"5.7.606-5.7.649", "5.7.606", "5.7.605"},
        {"5.7.606-5.7.649", "5.7.620", "4.7.620"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct status_pattern pattern;
        struct status_code code;
        assert_true(status_pattern_read(bytes_of(cases[i].pattern), &pattern));
        assert_true(status_code_read(cases[i].inside, &code));
        assert_true(status_pattern_matches(&pattern, code));
        if (!cases[i].outside)
            continue;
        assert_true(status_code_read(cases[i].outside, &code));
        assert_false(status_pattern_matches(&pattern, code));
    }
    struct status_pattern any;
    assert_true(status_pattern_read(bytes_of("x.x.x"), &any));
    assert_false(status_pattern_matches(&any, (struct status_code){0, 0, 0}));
    static const char *const bad[] = {"",       "5.7",  "5.7.1-5.7.0", "5.7.1-5.8.2", "5.7.x-5.7.9",
                                      "5.7.1-", "y.1.1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(status_pattern_read(bytes_of(bad[i]), &any));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_found_where_servers_put_them),
        cmocka_unit_test(codes_at_the_start_are_passed_over),
        cmocka_unit_test(status_codes_read_whole),
        cmocka_unit_test(permanence_is_the_reply_codes),
        cmocka_unit_test(reply_patterns_match_digits_and_ranges),
        cmocka_unit_test(status_patterns_match_wildcards_and_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
