#include "classify/normalise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Static, since the table of origins is large. */
static struct words words;

static void what_differs_from_mail_to_mail_is_taken_away(void **state) {
    (void)state;
    static const struct {
        const char *text, *local_part, *normal;
    } cases[] = {
        {"", NULL, ""},
        {"550", NULL, ""},
        {"550 5.7.1 Refused by House Policy", NULL, "refused by house policy"},
        {"host mx.example.net[192.0.2.1] said: 550 no", NULL, "no"},
        /* Addresses and names. */
        {"550 <ada@example.net> is not here", NULL, "<@> is not here"},
        {"550 ask postmaster@mail.example.net about it", NULL, "ask @ about it"},
        {"550 refused by gw3.example.net (gw3)", NULL, "refused by ~ (#)"},
        {"550 User Ada not listed", "ada", "user @ not listed"},
        {"550 Users adamant not listed", "ada", "users adamant not listed"},
        {"550 User ada.lovelace not listed", "ada.lovelace", "user @ not listed"},
        {"550 see https://help.example.net/x?id=4F3#a or call", NULL, "see ~ or call"},
        {"550 and/or refused", NULL, "and/or refused"},
        /* Numbers, ids, dates. */
        {"554 192.0.2.25 is not liked", NULL, "# is not liked"},
        {"554 client [2001:db8::1] is not liked", NULL, "client [#] is not liked"},
        {"554 client fe80::abcd:ef is not liked", NULL, "client # is not liked"},
        {"554 refused (4FzX2Q1Lz7)", NULL, "refused (#)"},
        {"554 refused id=4FzX2Q1Lz7 now", NULL, "refused id=# now"},
        {"554 error:17 in filter", NULL, "error:# in filter"},
        {"554 IB705 12 34/56 refused", NULL, "# refused"},
        {"554 refused at Sun, 22 Nov 2026 06:24:55 +0000 (UTC)", NULL, "refused at # (utc)"},
        {"554 on Nov 22 2026 at 10:31 pm refused", NULL, "on # at # refused"},
        {"554 you may not send in may", NULL, "you may not send in may"},
        {"554 on 3 May refused", NULL, "on # refused"},
        {"554 qYxAbCdEfGhIjKlMnOpQrStUv refused", NULL, "# refused"},
        {"554 X-Spam-Level too high", NULL, "x-spam-level too high"},
        /* Other alphabets stay. */
        {"550 \xd0\x9d\xd0\xb5\xd1\x82 12 \xd1\x8f\xd1\x89\xd0\xb8\xd0\xba\xd0\xb0", NULL,
         "\xd0\x9d\xd0\xb5\xd1\x82 # \xd1\x8f\xd1\x89\xd0\xb8\xd0\xba\xd0\xb0"},
    };
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        normalise(&words, bytes_of(cases[i].text), cases[i].local_part, &out);
        if (strcmp(out.data, cases[i].normal) != 0)
            fail_msg("%s\ngives \"%s\" and not \"%s\"", cases[i].text, out.data, cases[i].normal);
    }
    buf_free(&out);
    words_free(&words);
    words = (struct words){0};
}

static void a_long_text_is_cut_between_characters(void **state) {
    (void)state;
    struct buf text = BUF_INIT, out = BUF_INIT;
    for (int lead = 0; lead < 3; lead++) {
        buf_reset(&text);
        for (int i = 0; i < lead; i++)
            buf_add_char(&text, 'x');
        for (int i = 0; i < 300; i++)
            buf_add_string(&text, "\xe3\x81\x82");
        normalise(&words, buf_bytes(&text), NULL, &out);
        assert_in_range(out.len, NORMALISE_MAX - 3, NORMALISE_MAX);
        assert_int_equal((out.len - (size_t)lead) % 3, 0);
        assert_int_equal(strlen(out.data), out.len);
    }
    buf_free(&text);
    buf_free(&out);
    words_free(&words);
    words = (struct words){0};
}

static void the_longest_run_of_words_is_the_pattern(void **state) {
    (void)state;
    static const struct {
        const char *normal, *pattern; /* NULL: none */
    } cases[] = {
        {"", NULL},
        {"refused", NULL},
        {"<@> ~ #", NULL},
        {"no (#)", NULL},
        {"a b", NULL},
        {"refused by house policy", "refused by house policy"},
        {"<@>: refused by house policy (#)", "refused by house policy"},
        {"user @ does not like mail. ask #", "does not like mail\\. ask"},
        {"what? (really) $5", "what\\? \\(really"},
        {"one two three four five six seven eight nine ten eleven twelve thirteen fourteen",
         "one two three four five six seven eight nine ten eleven"},
        {"\xe5\xae\x9b\xe5\x85\x88\xe4\xb8\x8d\xe6\x98\x8e",
         "\xe5\xae\x9b\xe5\x85\x88\xe4\xb8\x8d\xe6\x98\x8e"},
    };
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool found = normalise_pattern(bytes_of(cases[i].normal), &out);
        if (found != (cases[i].pattern != NULL) || (found && strcmp(out.data, cases[i].pattern)))
            fail_msg("\"%s\" gives \"%s\"", cases[i].normal, found ? out.data : "nothing");
    }
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_differs_from_mail_to_mail_is_taken_away),
        cmocka_unit_test(a_long_text_is_cut_between_characters),
        cmocka_unit_test(the_longest_run_of_words_is_the_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
