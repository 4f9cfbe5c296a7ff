/* Selecting, listing and creating folders. */
#include "tests/unit/imap/script.h"

static const struct {
    const char *name;
    const char *answer;
    struct imap_folder_status status;
} selections[] = {
    {"a_full_answer",
     "* FLAGS (\\Answered \\Deleted)\r\n* 172 EXISTS\r\n* 1 RECENT\r\n"
     "* OK [PERMANENTFLAGS (\\Deleted \\*)] Limited\r\n* OK [UNSEEN 12] first\r\n"
     "* OK [UIDVALIDITY 3857529045] valid\r\n* OK [UIDNEXT 4392] next\r\n"
     "TAG OK [READ-WRITE] done\r\n",
     {3857529045, 4392, 172, false}},
    {"a_read_only_folder", "* 0 EXISTS\r\nTAG OK [READ-ONLY] done\r\n", {0, 0, 0, true}},
    {"uidvalidity_0_is_unknown",
     "* OK [UIDVALIDITY 0] hm\r\n* 5 EXISTS\r\nTAG OK done\r\n",
     {0, 0, 5, false}},
    {"a_malformed_number_is_unknown",
     "* OK [UIDVALIDITY x] hm\r\n* OK [UIDNEXT 99999999999] hm\r\nTAG OK done\r\n",
     {0}},
    {"flags_that_break_other_parsers",
     "* OK [PERMANENTFLAGS (%x)] y\r\n* FLAGS (%x {2}\r\n)( \\*)\r\n* 3 EXISTS\r\nTAG OK done\r\n",
     {0, 0, 3, false}},
    {"responses_nobody_knows",
     "* XVENDOR (a (b (c)) \"x\") {3}\r\n(((\r\n* OK\r\n* OK [\r\n* OK []\r\n* OK [X\r\n* 3 EXISTS\r\n"
     "* 7 XNUMBER {0}\r\n foo\r\n+ go on\r\n* METADATA \"\" (/x NIL)\r\n* VANISHED (EARLIER) 1:7\r\n"
     "* LIST (\\HasNoChildren) \"/\" INBOX\r\n* SEARCH 1 2 3\r\n* ESEARCH (TAG \"x\") UID ALL 1:9\r\n"
     "* 2 FETCH (FLAGS ())\r\nTAG OK done\r\n",
     {0, 0, 3, false}},
    {"messages_that_come_and_go",
     "* 2 EXISTS\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n"
     "* 4 EXISTS\r\n* 2 EXPUNGE\r\nTAG OK done\r\n",
     {0, 0, 3, false}},
};

static void select_tells_what_the_server_says(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof selections / sizeof *selections; i++) {
        const struct script_line lines[] = {{"SELECT \"A &- B\"", selections[i].answer},
                                            {NULL, NULL}};
        struct script *script = script_start((struct script_options){.lines = lines});
        struct imap_folder_status status;
        struct err err = {0};
        struct imap *imap = script_open(script, &err);
        if (imap == NULL || imap_select(imap, "A & B", &status, &err) < 0)
            fail_msg("%s: %s", selections[i].name, err.text);
        const struct imap_folder_status *want = &selections[i].status;
        if (status.uidvalidity != want->uidvalidity || status.uidnext != want->uidnext ||
            status.exists != want->exists || status.read_only != want->read_only)
            fail_msg("%s: %u %u %u %d", selections[i].name, status.uidvalidity, status.uidnext,
                     status.exists, status.read_only);
        imap_close(imap);
        script_end(script);
    }
}

static void examine_is_read_only_whatever_the_server_says(void **state) {
    (void)state;
    static const struct script_line lines[] = {
        {"EXAMINE \"INBOX\"", "* 1 EXISTS\r\nTAG OK [READ-WRITE] done\r\n"}, {NULL, NULL}};
    struct script *script = script_start((struct script_options){.lines = lines});
    struct imap_folder_status status;
    struct err err = {0};
    const uint32_t uid = 1;
    struct imap *imap = script_open(script, &err);
    assert_non_null(imap);
    assert_int_equal(imap_examine(imap, "INBOX", &status, &err), 0);
    assert_true(status.read_only);
    assert_int_equal(imap_move_begin(imap, &uid, 1, "Done", &err), -1);
    assert_int_equal(imap_delete_begin(imap, &uid, 1, &err), -1);
    assert_int_equal(imap_finish(imap, &err), 0);
    imap_close(imap);
    script_end(script);
}

static void an_unknown_folder_is_named_with_those_there_are(void **state) {
    (void)state;
    static const struct script_line lines[] = {
        {"SELECT \"Bounces\"", "TAG NO [NONEXISTENT] Mailbox doesn't exist\r\n"},
        {"LIST \"\" \"*\"", "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
                            "* LIST (\\Noselect \\HasChildren) \"/\" Hidden\r\n"
                            "* LIST () NIL {12}\r\nEntw&APw-rfe\r\n"
                            "* LIST () \".\" \"a \\\"b\\\"\" (\"CHILDINFO\" (\"X\"))\r\n"
                            "TAG OK done\r\n"},
        {"SELECT \"INBOX\"", "TAG OK done\r\n"},
        {NULL, NULL}};
    struct script *script = script_start((struct script_options){.lines = lines});
    struct imap_folder_status status;
    struct err err = {0};
    struct imap *imap = script_open(script, &err);
    assert_non_null(imap);
    assert_int_equal(imap_select(imap, "Bounces", &status, &err), -1);
    assert_int_equal(err.code, ERR_UNAVAILABLE);
    assert_string_equal(err.text,
                        "folder Bounces: the server says: [NONEXISTENT] Mailbox doesn't exist; "
                        "there are: INBOX, Entw\xC3\xBCrfe, a \"b\"");
    assert_int_equal(imap_select(imap, "INBOX", &status, &err), 0);
    imap_close(imap);
    script_end(script);
}

#define SUBSCRIBED \
    { "SUBSCRIBE \"Done\"", "TAG NO no subscriptions here\r\n" }

#define NAMESPACE(reply) \
    { "NAMESPACE", "* NAMESPACE " reply "\r\nTAG OK done\r\n" }
#define COURIER NAMESPACE("((\"INBOX.\" \".\")) NIL ((\"#shared.\" \".\")(\"shared.\" \".\"))")
#define MOVED(folder) \
    { "UID MOVE 1 \"" folder "\"", "TAG OK done\r\n" }

/* "Done" is made sure of, and a message is moved there. */
static const struct {
    const char *name;
    const char *folder;
    struct script_line lines[8];
    enum err_code code;
    const char *words; /* of the error */
} ensured[] = {
    {"a_folder_that_is_there",
     "Done",
     {{"LIST \"\" \"Done\"", "* LIST () \"/\" Done\r\nTAG OK done\r\n"}, MOVED("Done")},
     ERR_NONE,
     ""},
    {"a_folder_that_is_not",
     "Done",
     {{"LIST", "TAG OK done\r\n"},
      NAMESPACE("((\"\" \"/\")) NIL NIL"),
      {"CREATE \"Done\"", "TAG OK done\r\n"},
      SUBSCRIBED,
      MOVED("Done")},
     ERR_NONE,
     ""},
    {"a_name_that_holds_only_other_folders",
     "Done",
     {{"LIST", "* LIST (\\Noselect) \"/\" Done\r\nTAG OK done\r\n"},
      NAMESPACE("NIL NIL NIL"),
      {"CREATE \"Done\"", "TAG OK done\r\n"},
      SUBSCRIBED,
      MOVED("Done")},
     ERR_NONE,
     ""},
    {"another_folder_than_the_one_asked_for",
     "Done",
     {{"LIST", "* LIST () \"/\" Done2\r\nTAG OK done\r\n"},
      {"NAMESPACE", "TAG BAD what\r\n"},
      {"CREATE", "TAG OK done\r\n"},
      SUBSCRIBED,
      MOVED("Done")},
     ERR_NONE,
     ""},
    {"a_folder_that_somebody_makes_meanwhile",
     "Done",
     {{"LIST", "TAG OK done\r\n"},
      NAMESPACE("((\"\" NIL)) NIL NIL"),
      {"CREATE", "TAG NO [ALREADYEXISTS] there\r\n"},
      SUBSCRIBED,
      MOVED("Done")},
     ERR_NONE,
     ""},
    {"a_folder_that_cannot_be_made",
     "Done",
     {{"LIST", "TAG OK done\r\n"},
      NAMESPACE("((\"\" \"/\" \"X-PARAM\" (\"a\" \"b\"))(\"~x/\" \"/\")) NIL NIL"),
      {"CREATE", "TAG NO prefix it with INBOX.\r\n"}},
     ERR_UNAVAILABLE,
     "prefix it with INBOX."},
    {"a_folder_for_which_there_is_no_room",
     "Done",
     {{"LIST", "TAG OK done\r\n"},
      COURIER,
      {"LIST", "TAG OK done\r\n"},
      {"CREATE", "TAG NO [OVERQUOTA] no more folders\r\n"}},
     ERR_TEMPORARY,
     "folder INBOX.Done cannot be created: the server says: [OVERQUOTA] no more folders"},
    {"a_folder_that_is_below_the_inbox",
     "Done",
     {{"LIST \"\" \"Done\"", "TAG OK done\r\n"},
      COURIER,
      {"LIST \"\" \"INBOX.Done\"", "* LIST () \".\" \"INBOX.Done\"\r\nTAG OK done\r\n"},
      MOVED("INBOX.Done")},
     ERR_NONE,
     ""},
    {"a_folder_that_has_to_be_below_the_inbox",
     "Done",
     {{"LIST", "TAG OK done\r\n"},
      COURIER,
      {"LIST", "TAG OK done\r\n"},
      {"CREATE \"INBOX.Done\"", "TAG OK done\r\n"},
      {"SUBSCRIBE \"INBOX.Done\"", "TAG OK done\r\n"},
      MOVED("INBOX.Done")},
     ERR_NONE,
     ""},
    {"a_folder_that_is_called_so_already",
     "INBOX.Done",
     {{"LIST", "TAG OK done\r\n"},
      COURIER,
      {"CREATE \"INBOX.Done\"", "TAG OK done\r\n"},
      {"SUBSCRIBE", "TAG OK done\r\n"},
      MOVED("INBOX.Done")},
     ERR_NONE,
     ""},
    {"levels_as_the_server_separates_them",
     "Bounces/Done & \xC3\xBC",
     {{"LIST \"\" \"Bounces/Done &- &APw-\"", "TAG OK done\r\n"},
      NAMESPACE("((\"\" \".\")) NIL NIL"),
      {"LIST", "TAG OK done\r\n"},
      {"CREATE \"Bounces.Done &- &APw-\"", "TAG OK done\r\n"},
      {"SUBSCRIBE", "TAG OK done\r\n"},
      MOVED("Bounces.Done &- &APw-")},
     ERR_NONE,
     ""},
    {"a_prefix_in_a_literal_and_a_delimiter_to_be_quoted",
     "a\\b \"c\"",
     {{"LIST \"\" \"a\\\\b \\\"c\\\"\"", "TAG OK done\r\n"},
      NAMESPACE("(({5}\r\nMail\\ \"\\\\\"))"),
      {"LIST", "TAG OK done\r\n"},
      {"CREATE \"Mail\\\\a\\\\b \\\"c\\\"\"", "TAG OK done\r\n"},
      {"SUBSCRIBE", "TAG OK done\r\n"},
      MOVED("Mail\\\\a\\\\b \\\"c\\\"")},
     ERR_NONE,
     ""},
    {"a_namespace_that_is_none",
     "Done",
     {{"LIST", "TAG OK done\r\n"}, {"NAMESPACE", "* NAMESPACE (x)\r\nTAG OK done\r\n"}},
     ERR_PROTOCOL,
     "the server sent 'x'"},
};

static void ensure_finds_or_creates_the_folder_where_the_server_wants_it(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof ensured / sizeof *ensured; i++) {
        struct script_line lines[10] = {{"SELECT", "TAG OK done\r\n"}};
        memcpy(lines + 1, ensured[i].lines, sizeof ensured[i].lines);
        struct script *script = script_start(
            (struct script_options){.lines = lines, .capabilities = "MOVE NAMESPACE UIDPLUS"});
        struct imap_folder_status status;
        struct err err = {0};
        const uint32_t uid = 1;
        struct imap *imap = script_open(script, &err);
        assert_non_null(imap);
        assert_int_equal(imap_select(imap, "INBOX", &status, &err), 0);
        int result = imap_folder_ensure(imap, ensured[i].folder, &err);
        if (result == 0)
            result = imap_move_begin(imap, &uid, 1, ensured[i].folder, &err);
        if (result == 0)
            result = imap_finish(imap, &err);
        if ((result < 0 ? err.code : ERR_NONE) != ensured[i].code ||
            strstr(err.text, ensured[i].words) == NULL)
            fail_msg("%s: %d %s", ensured[i].name, err.code, err.text);
        imap_close(imap);
        script_end(script);
    }
}

static void a_folder_below_the_inbox_is_selected_by_its_own_name(void **state) {
    (void)state;
    static const struct script_line lines[] = {
        {"SELECT \"Bounces\"", "TAG NO Mailbox does not exist\r\n"},
        COURIER,
        {"LIST \"\" \"INBOX.Bounces\"", "* LIST () \".\" INBOX.Bounces\r\nTAG OK done\r\n"},
        {"SELECT \"INBOX.Bounces\"", "* 7 EXISTS\r\nTAG OK done\r\n"},
        {NULL, NULL}};
    struct script *script =
        script_start((struct script_options){.lines = lines, .capabilities = "NAMESPACE"});
    struct imap_folder_status status;
    struct err err = {0};
    struct imap *imap = script_open(script, &err);
    assert_non_null(imap);
    assert_int_equal(imap_select(imap, "Bounces", &status, &err), 0);
    assert_int_equal(status.exists, 7);
    imap_close(imap);
    script_end(script);
}

static const struct {
    const char *words;
    enum err_code code;
    const char *error;
    bool lists; /* the folders that there are are asked for */
} refused_selections[] = {
    {"[REFERRAL imap://other.example/INBOX] elsewhere", ERR_UNAVAILABLE, "configure its host",
     true},
    {"[UNAVAILABLE] storage is down", ERR_TEMPORARY, "storage is down", false},
    {"[NOPERM] not yours", ERR_PERMISSION, "not yours", false},
    {"User is authenticated but not connected.", ERR_PERMISSION, "IMAP.AccessAsApp", false},
    {"SELECT Unsafe Login. Please contact kefu@188.com for help", ERR_PERMISSION, "188.com", false},
};

static void a_refused_folder_says_why(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused_selections / sizeof *refused_selections; i++) {
        char answer[128];
        snprintf(answer, sizeof answer, "TAG NO %s\r\n", refused_selections[i].words);
        struct script_line lines[] = {{"SELECT", answer}, {NULL, NULL}, {NULL, NULL}};
        if (refused_selections[i].lists)
            lines[1] = (struct script_line){"LIST", "TAG OK done\r\n"};
        struct script *script = script_start((struct script_options){.lines = lines});
        struct imap_folder_status status;
        struct err err = {0};
        struct imap *imap = script_open(script, &err);
        assert_non_null(imap);
        assert_int_equal(imap_select(imap, "INBOX", &status, &err), -1);
        if (err.code != refused_selections[i].code ||
            strstr(err.text, refused_selections[i].error) == NULL)
            fail_msg("%s: %d %s", refused_selections[i].words, err.code, err.text);
        assert_false(imap_is_lost(imap));
        imap_close(imap);
        script_end(script);
    }
}

static const struct {
    const char *name;
    const char *capabilities;
    uint32_t after;
    const char *command;
    const char *answer;
    enum err_code code; /* ERR_NONE: as `uids` says */
    uint32_t uids[5];
    size_t count;
} lists[] = {
    {"esearch",
     "ESEARCH UIDPLUS",
     0,
     "UID SEARCH RETURN (ALL) UID 1:*",
     "* ESEARCH (TAG \"N3\") UID ALL 2,4:6,10\r\nTAG OK done\r\n",
     ERR_NONE,
     {2, 4, 5, 6, 10},
     5},
    {"esearch_with_more_than_was_asked_for",
     "ESEARCH UIDPLUS",
     0,
     "UID SEARCH RETURN",
     "* ESEARCH (TAG \"N3\") UID COUNT 2 MODSEQ 9 ALL 7,5 X (a b)\r\nTAG OK done\r\n",
     ERR_NONE,
     {5, 7},
     2},
    {"esearch_finds_nothing",
     "ESEARCH UIDPLUS",
     4,
     "UID SEARCH RETURN (ALL) UID 5:*",
     "* ESEARCH (TAG \"N3\") UID\r\nTAG OK done\r\n",
     ERR_NONE,
     {0},
     0},
    {"esearch_range_backwards",
     "ESEARCH UIDPLUS",
     0,
     "UID SEARCH",
     "* ESEARCH UID ALL 3:1\r\nTAG OK done\r\n",
     ERR_NONE,
     {1, 2, 3},
     3},
    {"esearch_all_of_32_bits",
     "ESEARCH UIDPLUS",
     0,
     "UID SEARCH",
     "* ESEARCH UID ALL 1:4294967295\r\nTAG OK done\r\n",
     ERR_PROTOCOL,
     {0},
     0},
    {"esearch_with_a_star",
     "ESEARCH UIDPLUS",
     0,
     "UID SEARCH",
     "* ESEARCH UID ALL 1:*\r\nTAG OK done\r\n",
     ERR_PROTOCOL,
     {0},
     0},
    {"search",
     "UIDPLUS",
     0,
     "UID SEARCH UID 1:*",
     "* SEARCH 7 3 5\r\nTAG OK done\r\n",
     ERR_NONE,
     {3, 5, 7},
     3},
    {"search_finds_nothing",
     "UIDPLUS",
     0,
     "UID SEARCH",
     "* SEARCH\r\nTAG OK done\r\n",
     ERR_NONE,
     {0},
     0},
    {"search_in_several_lines",
     "UIDPLUS",
     0,
     "UID SEARCH",
     "* SEARCH 1 2 \r\n* 7 EXISTS\r\n* SEARCH 2 3 (MODSEQ 9)\r\nTAG OK done\r\n",
     ERR_NONE,
     {1, 2, 3},
     3},
    {"the_last_message_is_not_new",
     "UIDPLUS",
     9,
     "UID SEARCH UID 10:*",
     "* SEARCH 9\r\nTAG OK done\r\n",
     ERR_NONE,
     {0},
     0},
    {"the_largest_uid",
     "UIDPLUS",
     4294967294,
     "UID SEARCH UID 4294967295:*",
     "* SEARCH 4294967295\r\nTAG OK done\r\n",
     ERR_NONE,
     {4294967295},
     1},
    {"without_uidplus_what_is_marked_stays_unlisted",
     "",
     0,
     "UID SEARCH UID 1:* UNDELETED",
     "* SEARCH 1\r\nTAG OK done\r\n",
     ERR_NONE,
     {1},
     1},
    {"search_with_a_word",
     "UIDPLUS",
     0,
     "UID SEARCH",
     "* SEARCH 1 x\r\nTAG OK done\r\n",
     ERR_PROTOCOL,
     {0},
     0},
    {"search_refused",
     "UIDPLUS",
     0,
     "UID SEARCH",
     "TAG NO [INUSE] later\r\n",
     ERR_TEMPORARY,
     {0},
     0},
};

static void uids_are_listed_once_and_ascending(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct script_line lines[] = {{lists[i].command, lists[i].answer}, {NULL, NULL}};
        struct script *script = script_start(
            (struct script_options){.lines = lines, .capabilities = lists[i].capabilities});
        struct err err = {0};
        uint32_t *uids = NULL;
        size_t count = 0;
        struct imap *imap = script_open(script, &err);
        assert_non_null(imap);
        int result = imap_uid_list(imap, lists[i].after, &uids, &count, &err);
        if ((result < 0 ? err.code : ERR_NONE) != lists[i].code || count != lists[i].count)
            fail_msg("%s: %d %zu %s", lists[i].name, result, count, err.text);
        for (size_t k = 0; k < count; k++)
            if (uids[k] != lists[i].uids[k])
                fail_msg("%s: UID %u", lists[i].name, uids[k]);
        free(uids);
        imap_close(imap);
        script_end(script);
    }
}

/* A line that is longer than READER_LINE_MAX. */
static void a_list_of_300000_uids_on_one_line(void **state) {
    (void)state;
    struct buf answer = BUF_INIT;
    buf_add_string(&answer, "* SEARCH");
    for (unsigned uid = 1000000; uid < 1600000; uid += 2)
        buf_printf(&answer, " %u", uid);
    buf_add_string(&answer, "\r\nTAG OK done\r\n");
    const struct script_line lines[] = {{"UID SEARCH", answer.data}, {NULL, NULL}};
    struct script *script =
        script_start((struct script_options){.lines = lines, .capabilities = "UIDPLUS"});
    struct err err = {0};
    uint32_t *uids = NULL;
    size_t count = 0;
    struct imap *imap = script_open(script, &err);
    assert_non_null(imap);
    assert_int_equal(imap_uid_list(imap, 0, &uids, &count, &err), 0);
    assert_int_equal(count, 300000);
    assert_int_equal(uids[0], 1000000);
    assert_int_equal(uids[299999], 1599998);
    free(uids);
    imap_close(imap);
    script_end(script);
    buf_free(&answer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(select_tells_what_the_server_says),
        cmocka_unit_test(examine_is_read_only_whatever_the_server_says),
        cmocka_unit_test(an_unknown_folder_is_named_with_those_there_are),
        cmocka_unit_test(ensure_finds_or_creates_the_folder_where_the_server_wants_it),
        cmocka_unit_test(a_folder_below_the_inbox_is_selected_by_its_own_name),
        cmocka_unit_test(a_refused_folder_says_why),
        cmocka_unit_test(uids_are_listed_once_and_ascending),
        cmocka_unit_test(a_list_of_300000_uids_on_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
