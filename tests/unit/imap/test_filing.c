/* Moving and deleting: what is sent on which server, and in which order. */
#include "tests/unit/imap/script.h"

#define SELECTED "* 3 EXISTS\r\nTAG OK [READ-WRITE] done\r\n"
#define SELECT_INBOX \
    { "SELECT", SELECTED }
#define DONE "TAG OK done\r\n"

enum action { MOVE, DELETE };

/* UIDs 3, 1 and 2 are filed away. */
static const struct {
    const char *name;
    const char *capabilities;
    enum action action;
    struct script_line lines[6];
    enum err_code code;
    const char *words;
    size_t left_marked;
} cases[] = {
    {"move",
     "MOVE UIDPLUS",
     MOVE,
     {SELECT_INBOX, {"UID MOVE 1:3 \"Done\"", "* OK [COPYUID 14  ] hm\r\n* 1 EXPUNGE\r\n" DONE}},
     ERR_NONE,
     "",
     0},
    {"move_in_imap4rev2",
     "IMAP4rev2",
     MOVE,
     {SELECT_INBOX, {"UID MOVE 1:3 \"Done\"", DONE}},
     ERR_NONE,
     "",
     0},
    {"without_move_it_copies_then_marks_then_expunges_these_only",
     "UIDPLUS",
     MOVE,
     {SELECT_INBOX,
      {"UID COPY 1:3 \"Done\"", DONE},
      {"UID STORE 1:3 +FLAGS.SILENT (\\Deleted)", DONE},
      {"UID EXPUNGE 1:3", "* 1 EXPUNGE\r\n" DONE}},
     ERR_NONE,
     "",
     0},
    {"without_uidplus_what_is_copied_stays_marked",
     "",
     MOVE,
     {SELECT_INBOX,
      {"UID COPY 1:3 \"Done\"", DONE},
      {"UID STORE 1:3 +FLAGS.SILENT (\\Deleted)", DONE}},
     ERR_NONE,
     "",
     3},
    {"what_is_not_copied_is_not_marked",
     "UIDPLUS",
     MOVE,
     {SELECT_INBOX, {"UID COPY 1:3 \"Done\"", "TAG NO [OVERQUOTA] Quota exceeded\r\n"}},
     ERR_TEMPORARY,
     "copy messages to \"Done\": [OVERQUOTA] Quota exceeded",
     0},
    {"what_is_not_marked_is_not_expunged",
     "UIDPLUS",
     DELETE,
     {SELECT_INBOX, {"UID STORE 1:3", "TAG NO [NOPERM] not yours\r\n"}},
     ERR_PERMISSION,
     "mark messages \\Deleted: [NOPERM] not yours",
     0},
    {"no_such_folder",
     "MOVE",
     MOVE,
     {SELECT_INBOX, {"UID MOVE 1:3", "TAG NO [TRYCREATE] no such folder\r\n"}},
     ERR_UNAVAILABLE,
     "[TRYCREATE] no such folder",
     0},
    {"delete",
     "MOVE UIDPLUS",
     DELETE,
     {SELECT_INBOX, {"UID STORE 1:3 +FLAGS.SILENT (\\Deleted)", DONE}, {"UID EXPUNGE 1:3", DONE}},
     ERR_NONE,
     "",
     0},
    {"delete_without_uidplus",
     "MOVE",
     DELETE,
     {SELECT_INBOX, {"UID STORE 1:3 +FLAGS.SILENT (\\Deleted)", DONE}},
     ERR_NONE,
     "",
     3},
    {"expunge_refused",
     "UIDPLUS",
     DELETE,
     {SELECT_INBOX, {"UID STORE 1:3", DONE}, {"UID EXPUNGE 1:3", "TAG NO try later\r\n"}},
     ERR_TEMPORARY,
     "remove messages marked \\Deleted: try later",
     0},
    {"bye_in_between",
     "UIDPLUS",
     MOVE,
     {SELECT_INBOX, {"UID COPY 1:3", "* BYE going down\r\n"}},
     ERR_TEMPORARY,
     "going down",
     0},
};

static struct imap *open_inbox(struct script *script) {
    struct imap_folder_status status;
    struct err err = {0};
    struct imap *imap = script_open(script, &err);
    assert_non_null(imap);
    assert_int_equal(imap_select(imap, "INBOX", &status, &err), 0);
    return imap;
}

/* Turns of imap_advance(), until all is answered or the connection is lost. */
static void advance_to_the_end(struct imap *imap) {
    struct err err = {0};
    while (imap_advance(imap, &err) > 0)
        poll(NULL, 0, 1);
    assert_int_equal(imap_is_lost(imap), err.code != ERR_NONE);
}

static void run_cases(bool advance) {
    static const uint32_t uids[] = {3, 1, 2};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct script *script = script_start((struct script_options){
            .lines = cases[i].lines, .capabilities = cases[i].capabilities});
        struct imap *imap = open_inbox(script);
        struct err err = {0};
        if (cases[i].action == MOVE)
            assert_int_equal(imap_move_begin(imap, uids, 3, "Done", &err), 0);
        else
            assert_int_equal(imap_delete_begin(imap, uids, 3, &err), 0);
        if (advance)
            advance_to_the_end(imap);
        int result = imap_finish(imap, &err);
        if ((result < 0 ? err.code : ERR_NONE) != cases[i].code ||
            strstr(err.text, cases[i].words) == NULL)
            fail_msg("%s: %d %s", cases[i].name, err.code, err.text);
        if (imap_left_marked(imap) != cases[i].left_marked)
            fail_msg("%s: %zu left marked", cases[i].name, imap_left_marked(imap));
        if (imap_filed(imap) != (cases[i].code == ERR_NONE ? 3 : 0))
            fail_msg("%s: %zu filed away", cases[i].name, imap_filed(imap));
        imap_close(imap);
        script_end(script);
    }
}

static void filing_loses_nothing_on_any_server(void **state) {
    (void)state;
    run_cases(false);
}

static void filing_beside_other_work_does_the_same(void **state) {
    (void)state;
    run_cases(true);
}

static void a_refusal_is_told_once_and_ends_nothing(void **state) {
    (void)state;
    static const struct script_line lines[] = {
        SELECT_INBOX,
        {"UID MOVE 1 \"A\"", "TAG NO [TRYCREATE] no A\r\n"},
        {"UID MOVE 2 \"B\"", "TAG NO [TRYCREATE] no B\r\n"},
        {"UID FETCH 3 ", "* 1 FETCH (UID 3 BODY[] \"three\")\r\n" DONE},
        {"UID MOVE 3 \"C\"", DONE},
        {NULL, NULL}};
    static const uint32_t uids[] = {1, 2, 3};
    struct script *script = script_start((struct script_options){.lines = lines});
    struct imap *imap = open_inbox(script);
    struct imap_message message;
    struct err err = {0};
    assert_int_equal(imap_fetch_begin(imap, uids + 2, 1, 100, &err), 0);
    assert_int_equal(imap_move_begin(imap, uids, 1, "A", &err), 0);
    assert_int_equal(imap_move_begin(imap, uids + 1, 1, "B", &err), 0);
    assert_int_equal(imap_fetch_next(imap, &message, &err), 1);
    assert_int_equal(imap_fetch_next(imap, &message, &err), 0);
    assert_int_equal(imap_finish(imap, &err), -1);
    assert_non_null(strstr(err.text, "no A"));
    assert_int_equal(imap_finish(imap, &err), 0);
    assert_int_equal(imap_move_begin(imap, uids + 2, 1, "C", &err), 0);
    assert_int_equal(imap_finish(imap, &err), 0);
    imap_close(imap);
    script_end(script);
}

/* The filing of what is read goes before the reading of the rest. */
static void filing_goes_before_fetches_that_wait(void **state) {
    (void)state;
    struct script_line lines[12] = {SELECT_INBOX,
                                    {"UID FETCH 1:500 ", NULL},
                                    {"UID FETCH 501:1000 ", NULL},
                                    {"UID FETCH 1001:1500 ", NULL},
                                    {"UID FETCH 1501:2000 ",
                                     "N3 OK done\r\n"
                                     "N4 OK done\r\n"
                                     "N5 OK done\r\n"
                                     "* 9 FETCH (UID 2000 BODY[] \"x\")\r\n"},
                                    {"UID FETCH 2001:2500 ", NULL},
                                    {"UID FETCH 2501:3000 ", NULL},
                                    {"UID FETCH 3001:3500 ", "N6 OK done\r\n"},
                                    {"UID MOVE 2000 \"Done\"", "N10 OK done\r\n"
                                                               "N7 OK done\r\n"
                                                               "N8 OK done\r\n"
                                                               "N9 OK done\r\n"},
                                    {"UID FETCH 3501:4000 ", DONE}};
    uint32_t uids[4000];
    for (uint32_t i = 0; i < 4000; i++)
        uids[i] = i + 1;
    struct script *script = script_start((struct script_options){.lines = lines});
    struct imap *imap = open_inbox(script);
    struct imap_message message;
    struct err err = {0};
    for (size_t i = 0; i < 4000; i += 500)
        assert_int_equal(imap_fetch_begin(imap, uids + i, 500, 100, &err), 0);
    assert_int_equal(imap_fetch_next(imap, &message, &err), 1);
    assert_int_equal(message.uid, 2000);
    assert_int_equal(imap_move_begin(imap, &message.uid, 1, "Done", &err), 0);
    assert_int_equal(imap_fetch_next(imap, &message, &err), 0);
    assert_int_equal(imap_finish(imap, &err), 0);
    imap_close(imap);
    script_end(script);
}

static void finish_does_not_fetch_what_nobody_took(void **state) {
    (void)state;
    static const struct script_line lines[] = {
        SELECT_INBOX, {"UID MOVE 1 \"Done\"", DONE}, {NULL, NULL}};
    static const uint32_t uids[] = {1, 2};
    struct script *script = script_start((struct script_options){.lines = lines});
    struct imap *imap = open_inbox(script);
    struct imap_message message;
    struct err err = {0};
    assert_int_equal(imap_fetch_begin(imap, uids, 2, 100, &err), 0);
    assert_int_equal(imap_move_begin(imap, uids, 1, "Done", &err), 0);
    assert_int_equal(imap_finish(imap, &err), 0);
    assert_int_equal(imap_fetch_next(imap, &message, &err), 0);
    assert_int_equal(imap_fetch_begin(imap, NULL, 0, 100, &err), 0); /* an empty folder */
    assert_int_equal(imap_move_begin(imap, NULL, 0, "Done", &err), 0);
    assert_int_equal(imap_fetch_next(imap, &message, &err), 0);
    imap_close(imap);
    script_end(script);
}

static void what_cannot_be_asked_for_is_refused_at_once(void **state) {
    (void)state;
    static const struct script_line lines[] = {SELECT_INBOX, {NULL, NULL}};
    struct script *script = script_start((struct script_options){.lines = lines});
    struct err err = {0};
    struct imap_folder_status status;
    const uint32_t uid = 1;
    uint32_t *uids;
    size_t count;
    struct imap *imap = script_open(script, &err);
    assert_non_null(imap);
    assert_int_equal(imap_fetch_begin(imap, &uid, 1, 10, &err), -1); /* no folder */
    assert_int_equal(imap_move_begin(imap, &uid, 1, "Done", &err), -1);
    assert_int_equal(imap_select(imap, "INBOX", &status, &err), 0);
    assert_int_equal(imap_fetch_begin(imap, &uid, 1, 0, &err), -1); /* no octets */
    assert_int_equal(imap_move_begin(imap, &uid, 1, "", &err), -1);
    assert_int_equal(imap_move_begin(imap, &uid, 1, "Done", &err), 0);
    assert_int_equal(imap_uid_list(imap, 0, &uids, &count, &err), -1); /* not in between */
    assert_int_equal(err.code, ERR_SOFTWARE);
    imap_close(imap);
    script_end(script);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filing_loses_nothing_on_any_server),
        cmocka_unit_test(filing_beside_other_work_does_the_same),
        cmocka_unit_test(a_refusal_is_told_once_and_ends_nothing),
        cmocka_unit_test(filing_goes_before_fetches_that_wait),
        cmocka_unit_test(finish_does_not_fetch_what_nobody_took),
        cmocka_unit_test(what_cannot_be_asked_for_is_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
