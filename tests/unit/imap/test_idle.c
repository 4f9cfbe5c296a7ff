/* Waiting for new messages, on servers that tell, do not tell, break off or hang. */
#include "tests/unit/imap/script.h"

#define SELECT_INBOX \
    { "SELECT", "* 3 EXISTS\r\nTAG OK [READ-WRITE] done\r\n" }
#define DONE "TAG OK done\r\n"

/* The tag of IDLE is N3: CAPABILITY and SELECT come before it. "DONE" has no tag: the script takes
 * it for one, with nothing behind it. */
static const struct {
    const char *name;
    const char *capabilities;
    struct script_line lines[4];
    enum err_code code;
    enum imap_idle result;
    bool more;    /* the connection can be used for more */
    bool is_over; /* the time is over at once */
} cases[] = {
    {"a_message_arrives",
     "IDLE",
     {SELECT_INBOX, {"IDLE", "+ idling\r\n* 4 EXISTS\r\n"}, {"DONE", "N3 OK done\r\n"}},
     ERR_NONE,
     IMAP_IDLE_NEWS,
     true,
     false},
    {"a_message_arrives_before_the_server_is_idle",
     "IDLE",
     {SELECT_INBOX, {"IDLE", "* 4 EXISTS\r\n+ idling\r\n"}, {"DONE", "N3 OK done\r\n"}},
     ERR_NONE,
     IMAP_IDLE_NEWS,
     true,
     false},
    {"one_goes_and_another_comes",
     "IDLE",
     {SELECT_INBOX, {"IDLE", "+\r\n* 1 EXPUNGE\r\n* 3 EXISTS\r\n"}, {"DONE", "N3 OK done\r\n"}},
     ERR_NONE,
     IMAP_IDLE_NEWS,
     true,
     false},
    {"nothing_happens",
     "IDLE",
     {SELECT_INBOX, {"IDLE", "+ idling\r\n"}, {"DONE", "N3 OK done\r\n"}},
     ERR_NONE,
     IMAP_IDLE_OVER,
     true,
     true},
    {"what_is_no_news",
     "IDLE",
     {SELECT_INBOX,
      {"IDLE", "+ idling\r\n* OK still here\r\n* 1 RECENT\r\n* 3 EXISTS\r\n* 2 FETCH (FLAGS ())\r\n"
               "* 1 EXPUNGE\r\n+ \r\n* XYZZY {3}\r\n)))\r\n"},
      {"DONE", "N3 OK done\r\n"}},
     ERR_NONE,
     IMAP_IDLE_OVER,
     true,
     true},
    {"news_with_the_last_answer",
     "IDLE",
     {SELECT_INBOX, {"IDLE", "+ idling\r\n"}, {"DONE", "* 4 EXISTS\r\nN3 OK done\r\n"}},
     ERR_NONE,
     IMAP_IDLE_NEWS,
     true,
     true},
    {"the_server_ends_it_by_itself",
     "IDLE",
     {SELECT_INBOX, {"IDLE", "+ idling\r\nN3 OK enough\r\n"}},
     ERR_NONE,
     IMAP_IDLE_OVER,
     true,
     false},
    {"not_on_offer", "UIDPLUS", {SELECT_INBOX}, ERR_NONE, IMAP_IDLE_UNSUPPORTED, true, false},
    {"on_offer_and_refused",
     "IDLE",
     {SELECT_INBOX, {"IDLE", "N3 BAD what\r\n"}},
     ERR_NONE,
     IMAP_IDLE_UNSUPPORTED,
     true,
     false},
    {"bye",
     "IDLE",
     {SELECT_INBOX, {"IDLE", "+ idling\r\n* BYE going down\r\n"}},
     ERR_TEMPORARY,
     0,
     false,
     false},
    {"the_connection_ends", "IDLE", {SELECT_INBOX, {"IDLE", NULL}}, ERR_TEMPORARY, 0, false, false},
    {"the_end_is_never_answered",
     "IDLE",
     {SELECT_INBOX, {"IDLE", "+ idling\r\n"}, {"DONE", NULL}},
     ERR_TEMPORARY,
     0,
     false,
     true},
    {"the_folder_is_made_anew",
     "IDLE",
     {{"SELECT", "* OK [UIDVALIDITY 7] ok\r\nTAG OK done\r\n"},
      {"IDLE", "+ idling\r\n* OK [UIDVALIDITY 8] new\r\n"}},
     ERR_TEMPORARY,
     0,
     false,
     false},
};

static struct imap *open_inbox(const struct script *script) {
    struct imap_options options = script_imap_options(script);
    struct imap_folder_status status;
    struct err err = {0};
    options.idle_timeout = 1;
    struct imap *imap = imap_open(&options, &err);
    assert_non_null(imap);
    assert_int_equal(imap_select(imap, "INBOX", &status, &err), 0);
    return imap;
}

static void a_wait_ends_with_news_or_says_why(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct script *script = script_start((struct script_options){
            .lines = cases[i].lines, .capabilities = cases[i].capabilities});
        struct imap *imap = open_inbox(script);
        enum imap_idle got = IMAP_IDLE_OVER;
        struct err err = {0};
        int result = imap_idle(imap, cases[i].is_over ? 0 : 600, -1, &got, &err);
        if ((result < 0 ? err.code : ERR_NONE) != cases[i].code)
            fail_msg("%s: %d %s", cases[i].name, err.code, err.text);
        if (result == 0 && got != cases[i].result)
            fail_msg("%s: ended with %d", cases[i].name, got);
        if (imap_is_lost(imap) == cases[i].more)
            fail_msg("%s: %s", cases[i].name, cases[i].more ? "lost" : "not lost");
        imap_close(imap);
        script_end(script);
    }
}

static void a_descriptor_of_the_callers_ends_the_wait(void **state) {
    (void)state;
    static const struct script_line lines[] = {
        SELECT_INBOX, {"IDLE", "+ idling\r\n"}, {"DONE", "N3 OK done\r\n"}, {NULL, NULL}};
    struct script *script =
        script_start((struct script_options){.lines = lines, .capabilities = "IDLE"});
    struct imap *imap = open_inbox(script);
    enum imap_idle got = IMAP_IDLE_NEWS;
    struct err err = {0};
    int wake[2];
    assert_int_equal(pipe(wake), 0);
    assert_int_equal(write(wake[1], "", 1), 1);
    assert_int_equal(imap_idle(imap, 600, wake[0], &got, &err), 0);
    assert_int_equal(got, IMAP_IDLE_OVER);
    close(wake[0]);
    close(wake[1]);
    imap_close(imap);
    script_end(script);
}

/* Between a list and the wait for what is not on it nothing gets lost. */
static void what_came_since_the_last_list_is_news_at_once(void **state) {
    (void)state;
    static const struct script_line lines[] = {SELECT_INBOX,
                                               {"NOOP", "* 4 EXISTS\r\n" DONE},
                                               {"NOOP", DONE},
                                               {"UID SEARCH", "* SEARCH 1 2 3 4\r\n" DONE},
                                               {"NOOP", DONE},
                                               {"IDLE", "+ idling\r\n* 5 EXISTS\r\n"},
                                               {"DONE", "N7 OK done\r\n"},
                                               {NULL, NULL}};
    struct script *script =
        script_start((struct script_options){.lines = lines, .capabilities = "IDLE UIDPLUS"});
    struct imap *imap = open_inbox(script);
    enum imap_idle got = IMAP_IDLE_OVER;
    struct err err = {0};
    uint32_t *uids;
    size_t count;
    bool news = false;
    assert_int_equal(imap_poll(imap, &news, &err), 0);
    assert_true(news);
    assert_int_equal(imap_poll(imap, &news, &err), 0);
    assert_true(news);
    assert_int_equal(imap_idle(imap, 600, -1, &got, &err), 0); /* asks nobody */
    assert_int_equal(got, IMAP_IDLE_NEWS);
    assert_int_equal(imap_uid_list(imap, 0, &uids, &count, &err), 0);
    assert_int_equal(count, 4);
    free(uids);
    assert_int_equal(imap_poll(imap, &news, &err), 0);
    assert_false(news);
    assert_int_equal(imap_idle(imap, 600, -1, &got, &err), 0);
    assert_int_equal(got, IMAP_IDLE_NEWS);
    imap_close(imap);
    script_end(script);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_ends_with_news_or_says_why),
        cmocka_unit_test(a_descriptor_of_the_callers_ends_the_wait),
        cmocka_unit_test(what_came_since_the_last_list_is_news_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
