#include "mime/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state) {
    *state = arena_new();
    return 0;
}

static int teardown(void **state) {
    arena_free(*state);
    return 0;
}

static void check(const char *name, const char *got, const char *want) {
    if (!want && !got)
        return;
    if (!want || !got)
        fail_msg("%s: got %s, want %s", name, got ? got : "nothing", want ? want : "nothing");
    if (strcmp(got, want) != 0)
        fail_msg("%s: got %s, want %s", name, got, want);
}

static void header_values_give_their_first_address(void **state) {
    static const struct {
        const char *name, *value, *address;
        unsigned count;
    } cases[] = {
        {"a_bare_address", "ada@example.net", "ada@example.net", 1},
        {"a_display_name", "Ada <ada@example.net>", "ada@example.net", 1},
        {"a_quoted_name_is_not_read", "\"bob@example.com\" <ada@example.net>", "ada@example.net",
         1},
        {"a_name_that_looks_like_an_address", "bob@example.com <ada@example.net>",
         "ada@example.net", 2},
        {"a_comment_is_not_read", "(bob@example.com) ada@example.net", "ada@example.net", 1},
        {"a_list_gives_its_first", "ada@example.net, Bob <bob@example.com>", "ada@example.net", 2},
        {"a_quoted_local_part_is_kept", "<\"ada lovelace\"@example.net>",
         "\"ada lovelace\"@example.net", 1},
        {"a_group_of_nobody", "undisclosed-recipients:;", NULL, 0},
        {"the_null_sender_is_nobody", "<>", NULL, 0},
        {"a_source_route_is_passed_over", "<@a.example,@b.example:ada@example.net>",
         "ada@example.net", 1},
        {"utf8_in_both_halves",
         "<j\xc3\xbcrgen@b\xc3\xbc"
         "cher.example>",
         "j\xc3\xbcrgen@b\xc3\xbc"
         "cher.example",
         1},
        {"an_address_literal", "<ada@[192.0.2.1]>", "ada@[192.0.2.1]", 1},
        {"a_folded_list", "Ada\r\n <ada@example.net>,\r\n bob@example.com", "ada@example.net", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned count = 99;
        check(cases[i].name, address_first(*state, bytes_of(cases[i].value), &count),
              cases[i].address);
        if (count != cases[i].count)
            fail_msg("%s: counted %u", cases[i].name, count);
    }
}

static void typed_addresses_lose_their_type_and_their_encoding(void **state) {
    static const struct {
        const char *name, *value, *address;
        bool xtext;
    } cases[] = {
        {"a_type_is_taken_off", "rfc822; ada@example.net", "ada@example.net", false},
        {"a_type_in_capitals", "RFC822;ada@example.net", "ada@example.net", false},
        {"angle_brackets_are_taken_off", "rfc822;<ada@example.net>", "ada@example.net", false},
        {"the_type_may_be_missing", "ada@example.net", "ada@example.net", false},
        {"a_comment_is_dropped", "rfc822; ada@example.net (Ada)", "ada@example.net", false},
        {"xtext_is_undone", "rfc822;ada+2Blist+3Dx@example.net", "ada+list=x@example.net", true},
        {"a_plus_that_encodes_nothing_stays", "rfc822;ada+AB@example.net", "ada+AB@example.net",
         true},
        {"xtext_only_where_it_may_be", "rfc822;ada+2B@example.net", "ada+2B@example.net", false},
        {"unitext_is_undone", "utf-8;j\\x{FC}rgen@example.net", "j\xc3\xbcrgen@example.net", false},
        {"raw_utf8_is_kept", "utf-8; j\xc3\xbcrgen@example.net", "j\xc3\xbcrgen@example.net",
         false},
        {"a_name_without_a_domain_is_given_as_it_is", "local; ada", "ada", false},
        {"an_address_in_exchanges_capsule", "rfc822;IMCEASMTP-ada+40example+2Enet@site.example",
         "ada@example.net", false},
        {"an_empty_capsule_stays", "rfc822;IMCEASMTP-@site.example", "IMCEASMTP-@site.example",
         false},
        {"a_type_alone_is_nothing", "rfc822;", NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i].name, address_typed(*state, bytes_of(cases[i].value), cases[i].xtext),
              cases[i].address);
}

static void prose_gives_addresses_without_its_punctuation(void **state) {
    static const struct {
        const char *name, *text, *address;
    } cases[] = {
        {"a_full_stop_ends_the_sentence", "We could not reach ada@example.net.", "ada@example.net"},
        {"quotation_marks", "'ada@example.net' is unknown", "ada@example.net"},
        {"parentheses", "(ada@example.net)", "ada@example.net"},
        {"a_colon_behind_it", "ada@example.net: unknown", "ada@example.net"},
        {"an_at_sign_alone_is_none", "meet @ noon", NULL},
        {"japanese_sets_no_spaces",
         "\xe5\xae\x9b\xe5\x85\x88"
         "ada@example.net\xe3\x81\xaf",
         "ada@example.net"},
        {"full_width_brackets",
         "\xef\xbc\x9c"
         "ada@example.net\xef\xbc\x9e",
         "ada@example.net"},
        {"an_address_in_another_script", "\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b.example",
         "\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b.example"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes rest = bytes_of(cases[i].text), address;
        const char *got = address_next(&rest, &address, NULL) ? arena_bytes(*state, address) : NULL;
        check(cases[i].name, got, cases[i].address);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_values_give_their_first_address),
        cmocka_unit_test(typed_addresses_lose_their_type_and_their_encoding),
        cmocka_unit_test(prose_gives_addresses_without_its_punctuation),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
