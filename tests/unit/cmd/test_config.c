/* The configuration file: values, defaults, and errors that say what, where and what would be
 * right. */
#include "cmd/config.h"

#include "cmd/base/buf.h"
#include "cmd/file.h"
#include "cmd/provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int read_bytes(struct bytes text, struct config **config, struct err *err) {
    static char path[] = P_tmpdir "/nullsender-test-config-XXXXXX";
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.data, text.len), (ssize_t)text.len);
    close(fd);
    *err = (struct err){0};
    int rc = config_read(path, config, err);
    unlink(path);
    return rc;
}

static int read_text(const char *text, struct config **config, struct err *err) {
    return read_bytes(bytes_of(text), config, err);
}

#define MAILBOX "mailbox \"b\" { host = \"h\" user = \"u\" password_file = \"/p\" "

#define OAUTH(grant) "mailbox \"b\" { host = \"h\" user = \"u\" oauth_grant = \"" grant "\" "

static void values_and_defaults_arrive(void **state) {
    (void)state;
    struct config *config;
    struct err err;
    assert_int_equal(
        read_text("workers = 3\n"
                  "database { conninfo = \"dbname=x\" keep_raw = false }\n"
                  "mailbox \"one\" { host = \"imap.example.com\" user = \"u\"\n"
                  "  password_command = \"echo secret\" after = \"delete\"\n"
                  "  tls = \"starttls\" recipient_header = \"X-Original-To\" }\n"
                  "mailbox \"two\" { host = \"h2\" user = \"u\"\n"
                  "  password_file = \"/p\" }\n"
                  "verp { patterns = { \"qmail a@example.com\", \"b-{recipient}@x\" } }",
                  &config, &err),
        0);
    assert_int_equal(config->workers, 3);
    assert_string_equal(config->conninfo, "dbname=x");
    assert_false(config->keep_raw);
    assert_int_equal(config->commit_messages, 500);
    assert_int_equal(config->strikes, 5);
    assert_string_equal(config->rules_directory, config_default_rules);
    assert_string_equal(config->verp_patterns[1], "b-{recipient}@x");
    assert_null(config->verp_patterns[2]);
    assert_int_equal(config->mailbox_count, 2);
    const struct config_mailbox *one = config_mailbox_find(config, "one");
    assert_int_equal(one->after, CONFIG_AFTER_DELETE);
    assert_int_equal(one->tls, CONFIG_TLS_STARTTLS);
    assert_string_equal(one->password.command, "echo secret");
    assert_string_equal(one->recipient_header, "X-Original-To");
    const struct config_mailbox *two = config_mailbox_find(config, "two");
    assert_int_equal(two->after, CONFIG_AFTER_MOVE);
    assert_string_equal(two->folder, "INBOX");
    assert_string_equal(two->processed_folder, "Processed");
    assert_null(two->ca_file);
    assert_null(config_mailbox_find(config, "three"));
    config_free(config);
}

static void errors_say_where_and_what_would_be_right(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *words; /* all of these, separated by '|', stand in the error */
    } table[] = {
        {"\n\nwokers = 3\n", ":3:|no key 'wokers'|did you mean 'workers'"},
        {"databse { }\n", ":1:|'databse'|did you mean 'database'"},
        {MAILBOX "\n pasword_file = \"x\" }", ":2:|no key 'pasword_file' in section 'mailbox'|did "
                                              "you mean 'password_file'"},
        {MAILBOX "after = \"mvoe\" }", ":1:|after = \"mvoe\"|must be one of: move delete keep"},
        {MAILBOX "port = 70000 }", "port = 70000|from 0 to 65535"},
        {"\n\"\" = 3\n", ":2:|neither a section nor KEY = VALUE"},
        {"workers = many\n", ":1:|workers"},
        {"policy { strikes = 0 }", "strikes = 0|from 1 to 1000"},
        {"mailbox \"b\" { user = \"u\" password_file = \"/p\" }", "mailbox \"b\"|host is missing"},
        {"mailbox \"b\" { host = \"h\" password_file = \"/p\" }", "user is missing"},
        {"mailbox \"b\" { host = \"h\" user = \"u\" }", "exactly one of password_file"},
        {MAILBOX "password_command = \"x\" }", "exactly one of password_file"},
        {MAILBOX "processed_folder = \"INBOX\" }", "must differ from folder"},
        {MAILBOX "trash_folder = \"INBOX\" }", "must differ from folder"},
        {MAILBOX "provider = \"gmial\" }", "no provider 'gmial'|did you mean 'gmail'|fastmail"},
        {MAILBOX "provider = \"x\" }", "no provider 'x'|there are: gmail, microsoft365"},
        {MAILBOX "token_command = \"x\" }", "exactly one of|token_command"},
        {MAILBOX "oauth_grant = \"refresh_token\" }", "exactly one of|oauth_grant"},
        {MAILBOX "oauth_client_id = \"x\" }", "oauth_grant is missing"},
        {OAUTH("refresh_token") "}", "oauth_client_id is missing"},
        {OAUTH("refresh_token") "oauth_client_id = \"i\" }", "oauth_token_endpoint is missing"},
        {OAUTH("refresh_token") "oauth_client_id = \"i\" provider = \"microsoft365\" }",
         "oauth_tenant is missing"},
        {OAUTH("refresh_token") "oauth_client_id = \"i\" provider = \"gmail\" }",
         "oauth_refresh_token_file is missing"},
        {OAUTH("client_credentials") "oauth_client_id = \"i\" provider = \"gmail\" }",
         "client credentials need"},
        {OAUTH("client_credentials") "oauth_client_id = \"i\" provider = \"gmail\""
                                     "oauth_client_secret_file = \"a\""
                                     "oauth_client_secret_command = \"b\" }",
         "at most one of oauth_client_secret_file"},
        {OAUTH("implicit") "}", "must be one of: none refresh_token client_credentials"},
        {MAILBOX "}\n" MAILBOX "}\n", ":2:"},
        {"database { conninfo = \"x\"\n", "section 'database' is not closed"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct config *config;
        struct err err;
        if (read_text(table[i].text, &config, &err) == 0)
            fail_msg("\"%s\" is taken for a configuration", table[i].text);
        assert_null(config);
        assert_int_equal(err.code, ERR_CONFIG);
        struct buf words = BUF_INIT;
        buf_add_string(&words, table[i].words);
        for (char *word = strtok(words.data, "|"); word; word = strtok(NULL, "|"))
            if (!strstr(err.text, word))
                fail_msg("\"%s\" gives \"%s\", which lacks \"%s\"", table[i].text, err.text, word);
        buf_free(&words);
    }
}

static void what_stands_behind_a_nul_is_not_overlooked(void **state) {
    (void)state;
    static const char text[] = "workers = 3\n\0policy { strikes = 7 }\n";
    struct config *config;
    struct err err;
    assert_int_equal(read_bytes((struct bytes){text, sizeof text - 1}, &config, &err), -1);
    assert_null(config);
    assert_int_equal(err.code, ERR_CONFIG);
    assert_non_null(strstr(err.text, ":2: a NUL byte"));
}

static void a_provider_presets_what_the_section_does_not_set(void **state) {
    (void)state;
    struct config *config;
    struct err err;
    assert_int_equal(
        read_text(
            "mailbox \"g\" { user = \"u\" password_file = \"/p\" provider = \"gmail\" }\n"
            "mailbox \"m\" { provider = \"microsoft365\" port = 1993 retries = 3 user = \"u\"\n"
            "  oauth_grant = \"client_credentials\" oauth_client_id = \"i\"\n"
            "  oauth_tenant = \"t\" oauth_client_secret_file = \"/s\" }\n",
            &config, &err),
        0);
    const struct config_mailbox *gmail = config_mailbox_find(config, "g");
    assert_string_equal(gmail->host, "imap.gmail.com");
    assert_int_equal(gmail->port, 993);
    assert_string_equal(gmail->trash_folder, "[Gmail]/Trash");
    const struct config_mailbox *microsoft = config_mailbox_find(config, "m");
    assert_string_equal(microsoft->host, "outlook.office365.com");
    assert_int_equal(microsoft->port, 1993);
    assert_int_equal(microsoft->retries, 3);
    assert_string_equal(microsoft->oauth.scope, "https://outlook.office365.com/.default");
    config_free(config);
}

/* One row of the README's table for each provider, with these settings and no others. */
static void the_readme_shows_what_each_provider_presets(void **state) {
    (void)state;
    struct buf readme = BUF_INIT;
    struct err err;
    assert_int_equal(file_read("README.md", &readme, &err), 0);
    for (const struct provider_preset *p = provider_presets; p->provider; p++) {
        char start[64], setting[256];
        snprintf(start, sizeof start, "\n| `%s` | ", p->provider);
        const char *row = strstr(readme.data, start);
        assert_non_null(row);
        assert_non_null(strstr(provider_names, p->provider));
        struct bytes line = bytes_first(bytes_of(row + 1), strcspn(row + 1, "\n"));
        bool number = strspn(p->value, "0123456789") == strlen(p->value);
        snprintf(setting, sizeof setting, "`%s = %s%s%s`", p->key, number ? "" : "\"", p->value,
                 number ? "" : "\"");
        if (bytes_find(line, setting) < 0)
            fail_msg("README.md: the row of %s lacks %s", p->provider, setting);
        size_t shown = 0, presets = 0;
        for (long at; (at = bytes_find(line, " = ")) >= 0; shown++)
            line = bytes_from(line, (size_t)at + 1);
        for (const struct provider_preset *q = provider_presets; q->provider; q++)
            presets += !strcmp(q->provider, p->provider);
        assert_int_equal(shown, presets);
        bool is_key = false;
        for (const struct config_key *k = config_keys; k->name; k++)
            is_key = is_key ||
                     (k->section && !strcmp(k->section, "mailbox") && !strcmp(k->name, p->key));
        assert_true(is_key);
    }
    buf_free(&readme);
}

static void a_missing_file_is_named(void **state) {
    (void)state;
    struct config *config;
    struct err err;
    assert_int_equal(config_read("/nonexistent/nullsender.conf", &config, &err), -1);
    assert_non_null(strstr(err.text, "/nonexistent/nullsender.conf"));
}

/* Where "name = " stands for itself, and is not the end of a longer key. */
static const char *find_key(const char *text, const char *name) {
    char line[128];
    snprintf(line, sizeof line, "%s = ", name);
    const char *found = strstr(text, line);
    while (found && (found[-1] == '_' || (found[-1] >= 'a' && found[-1] <= 'z')))
        found = strstr(found + 1, line);
    return found ? found + strlen(line) : NULL;
}

/* The sample is the documentation of the keys: it shows each one, with its default. */
static void the_sample_shows_every_key_and_reads_back(void **state) {
    (void)state;
    struct buf sample = BUF_INIT;
    struct err err;
    assert_int_equal(file_read("etc/nullsender.conf", &sample, &err), 0);
    for (const struct config_key *k = config_keys; k->name; k++) {
        const char *found = find_key(sample.data, k->name);
        if (!found)
            fail_msg("etc/nullsender.conf does not show %s", k->name);
        if (k->initial && *found != '"' && strncmp(found, k->initial, strlen(k->initial)) != 0)
            fail_msg("etc/nullsender.conf shows another default for %s", k->name);
        if (k->initial && *found == '"' && strncmp(found + 1, k->initial, strlen(k->initial)) != 0)
            fail_msg("etc/nullsender.conf shows another default for %s", k->name);
    }
    struct config *config;
    assert_int_equal(read_text(sample.data, &config, &err), 0);
    config_free(config);
    buf_free(&sample);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_defaults_arrive),
        cmocka_unit_test(errors_say_where_and_what_would_be_right),
        cmocka_unit_test(what_stands_behind_a_nul_is_not_overlooked),
        cmocka_unit_test(a_provider_presets_what_the_section_does_not_set),
        cmocka_unit_test(the_readme_shows_what_each_provider_presets),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(the_sample_shows_every_key_and_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
