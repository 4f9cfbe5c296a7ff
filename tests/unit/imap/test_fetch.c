/* Fetching from servers that are slow, odd, broken or hostile. */
#include "tests/unit/imap/script.h"

#define SELECTED "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\nTAG OK [READ-WRITE] done\r\n"
#define DONE "TAG OK done\r\n"

/* Opens the script's INBOX, which is the first line of it. */
static struct imap *open_inbox(struct script *script, struct err *err) {
    struct imap_options options = script_imap_options(script);
    struct imap_folder_status status;
    options.idle_timeout = 1;
    struct imap *imap = imap_open(&options, err);
    if (imap != NULL && imap_select(imap, "INBOX", &status, err) < 0) {
        imap_close(imap);
        return NULL;
    }
    return imap;
}

/* Appends what imap_fetch_next says to `out`: "uid:body[T]|", the refusal in <>. Returns its last
 * result. */
static int fetch_all(struct imap *imap, struct buf *out, struct err *err) {
    struct imap_message message;
    int result;
    while ((result = imap_fetch_next(imap, &message, err)) > 0) {
        buf_printf(out, "%u:", message.uid);
        buf_add_bytes(out, message.body);
        if (message.truncated)
            buf_add_char(out, 'T');
        if (message.refusal != NULL)
            buf_printf(out, "<%s>", message.refusal);
        buf_add_char(out, '|');
    }
    return result;
}

/* UIDs 1, 2 and 5 are asked for, 10 octets each. */
static const struct {
    const char *name;
    const char *answer;
    const char *messages;
    enum err_code code;
} answers[] = {
    {"three_messages",
     "* 1 FETCH (UID 1 INTERNALDATE \"01-Feb-2026 03:04:05 +0100\" RFC822.SIZE 3 BODY[]<0> "
     "{3}\r\none)\r\n* 2 FETCH (BODY[]<0> {3}\r\ntwo UID 2)\r\n"
     "* 3 FETCH (UID 5 BODY[]<0> {4}\r\nfive)\r\n" DONE,
     "1:one|2:two|5:five|", ERR_NONE},
    {"bodies_of_every_form",
     "* 1 FETCH (UID 1 BODY[]<0> \"o\\\"e\")\r\n* 2 FETCH (UID 2 BODY[]<0> ~{3}\r\nt\to)\r\n"
     "* 3 FETCH (UID 5 BODY[] {4+}\r\nfive)\r\n" DONE,
     "1:o\"e|2:t\to|5:five|", ERR_NONE},
    {"bodies_that_are_empty_or_nil",
     "* 1 FETCH (UID 1 BODY[]<0> {0}\r\n)\r\n* 2 FETCH (UID 2 BODY[]<0> \"\")\r\n"
     "* 3 FETCH (UID 5 BODY[]<0> NIL)\r\n" DONE,
     "1:|2:|5:<the server has no body for this message>|", ERR_NONE},
    {"a_body_that_looks_like_protocol",
     "* 1 FETCH (UID 1 BODY[]<0> {9}\r\n\r\nN3 OK\r\n)\r\n"
     "* 2 FETCH (UID 2 BODY[]<0> {9}\r\n)\r\n* BYE\r)\r\n" DONE,
     "1:\r\nN3 OK\r\n|2:)\r\n* BYE\r|", ERR_NONE},
    {"items_that_were_not_asked_for",
     "* 1 FETCH (FLAGS (\\Seen) MODSEQ (12) UID 1 X-GM-MSGID 7 X-GM-LABELS (\"a b\" {1}\r\n)) "
     "ENVELOPE (NIL (\"x\" NIL)) BODY[HEADER.FIELDS (TO)] {2}\r\n\r\n BODY[]<0> {3}\r\none "
     "BODY[TEXT]<0> \"no\" ~x ~{1}\r\n()\r\n" DONE,
     "1:one|", ERR_NONE},
    {"messages_never_asked_for_or_again",
     "* 9 FETCH (UID 9 BODY[]<0> {3}\r\nbad)\r\n* 1 FETCH (UID 1 BODY[]<0> {3}\r\none)\r\n"
     "* 1 FETCH (UID 1 BODY[]<0> {3}\r\nbad)\r\n* 4 FETCH (BODY[]<0> {3}\r\nbad)\r\n"
     "* 4 FETCH (UID 0 BODY[]<0> {3}\r\nbad)\r\n* 3 FETCH (UID 3 BODY[]<0> {3}\r\nbad)\r\n" DONE,
     "1:one|", ERR_NONE},
    {"another_part_is_no_answer",
     "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n* 1 FETCH (UID 1 BODY[]<7> {3}\r\nbad)\r\n"
     "* 1 FETCH (UID 1 BODY[1] {3}\r\nbad)\r\n* 1 FETCH ()\r\n"
     "* 1 FETCH (UID 1 BODY[]<0> {3}\r\none)\r\n" DONE,
     "1:one|", ERR_NONE},
    {"out_of_order",
     "* 3 FETCH (UID 5 BODY[]<0> {1}\r\nc)\r\n* 1 FETCH (UID 1 BODY[]<0> {1}\r\na)\r\n"
     "* 2 FETCH (UID 2 BODY[]<0> {1}\r\nb)\r\n" DONE,
     "5:c|1:a|2:b|", ERR_NONE},
    {"longer_than_asked_for",
     "* 1 FETCH (UID 1 RFC822.SIZE 20 BODY[]<0> {10}\r\n0123456789)\r\n"
     "* 2 FETCH (UID 2 RFC822.SIZE 12 BODY[] {12}\r\n0123456789ab)\r\n"
     "* 3 FETCH (UID 5 RFC822.SIZE 10 BODY[]<0> {10}\r\n0123456789)\r\n" DONE,
     "1:0123456789T|2:0123456789T|5:0123456789|", ERR_NONE},
    {"unsolicited_responses_between",
     "* 4 EXISTS\r\n* OK still here\r\n* 1 FETCH (UID 1 BODY[]<0> {1}\r\na)\r\n* 1 EXPUNGE\r\n"
     "* FLAGS (\\X)\r\n* VANISHED 1:5\r\n* CAPABILITY IMAP4rev1\r\n* XYZZY {3}\r\n)))\r\n+ \r\n"
     "* NO careful\r\n* BAD boy\r\n* OK [UIDVALIDITY 7] same\r\n" DONE,
     "1:a|", ERR_NONE},
    {"nothing", DONE, "", ERR_NONE},
    {"bye", "* 1 FETCH (UID 1 BODY[]<0> {1}\r\na)\r\n* BYE Server shutting down.\r\n", "1:a|",
     ERR_TEMPORARY},
    {"another_uidvalidity", "* OK [UIDVALIDITY 8] new\r\n" DONE, "", ERR_TEMPORARY},
    {"throttled", "TAG NO Request is throttled. Suggested Backoff Time: 8000 milliseconds\r\n", "",
     ERR_TEMPORARY},
    {"bad", "TAG BAD what\r\n", "", ERR_PROTOCOL},
    {"a_tag_nobody_gave", "N99 OK done\r\n", "", ERR_PROTOCOL},
    {"a_tag_of_another_form", "A001 OK done\r\n", "", ERR_PROTOCOL},
    {"a_tag_twice", DONE DONE, "", ERR_NONE},
    {"a_status_nobody_knows", "TAG MAYBE done\r\n", "", ERR_PROTOCOL},
    {"an_empty_line", "\r\n" DONE, "", ERR_PROTOCOL},
    {"a_literal_of_4_gib", "* 1 FETCH (UID 1 BODY[]<0> {4294967296}\r\nabc)\r\n" DONE, "",
     ERR_PROTOCOL},
    {"a_literal_of_2_to_the_64",
     "* 1 FETCH (UID 1 BODY[]<0> {18446744073709551616}\r\nabc)\r\n" DONE, "", ERR_PROTOCOL},
    {"a_negative_literal", "* 1 FETCH (UID 1 BODY[]<0> {-1}\r\nabc)\r\n" DONE, "", ERR_PROTOCOL},
    {"a_literal_shorter_than_the_body", "* 1 FETCH (UID 1 BODY[]<0> {2}\r\nabc)\r\n" DONE, "",
     ERR_PROTOCOL},
    {"a_literal_longer_than_the_body", "* 1 FETCH (UID 1 BODY[]<0> {64}\r\nabc)\r\n" DONE, "",
     ERR_TEMPORARY},
    {"a_uid_of_33_bits", "* 1 FETCH (UID 4294967297 BODY[]<0> {1}\r\na)\r\n" DONE, "",
     ERR_PROTOCOL},
    {"no_parenthesis", "* 1 FETCH UID 1\r\n" DONE, "", ERR_PROTOCOL},
    {"a_list_that_does_not_end", "* 1 FETCH (UID 1\r\n" DONE, "", ERR_PROTOCOL},
    {"silence", "* 1 FETCH (UID 1 BODY[]<0> {1}\r\na)\r\n", "1:a|", ERR_TEMPORARY},
};

static void check_answer(size_t i, size_t piece) {
    const struct script_line lines[] = {
        {"SELECT", SELECTED},
        {"UID FETCH 1:2,5 (UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.10>)", answers[i].answer},
        {NULL, NULL}};
    static const uint32_t uids[] = {1, 5, 2};
    struct script *script = script_start((struct script_options){.lines = lines, .piece = piece});
    struct buf out = BUF_INIT;
    struct err err = {0}, again = {0};
    struct imap *imap = open_inbox(script, &err);
    assert_non_null(imap);
    assert_int_equal(imap_fetch_begin(imap, uids, 3, 10, &err), 0);
    int result = fetch_all(imap, &out, &err);
    if (strcmp(out.data, answers[i].messages) != 0)
        fail_msg("%s: \"%s\"", answers[i].name, out.data);
    if ((result < 0 ? err.code : ERR_NONE) != answers[i].code)
        fail_msg("%s: %d %s", answers[i].name, err.code, err.text);
    if (result < 0) { /* and so it stays */
        assert_int_equal(imap_finish(imap, &again), -1);
        assert_string_equal(again.text, err.text);
        assert_int_equal(imap_fetch_begin(imap, uids, 3, 10, &again), -1);
    }
    imap_close(imap);
    script_end(script);
    buf_free(&out);
}

static void answers_are_read_for_what_they_are(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        check_answer(i, 0);
}

static void answers_are_the_same_one_octet_at_a_time(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (strcmp(answers[i].name, "silence") != 0 &&
            strcmp(answers[i].name, "a_literal_longer_than_the_body") != 0)
            check_answer(i, 1);
}

static void what_a_message_comes_with(void **state) {
    (void)state;
    static const struct script_line lines[] = {
        {"SELECT", SELECTED},
        {"UID FETCH 1:6", "* 1 FETCH (UID 1 INTERNALDATE \" 1-Feb-2026 03:04:05 +0130\" "
                          "RFC822.SIZE 262144 BODY[]<0> \"a\")\r\n"
                          "* 2 FETCH (UID 2 INTERNALDATE \"31-DEC-1999 23:59:59 -0001\" BODY[] "
                          "\"b\")\r\n"
                          "* 3 FETCH (UID 3 INTERNALDATE \"01-Foo-2026 03:04:05 +0100\" BODY[] "
                          "\"c\")\r\n"
                          "* 4 FETCH (UID 4 INTERNALDATE \"99-Jan-2026 03:04:05 +0100\" BODY[] "
                          "\"c\")\r\n"
                          "* 5 FETCH (UID 5 INTERNALDATE {0}\r\n BODY[] \"c\")\r\n"
                          "* 6 FETCH (UID 6 INTERNALDATE NIL BODY[] \"c\")\r\n" DONE},
        {NULL, NULL}};
    static const uint32_t uids[] = {1, 2, 3, 4, 5, 6};
    struct script *script = script_start((struct script_options){.lines = lines});
    struct imap_message message;
    struct err err = {0};
    struct imap *imap = open_inbox(script, &err);
    assert_non_null(imap);
    assert_int_equal(imap_fetch_begin(imap, uids, 6, 10, &err), 0);
    assert_int_equal(imap_fetch_next(imap, &message, &err), 1);
    assert_int_equal(message.internal_date, 1769909645);
    assert_int_equal(message.size, 262144);
    assert_false(message.truncated);
    assert_int_equal(imap_fetch_next(imap, &message, &err), 1);
    assert_int_equal(message.internal_date, 946684859);
    assert_int_equal(message.size, 0);
    for (int i = 3; i <= 6; i++) {
        assert_int_equal(imap_fetch_next(imap, &message, &err), 1);
        assert_int_equal(message.internal_date, 0);
    }
    assert_int_equal(imap_fetch_next(imap, &message, &err), 0);
    imap_close(imap);
    script_end(script);
}

static void one_message_that_cannot_be_read_does_not_hide_the_others(void **state) {
    (void)state;
    static const struct script_line lines[] = {
        {"SELECT", SELECTED},
        {"UID FETCH 1:4 ",
         "* 1 FETCH (UID 1 BODY[]<0> \"a\")\r\nTAG NO [SERVERBUG] Internal error\r\n"},
        {"UID FETCH 2 ", "* 2 FETCH (UID 2 BODY[]<0> \"b\")\r\n" DONE},
        {"UID FETCH 3:4 ", "TAG NO [SERVERBUG] Internal error\r\n"},
        {"UID FETCH 3 ", "TAG NO [SERVERBUG] mail is broken\r\n"},
        {"UID FETCH 4 ", "* 4 FETCH (UID 4 BODY[]<0> \"d\")\r\n" DONE},
        {NULL, NULL}};
    static const uint32_t uids[] = {1, 2, 3, 4};
    struct script *script = script_start((struct script_options){.lines = lines});
    struct buf out = BUF_INIT;
    struct err err = {0};
    struct imap *imap = open_inbox(script, &err);
    assert_non_null(imap);
    assert_int_equal(imap_fetch_begin(imap, uids, 4, 10, &err), 0);
    assert_int_equal(fetch_all(imap, &out, &err), 0);
    assert_string_equal(out.data, "1:a|2:b|3:<[SERVERBUG] mail is broken>|4:d|");
    assert_int_equal(imap_finish(imap, &err), 0);
    imap_close(imap);
    script_end(script);
    buf_free(&out);
}

static void a_server_that_refuses_every_message_is_given_up(void **state) {
    (void)state;
    struct script_line lines[102] = {{"SELECT", SELECTED}};
    uint32_t uids[40];
    for (size_t i = 1; i <= 100; i++)
        lines[i] = (struct script_line){"UID FETCH", "TAG NO storage is gone\r\n"};
    for (uint32_t i = 0; i < 40; i++)
        uids[i] = i + 1;
    struct script *script = script_start((struct script_options){.lines = lines});
    struct buf out = BUF_INIT;
    struct err err = {0};
    struct imap *imap = open_inbox(script, &err);
    assert_non_null(imap);
    assert_int_equal(imap_fetch_begin(imap, uids, 40, 10, &err), 0);
    assert_int_equal(fetch_all(imap, &out, &err), -1);
    assert_int_equal(err.code, ERR_TEMPORARY);
    assert_non_null(strstr(err.text, "storage is gone"));
    imap_close(imap);
    script_end(script);
    buf_free(&out);
}

/* Answers to commands that are in flight together come in any order. */
static void fetches_in_flight_are_told_apart(void **state) {
    (void)state;
    static const struct script_line lines[] = {
        {"SELECT", SELECTED},
        {"UID FETCH 1 ", NULL},
        {"UID FETCH 7 ", "* 7 FETCH (UID 7 BODY[]<0> \"seven\")\r\nN4 OK done\r\n"
                         "* 1 FETCH (UID 1 BODY[]<0> \"one\")\r\nN3 OK done\r\n"},
        {NULL, NULL}};
    struct script *script = script_start((struct script_options){.lines = lines});
    struct buf out = BUF_INIT;
    struct err err = {0};
    const uint32_t one = 1, seven = 7;
    struct imap *imap = open_inbox(script, &err);
    assert_non_null(imap);
    assert_int_equal(imap_fetch_begin(imap, &one, 1, 2, &err), 0);
    assert_int_equal(imap_fetch_begin(imap, &seven, 1, 10, &err), 0);
    assert_int_equal(fetch_all(imap, &out, &err), 0);
    assert_string_equal(out.data, "7:seven|1:onT|");
    imap_close(imap);
    script_end(script);
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_read_for_what_they_are),
        cmocka_unit_test(answers_are_the_same_one_octet_at_a_time),
        cmocka_unit_test(what_a_message_comes_with),
        cmocka_unit_test(one_message_that_cannot_be_read_does_not_hide_the_others),
        cmocka_unit_test(a_server_that_refuses_every_message_is_given_up),
        cmocka_unit_test(fetches_in_flight_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
