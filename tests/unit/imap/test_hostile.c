/* Whatever a server throws in, wherever in a session: the result is the same, or a clear error. */
#include "tests/unit/imap/script.h"

#define SELECTED "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\nTAG OK [READ-WRITE] done\r\n"
#define DONE "TAG OK done\r\n"
#define BODIES                                                 \
    "* 1 FETCH (UID 1 RFC822.SIZE 3 BODY[]<0> {3}\r\none)\r\n" \
    "* 2 FETCH (UID 2 RFC822.SIZE 3 BODY[]<0> {3}\r\ntwo)\r\n" DONE

/* What is done with two messages that were fetched. */
struct session {
    const char *capabilities;
    bool moves; /* into "Done", which is missing; else deletes */
    struct script_line lines[12];
};

static const struct session sessions[] = {
    {"ESEARCH MOVE UIDPLUS ID NAMESPACE IDLE",
     true,
     {{"ID (\"name\" \"nullsender\")", "* ID NIL\r\n" DONE},
      {"SELECT", SELECTED},
      {"LIST", DONE},
      {"NAMESPACE", "* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL\r\n" DONE},
      {"LIST", DONE},
      {"CREATE \"INBOX.Done\"", DONE},
      {"SUBSCRIBE", DONE},
      {"UID SEARCH RETURN (ALL) UID 1:*", "* ESEARCH (TAG \"N9\") UID ALL 1:2\r\n" DONE},
      {"UID FETCH 1:2 ", BODIES},
      {"UID MOVE 1:2 \"INBOX.Done\"", "* OK [COPYUID 7 1:2 1:2] ok\r\n* 1 EXPUNGE\r\n" DONE}}},
    {"UIDPLUS",
     true,
     {{"SELECT", SELECTED},
      {"LIST", "* LIST () \"/\" Done\r\n" DONE},
      {"UID SEARCH UID 1:*", "* SEARCH 1 2\r\n" DONE},
      {"UID FETCH 1:2 ", BODIES},
      {"UID COPY 1:2 \"Done\"", "* OK [COPYUID 7 1:2 1:2] ok\r\n" DONE},
      {"UID STORE 1:2 ", DONE},
      {"UID EXPUNGE 1:2", "* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n" DONE}}},
    {"MOVE",
     false,
     {{"SELECT", SELECTED},
      {"UID SEARCH UID 1:* UNDELETED", "* SEARCH 1 2\r\n" DONE},
      {"UID FETCH 1:2 ", BODIES},
      {"UID STORE 1:2 ", DONE}}},
};
enum { SESSIONS = sizeof sessions / sizeof *sessions };

/* Runs the session and appends "uid:body|" for each message to `out`. */
static int run(const struct session *session, const struct script *script, struct buf *out,
               struct err *err) {
    struct imap_options options = script_imap_options(script);
    struct imap_folder_status status;
    struct imap_message message;
    uint32_t *uids = NULL;
    size_t count;
    int result = -1;
    options.client_name = "nullsender";
    struct imap *imap = imap_open(&options, err);
    if (imap == NULL || imap_select(imap, "INBOX", &status, err) < 0 ||
        (session->moves && imap_folder_ensure(imap, "Done", err) < 0) ||
        imap_uid_list(imap, 0, &uids, &count, err) < 0 ||
        imap_fetch_begin(imap, uids, count, 10, err) < 0)
        goto out;
    while ((result = imap_fetch_next(imap, &message, err)) > 0) {
        buf_printf(out, "%u:", message.uid);
        buf_add_bytes(out, message.body);
        buf_add_char(out, '|');
    }
    if (result == 0)
        result = session->moves ? imap_move_begin(imap, uids, count, "Done", err)
                                : imap_delete_begin(imap, uids, count, err);
    if (result == 0)
        result = imap_finish(imap, err);
out:
    free(uids);
    imap_close(imap);
    return result;
}

/* Where a response may be thrown in: before the line `line` of the answer to command `command`. */
struct place {
    size_t command;
    size_t line;
};

/* Puts `text` there; false where the answer has no such line. */
static bool throw_in(const struct session *session, struct place place, const char *text,
                     struct session *out, struct buf *answer) {
    *out = *session;
    const char *rest = session->lines[place.command].answer;
    for (size_t i = 0; i < place.line; i++) {
        const char *end = strchr(rest, '\n');
        if (strstr(rest, "{3}\r\n") != NULL && strstr(rest, "{3}\r\n") < end)
            end = strchr(end + 1, '\n'); /* a literal is no place */
        if (end == NULL || end[1] == '\0')
            return false;
        rest = end + 1;
    }
    buf_reset(answer);
    buf_add(answer, session->lines[place.command].answer,
            (size_t)(rest - session->lines[place.command].answer));
    buf_add_string(answer, text);
    buf_add_string(answer, rest);
    out->lines[place.command].answer = answer->data;
    return true;
}

static const struct {
    const char *text;
    enum err_code code; /* ERR_NONE: as if it had not been there */
} thrown[] = {
    {"* 4 EXISTS\r\n", ERR_NONE},
    {"* 2 RECENT\r\n", ERR_NONE},
    {"* 3 EXPUNGE\r\n", ERR_NONE},
    {"* 99 EXPUNGE\r\n", ERR_NONE},
    {"* 0 EXISTS\r\n", ERR_NONE},
    {"* FLAGS (\\Deleted %x {3}\r\n)(\\ )\r\n", ERR_NONE},
    {"* 3 FETCH (FLAGS (\\Seen))\r\n", ERR_NONE},
    {"* 3 FETCH (UID 3 BODY[]<0> {23}\r\nN9 OK done\r\nN10 OK done)\r\n", ERR_NONE},
    {"* 3 FETCH (UID 3 BODY[] NIL X-GM-LABELS (\"a\" {0}\r\n))\r\n", ERR_NONE},
    {"* VANISHED (EARLIER) 1:2\r\n", ERR_NONE},
    {"* OK still here\r\n", ERR_NONE},
    {"* NO disk is nearly full\r\n", ERR_NONE},
    {"* BAD I did not like that\r\n", ERR_NONE},
    {"* OK [UIDVALIDITY 7] the same\r\n", ERR_NONE},
    {"* OK [REFERRAL imap://other.example/] there\r\n", ERR_NONE},
    {"* XYZZY {3+}\r\n)))\r\n", ERR_NONE},
    {"* 7 XYZZY ~{3}\r\n)))\r\n", ERR_NONE},
    {"* LIST (\\Noselect) NIL Done\r\n", ERR_NONE},
    {"* METADATA \"\" (/private/x {4}\r\nN2 O)\r\n", ERR_NONE},
    {"+ go on\r\n", ERR_NONE},
    {"* BYE [UNAVAILABLE] going down\r\n", ERR_TEMPORARY},
    {"* BYE [REFERRAL imap://other.example/] moved\r\n", ERR_UNAVAILABLE},
    {"N77 OK done\r\n", ERR_PROTOCOL},
    {"A001 OK done\r\n", ERR_PROTOCOL},
    {"N1 OK once more\r\n", ERR_PROTOCOL},
    {"N1\r\n", ERR_PROTOCOL},
    {"OK done\r\n", ERR_PROTOCOL},
    {"* 3 FETCH (UID 3 BODY[] {4294967296}\r\n)\r\n", ERR_PROTOCOL},
    {"* XYZZY {18446744073709551617}\r\n\r\n", ERR_PROTOCOL},
    {"* 3 FETCH (UID 3 X {-1}\r\n)\r\n", ERR_PROTOCOL},
    {"* 4294967296 EXISTS\r\n", ERR_PROTOCOL},
    {"*\r\n", ERR_PROTOCOL},
    {"\r\n", ERR_PROTOCOL},
};

static void check_thrown(size_t i, const struct session *session, struct place place) {
    struct script *script = script_start(
        (struct script_options){.lines = session->lines, .capabilities = session->capabilities});
    struct buf out = BUF_INIT;
    struct err err = {0};
    int result = run(session, script, &out, &err);
    if ((result < 0 ? err.code : ERR_NONE) != thrown[i].code)
        fail_msg("%s at %zu.%zu: %d %s", thrown[i].text, place.command, place.line, err.code,
                 err.text);
    /* No message is another one, none is given twice. */
    if (strncmp("1:one|2:two|", out.data, out.len) != 0 || out.len % 6 != 0 ||
        (result == 0 && out.len != 12))
        fail_msg("%s at %zu.%zu: %s", thrown[i].text, place.command, place.line, out.data);
    script_end_after(script, true);
    buf_free(&out);
}

static void what_is_thrown_in_changes_nothing_or_ends_it(void **state) {
    (void)state;
    struct buf answer = BUF_INIT;
    struct session session;
    size_t count = 0;
    for (size_t i = 0; i < sizeof thrown / sizeof *thrown; i++)
        for (size_t s = 0; s < SESSIONS; s++)
            for (size_t c = 0; sessions[s].lines[c].command != NULL; c++)
                for (size_t l = 0; throw_in(&sessions[s], (struct place){c, l}, thrown[i].text,
                                            &session, &answer);
                     l++, count++)
                    check_thrown(i, &session, (struct place){c, l});
    assert_true(count > 1000);
    buf_free(&answer);
}

/* Words with which any of these commands may be refused. */
static const char *const refusable[] = {"CREATE",   "UID SEARCH", "UID MOVE",
                                        "UID COPY", "UID STORE",  "UID EXPUNGE"};
static const char *const dispensable[] = {"ID", "SUBSCRIBE"};

static const struct {
    const char *answer;
    enum err_code code;
    bool for_all; /* also for what can be dispensed with */
} refusals[] = {
    {"TAG BAD what\r\n", ERR_PROTOCOL, false},
    {"TAG NO [UNAVAILABLE] later\r\n", ERR_TEMPORARY, false},
    {"TAG NO [INUSE] later\r\n", ERR_TEMPORARY, false},
    {"TAG NO [LIMIT] later\r\n", ERR_TEMPORARY, false},
    {"TAG NO [OVERQUOTA] full\r\n", ERR_TEMPORARY, false},
    {"TAG NO [TRYCREATE] no such folder\r\n", ERR_UNAVAILABLE, false},
    {"TAG NO [CANNOT] not here\r\n", ERR_UNAVAILABLE, false},
    {"TAG NO [NOPERM] not you\r\n", ERR_PERMISSION, false},
    {"TAG NO [REFERRAL imap://other.example/] there\r\n", ERR_UNAVAILABLE, false},
    {"TAG NO Request is throttled. Suggested Backoff Time: 5000 milliseconds\r\n", ERR_TEMPORARY,
     true},
    {"TAG MAYBE\r\n", ERR_PROTOCOL, true},
    {"TAG\r\n", ERR_PROTOCOL, true},
};

static bool is_among(const char *command, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strncmp(command, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static void check_refused(const struct session *session, size_t command, size_t i, bool matters) {
    struct session changed = *session;
    changed.lines[command].answer = refusals[i].answer;
    if (matters) /* nothing comes behind it */
        changed.lines[command + 1] = (struct script_line){NULL, NULL};
    struct script *script = script_start(
        (struct script_options){.lines = changed.lines, .capabilities = session->capabilities});
    struct buf out = BUF_INIT;
    struct err err = {0};
    int result = run(&changed, script, &out, &err);
    if ((result < 0 ? err.code : ERR_NONE) != (matters ? refusals[i].code : ERR_NONE))
        fail_msg("%s answered with %s: %d %s", session->lines[command].command, refusals[i].answer,
                 err.code, err.text);
    bool throttled = strstr(refusals[i].answer, "throttled") != NULL;
    if (err.retry_after != (throttled ? 5 : 0))
        fail_msg("%s: wait %u s", session->lines[command].command, err.retry_after);
    script_end(script);
    buf_free(&out);
}

static void a_refusal_has_the_right_kind(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        for (size_t s = 0; s < SESSIONS; s++)
            for (size_t c = 0; sessions[s].lines[c].command != NULL; c++) {
                const char *command = sessions[s].lines[c].command;
                bool matters = is_among(command, refusable, sizeof refusable / sizeof *refusable);
                bool spare =
                    is_among(command, dispensable, sizeof dispensable / sizeof *dispensable);
                if (matters || spare)
                    check_refused(&sessions[s], c, i, matters || refusals[i].for_all);
            }
}

static void a_connection_that_ends_at_any_octet_is_an_error(void **state) {
    (void)state;
    for (size_t s = 0; s < SESSIONS; s++) {
        bool whole = false;
        /* The login is the same for all. */
        for (size_t cut = s == 0 ? 1 : 150; !whole; cut++) {
            struct script *script = script_start((struct script_options){
                .lines = sessions[s].lines, .capabilities = sessions[s].capabilities, .cut = cut});
            struct buf out = BUF_INIT;
            struct err err = {0};
            whole = run(&sessions[s], script, &out, &err) == 0;
            if (!whole && err.code != ERR_TEMPORARY)
                fail_msg("session %zu cut at %zu: %d %s", s, cut, err.code, err.text);
            if (strncmp("1:one|2:two|", out.data, out.len) != 0 || out.len % 6 != 0 ||
                (whole && (out.len != 12 || cut < 300)))
                fail_msg("session %zu cut at %zu: \"%s\"", s, cut, out.data);
            script_end(script);
            buf_free(&out);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_that_ends_at_any_octet_is_an_error),
        cmocka_unit_test(what_is_thrown_in_changes_nothing_or_ends_it),
        cmocka_unit_test(a_refusal_has_the_right_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
