#include "cmd/base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void set_replaces_what_stood_there(void **state) {
    (void)state;
    struct err err = {0};
    assert_int_equal(err_set(&err, ERR_TEMPORARY, "server %s is down", "db1"), -1);
    assert_int_equal(err.code, ERR_TEMPORARY);
    assert_string_equal(err.text, "server db1 is down");
    err_set(&err, ERR_CONFIG, "typo");
    assert_int_equal(err.code, ERR_CONFIG);
    assert_string_equal(err.text, "typo");
}

static void each_layer_puts_its_words_in_front(void **state) {
    (void)state;
    struct err err = {0};
    err_set(&err, ERR_TEMPORARY, "server closed the connection");
    assert_int_equal(err_prefix(&err, "UID %u", 4711U), -1);
    err_prefix(&err, "mailbox %s", "bounces");
    assert_string_equal(err.text, "mailbox bounces: UID 4711: server closed the connection");
    assert_int_equal(err_advise(&err, "wait"), -1);
    assert_string_equal(err.text, "mailbox bounces: UID 4711: server closed the connection; wait");
    assert_int_equal(err.code, ERR_TEMPORARY);
}

static void errno_is_told_in_words(void **state) {
    (void)state;
    struct err err = {0};
    errno = ENOENT;
    assert_int_equal(err_set_errno(&err, ERR_NO_INPUT, "%s", "/etc/nullsender.conf"), -1);
    assert_string_equal(err.text, "/etc/nullsender.conf: No such file or directory");
    assert_int_equal(err.code, ERR_NO_INPUT);
}

static void long_texts_are_cut_and_stay_strings(void **state) {
    (void)state;
    struct err err = {0};
    char text[3 * ERR_TEXT_MAX];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    err_set(&err, ERR_DATA, "%s", text);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    err_prefix(&err, "file");
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    assert_memory_equal(err.text, "file: x", 7);
    errno = EIO;
    err_set_errno(&err, ERR_IO, "%s", text);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    err_prefix(&err, "%s", text);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    err_advise(&err, "wait");
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    assert_int_equal(err.code, ERR_IO);
}

static void nobody_need_want_to_know(void **state) {
    (void)state;
    assert_int_equal(err_set(NULL, ERR_DATA, "x"), -1);
    assert_int_equal(err_set_errno(NULL, ERR_DATA, "x"), -1);
    assert_int_equal(err_prefix(NULL, "x"), -1);
    assert_int_equal(err_advise(NULL, "x"), -1);
}

static void codes_are_those_of_sysexits(void **state) {
    (void)state;
    assert_int_equal(ERR_USAGE, 64);
    assert_int_equal(ERR_UNAVAILABLE, 69);
    assert_int_equal(ERR_TEMPORARY, 75);
    assert_int_equal(ERR_PERMISSION, 77);
    assert_int_equal(ERR_CONFIG, 78);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_replaces_what_stood_there),
        cmocka_unit_test(each_layer_puts_its_words_in_front),
        cmocka_unit_test(errno_is_told_in_words),
        cmocka_unit_test(long_texts_are_cut_and_stay_strings),
        cmocka_unit_test(nobody_need_want_to_know),
        cmocka_unit_test(codes_are_those_of_sysexits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
