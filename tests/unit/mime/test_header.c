#include "cmd/base/buf.h"
#include "mime/header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TWENTY "X-Twenty-Characters-"
#define HUNDRED TWENTY TWENTY TWENTY TWENTY TWENTY

static void fields_and_body_are_told_apart(void **state) {
    (void)state;
    static const struct {
        const char *name, *message, *fields, *body;
    } cases[] = {
        {"two_fields", "A: 1\nB: 2\n\nbody", "A=1|B=2|", "body"},
        {"crlf", "A: 1\r\nB: 2\r\n\r\nbody", "A=1|B=2|", "body"},
        {"a_fold", "A: 1\n 2\n\t3\n\nbody", "A=1 2 3|", "body"},
        {"a_fold_that_lost_its_space", "A: 1\n2 3\nB: 4\n\nbody", "A=1 2 3|B=4|", "body"},
        {"no_header", "hello\nA: 1\n", "", "hello\nA: 1\n"},
        {"an_empty_header", "\nbody", "", "body"},
        {"no_body", "A: 1", "A=1|", ""},
        {"an_empty_value", "A:\nB: 2\n\n", "A=|B=2|", ""},
        {"space_before_the_colon", "A : 1\n\n", "A=1|", ""},
        {"a_boundary_ends_it", "A: 1\n--b\n", "A=1|", "--b\n"},
        {"a_line_of_an_mbox_is_noise", "A: 1\n>From a@example.com today\n folded\nB: 2\n\n",
         "A=1|B=2|", ""},
        {"a_name_of_a_hundred_characters", HUNDRED ": 1\n\n", HUNDRED "=1|", ""},
        {"a_longer_one_is_no_name", "A" HUNDRED ": 1\n", "", "A" HUNDRED ": 1\n"},
        {"prose_with_a_colon_is_no_field", "see this: no\n\n", "", "see this: no\n\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new();
        struct header header;
        struct buf got = BUF_INIT;
        size_t body = header_read(bytes_of(cases[i].message), arena, &header);
        for (size_t f = 0; f < header.count; f++) {
            buf_add_bytes(&got, header.fields[f].name);
            buf_add_char(&got, '=');
            buf_add_bytes(&got, header_unfold(arena, header.fields[f].value));
            buf_add_char(&got, '|');
        }
        if (strcmp(got.data, cases[i].fields) != 0)
            fail_msg("%s: fields %s", cases[i].name, got.data);
        if (strcmp(cases[i].message + body, cases[i].body) != 0)
            fail_msg("%s: body %s", cases[i].name, cases[i].message + body);
        buf_free(&got);
        arena_free(arena);
    }
}

static void the_instance_counts_from_the_top(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    struct header header;
    header_read(bytes_of("To: a\nX: b\nTO: c\n\n"), arena, &header);
    assert_true(bytes_equal(header_find(&header, "to", 1)->value, bytes_of("a")));
    assert_true(bytes_equal(header_find(&header, "to", 2)->value, bytes_of("c")));
    assert_null(header_find(&header, "to", 3));
    assert_false(header_has(&header, "T"));
    arena_free(arena);
}

static void comments_are_taken_out(void **state) {
    (void)state;
    static const struct {
        const char *value, *want;
    } cases[] = {
        {"a (b) c", "a  c"}, {"a (b (c) d) e", "a  e"}, {"\"a (b)\" c", "\"a (b)\" c"},
        {"(a)", ""},         {"a(b)c (d) e", "ac  e"},  {"a (never closed", "a (never closed"},
        {"a ) b", "a ) b"},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes got = header_without_comments(arena, bytes_of(cases[i].value));
        if (!bytes_equal(got, bytes_of(cases[i].want)))
            fail_msg("%s: got %.*s", cases[i].value, (int)got.len, got.data);
    }
    arena_free(arena);
}

static void white_space_anywhere_becomes_one_space(void **state) {
    (void)state;
    static const char *const folds[] = {" ", "  ", "\t", "\r\n ", "\n\t", " \v", "\f"};
    static const char letters[] = "abcdefghijklmnopqrst\xc3\xa4\x7f";
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof folds / sizeof *folds; i++)
        for (size_t at = 0; at < sizeof letters; at++) {
            struct buf value = BUF_INIT, want = BUF_INIT;
            buf_add(&value, letters, at);
            buf_add_string(&value, folds[i]);
            buf_add_string(&value, letters + at);
            buf_add(&want, letters, at);
            buf_add_string(&want, at && letters[at] ? " " : "");
            buf_add_string(&want, letters + at);
            struct bytes got = header_unfold(arena, buf_bytes(&value));
            if (!bytes_equal(got, buf_bytes(&want)))
                fail_msg("fold %zu at %zu: %.*s", i, at, (int)got.len, got.data);
            buf_free(&value);
            buf_free(&want);
        }
    assert_int_equal(header_unfold(arena, bytes_of("")).len, 0);
    assert_int_equal(header_unfold(arena, bytes_of(" \r\n ")).len, 0);
    arena_free(arena);
}

static void a_million_fields_take_bounded_memory(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    struct header header;
    struct buf message = BUF_INIT;
    for (unsigned i = 0; i < 1000 * 1000; i++)
        buf_add_string(&message, "A: 1\n");
    buf_add_string(&message, "\nbody");
    size_t body = header_read(buf_bytes(&message), arena, &header);
    assert_int_equal(header.count, HEADER_FIELDS_MAX);
    assert_string_equal(message.data + body, "body");
    buf_free(&message);
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_and_body_are_told_apart),
        cmocka_unit_test(the_instance_counts_from_the_top),
        cmocka_unit_test(comments_are_taken_out),
        cmocka_unit_test(white_space_anywhere_becomes_one_space),
        cmocka_unit_test(a_million_fields_take_bounded_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
