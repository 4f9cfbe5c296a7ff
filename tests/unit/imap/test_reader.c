/* The reader's words, fed whole and byte by byte: where the bytes are cut must not matter. */
#include "imap/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A source of bytes in memory, in pieces of `piece` bytes. */
struct memory_source {
    const char *data;
    size_t len;
    size_t piece;
    char traced[4096];
};

static long read_memory(void *context, char *to, size_t room, bool wait, struct err *err) {
    struct memory_source *source = context;
    size_t len = source->len < source->piece ? source->len : source->piece;
    (void)wait;
    if (len > room)
        len = room;
    if (len == 0)
        return err_set(err, ERR_TEMPORARY, "end");
    memcpy(to, source->data, len);
    source->data += len;
    source->len -= len;
    return (long)len;
}

static void trace(void *context, struct bytes line) {
    struct memory_source *source = context;
    size_t used = strlen(source->traced);
    snprintf(source->traced + used, sizeof source->traced - used, "%.*s|", (int)line.len,
             line.data);
}

enum element { WORD, ITEM, NUMBER, STRING, ASTRING, VALUE, END, TEXT, RESPONSE };

static int take(struct reader *reader, enum element element, struct buf *out, struct err *err) {
    uint64_t number = 0;
    int result = -1;
    buf_reset(out);
    switch (element) {
    case WORD: return reader_word(reader, out, err);
    case ITEM: return reader_item_name(reader, out, err);
    case NUMBER:
        result = reader_number(reader, UINT32_MAX, &number, err);
        buf_printf(out, "%llu", (unsigned long long)number);
        return result;
    case STRING: return reader_string(reader, out, 10, &number, err);
    case ASTRING: return reader_astring(reader, out, err);
    case VALUE: return reader_skip_value(reader, err);
    case END: return reader_end(reader, err);
    case TEXT: return reader_text(reader, out, err);
    case RESPONSE: return reader_skip_response(reader, err);
    }
    return result;
}

static const struct {
    const char *name;
    enum element element;
    const char *bytes;
    int result;
    const char *taken; /* on success; NULL: not looked at */
    const char *left;  /* what has to come next */
} cases[] = {
    {"a_word_ends_at_a_space", WORD, "FETCH (", 0, "FETCH", " ("},
    {"a_word_ends_at_a_line_end", WORD, "FETCH\r\n", 0, "FETCH", "\r\n"},
    {"a_flag_is_a_word", WORD, "\\Seen)", 0, "\\Seen", ")"},
    {"a_capability_is_a_word", WORD, "AUTH=PLAIN X", 0, "AUTH=PLAIN", " X"},
    {"an_empty_word_is_none", WORD, " X", -1, NULL, NULL},

    {"an_item_has_no_section", ITEM, "RFC822.SIZE 5", 0, "RFC822.SIZE", " 5"},
    {"an_item_has_a_section_and_an_origin", ITEM, "BODY[]<0> {", 0, "BODY[]<0>", " {"},
    {"a_section_has_spaces_and_parentheses", ITEM, "BODY[HEADER.FIELDS (TO CC)] NIL", 0,
     "BODY[HEADER.FIELDS (TO CC)]", " NIL"},
    {"a_quoted_bracket_ends_no_section", ITEM, "BODY[HEADER.FIELDS (\"a]\\\"]b\")]<7> x", 0,
     "BODY[HEADER.FIELDS (\"a]\\\"]b\")]<7>", " x"},
    {"a_section_ends_on_its_line", ITEM, "BODY[\r\n]", -1, NULL, NULL},

    {"a_number", NUMBER, "4294967295 ", 0, "4294967295", " "},
    {"a_number_with_leading_zeros", NUMBER, "007)", 0, "7", ")"},
    {"a_number_above_32_bits", NUMBER, "4294967296 ", -1, NULL, NULL},
    {"a_number_above_64_bits", NUMBER, "99999999999999999999999 ", -1, NULL, NULL},
    {"a_negative_number", NUMBER, "-1 ", -1, NULL, NULL},
    {"no_number", NUMBER, "x ", -1, NULL, NULL},

    {"quoted", STRING, "\"abc\" x", 1, "abc", " x"},
    {"quoted_empty", STRING, "\"\" x", 1, "", " x"},
    {"quoted_escapes", STRING, "\"a\\\"b\\\\\" x", 1, "a\"b\\", " x"},
    {"quoted_is_cut_at_what_is_kept", STRING, "\"0123456789abc\" x", 1, "0123456789", " x"},
    {"quoted_ends_on_its_line", STRING, "\"abc\r\n", -1, NULL, NULL},
    {"quoted_ends_on_its_line_though_escaped", STRING, "\"abc\\\r\n\"", -1, NULL, NULL},
    {"literal", STRING, "{3}\r\nabc x", 1, "abc", " x"},
    {"literal_empty", STRING, "{0}\r\n x", 1, "", " x"},
    {"literal_with_a_lone_lf", STRING, "{3}\nabc x", 1, "abc", " x"},
    {"literal_non_synchronising", STRING, "{3+}\r\nabc x", 1, "abc", " x"},
    {"literal8", STRING, "~{3}\r\na\tc x", 1, "a\tc", " x"},
    {"literal_is_bound_by_length", STRING, "{9}\r\n)\r\nN1 OK\" x", 1, ")\r\nN1 OK\"", " x"},
    {"literal_is_cut_at_what_is_kept", STRING, "{13}\r\n0123456789abc x", 1, "0123456789", " x"},
    {"literal_of_4_gib", STRING, "{4294967296}\r\nabc", -1, NULL, NULL},
    {"literal_of_2_to_the_64", STRING, "{18446744073709551617}\r\nabc", -1, NULL, NULL},
    {"literal_negative", STRING, "{-5}\r\nabc", -1, NULL, NULL},
    {"literal_without_number", STRING, "{}\r\nabc", -1, NULL, NULL},
    {"literal_without_line_end", STRING, "{3}abc", -1, NULL, NULL},
    {"literal_that_never_comes", STRING, "{3}\r\nab", -1, NULL, NULL},
    {"nil", STRING, "NIL x", 0, "", " x"},
    {"nil_in_small_letters", STRING, "nil x", 0, "", " x"},
    {"a_word_is_no_string", STRING, "NIX x", -1, NULL, NULL},

    {"astring_word", ASTRING, "INBOX\r\n", 0, "INBOX", "\r\n"},
    {"astring_with_a_tilde", ASTRING, "~ada\r\n", 0, "~ada", "\r\n"},
    {"astring_quoted", ASTRING, "\"a b\"\r\n", 0, "a b", "\r\n"},
    {"astring_literal", ASTRING, "{3}\r\na\"b\r\n", 0, "a\"b", "\r\n"},

    {"value_word", VALUE, "5 x", 0, NULL, " x"},
    {"value_string", VALUE, "\"a)b\" x", 0, NULL, " x"},
    {"value_literal", VALUE, "{3}\r\n((( x", 0, NULL, " x"},
    {"value_literal8", VALUE, "~{3}\r\n((( x", 0, NULL, " x"},
    {"value_word_with_a_tilde", VALUE, "(~x ~y) x", 0, NULL, " x"},
    {"value_list", VALUE, "(a (\"b)\" {1}\r\n) NIL) () BODY[(x y)]<0>) x", 0, NULL, " x"},
    {"value_code", VALUE, "[TRYCREATE] x", 0, NULL, " x"},
    {"value_unbalanced", VALUE, ") x", -1, NULL, NULL},
    {"value_list_cut_by_a_line_end", VALUE, "(a\r\n", -1, NULL, NULL},

    {"end", END, "\r\nx", 0, NULL, "x"},
    {"end_of_a_lone_lf", END, "\nx", 0, NULL, "x"},
    {"end_behind_spaces", END, "  \r\nx", 0, NULL, "x"},
    {"end_is_not_here", END, " x\r\n", -1, NULL, NULL},

    {"text", TEXT, " [UIDNEXT 5] next\r\nx", 0, " [UIDNEXT 5] next", "x"},
    {"text_of_nothing", TEXT, "\r\nx", 0, "", "x"},
    {"text_keeps_a_bare_cr", TEXT, "a\rb\r\nx", 0, "a\rb", "x"},
    {"text_has_no_literals", TEXT, "see {3}\r\nx", 0, "see {3}", "x"},

    {"skips_an_unknown_response", RESPONSE, "FOO (unbalanced \"text\r\nx", 0, NULL, "x"},
    {"skips_its_literals", RESPONSE, "FOO {7}\r\n* 1 BAR {3+}\r\n\r\n* ~{0}\r\n)\r\nx", 0, NULL,
     "x"},
    {"skips_braces_that_announce_nothing", RESPONSE, "FOO {} {x} {3}}\r\nx", 0, NULL, "x"},
    {"does_not_skip_4_gib", RESPONSE, "FOO {4294967296}\r\nx", -1, NULL, NULL},
};

static void check_case(size_t i, size_t piece) {
    struct memory_source source = {cases[i].bytes, strlen(cases[i].bytes), piece, ""};
    struct reader reader;
    struct buf out = BUF_INIT;
    struct err err = {0};
    reader_init(&reader, read_memory, NULL, &source);
    int result = take(&reader, cases[i].element, &out, &err);
    if (result != cases[i].result)
        fail_msg("%s, piece %zu: result %d (%s)", cases[i].name, piece, result, err.text);
    if (result >= 0 && cases[i].taken != NULL && strcmp(out.data, cases[i].taken) != 0)
        fail_msg("%s, piece %zu: took \"%s\"", cases[i].name, piece, out.data);
    if (cases[i].left != NULL) {
        struct buf left = BUF_INIT;
        buf_add(&left, reader.window + reader.start, reader.end - reader.start);
        buf_add(&left, source.data, source.len);
        if (strcmp(left.data, cases[i].left) != 0)
            fail_msg("%s, piece %zu: left \"%s\"", cases[i].name, piece, left.data);
        buf_free(&left);
    }
    buf_free(&out);
    reader_free(&reader);
}

static void the_words_are_the_same_however_the_bytes_are_cut(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t piece = 1; piece <= 64; piece *= 4)
            check_case(i, piece == 64 ? READER_WINDOW : piece);
}

/* Whether taking `element` off `count` times `unit`, and then `tail`, fails with ERR_PROTOCOL. */
static bool is_too_much(enum element element, const char *unit, size_t count, const char *tail) {
    struct buf bytes = BUF_INIT;
    struct buf out = BUF_INIT;
    struct err err = {0};
    struct reader reader;
    for (size_t i = 0; i < count; i++)
        buf_add_string(&bytes, unit);
    buf_add_string(&bytes, tail);
    struct memory_source source = {bytes.data, bytes.len, READER_WINDOW, ""};
    reader_init(&reader, read_memory, NULL, &source);
    int result = take(&reader, element, &out, &err);
    if (result < 0)
        assert_int_equal(err.code, ERR_PROTOCOL);
    reader_free(&reader);
    buf_free(&out);
    buf_free(&bytes);
    return result < 0;
}

static void an_endless_line_ends(void **state) {
    (void)state;
    static const enum element elements[] = {WORD, TEXT, RESPONSE, ITEM};
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
        assert_false(is_too_much(elements[i], "x", READER_LINE_MAX - 10, "\r\n"));
        assert_true(is_too_much(elements[i], "x", READER_LINE_MAX + 10, "\r\n"));
    }
}

static void deep_parentheses_end(void **state) {
    (void)state;
    assert_true(is_too_much(VALUE, "(", 1000000, ""));
    assert_true(is_too_much(VALUE, "(", READER_DEPTH_MAX + 1, ""));
}

static void the_trace_shows_lines_without_what_is_hushed(void **state) {
    (void)state;
    static const char bytes[] = "BODY[] {6}\r\nsecret FLAGS\r\n\"hidden\" x\r\n";
    struct memory_source source = {bytes, sizeof bytes - 1, 3, ""};
    struct reader reader;
    struct buf out = BUF_INIT;
    struct err err = {0};
    reader_init(&reader, read_memory, trace, &source);
    assert_int_equal(reader_item_name(&reader, &out, &err), 0);
    assert_int_equal(reader_expect(&reader, ' ', &err), 0);
    assert_int_equal(reader_string(&reader, &out, 100, NULL, &err), 1);
    assert_string_equal(out.data, "secret");
    assert_int_equal(reader_text(&reader, NULL, &err), 0);
    reader.hushed = true;
    assert_int_equal(reader_string(&reader, &out, 100, NULL, &err), 1);
    reader.hushed = false;
    assert_int_equal(reader_text(&reader, NULL, &err), 0);
    assert_string_equal(source.traced, "BODY[] {6} FLAGS|x|");
    buf_free(&out);
    reader_free(&reader);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_words_are_the_same_however_the_bytes_are_cut),
        cmocka_unit_test(an_endless_line_ends),
        cmocka_unit_test(deep_parentheses_end),
        cmocka_unit_test(the_trace_shows_lines_without_what_is_hushed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
