#include "mime/diagnostic.h"
#include "mime/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void codes_are_found_where_a_server_gives_them(void **state) {
    (void)state;
    static const struct {
        const char *name, *text;
        unsigned reply;
        const char *status;
    } cases[] = {
        {"both_at_the_start", "550 5.1.1 User unknown", 550, "5.1.1"},
        {"a_reply_code_alone", "550 User unknown", 550, ""},
        {"a_status_alone", "5.7.1 refused", 0, "5.7.1"},
        {"a_hash_joins_them", "550 #5.1.0 Address rejected", 550, "5.1.0"},
        {"behind_said", "host mx.example.net[192.0.2.25] said: 452 4.2.2 full", 452, "4.2.2"},
        {"an_ip_address_is_no_status", "host 5.1.1.10 refused", 0, ""},
        {"an_ip_address_is_no_reply_code", "connect to 192.0.2.250: timed out", 0, ""},
        {"a_port_is_no_reply_code", "mx.example.net:587 refused", 0, ""},
        {"a_version_is_no_status", "server 4.3.2p1", 0, ""},
        {"a_number_in_an_address_is_none", "user550@example.net is unknown", 0, ""},
        {"a_status_of_the_same_class_wins", "from 550 (x): 451 4.7.1 later", 451, "4.7.1"},
        {"nothing", "no such user", 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct diagnostic_codes codes = diagnostic_codes_find(bytes_of(cases[i].text));
        if (codes.reply != cases[i].reply || strcmp(codes.status, cases[i].status) != 0)
            fail_msg("%s: got %u \"%s\"", cases[i].name, codes.reply, codes.status);
    }
}

static void continued_replies_are_one_text(void **state) {
    (void)state;
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"codes_stand_once", "550-5.1.1 The account\r\n 550-5.1.1 does not\r\n 550 5.1.1 exist",
         "550 5.1.1 The account does not exist"},
        {"without_enhanced_codes", "554-refused\n 554-see\n 554 https://example.net/",
         "554 refused see https://example.net/"},
        {"one_line_stays", "550 5.1.1 no 550 here", "550 5.1.1 no 550 here"},
        {"white_space_is_joined", "550   no\r\n\tsuch  user ", "550 no such user"},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = diagnostic_text(arena, bytes_of(cases[i].text));
        if (!got || strcmp(got, cases[i].want) != 0)
            fail_msg("%s: got \"%s\"", cases[i].name, got ? got : "nothing");
    }
    assert_null(diagnostic_text(arena, bytes_of(" \r\n ")));
    arena_free(arena);
}

static void a_diagnostic_of_200_kilobytes_is_cut_between_characters(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    struct bytes huge = {arena_alloc(arena, 200 * 1024), 200 * 1024};
    char *fill = arena_bytes(arena, huge);
    for (size_t i = 0; i + 1 < huge.len; i += 2) {
        fill[i] = '\xc3';
        fill[i + 1] = '\xa9';
    }
    const char *got = diagnostic_text(arena, (struct bytes){fill, huge.len});
    assert_int_equal(strlen(got), REPORT_DIAGNOSTIC_MAX);
    assert_memory_equal(got + REPORT_DIAGNOSTIC_MAX - 2, "\xc3\xa9", 2);
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_found_where_a_server_gives_them),
        cmocka_unit_test(continued_replies_are_one_text),
        cmocka_unit_test(a_diagnostic_of_200_kilobytes_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
