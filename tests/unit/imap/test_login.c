/* Logging in, on servers that are down, refuse, or try to get at the password. */
#include "tests/unit/imap/script.h"

#define CAPABILITY(words) "* CAPABILITY IMAP4rev1 " words "\r\nTAG OK done\r\n"
#define PLAIN \
    { "CAPABILITY", CAPABILITY("SASL-IR AUTH=PLAIN") }

static const struct {
    const char *name;
    enum imap_tls tls;
    const char *greeting;
    struct script_line lines[5];
    enum err_code code;
    const char *words; /* must stand in the error */
} cases[] = {
    {"a_wrong_password_is_reported_in_the_servers_words",
     IMAP_TLS_NONE,
     "* OK ready\r\n",
     {PLAIN, {"AUTHENTICATE PLAIN", "TAG NO [AUTHENTICATIONFAILED] Go away, Ada\r\n"}},
     ERR_PERMISSION,
     "refuses user bounces: [AUTHENTICATIONFAILED] Go away, Ada"},
    {"a_server_in_trouble_is_no_wrong_password",
     IMAP_TLS_NONE,
     "* OK ready\r\n",
     {PLAIN, {"AUTHENTICATE PLAIN", "TAG NO [UNAVAILABLE] database is down\r\n"}},
     ERR_TEMPORARY,
     "database is down"},
    {"a_login_referral_is_reported_and_not_followed",
     IMAP_TLS_NONE,
     "* OK ready\r\n",
     {PLAIN, {"AUTHENTICATE PLAIN", "TAG NO [REFERRAL imap://other.example/] elsewhere\r\n"}},
     ERR_UNAVAILABLE,
     "imap://other.example/"},
    {"logindisabled_without_tls",
     IMAP_TLS_NONE,
     "* OK ready\r\n",
     {{"CAPABILITY", CAPABILITY("LOGINDISABLED STARTTLS")}},
     ERR_UNAVAILABLE,
     "LOGINDISABLED"},
    {"no_login_method_in_common",
     IMAP_TLS_NONE,
     "* OK ready\r\n",
     {{"CAPABILITY", CAPABILITY("LOGINDISABLED AUTH=X-NEW")}},
     ERR_UNAVAILABLE,
     "LOGINDISABLED"},
    {"starttls_not_on_offer",
     IMAP_TLS_STARTTLS,
     "* OK ready\r\n",
     {PLAIN},
     ERR_UNAVAILABLE,
     "does not start TLS"},
    {"starttls_refused",
     IMAP_TLS_STARTTLS,
     "* OK ready\r\n",
     {{"CAPABILITY", CAPABILITY("STARTTLS AUTH=PLAIN")}, {"STARTTLS", "TAG NO not today\r\n"}},
     ERR_UNAVAILABLE,
     "does not start TLS"},
    {"starttls_with_injected_plain_text",
     IMAP_TLS_STARTTLS,
     "* OK ready\r\n",
     {{"CAPABILITY", CAPABILITY("STARTTLS AUTH=PLAIN")},
      {"STARTTLS", "TAG OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nA003 OK injected\r\n"}},
     ERR_PROTOCOL,
     "plain text where TLS must start"},
    {"starttls_and_then_no_tls",
     IMAP_TLS_STARTTLS,
     "* OK ready\r\n",
     {{"CAPABILITY", CAPABILITY("STARTTLS AUTH=PLAIN")}, {"STARTTLS", "TAG OK begin\r\n"}},
     ERR_TEMPORARY,
     "TLS"},
    {"preauth_does_not_skip_starttls",
     IMAP_TLS_STARTTLS,
     "* PREAUTH welcome, whoever you are\r\n",
     {{"CAPABILITY", CAPABILITY("STARTTLS AUTH=PLAIN")}, {"STARTTLS", "TAG OK begin\r\n"}},
     ERR_UNAVAILABLE,
     "TLS"},
    {"plain_text_on_the_tls_port",
     IMAP_TLS_IMPLICIT,
     "* OK ready\r\n",
     {{NULL, NULL}},
     ERR_UNAVAILABLE,
     "no TLS with the server"},
    {"a_bye_for_a_greeting",
     IMAP_TLS_NONE,
     "* BYE too busy\r\n",
     {{NULL, NULL}},
     ERR_TEMPORARY,
     "too busy"},
    {"a_referral_for_a_greeting",
     IMAP_TLS_NONE,
     "* BYE [REFERRAL imap://other.example/] moved\r\n",
     {{NULL, NULL}},
     ERR_UNAVAILABLE,
     "configure its host instead"},
    {"too_busy_for_a_login",
     IMAP_TLS_NONE,
     "* OK ready\r\n",
     {PLAIN, {"AUTHENTICATE PLAIN", "TAG NO [ALERT] Too many simultaneous connections.\r\n"}},
     ERR_TEMPORARY,
     "Too many simultaneous connections"},
    {"no_imap_server",
     IMAP_TLS_NONE,
     "220 mail.example.com ESMTP\r\n",
     {{NULL, NULL}},
     ERR_TEMPORARY,
     "\"220 mail.example.com ESMTP\""},
    {"capability_refused_behind_the_login",
     IMAP_TLS_NONE,
     "* OK ready\r\n",
     {PLAIN, {"AUTHENTICATE PLAIN", "TAG OK in\r\n"}, {"CAPABILITY", "TAG BAD what is that\r\n"}},
     ERR_PROTOCOL,
     "what is that"},
    {"a_bye_behind_the_login",
     IMAP_TLS_NONE,
     "* OK ready\r\n",
     {PLAIN,
      {"AUTHENTICATE PLAIN", "TAG OK in\r\n"},
      {"CAPABILITY", "* BYE [UNAVAILABLE] disk is full\r\n"}},
     ERR_TEMPORARY,
     "disk is full"},
};

static void failed_logins_say_why_and_give_nothing_away(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct script *script = script_start(
            (struct script_options){.lines = cases[i].lines, .greeting = cases[i].greeting});
        struct imap_options options = script_imap_options(script);
        struct err err = {0};
        options.tls = cases[i].tls;
        options.connect_timeout = 1;
        struct imap *imap = imap_open(&options, &err);
        if (imap != NULL)
            fail_msg("%s: is logged in", cases[i].name);
        if (err.code != cases[i].code || strstr(err.text, cases[i].words) == NULL)
            fail_msg("%s: %d %s", cases[i].name, err.code, err.text);
        if (strstr(err.text, options.password) != NULL)
            fail_msg("%s: the error shows the password", cases[i].name);
        if (cases[i].tls != IMAP_TLS_NONE && (strstr(script->received, "AUTHENTICATE") != NULL ||
                                              strstr(script->received, "LOGIN") != NULL))
            fail_msg("%s: the client sent: %s", cases[i].name, script->received);
        script_end_after(script, cases[i].tls != IMAP_TLS_NONE);
    }
}

static const struct {
    const char *name;
    struct script_line lines[7];
} logins[] = {
    {"with_an_initial_response",
     {PLAIN, {"AUTHENTICATE PLAIN AGJvdW5jZXMAb3BlbiBzZXNhbWU=", "TAG OK in\r\n"}}},
    {"without_sasl_ir",
     {{"CAPABILITY", CAPABILITY("AUTH=PLAIN")},
      {"AUTHENTICATE PLAIN", "+ \r\n"},
      {"AGJvdW5jZXMAb3BlbiBzZXNhbWU=", "A002 OK in\r\n"}}},
    {"with_login_disabled",
     {{"CAPABILITY", CAPABILITY("LOGINDISABLED SASL-IR AUTH=PLAIN")},
      {"AUTHENTICATE PLAIN AGJvdW5jZXMAb3BlbiBzZXNhbWU=", "TAG OK in\r\n"}}},
    {"with_login_alone",
     {{"CAPABILITY", CAPABILITY("STARTTLS")},
      {"LOGIN bounces \"open sesame\"", "TAG OK [REFERRAL imap://near.example/] in\r\n"}}},
};

/* What the server says that it can before the login is forgotten behind it. */
static void a_login_works_in_the_way_that_the_server_offers(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof logins / sizeof *logins; i++) {
        struct script_line lines[10];
        size_t used = 0;
        while (logins[i].lines[used].command != NULL) {
            lines[used] = logins[i].lines[used];
            used++;
        }
        lines[used++] = (struct script_line){"CAPABILITY", CAPABILITY("UIDPLUS ID")};
        lines[used++] = (struct script_line){"ID (\"name\" \"nullsender\" \"version\" \"1.0\")",
                                             "* ID (\"name\" {3}\r\nx\r\n)\r\nTAG OK done\r\n"};
        lines[used++] = (struct script_line){"UID SEARCH UID 1:*", "* SEARCH\r\nTAG OK done\r\n"};
        lines[used] = (struct script_line){NULL, NULL};
        struct script *script =
            script_start((struct script_options){.lines = lines, .greeting = "* OK ready\r\n"});
        struct imap_options options = script_imap_options(script);
        struct err err = {0};
        uint32_t *uids = NULL;
        size_t count;
        options.client_name = "nullsender";
        options.client_version = "1.0";
        struct imap *imap = imap_open(&options, &err);
        if (imap == NULL || imap_uid_list(imap, 0, &uids, &count, &err) < 0)
            fail_msg("%s: %s", logins[i].name, err.text);
        imap_close(imap);
        script_end(script);
    }
}

static const struct {
    const char *mechanism, *answer;
    const char *words; /* all of these, separated by '|', stand in the error */
} refused_tokens[] = {
    /* Google: {"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}. libcurl gives
     * up at the continuation. */
    {"XOAUTH2",
     "+ eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8"
     "ifQ==\r\n",
     "the token of user bounces|status 400|wanted scope https://mail.google.com/|has expired"},
    /* {"status" : "invalid_token"}, RFC 7628 */
    {"OAUTHBEARER", "+ eyJzdGF0dXMiIDogImludmFsaWRfdG9rZW4ifQ==\r\n",
     "status invalid_token|was revoked"},
    /* {"status":401} */
    {"XOAUTH2", "+ eyJzdGF0dXMiOjQwMX0=\r\n", "status 401|another account"},
    /* {"status":"insufficient_scope"} */
    {"XOAUTH2", "+ eyJzdGF0dXMiOiJpbnN1ZmZpY2llbnRfc2NvcGUifQ==\r\n",
     "insufficient_scope|check its scope"},
    /* {"oops":true} */
    {"XOAUTH2", "+ eyJvb3BzIjp0cnVlfQ==\r\n", "{\"oops\":true}"},
    /* Not JSON and not base64. */
    {"XOAUTH2", "+ ####\r\n", "the token of user bounces"},
    {"XOAUTH2", "TAG NO AUTHENTICATE failed.\r\n",
     "AUTHENTICATE failed.|New-ServicePrincipal|Set-CASMailbox"},
    {"OAUTHBEARER", "TAG NO [AUTHENTICATIONFAILED] no such token\r\n", "no such token"},
};

static void a_refused_token_is_explained(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused_tokens / sizeof *refused_tokens; i++) {
        char capabilities[128], command[64], words[256];
        snprintf(capabilities, sizeof capabilities,
                 "* CAPABILITY IMAP4rev1 SASL-IR AUTH=CRAM-MD5 AUTH=%s\r\nTAG OK done\r\n",
                 refused_tokens[i].mechanism);
        snprintf(command, sizeof command, "AUTHENTICATE %s", refused_tokens[i].mechanism);
        const struct script_line lines[] = {
            {"CAPABILITY", capabilities},
            {command, refused_tokens[i].answer},
            {"AQ==", "A002 NO refused\r\n"}, /* libcurl acknowledges some of them (RFC 7628) */
            {NULL, NULL}};
        struct script *script =
            script_start((struct script_options){.lines = lines, .greeting = "* OK ready\r\n"});
        struct imap_options options = script_imap_options(script);
        struct err err = {0};
        options.password = NULL;
        options.oauth_bearer = "ya29.token";
        assert_null(imap_open(&options, &err));
        assert_int_equal(err.code, ERR_PERMISSION);
        assert_null(strstr(err.text, "ya29"));
        snprintf(words, sizeof words, "%s", refused_tokens[i].words);
        for (char *word = strtok(words, "|"); word != NULL; word = strtok(NULL, "|"))
            if (strstr(err.text, word) == NULL)
                fail_msg("\"%s\" lacks \"%s\"", err.text, word);
        script_end_after(script, true);
    }
}

static void nobody_listens(void **state) {
    (void)state;
    struct script *script = script_start((struct script_options){.greeting = ""});
    struct imap_options options = script_imap_options(script);
    struct err err = {0};
    script_end(script);
    assert_null(imap_open(&options, &err));
    assert_int_equal(err.code, ERR_TEMPORARY);
}

static void a_server_that_says_nothing_costs_the_connect_timeout(void **state) {
    (void)state;
    static const struct script_line lines[] = {{"CAPABILITY", NULL}, {NULL, NULL}};
    struct script *script =
        script_start((struct script_options){.lines = lines, .greeting = "* OK ready\r\n"});
    struct imap_options options = script_imap_options(script);
    struct err err = {0};
    options.connect_timeout = 1;
    assert_null(imap_open(&options, &err));
    assert_int_equal(err.code, ERR_TEMPORARY);
    script_end(script);
}

static void options_that_contradict_each_other(void **state) {
    (void)state;
    struct err err = {0};
    struct imap_options options = {.host = "127.0.0.1", .port = 1, .user = "ada"};
    assert_null(imap_open(&options, &err));
    assert_int_equal(err.code, ERR_CONFIG);
    options.password = options.oauth_bearer = "x";
    assert_null(imap_open(&options, &err));
    assert_int_equal(err.code, ERR_CONFIG);
    options.oauth_bearer = NULL;
    options.host = "mail.example.com/INBOX";
    assert_null(imap_open(&options, &err));
    assert_int_equal(err.code, ERR_CONFIG);
    options.host = "127.0.0.1";
    options.port = 70000;
    assert_null(imap_open(&options, &err));
    assert_int_equal(err.code, ERR_CONFIG);
}

struct seen {
    struct buf lines;
    struct buf alerts;
};

static void see_line(void *context, enum imap_direction direction, struct bytes line) {
    struct seen *seen = context;
    buf_printf(&seen->lines, "%s %.*s\n", direction == IMAP_SENT ? "C:" : "S:", (int)line.len,
               line.data);
}

static void see_alert(void *context, struct bytes text) {
    struct seen *seen = context;
    buf_printf(&seen->alerts, "<%.*s>", (int)text.len, text.data);
}

static void the_trace_has_no_password_and_no_mail_and_alerts_are_heard(void **state) {
    (void)state;
    static const struct script_line lines[] = {
        PLAIN,
        {"AUTHENTICATE PLAIN", "* OK [ALERT] quota is near\r\nTAG OK in\r\n"},
        {"CAPABILITY", CAPABILITY("MOVE")},
        {"SELECT", "* NO [ALERT] disk is near\r\n* OK [ALERT] quota is near\r\nTAG OK done\r\n"},
        {"UID FETCH", "* 1 FETCH (UID 1 BODY[] \"confidential\")\r\nTAG OK done\r\n"},
        {NULL, NULL}};
    struct seen seen = {BUF_INIT, BUF_INIT};
    struct script *script =
        script_start((struct script_options){.lines = lines, .greeting = "* OK ready\r\n"});
    struct imap_options options = script_imap_options(script);
    struct imap_folder_status status;
    struct imap_message message;
    struct err err = {0};
    const uint32_t uid = 1;
    options.trace = see_line;
    options.alert = see_alert;
    options.context = &seen;
    struct imap *imap = imap_open(&options, &err);
    assert_non_null(imap);
    assert_int_equal(imap_select(imap, "INBOX", &status, &err), 0);
    assert_int_equal(imap_fetch_begin(imap, &uid, 1, 100, &err), 0);
    assert_int_equal(imap_fetch_next(imap, &message, &err), 1);
    assert_int_equal(imap_finish(imap, &err), 0);
    imap_close(imap);
    assert_string_equal(seen.alerts.data, "<quota is near><disk is near>");
    assert_non_null(strstr(seen.lines.data, "C: N2 SELECT \"INBOX\"\n"));
    assert_non_null(strstr(seen.lines.data, "S: N2 OK done\n"));
    assert_non_null(strstr(seen.lines.data, "S: * 1 FETCH (UID 1 BODY[] )\n"));
    assert_null(strstr(seen.lines.data, "sesame"));
    assert_null(strstr(seen.lines.data, "AGJvdW5jZXM")); /* base64 of NUL bounces */
    script_end(script);
    buf_free(&seen.lines);
    buf_free(&seen.alerts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failed_logins_say_why_and_give_nothing_away),
        cmocka_unit_test(a_login_works_in_the_way_that_the_server_offers),
        cmocka_unit_test(a_refused_token_is_explained),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(a_server_that_says_nothing_costs_the_connect_timeout),
        cmocka_unit_test(options_that_contradict_each_other),
        cmocka_unit_test(the_trace_has_no_password_and_no_mail_and_alerts_are_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
