#include "classify/words.h"
#include "cmd/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Static, since the table of origins is large. */
static struct words words;

static bool is_example_net(void *context, struct bytes host) {
    (void)context;
    return bytes_ends_ignore_case(host, "known.example");
}

static const char *words_of(const char *text) {
    words_set(&words, bytes_of(text), is_example_net, NULL);
    return words.text.data;
}

static void what_a_pattern_should_not_see_is_taken_away(void **state) {
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"no such user", "no such user"},
        {"", ""},
        {"550 5.1.1 no such user", "no such user"},
        {"receiving mail\r\n\t too   quickly ", "receiving mail too quickly"},
        /* Addresses. */
        {"<ada@example.com>: unknown", "<@>: unknown"},
        {"ada+spam=blocked@example.com unknown", "@ unknown"},
        {"to:ada@example.com: no", "to:@: no"},
        {"dots at the end ada@example.com.", "dots at the end @."},
        {"not @ all", "not @ all"},
        /* Host names. */
        {"spam-gw.example.com refused", "~ refused"},
        {"mx.example.com[192.0.2.1] refused", "~[192.0.2.1] refused"},
        {"see http://help.example.com/spam", "see http://~/spam"},
        {"SPAM-GW.EXAMPLE.COM refused", "~ refused"},
        {"listed at bl.known.example", "listed at bl.known.example"},
        {"RESOLVER.ADR.RecipNotFound; not found", "RESOLVER.ADR.RecipNotFound; not found"},
        {"does not exist.Please check", "does not exist.Please check"},
        {"192.0.2.1 is listed", "192.0.2.1 is listed"},
        {"codes.php?x#BL000010", "codes.php?x#BL000010"},
        /* The reporting side's words. */
        {"host mx.example.com[192.0.2.1] said: 550 5.1.1 no such user (in reply to RCPT TO command)",
         "no such user (in reply to RCPT TO command)"},
        {"host a.example.com said: 550 undeliverable: host b.example.com said: 550 unknown",
         "undeliverable: host ~ said: 550 unknown"},
        {"host mx.example.com [192.0.2.1] SMTP error from remote mail server after "
         "RCPT TO:<ada@example.com>: 501 5.1.3 bad address: retry timeout exceeded",
         "bad address"},
        {"Connection refused: retry timeout exceeded",
         "Connection refused: retry timeout exceeded"},
        {"SMTP error from remote mail server after end of data: 550 spam", "spam"},
        {"SMTP error from remote mail server after RCPT TO:<ada@example.com>: "
         "host mx.example.com [192.0.2.1]: 550 5.1.1 User unknown",
         "User unknown"},
        {"SMTP module(domain example.com) reports: host mx.example.com says: 550 5.1.1 unknown user",
         "unknown user"},
        {"550 5.1.1 <ada@example.com>: Sender address rejected: host b.example said: 550 unknown",
         "<@>: Sender address rejected: host ~ said: 550 unknown"},
        /* Typography. */
        {"couldn\xe2\x80\x99t be \xe2\x80\x9c"
         "found\xe2\x80\x9d",
         "couldn't be \"found\""},
        {"user\xc2\xa0unknown", "user unknown"},
        {"user\x01 un\xe2\x80\x8bknown", "user unknown"},
        {"inconnu \xc3\xa0 cette adresse", "inconnu \xc3\xa0 cette adresse"},
        {"bad \xff byte", "bad ? byte"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(words_of(cases[i].text), cases[i].words);
}

static void places_lead_back_to_the_source(void **state) {
    (void)state;
    static const char text[] = "550 5.1.1 <ada@example.com>:\r\n  User\tunknown here";
    words_of(text);
    const char *at = strstr(words.text.data, "User unknown");
    assert_non_null(at);
    size_t from = (size_t)(at - words.text.data);
    struct bytes source = words_source(&words, from, from + strlen("User unknown"));
    assert_true(bytes_equal(source, bytes_of("User\tunknown")));
    assert_true(bytes_equal(words_source(&words, 0, 3), bytes_of("<ada@example.com>")));
    assert_true(
        bytes_equal(words_source(&words, from, words.text.len), bytes_of("User\tunknown here")));
    assert_int_equal(words_source(&words, 5, 5).len, 0);
}

static void words_are_valid_utf8_and_bounded_whatever_comes(void **state) {
    (void)state;
    enum { SIZE = 3 * WORDS_MAX };
    char *text = malloc(SIZE);
    assert_non_null(text);
    static const char *const units[] = {
        "a=",   "@",    "a@b.com ", "\xe2\x80\x99",     "\xff", "\xc3",
        "a.b.", "\x01", "=@",       "\xf0\x9f\x98\x80", "/"};
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        size_t len = strlen(units[u]);
        for (size_t i = 0; i < SIZE; i++)
            text[i] = units[u][i % len];
        words_set(&words, (struct bytes){text, SIZE}, is_example_net, NULL);
        assert_true(words.text.len <= WORDS_MAX);
        assert_true(utf8_is_valid(buf_bytes(&words.text)));
    }
    free(text);
}

static int tear_down(void **state) {
    (void)state;
    words_free(&words);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_pattern_should_not_see_is_taken_away),
        cmocka_unit_test(places_lead_back_to_the_source),
        cmocka_unit_test(words_are_valid_utf8_and_bounded_whatever_comes),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
