#include "cmd/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_character_survives_a_round_trip(void **state) {
    (void)state;
    struct buf b = BUF_INIT;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        buf_reset(&b);
        utf8_add(&b, c);
        assert_int_equal(b.len, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
        struct bytes rest = buf_bytes(&b);
        uint32_t back;
        assert_true(utf8_next(&rest, &back));
        assert_int_equal(back, c);
        assert_int_equal(rest.len, 0);
    }
    buf_free(&b);
}

static void what_rfc_3629_forbids_is_not_utf8(void **state) {
    (void)state;
    static const char *const invalid[] = {
        "\x80",             /* a continuation alone */
        "\xbf\xbf",         /* two of them */
        "\xc0\x80",         /* overlong NUL */
        "\xc1\xbf",         /* overlong 0x7f */
        "\xe0\x80\x80",     /* overlong in three */
        "\xe0\x9f\xbf",     /* overlong 0x7ff */
        "\xf0\x80\x80\x80", /* overlong in four */
        "\xf0\x8f\xbf\xbf", /* overlong 0xffff */
        "\xed\xa0\x80",     /* the first surrogate */
        "\xed\xbf\xbf",     /* the last one */
        "\xf4\x90\x80\x80", /* 0x110000 */
        "\xf5\x80\x80\x80", /* above all */
        "\xff",             /* never a byte of UTF-8 */
        "\xe4\xf6\xfc",     /* latin-1 */
        "\xc3",             /* cut after one of two */
        "\xe2\x82",         /* cut after two of three */
        "\xf0\x9f\x98",     /* cut after three of four */
        "\xc3(",            /* a wrong continuation */
        "\xf0\x9f\x98(",
    };
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        struct bytes rest = bytes_of(invalid[i]);
        uint32_t c = 0;
        assert_false(utf8_is_valid(rest));
        assert_false(utf8_next(&rest, &c));
        assert_int_equal(c, 0xFFFD);
        assert_int_equal(rest.len, strlen(invalid[i]) - 1);
    }
}

static void valid_text_is_valid(void **state) {
    (void)state;
    static const char *const valid[] = {"",
                                        "plain",
                                        "\xc3\xa4\xc3\xb6\xc3\xbc",
                                        "\xe6\x97\xa5\xe6\x9c\xac",
                                        "\xf0\x9f\x98\x80!",
                                        "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"};
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
        assert_true(utf8_is_valid(bytes_of(valid[i])));
    assert_true(utf8_is_valid((struct bytes){NULL, 0}));
}

static void clean_text_is_what_a_database_takes(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    static const struct {
        const char *text;
        size_t len;
        const char *clean;
    } cases[] = {
        {"", 0, ""},
        {"user unknown", 12, "user unknown"},
        {"Gr\xc3\xbc\xc3\x9f"
         "e",
         7,
         "Gr\xc3\xbc\xc3\x9f"
         "e"},
        {"Gr\xfc\xdf"
         "e",
         5,
         "Gr\xc3\xbc\xc3\x9f"
         "e"},
        {"a\0b", 3, "a b"},
        {"\0\0", 2, "  "},
        {"\x93quoted\x94", 8, "\xe2\x80\x9cquoted\xe2\x80\x9d"}, /* windows-1252 */
        {"\x80", 1, "\xe2\x82\xac"},
        {"\x81", 1, "\xef\xbf\xbd"}, /* no character in windows-1252 */
        {"\xe2\x82", 2, "\xc3\xa2\xe2\x80\x9a"},
        {"\xed\xa0\x80", 3, "\xc3\xad\xc2\xa0\xe2\x82\xac"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *clean = utf8_clean(arena, (struct bytes){cases[i].text, cases[i].len});
        assert_string_equal(clean, cases[i].clean);
        assert_true(utf8_is_valid(bytes_of(clean)));
    }
    arena_free(arena);
}

static void any_bytes_become_clean(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    char bytes[2];
    for (int high = 0; high < 256; high++)
        for (int low = 0; low < 256; low++) {
            bytes[0] = (char)high;
            bytes[1] = (char)low;
            char *clean = utf8_clean(arena, (struct bytes){bytes, 2});
            assert_true(utf8_is_valid(bytes_of(clean)));
            assert_true(strlen(clean) >= 1);
            arena_reset(arena);
        }
    arena_free(arena);
}

static void a_copy_of_what_is_not_utf8_is_none(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    for (int byte = 0; byte < 256; byte++)
        for (size_t at = 0; at < 20; at++) {
            char text[] = "twenty ASCII letters", want[] = "twenty ASCII letters";
            text[at] = (char)byte;
            want[at] = byte ? (char)byte : ' ';
            char *copy = utf8_copy(arena, (struct bytes){text, 20});
            if (byte >= 0x80)
                assert_null(copy);
            else
                assert_string_equal(copy, want);
            arena_reset(arena);
        }
    assert_string_equal(utf8_copy(arena, bytes_of("Gr\xc3\xbc\xc3\x9f"
                                                  "e")),
                        "Gr\xc3\xbc\xc3\x9f"
                        "e");
    assert_string_equal(utf8_copy(arena, (struct bytes){"\xc3\xbc\0", 3}), "\xc3\xbc ");
    arena_free(arena);
}

static void what_a_terminal_would_obey_becomes_visible(void **state) {
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"550 5.1.1 user unknown", "550 5.1.1 user unknown"},
        {"J\xc3\xbcrgen \xe6\x97\xa5", "J\xc3\xbcrgen \xe6\x97\xa5"},
        {"\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"},
        {"two\r\nlines\t", "two\\x0d\\x0alines\\x09"},
        {"\x7f", "\\x7f"},
        {"\xc2\x9b"
         "31m",
         "\\x9b31m"},      /* C1 CSI in UTF-8 */
        {"\x9b", "\\x9b"}, /* the same as a bare byte */
        {"a\xe2\x80\xae"
         "b",
         "a\\u202e"
         "b"}, /* right-to-left override */
        {"a\xe2\x80\xa8"
         "b",
         "a\\u2028"
         "b"}, /* line separator */
        {"\xe2\x80\x8b\xe2\x81\xa6\xef\xbb\xbf", "\\u200b\\u2066\\ufeff"},
        {"\xf3\xa0\x81\x81", "\\U000e0041"}, /* tag characters */
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
        {"\xe2\x9d\xa4\xef\xb8\x8f", "\xe2\x9d\xa4\xef\xb8\x8f"}, /* a red heart */
        {"pay\xc2\xad"
         "pal",
         "pay\\xadpal"},                                                   /* soft hyphen */
        {"\xe3\x85\xa4\xe1\x85\x9f\xef\xbf\xb9", "\\u3164\\u115f\\ufff9"}, /* fillers */
        {"\xf4\x8f\xbf\xbf", "\\U0010ffff"}, /* the last character there is */
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = BUF_INIT;
        utf8_add_visible(&out, cases[i].text);
        assert_string_equal(out.data, cases[i].shown);
        buf_free(&out);
    }
    struct buf out = BUF_INIT;
    utf8_add_visible_bytes(&out, (struct bytes){"a\0\x1b", 3});
    assert_string_equal(out.data, "a\\x00\\x1b");
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_survives_a_round_trip),
        cmocka_unit_test(what_rfc_3629_forbids_is_not_utf8),
        cmocka_unit_test(valid_text_is_valid),
        cmocka_unit_test(clean_text_is_what_a_database_takes),
        cmocka_unit_test(any_bytes_become_clean),
        cmocka_unit_test(a_copy_of_what_is_not_utf8_is_none),
        cmocka_unit_test(what_a_terminal_would_obey_becomes_visible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
