/* Whole sessions: in small pieces, too slow, out of time. */
#include "tests/unit/imap/script.h"

#define SELECTED "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\nTAG OK [READ-WRITE] done\r\n"
#define DONE "TAG OK done\r\n"

static const struct script_line session[] = {
    {"SELECT", SELECTED},
    {"UID SEARCH RETURN (ALL) UID 1:*", "* ESEARCH (TAG \"N3\") UID ALL 1:2\r\n" DONE},
    {"UID FETCH 1:2", "* 1 FETCH (UID 1 RFC822.SIZE 3 BODY[]<0> {3}\r\none)\r\n"
                      "* 2 FETCH (UID 2 RFC822.SIZE 3 BODY[]<0> {3}\r\ntwo)\r\n" DONE},
    {"UID MOVE 1:2 \"Done\"", "* OK [COPYUID 14  ] moved\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n" DONE},
    {NULL, NULL}};

/* Appends "uid:body|" for each message. */
static int take_all(struct imap *imap, struct buf *out, struct err *err) {
    struct imap_message message;
    int result;
    while ((result = imap_fetch_next(imap, &message, err)) > 0) {
        buf_printf(out, "%u:", message.uid);
        buf_add_bytes(out, message.body);
        buf_add_char(out, '|');
    }
    return result;
}

/* Runs the session as far as it goes; 0 when all of it went well. */
static int run_session(struct imap *imap, struct buf *out, struct err *err) {
    struct imap_folder_status status;
    uint32_t *uids = NULL;
    size_t count;
    int result = -1;
    if (imap_select(imap, "INBOX", &status, err) < 0 ||
        imap_uid_list(imap, 0, &uids, &count, err) < 0 ||
        imap_fetch_begin(imap, uids, count, 10, err) < 0 || take_all(imap, out, err) < 0 ||
        imap_move_begin(imap, uids, count, "Done", err) < 0)
        goto out;
    result = imap_finish(imap, err);
out:
    free(uids);
    return result;
}

static void a_whole_session_in_pieces_of_one_octet(void **state) {
    (void)state;
    struct script *script = script_start((struct script_options){.lines = session, .piece = 1});
    struct buf out = BUF_INIT;
    struct err err = {0};
    struct imap *imap = script_open(script, &err);
    assert_non_null(imap);
    assert_int_equal(run_session(imap, &out, &err), 0);
    assert_string_equal(out.data, "1:one|2:two|");
    imap_close(imap);
    script_end(script);
    buf_free(&out);
}

/* One octet now and then is no silence: the idle timeout never strikes. */
static void an_answer_that_trickles_is_given_up(void **state) {
    (void)state;
    struct script *script = script_start(
        (struct script_options){.lines = session, .slow_after = 200, .slow_milliseconds = 20});
    struct imap_options options = script_imap_options(script);
    struct buf out = BUF_INIT;
    struct err err = {0};
    options.answer_timeout = 1;
    struct imap *imap = imap_open(&options, &err);
    assert_non_null(imap);
    assert_int_equal(run_session(imap, &out, &err), -1);
    assert_int_equal(err.code, ERR_TEMPORARY);
    assert_non_null(strstr(err.text, "too slow"));
    imap_close(imap);
    script_end(script);
    buf_free(&out);
}

/* Each answer alone is in time. */
static void a_slow_answer_is_no_reason_to_give_up_the_next(void **state) {
    (void)state;
    static const struct script_line lines[] = {{"NOOP", DONE}, {"NOOP", DONE}, {"NOOP", DONE},
                                               {"NOOP", DONE}, {"NOOP", DONE}, {"NOOP", DONE},
                                               {"NOOP", DONE}, {"NOOP", DONE}, {NULL, NULL}};
    struct script *script = script_start(
        (struct script_options){.lines = lines, .slow_after = 200, .slow_milliseconds = 15});
    struct imap_options options = script_imap_options(script);
    struct err err = {0};
    bool news;
    options.answer_timeout = 1;
    struct imap *imap = imap_open(&options, &err);
    assert_non_null(imap);
    for (int i = 0; i < 8; i++)
        if (imap_poll(imap, &news, &err) < 0)
            fail_msg("%d: %s", i, err.text);
    imap_close(imap);
    script_end(script);
}

static void the_byte_budget_and_the_deadline_end_it(void **state) {
    (void)state;
    static const struct script_line lines[] = {{"SELECT", SELECTED}, {"UID FETCH", NULL}, {0}};
    for (int i = 0; i < 2; i++) {
        struct script *script = script_start((struct script_options){.lines = lines});
        struct imap_options options = script_imap_options(script);
        struct imap_folder_status status;
        struct imap_message message;
        struct err err = {0};
        const uint32_t uid = 1;
        options.byte_budget = i == 0 ? 100 : 0;
        options.deadline = i == 1 ? 1 : 0;
        struct imap *imap = imap_open(&options, &err);
        assert_non_null(imap);
        if (imap_select(imap, "INBOX", &status, &err) == 0 &&
            imap_fetch_begin(imap, &uid, 1, 10, &err) == 0)
            assert_int_equal(imap_fetch_next(imap, &message, &err), -1);
        assert_int_equal(err.code, ERR_TEMPORARY);
        assert_non_null(strstr(err.text, i == 0 ? "bytes" : "time"));
        imap_close(imap);
        script_end(script);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_session_in_pieces_of_one_octet),
        cmocka_unit_test(an_answer_that_trickles_is_given_up),
        cmocka_unit_test(a_slow_answer_is_no_reason_to_give_up_the_next),
        cmocka_unit_test(the_byte_budget_and_the_deadline_end_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
