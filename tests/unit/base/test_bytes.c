#include "cmd/base/bytes.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct bytes nothing = {NULL, 0};

static void assert_bytes(struct bytes b, const char *expected) {
    assert_int_equal(b.len, strlen(expected));
    assert_memory_equal(b.data ? b.data : "", expected, b.len);
}

static void cuts_are_clamped(void **state) {
    (void)state;
    struct bytes b = bytes_of("abc");
    assert_bytes(bytes_from(b, 1), "bc");
    assert_bytes(bytes_from(b, 3), "");
    assert_bytes(bytes_from(b, 99), "");
    assert_bytes(bytes_first(b, 2), "ab");
    assert_bytes(bytes_first(b, 99), "abc");
    assert_bytes(bytes_from(nothing, 5), "");
    assert_bytes(bytes_of(NULL), "");
}

static void trim_takes_white_space_of_both_ends_only(void **state) {
    (void)state;
    assert_bytes(bytes_trim(bytes_of(" \t\r\na b\n ")), "a b");
    assert_bytes(bytes_trim(bytes_of(" \r\n\t")), "");
    assert_bytes(bytes_trim(nothing), "");
    assert_bytes(bytes_trim(bytes_of("\va\f")), "\va\f");
}

static void lines_end_with_lf_or_crlf_or_the_end(void **state) {
    (void)state;
    struct bytes rest = bytes_of("one\r\ntwo\n\nfo\rur");
    struct bytes line;
    static const char *const expected[] = {"one", "two", "", "fo\rur"};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_true(bytes_next_line(&rest, &line));
        assert_bytes(line, expected[i]);
    }
    assert_false(bytes_next_line(&rest, &line));
}

static void a_final_line_end_does_not_begin_another_line(void **state) {
    (void)state;
    struct bytes rest = bytes_of("one\n"), line;
    assert_true(bytes_next_line(&rest, &line));
    assert_false(bytes_next_line(&rest, &line));
}

static void find_gives_the_first_place(void **state) {
    (void)state;
    static const struct {
        const char *text, *needle;
        long exact, any_case;
    } cases[] = {
        {"To: to", "to", 4, 0},   {"abcabc", "ca", 2, 2}, {"abc", "abcd", -1, -1},
        {"aab", "ab", 1, 1},      {"", "a", -1, -1},      {"STATUS: 5", "status", -1, 0},
        {"x said: y", ":", 6, 6}, {"aaaB", "AB", -1, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(bytes_find(bytes_of(cases[i].text), cases[i].needle), cases[i].exact);
        assert_int_equal(bytes_find_ignore_case(bytes_of(cases[i].text), cases[i].needle),
                         cases[i].any_case);
    }
    assert_int_equal(bytes_find(nothing, "a"), -1);
}

static void find_passes_over_nul_bytes(void **state) {
    (void)state;
    struct bytes b = {"a\0b@c\0@", 7};
    assert_int_equal(bytes_find(b, "b@"), 2);
    assert_int_equal(bytes_find_ignore_case(b, "B@"), 2);
    assert_int_equal(bytes_find_char(b, '@'), 3);
    assert_int_equal(bytes_find_last_char(b, '@'), 6);
}

static void find_char_says_when_there_is_none(void **state) {
    (void)state;
    assert_int_equal(bytes_find_char(bytes_of("abc"), 'x'), -1);
    assert_int_equal(bytes_find_last_char(bytes_of("abc"), 'x'), -1);
    assert_int_equal(bytes_find_char(nothing, 'x'), -1);
    assert_int_equal(bytes_find_last_char(nothing, 'x'), -1);
}

static void find_never_reads_past_the_end(void **state) {
    (void)state;
    struct bytes b = bytes_first(bytes_of("failed recipient"), 9);
    assert_int_equal(bytes_find(b, "recipient"), -1);
    assert_int_equal(bytes_find_ignore_case(b, "recipient"), -1);
    assert_int_equal(bytes_find_char(b, 'p'), -1);
    assert_int_equal(bytes_find_ignore_case(b, "D RE"), 5);
    assert_false(bytes_starts_ignore_case(b, "failed recipient"));
}

static void comparisons_fold_ascii_only(void **state) {
    (void)state;
    assert_true(bytes_equal(bytes_of("a"), bytes_of("a")));
    assert_false(bytes_equal(bytes_of("a"), bytes_of("A")));
    assert_true(bytes_equal(nothing, bytes_of("")));
    assert_true(bytes_equal_ignore_case(bytes_of("RFC822"), "rfc822"));
    assert_false(bytes_equal_ignore_case(bytes_of("RFC822;"), "rfc822"));
    assert_false(bytes_equal_ignore_case(bytes_of("\xc3\x84"), "\xc3\xa4"));
    assert_true(bytes_starts_ignore_case(bytes_of("Status: 5"), "STATUS:"));
    assert_true(bytes_starts_ignore_case(nothing, ""));
    assert_true(bytes_ends_ignore_case(bytes_of("a@Example.COM"), "@example.com"));
    assert_false(bytes_ends_ignore_case(bytes_of("com"), ".com"));
}

static void take_number_is_exact_at_its_limit(void **state) {
    (void)state;
    static const struct {
        const char *text;
        unsigned long max;
        int taken; /* bytes; 0: refused */
        unsigned long number;
    } cases[] = {
        {"0", 0, 1, 0},
        {"255 rest", 255, 3, 255},
        {"256", 255, 0, 0},
        {"0000255", 255, 7, 255},
        {"4294967295)", UINT32_MAX, 10, UINT32_MAX},
        {"4294967296)", UINT32_MAX, 0, 0},
        {"18446744073709551615", ULONG_MAX, 20, ULONG_MAX},
        {"18446744073709551616", ULONG_MAX, 0, 0},
        {"99999999999999999999999", ULONG_MAX, 0, 0},
        {"9", 5, 0, 0},
        {"", 5, 0, 0},
        {"-1", 5, 0, 0},
        {"+1", 5, 0, 0},
        {" 1", 5, 0, 0},
        {"x1", 5, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes rest = bytes_of(cases[i].text);
        unsigned long number = 4711;
        bool taken = bytes_take_number(&rest, cases[i].max, &number);
        assert_int_equal(taken, cases[i].taken > 0);
        assert_bytes(rest, cases[i].text + cases[i].taken);
        if (taken)
            assert_int_equal(number, cases[i].number);
    }
}

static void classes_hold_ascii_only(void **state) {
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool digit = c >= '0' && c <= '9';
        bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        assert_int_equal(ascii_is_digit((char)c), digit);
        assert_int_equal(ascii_is_alpha((char)c), alpha);
        assert_int_equal(ascii_is_space((char)c), c && strchr(" \t\r\n\v\f", c));
        assert_int_equal((unsigned char)ascii_lower((char)c), c >= 'A' && c <= 'Z' ? c + 32 : c);
        int value = digit ? c - '0' : -1;
        if (c && strchr("abcdefABCDEF", c))
            value = (c | 32) - 'a' + 10;
        assert_int_equal(ascii_hex_value((char)c), value);
    }
}

static void compare_orders_without_case(void **state) {
    (void)state;
    assert_int_equal(ascii_compare("Ada", "aDA"), 0);
    assert_true(ascii_compare("ada", "ADB") < 0);
    assert_true(ascii_compare("b", "A") > 0);
    assert_true(ascii_compare("ada", "ad") > 0);
    assert_true(ascii_compare("", "a") < 0);
    assert_true(ascii_compare("a", "\xc3\xa4") < 0);
    char text[] = "MiXed-\xc3\x84.5";
    assert_string_equal(ascii_lower_string(text), "mixed-\xc3\x84.5");
}

static void letters_anywhere_become_lower_case(void **state) {
    (void)state;
    for (int byte = 1; byte < 256; byte++)
        for (size_t at = 0; at < 20; at++) {
            char text[] = "NEIGHBOURS-OF-A-BYTE", want[] = "neighbours-of-a-byte";
            text[at] = (char)byte;
            want[at] = ascii_lower((char)byte);
            assert_string_equal(ascii_lower_string(text), want);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_are_clamped),
        cmocka_unit_test(trim_takes_white_space_of_both_ends_only),
        cmocka_unit_test(lines_end_with_lf_or_crlf_or_the_end),
        cmocka_unit_test(a_final_line_end_does_not_begin_another_line),
        cmocka_unit_test(find_gives_the_first_place),
        cmocka_unit_test(find_passes_over_nul_bytes),
        cmocka_unit_test(find_char_says_when_there_is_none),
        cmocka_unit_test(find_never_reads_past_the_end),
        cmocka_unit_test(comparisons_fold_ascii_only),
        cmocka_unit_test(take_number_is_exact_at_its_limit),
        cmocka_unit_test(classes_hold_ascii_only),
        cmocka_unit_test(compare_orders_without_case),
        cmocka_unit_test(letters_anywhere_become_lower_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
