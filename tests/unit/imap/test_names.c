/* Folder names, sequence sets, lists of UIDs, and what a refusal means. */
#include "cmd/base/memory.h"
#include "imap/command.h"
#include "imap/folder_name.h"
#include "imap/refusal.h"
#include "imap/sequence_set.h"
#include "imap/uid_list.h"
#include "imap/utf7.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *utf8;
    const char *wire;
} names[] = {
    {"INBOX", "INBOX"},
    {"", ""},
    {"Done & dusted", "Done &- dusted"},
    {"~peter/mail/\xE5\x8F\xB0\xE5\x8C\x97/\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E",
     "~peter/mail/&U,BTFw-/&ZeVnLIqe-"}, /* RFC 3501 section 5.1.3 */
    {"Entw\xC3\xBCrfe", "Entw&APw-rfe"},
    {"\xC3\xA4\xC3\xB6\xC3\xBC", "&AOQA9gD8-"},
    {"\xC3\xA4&b", "&AOQ-&-b"},
    {"\xF0\x9F\x93\xAC", "&2D3c7A-"}, /* beyond the 16 bits: a surrogate pair */
    {"tab\there", "tab&AAk-here"},
};

static void names_go_to_the_wire_and_back(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct buf wire = BUF_INIT, utf8 = BUF_INIT;
        utf7_encode(&wire, bytes_of(names[i].utf8));
        assert_string_equal(wire.data, names[i].wire);
        utf7_decode(&utf8, buf_bytes(&wire));
        assert_string_equal(utf8.data, names[i].utf8);
        buf_free(&wire);
        buf_free(&utf8);
    }
}

static void a_name_that_is_no_utf7_stays_as_it_is(void **state) {
    (void)state;
    static const char *const wires[] = {
        "a&b",       "Tom & Jerry-",    "&AOQ",    "&!!-", "&2D0-", "&3Kw-", "&AO-",
        "&AOQAAAA-", "Entw\xC3\xBCrfe", "&AOQ- &x"};
    for (size_t i = 0; i < sizeof wires / sizeof *wires; i++) {
        struct buf utf8 = BUF_INIT;
        utf7_decode(&utf8, bytes_of(wires[i]));
        assert_string_equal(utf8.data, wires[i]);
        buf_free(&utf8);
    }
}

static void a_folder_name_is_quoted_and_cannot_end_its_line(void **state) {
    (void)state;
    struct buf out = BUF_INIT;
    struct err err = {0};
    assert_int_equal(folder_name_write(&out, "a \"b\" \\c\r\nN9 LOGOUT", &err), 0);
    assert_string_equal(out.data, "\"a \\\"b\\\" \\\\c&AA0ACg-N9 LOGOUT\"");
    assert_int_equal(folder_name_write(&out, "", &err), -1);
    assert_int_equal(err.code, ERR_CONFIG);
    char *long_name = calloc(1, FOLDER_NAME_MAX + 2);
    memset(long_name, 'x', FOLDER_NAME_MAX + 1);
    assert_int_equal(folder_name_write(&out, long_name, &err), -1);
    assert_int_equal(err.code, ERR_CONFIG);
    free(long_name);
    buf_free(&out);
}

static const struct {
    uint32_t uids[8];
    size_t count;
    const char *set;
} sets[] = {
    {{1}, 1, "1"},
    {{1, 2}, 2, "1:2"},
    {{1, 3, 5}, 3, "1,3,5"},
    {{1, 2, 3, 5, 7, 8, 9, 12}, 8, "1:3,5,7:9,12"},
    {{4294967294U, 4294967295U}, 2, "4294967294:4294967295"},
    {{9, 3, 3, 0, 1, 2, 9, 8}, 8, "1:3,8:9"},
    {{0, 0}, 2, ""},
};

static void sets_are_sorted_and_compact(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        uint32_t uids[8];
        struct buf out = BUF_INIT;
        memcpy(uids, sets[i].uids, sizeof uids);
        size_t count = sequence_set_sort(uids, sets[i].count);
        assert_int_equal(sequence_set_add(&out, uids, count, SIZE_MAX), count);
        assert_string_equal(out.data, sets[i].set);
        buf_free(&out);
    }
}

static void a_set_is_cut_between_two_ranges_where_the_room_ends(void **state) {
    (void)state;
    uint32_t uids[2000];
    struct buf out = BUF_INIT;
    for (uint32_t i = 0; i < 2000; i++)
        uids[i] = 4000000000U + i * 2;
    size_t added = 0;
    while (added < 2000) {
        buf_reset(&out);
        size_t some = sequence_set_add(&out, uids + added, 2000 - added, 6500);
        assert_in_range(some, 1, 6500 / 11);
        assert_in_range(out.len, 1, 6500);
        added += some;
    }
    assert_int_equal(added, 2000);
    buf_reset(&out);
    for (uint32_t i = 0; i < 2000; i++)
        uids[i] = i + 1;
    assert_int_equal(sequence_set_add(&out, uids, 2000, 1), 2000);
    assert_string_equal(out.data, "1:2000");
    buf_free(&out);
}

static void a_command_names_what_its_line_and_its_answer_bear(void **state) {
    (void)state;
    enum { COUNT = 2 * COMMAND_UIDS_MAX };
    uint32_t *uids = memory_alloc(COUNT * sizeof *uids);
    for (uint32_t i = 0; i < COUNT; i++)
        uids[i] = 4000000000U + i;
    assert_int_equal(command_fit(uids, COUNT), COMMAND_UIDS_MAX);
    assert_int_equal(command_fit(uids, 7), 7);
    for (uint32_t i = 0; i < COUNT; i++)
        uids[i] = i * 2 + 1000000000;
    assert_in_range(command_fit(uids, COUNT), COMMAND_SET_MAX / 11 - 2, COMMAND_SET_MAX / 11);
    free(uids);
}

static void a_range_of_uids_is_bounded(void **state) {
    (void)state;
    struct uid_list list = {.above = 10};
    struct err err = {0};
    assert_int_equal(uid_list_add(&list, 15, 8, &err), 0); /* RFC 9051: either order */
    assert_int_equal(list.count, 5);
    assert_int_equal(list.uids[0], 11);
    assert_int_equal(uid_list_add(&list, 1, 10, &err), 0);
    assert_int_equal(list.count, 5);
    assert_int_equal(uid_list_add(&list, 1, UINT32_MAX, &err), -1);
    assert_int_equal(err.code, ERR_PROTOCOL);
    list.above = UINT32_MAX;
    assert_int_equal(uid_list_add(&list, 0, UINT32_MAX, &err), 0);
    assert_int_equal(list.count, 5);
    uid_list_free(&list);
}

static const struct {
    const char *text;
    enum err_code meaning;
    const char *advice; /* what else the error says */
    unsigned wait;
} refusals[] = {
    {"[AUTHENTICATIONFAILED] Authentication failed.", ERR_PERMISSION, "", 0},
    {"[UNAVAILABLE] Temporary authentication failure.", ERR_TEMPORARY, "", 0},
    {"[unavailable] try later", ERR_TEMPORARY, "", 0},
    {"[INUSE] locked", ERR_TEMPORARY, "", 0},
    {"[LIMIT] 15 of 15", ERR_TEMPORARY, "", 0},
    {"[LIMIT 15] connections", ERR_TEMPORARY, "", 0},
    {"[OVERQUOTA] full", ERR_TEMPORARY, "(make room in the mailbox)", 0},
    {"[TRYCREATE] no such folder", ERR_UNAVAILABLE, "", 0},
    {"[CONTACTADMINISTRATION] no such code", ERR_IO, "", 0},
    {"[REFERRAL imap://other.example/] elsewhere", ERR_UNAVAILABLE, "configure its host", 0},
    {"[PRIVACYREQUIRED] no", ERR_PERMISSION, "wants TLS", 0},
    {"[ALERT] Too many simultaneous connections. (Failure)", ERR_TEMPORARY, "", 0},
    {"[ALERT] Application-specific password required: https://support.example/", ERR_PERMISSION,
     "app password", 0},
    {"User is authenticated but not connected.", ERR_PERMISSION, "Add-MailboxPermission", 0},
    {"SELECT Unsafe Login. Please contact kefu@188.com for help", ERR_PERMISSION,
     "authorisation code", 0},
    {"Too many connections from your host", ERR_TEMPORARY, "", 0},
    {"Temporary problem, please try again later", ERR_TEMPORARY, "", 0},
    {"Server Unavailable. 15", ERR_TEMPORARY, "", 0},
    {"Request is throttled. Suggested Backoff Time: 8000 milliseconds", ERR_TEMPORARY, "", 8},
    {"Request is throttled. Suggested Backoff Time: 299001 milliseconds", ERR_TEMPORARY, "", 300},
    {"Request is throttled. suggested backoff time:1 ms", ERR_TEMPORARY, "", 1},
    {"Request is throttled. Suggested Backoff Time: 18446744073709551617 milliseconds",
     ERR_TEMPORARY, "", REFUSAL_WAIT_MAX},
    {"Request is throttled. Suggested Backoff Time: -1 milliseconds", ERR_TEMPORARY, "", 0},
    {"Request is throttled. Suggested Backoff Time:", ERR_TEMPORARY, "", 0},
    {"no", ERR_IO, "", 0},
    {"", ERR_IO, "", 0},
    {"[", ERR_IO, "", 0},
    {"[INUSE", ERR_IO, "", 0},
};

static void a_refusal_is_read_by_its_code_and_else_by_known_words(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct bytes text = bytes_of(refusals[i].text);
        struct err err = {0};
        assert_int_equal(refusal_set(&err, text, ERR_IO, "UID %d", 7), -1);
        if (err.code != refusals[i].meaning || err.retry_after != refusals[i].wait ||
            strncmp(err.text, "UID 7: ", 7) != 0 || strstr(err.text, refusals[i].text) == NULL ||
            strstr(err.text, refusals[i].advice) == NULL)
            fail_msg("\"%s\": %d, %u s: %s", refusals[i].text, err.code, err.retry_after, err.text);
    }
    assert_true(refusal_is_throttling(bytes_of("[THROTTLED] slow down")));
    assert_false(refusal_is_throttling(bytes_of("[OVERQUOTA] full")));
}

/* However much the server says, its user reads what to do. */
static void advice_is_not_cut_off(void **state) {
    (void)state;
    char text[ERR_TEXT_MAX + 100] = "[REFERRAL imap://other.example/";
    struct err err = {0};
    memset(text + strlen(text), 'x', sizeof text - 1 - strlen(text));
    text[sizeof text - 1] = '\0';
    text[40] = ']';
    refusal_set(&err, bytes_of(text), ERR_IO, "folder %s", "INBOX");
    assert_non_null(strstr(err.text, "configure its host instead)"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_go_to_the_wire_and_back),
        cmocka_unit_test(a_name_that_is_no_utf7_stays_as_it_is),
        cmocka_unit_test(a_folder_name_is_quoted_and_cannot_end_its_line),
        cmocka_unit_test(sets_are_sorted_and_compact),
        cmocka_unit_test(a_set_is_cut_between_two_ranges_where_the_room_ends),
        cmocka_unit_test(a_command_names_what_its_line_and_its_answer_bear),
        cmocka_unit_test(a_range_of_uids_is_bounded),
        cmocka_unit_test(a_refusal_is_read_by_its_code_and_else_by_known_words),
        cmocka_unit_test(advice_is_not_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
