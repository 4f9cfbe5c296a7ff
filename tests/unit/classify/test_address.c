#include "classify/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int make_arena(void **state) {
    *state = arena_new();
    return 0;
}

static int free_arena(void **state) {
    arena_free(*state);
    return 0;
}

static void the_shown_form_keeps_the_local_part_and_has_one_domain(void **state) {
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"ada@example.net", "ada@example.net"},
        {"<Ada.Lovelace@Example.NET>", "Ada.Lovelace@example.net"},
        {"  ada@example.net.\r\n", "ada@example.net"},
        {"\"ada\"@example.net", "ada@example.net"},
        {"\"ada b\"@example.net", "\"ada b\"@example.net"},
        {"\"a@b\"@example.net", "\"a@b\"@example.net"},
        {"\"a\\\"b\\\\c\"@example.net", "\"a\\\"b\\\\c\"@example.net"},
        {"\"a\\.b\"@example.net", "a.b@example.net"},
        {"@relay.example,@other.example:ada@example.net", "ada@example.net"},
        {"double..dot.@docomo.example", "double..dot.@docomo.example"},
        {"o'brien+x=y!#$%&*-/?^_`{|}~@example.net", "o'brien+x=y!#$%&*-/?^_`{|}~@example.net"},
        {"j\xc3\xb6rg@example.net", "j\xc3\xb6rg@example.net"},
        {"ada@[IPv6:2001:DB8::1]", "ada@[ipv6:2001:db8::1]"},
        {"ada@localhost", "ada@localhost"},
        {"ada@_dmarc.example.net", "ada@_dmarc.example.net"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *shown = address_normalise(cases[i].text, *state);
        assert_non_null(shown);
        assert_string_equal(shown, cases[i].shown);
        assert_string_equal(address_normalise(shown, *state), shown);
    }
}

static void what_is_no_address_has_no_form(void **state) {
    static const char *const texts[] = {
        "",
        "ada",
        "@",
        "ada@",
        "@example.net",
        "<>",
        "ada b@example.net",
        "ada@example..net",
        "ada@.example.net",
        "ada@exa mple.net",
        "ada@example.net>",
        "a@b@example.net",
        "ada,bob@example.net",
        "\"ada@example.net",
        "\"ada\"b\"@example.net",
        "\"ada\\\"@example.net",
        "\"\"@example.net",
        "a\x01@example.net",
        "\"a\x7f\"@example.net",
        "j\xf6rg@example.net",
        "ada@ex\xffmple.net",
        "ada@[192.0.2.1",
        "ada@[]",
        "ada@..",
        "@relay.example",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_null(address_normalise(texts[i], *state));
        assert_null(address_key(texts[i], *state));
    }
    assert_null(address_key(NULL, *state));
}

static void spellings_of_one_address_have_one_key(void **state) {
    static const char *const spellings[] = {
        "ada.b@example.net",
        "ADA.B@EXAMPLE.NET",
        "<Ada.B@Example.Net.>",
        "\"Ada.B\"@example.net",
    };
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        assert_string_equal(address_key(spellings[i], *state), "ada.b@example.net");
    assert_string_equal(address_key("\"A B\"@Example.net", *state), "\"a b\"@example.net");
    assert_string_equal(address_key("Ada@B\xc3\xbc"
                                    "cher.example",
                                    *state),
                        "ada@xn--bcher-kva.example");
    assert_string_equal(address_key("ada@Xn--Bcher-Kva.Example", *state),
                        "ada@xn--bcher-kva.example");
    /* no valid IDN, and an address all the same */
    assert_string_equal(address_key("ada@\xe2\x82\xac.example", *state),
                        "ada@\xe2\x82\xac.example");
    assert_string_not_equal(address_key("adab@example.net", *state), "ada.b@example.net");
}

static void an_endless_address_is_none(void **state) {
    char text[ADDRESS_MAX + 1];
    memset(text, 'a', sizeof text);
    memcpy(text + sizeof text - sizeof "@b.example" + 1, "@b.example", sizeof "@b.example" - 1);
    struct address address;
    assert_false(address_parse((struct bytes){text, sizeof text}, *state, &address));
    assert_true(address_parse((struct bytes){text + 1, sizeof text - 1}, *state, &address));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shown_form_keeps_the_local_part_and_has_one_domain),
        cmocka_unit_test(what_is_no_address_has_no_form),
        cmocka_unit_test(spellings_of_one_address_have_one_key),
        cmocka_unit_test(an_endless_address_is_none),
    };
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
