#include "mime/entity.h"

#include "cmd/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* The tree as text: "multipart/report(text/plain:body text/html:body)". */
static void describe(const struct entity *e, struct buf *out) {
    buf_printf(out, "%s", e->type);
    if (!e->first_part) {
        buf_add_char(out, ':');
        buf_add_bytes(out, e->body);
        return;
    }
    buf_add_char(out, '(');
    for (const struct entity *part = e->first_part; part; part = part->next) {
        if (part != e->first_part)
            buf_add_char(out, ' ');
        describe(part, out);
    }
    buf_add_char(out, ')');
}

#define MULTIPART "Content-Type: multipart/mixed; boundary=b\n\n"

static void structure_is_found(void **state) {
    (void)state;
    static const struct {
        const char *name, *message, *tree;
    } cases[] = {
        {"nothing", "", "text/plain:"},
        {"no_header", "\nhello", "text/plain:hello"},
        {"no_empty_line", "Subject: x\n", "text/plain:"},
        {"two_parts", MULTIPART "--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n--b--\n",
         "multipart/mixed(text/plain:one text/html:two)"},
        {"crlf", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b--\r\n",
         "multipart/mixed(text/plain:one)"},
        {"a_preamble_and_an_epilogue_are_no_parts", MULTIPART "hi\n--b\n\none\n--b--\nbye\n",
         "multipart/mixed(text/plain:one)"},
        {"never_closed", MULTIPART "--b\n\none\n--b\n\ntwo",
         "multipart/mixed(text/plain:one "
         "text/plain:two)"},
        {"a_part_without_an_empty_line",
         MULTIPART "--b\nContent-Type: text/html\n--b\n\ntwo\n--b--",
         "multipart/mixed(text/html: text/plain:two)"},
        {"quoted_boundary",
         "Content-Type: Multipart/Mixed; boundary=\"a b\"\n\n--a b\n\none\n--a b--",
         "multipart/mixed(text/plain:one)"},
        {"a_boundary_in_pieces",
         "Content-Type: multipart/mixed; boundary*0=ab; boundary*1=cd\n\n--abcd\n\none\n--abcd--",
         "multipart/mixed(text/plain:one)"},
        {"a_boundary_that_is_not_used_is_guessed",
         MULTIPART "--c\nContent-Type: text/html\n\none\n--c--\n",
         "multipart/mixed(text/html:one)"},
        {"a_multipart_without_parts_is_text", MULTIPART "hello\n", "text/plain:hello\n"},
        {"nested",
         MULTIPART "--b\nContent-Type: multipart/alternative; boundary=bb\n\n--bb\n\none\n--bb--\n"
                   "--b\n\ntwo\n--b--",
         "multipart/mixed(multipart/alternative(text/plain:one) text/plain:two)"},
        {"an_outer_boundary_closes_the_inner",
         MULTIPART "--b\nContent-Type: multipart/alternative; boundary=bb\n\n--bb\n\none\n--b\n\n"
                   "two\n--b--",
         "multipart/mixed(multipart/alternative(text/plain:one) text/plain:two)"},
        {"dashes_alone_are_text", MULTIPART "--b\n\none\n-- \nsigned\n--b--",
         "multipart/mixed(text/plain:one\n-- \nsigned)"},
        {"an_inner_message_stays_closed",
         MULTIPART "--b\nContent-Type: message/rfc822\n\n" MULTIPART "--x\n--b--",
         "multipart/mixed(message/rfc822:" MULTIPART "--x)"},
        {"no_media_type", "Content-Type: text\n\nhello", "text/plain:hello"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new();
        struct buf tree = BUF_INIT;
        describe(entity_read(bytes_of(cases[i].message), arena), &tree);
        if (strcmp(tree.data, cases[i].tree) != 0)
            fail_msg("%s: got %s", cases[i].name, tree.data);
        buf_free(&tree);
        arena_free(arena);
    }
}

static void what_never_closes_is_said(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    assert_true(entity_read(bytes_of(MULTIPART "--b\n\none\n"), arena)->unclosed);
    assert_false(entity_read(bytes_of(MULTIPART "--b\n\none\n--b--"), arena)->unclosed);
    assert_string_equal(entity_read(bytes_of(MULTIPART "--b\n\none"), arena)->problem,
                        "boundary never closes");
    arena_free(arena);
}

/* libetpan needs eight seconds for this one. */
static void nesting_without_end_takes_bounded_time(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    struct buf message = BUF_INIT;
    for (unsigned i = 0; i < 10000; i++)
        buf_printf(&message, "Content-Type: multipart/mixed; boundary=b%u\n\n--b%u\n", i, i);
    clock_t start = clock();
    struct entity *root = entity_read(buf_bytes(&message), arena);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 1.0);
    unsigned depth = 0;
    for (struct entity *e = root; e; e = e->first_part)
        depth++;
    assert_int_equal(depth, ENTITY_DEPTH_MAX + 1);
    buf_free(&message);
    arena_free(arena);
}

static void text_is_decoded(void **state) {
    (void)state;
    static const struct {
        const char *name, *message, *text;
    } cases[] = {
        {"base64", "Content-Transfer-Encoding: base64\n\naGVsbG8=\n", "hello"},
        {"quoted_printable", "Content-Transfer-Encoding: quoted-printable\n\na=3Db=\nc\n",
         "a=bc\n"},
        {"quoted_printable_cut_in_an_escape", "Content-Transfer-Encoding: quoted-printable\n\na=4",
         "a=4"},
        {"quoted_printable_with_a_bare_equals_sign",
         "Content-Transfer-Encoding: quoted-printable\n\na=b =XY= \nc", "a=b =XYc"},
        {"an_unknown_encoding_is_none", "Content-Transfer-Encoding: 8bits\n\nhello\n", "hello\n"},
        {"crlf_becomes_lf", "\r\none\r\ntwo\r\n", "one\ntwo\n"},
        {"latin1", "Content-Type: text/plain; charset=iso-8859-1\n\n\xfc", "\xc3\xbc"},
        {"koi8_r", "Content-Type: text/plain; charset=\"KOI8-R\"\n\n\xc4\xc1", "\xd0\xb4\xd0\xb0"},
        {"iso_2022_jp", "Content-Type: text/plain; charset=ISO-2022-JP\n\n\x1b$B%\"\x1b(B",
         "\xe3\x82\xa2"},
        {"iso_2022_jp_without_a_label", "\n\x1b$B%\"\x1b(B", "\xe3\x82\xa2"},
        {"utf8_labelled_iso_2022_jp",
         "Content-Type: text/plain; charset=ISO-2022-JP\n\n\xe3\x82\xa2", "\xe3\x82\xa2"},
        {"utf8_with_a_wrong_label", "Content-Type: text/plain; charset=iso-8859-1\n\n\xc3\xbc",
         "\xc3\xbc"},
        {"an_unknown_charset", "Content-Type: text/plain; charset=x-none\n\n\xfc", "\xc3\xbc"},
        {"html", "Content-Type: text/html\n\n<p>a &lt;b&gt;<br>c<style>x</style></p>", "a <b>\nc"},
        {"html_with_a_bare_address", "Content-Type: text/html\n\n<b>to <ada@example.net></b>",
         "to <ada@example.net>"},
    };
    struct charset_cache *charsets = charset_cache_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new();
        struct entity *e = entity_read(bytes_of(cases[i].message), arena);
        struct bytes got = entity_text(e, charsets, arena, 1000, NULL);
        if (!bytes_equal(bytes_trim(got), bytes_trim(bytes_of(cases[i].text))))
            fail_msg("%s: got \"%.*s\"", cases[i].name, (int)got.len, got.data);
        arena_free(arena);
    }
    charset_cache_free(charsets);
}

static void header_words_are_decoded(void **state) {
    (void)state;
    static const struct {
        const char *name, *value, *text;
    } cases[] = {
        {"plain", "Hello", "Hello"},
        {"folded", "Hello\r\n world", "Hello world"},
        {"base64", "=?utf-8?B?w7w=?=", "\xc3\xbc"},
        {"q_with_an_underscore", "=?utf-8?Q?a_=C3=BC?=", "a \xc3\xbc"},
        {"white_space_between_words_is_none", "=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"},
        {"white_space_beside_text_is_text", "x =?utf-8?Q?a?= y", "x a y"},
        {"a_character_cut_in_half", "=?utf-8?B?ww==?= =?utf-8?B?vA==?=", "\xc3\xbc"},
        {"two_charsets", "=?iso-8859-1?Q?=FC?= =?utf-8?Q?=C3=BC?=", "\xc3\xbc\xc3\xbc"},
        {"a_word_that_is_none", "=?utf-8?X?a?=", "=?utf-8?X?a?="},
        {"raw_latin1", "\xfc", "\xc3\xbc"},
    };
    struct charset_cache *charsets = charset_cache_new();
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = encoding_header_text(charsets, arena, bytes_of(cases[i].value));
        if (strcmp(got, cases[i].text) != 0)
            fail_msg("%s: got \"%s\"", cases[i].name, got);
    }
    arena_free(arena);
    charset_cache_free(charsets);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(structure_is_found),
        cmocka_unit_test(what_never_closes_is_said),
        cmocka_unit_test(nesting_without_end_takes_bounded_time),
        cmocka_unit_test(text_is_decoded),
        cmocka_unit_test(header_words_are_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
