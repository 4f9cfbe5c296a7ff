/* The command line: what it means, and what is said where it is wrong. */
#include "cmd/command.h"

#include "cmd/base/buf.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Splits at blanks; the words live until the next call. */
static int parse(const char *line, struct invocation *invocation, struct err *err) {
    static char text[256];
    static char *words[32];
    int count = 0;
    snprintf(text, sizeof text, "nullsender %s", line);
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
        words[count++] = word;
    words[count] = NULL;
    *err = (struct err){0};
    return invocation_parse(count, words, invocation, err);
}

static void options_stand_anywhere(void **state) {
    (void)state;
    static const char *const lines[] = {
        "fetch one two -c x.conf -n -vv",
        "-c x.conf fetch one -vn two -v",
        "-vv --config=x.conf --dry-run fetch one two",
        "fetch --config x.conf -n -v -v -- one two",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct invocation invocation;
        struct err err;
        assert_int_equal(parse(lines[i], &invocation, &err), 0);
        assert_string_equal(invocation.command->name, "fetch");
        assert_string_equal(invocation_value(&invocation, OPTION_CONFIG, NULL), "x.conf");
        assert_true(invocation_has(&invocation, OPTION_DRY_RUN));
        assert_int_equal(invocation.counts[OPTION_VERBOSE], 2);
        assert_int_equal(invocation.argument_count, 2);
        assert_string_equal(invocation.arguments[1], "two");
        invocation_free(&invocation);
    }
}

static void mistakes_are_told_with_what_would_be_right(void **state) {
    (void)state;
    static const struct {
        const char *line;
        const char *words;
    } table[] = {
        {"", "which command?"},
        {"ftech", "did you mean 'fetch'?"},
        {"frobnicate", "'nullsender --help' lists them"},
        {"fetch --dryrun", "did you mean '--dry-run'?"},
        {"fetch --frobnicate", "no option '--frobnicate'"},
        {"fetch -z", "no option '-z'"},
        {"fetch -nz", "no option '-z'"},
        {"fetch --config", "lacks its argument"},
        {"fetch --dry-run=yes", "'--dry-run' takes no argument"},
        {"fetch --format tsv", "fetch takes no option '--format'"},
        {"parse", "FILE|DIR|MBOX|- ... is missing"},
        {"explain a b", "'b' is one argument too many"},
        {"rules", "needs a second word: rules test, rules explain"},
        {"rules tset", "no command 'rules tset'; there are: rules test, rules explain"},
        {"rules explain", "TEXT is missing"},
        {"migrate now", "'now' is one argument too many"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct invocation invocation;
        struct err err;
        assert_int_equal(parse(table[i].line, &invocation, &err), -1);
        assert_int_equal(err.code, ERR_USAGE);
        if (!strstr(err.text, table[i].words))
            fail_msg("'%s' gives '%s'", table[i].line, err.text);
        invocation_free(&invocation);
    }
}

static void numbers_are_checked(void **state) {
    (void)state;
    static const struct {
        const char *line;
        long number; /* -1: an error */
    } table[] = {
        {"fetch", 7},
        {"fetch -l 1", 1},
        {"fetch --limit 100", 100},
        {"fetch -l 0", -1},
        {"fetch -l 101", -1},
        {"fetch -l 5x", -1},
        {"fetch -l 99999999999999999999", -1},
        {"fetch -l -3", -1},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct invocation invocation;
        struct err err;
        long number;
        assert_int_equal(parse(table[i].line, &invocation, &err), 0);
        int rc = invocation_number(&invocation, OPTION_LIMIT, 1, 100, 7, &number, &err);
        assert_int_equal(rc, table[i].number < 0 ? -1 : 0);
        if (rc == 0)
            assert_int_equal(number, table[i].number);
        invocation_free(&invocation);
    }
}

/* Whether `words` stand in `text`, wherever its lines break. */
static bool has_words(const char *text, const char *words) {
    struct buf flat[2] = {BUF_INIT, BUF_INIT};
    const char *const given[2] = {text, words};
    for (int i = 0; i < 2; i++)
        for (const char *p = given[i]; *p; p++)
            if (!isspace((unsigned char)*p))
                buf_add_char(&flat[i], *p);
    bool found = strstr(flat[0].data, flat[1].data) != NULL;
    buf_free(&flat[0]);
    buf_free(&flat[1]);
    return found;
}

static void assert_lines_fit(const char *text) {
    struct bytes rest = bytes_of(text), line;
    while (bytes_next_line(&rest, &line))
        if (line.len > 80)
            fail_msg("%zu columns: %.*s", line.len, (int)line.len, line.data);
}

static void help_names_every_command_and_option(void **state) {
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    command_print_overview(out);
    fflush(out);
    for (const struct command *c = command_table; c->name; c++)
        assert_non_null(strstr(text, c->name));
    assert_lines_fit(text);
    for (const struct command *c = command_table; c->name; c++) {
        rewind(out);
        command_print_help(c, out);
        fputc('\0', out);
        fflush(out);
        assert_non_null(strstr(text, c->arguments));
        assert_true(has_words(text, c->description));
        assert_lines_fit(text);
        for (enum option_id o = 0; o < OPTION_COUNT; o++) {
            if (!(c->options >> o & 1))
                continue;
            struct buf help = BUF_INIT;
            command_option_help(c, o, &help);
            assert_true(help.len > 0);
            assert_true(has_words(text, help.data));
            buf_free(&help);
        }
    }
    fclose(out);
    free(text);
}

static void who_takes_a_format_says_which(void **state) {
    (void)state;
    for (const struct command *c = command_table; c->name; c++)
        assert_int_equal(c->options >> OPTION_FORMAT & 1, c->formats != NULL);
    struct buf help = BUF_INIT;
    struct invocation invocation;
    struct err err;
    unsigned place;
    assert_int_equal(parse("report --format html", &invocation, &err), 0);
    assert_int_equal(invocation_format(&invocation, &place, &err), 0);
    assert_int_equal(place, 3);
    command_option_help(invocation.command, OPTION_FORMAT, &help);
    assert_string_equal(help.data, "text (the default), csv, json or html");
    buf_free(&help);
    invocation_free(&invocation);
    assert_int_equal(parse("check --format html", &invocation, &err), 0);
    assert_int_equal(invocation_format(&invocation, &place, &err), -1);
    assert_string_equal(err.text, "--format is text or json, not 'html'");
    invocation_free(&invocation);
}

static void no_two_options_of_a_command_share_a_name(void **state) {
    (void)state;
    for (const struct command *c = command_table; c->name; c++)
        for (enum option_id a = 0; a < OPTION_COUNT; a++)
            for (enum option_id b = a + 1; b < OPTION_COUNT; b++)
                if (c->options >> a & c->options >> b & 1)
                    assert_string_not_equal(option_table[a].name, option_table[b].name);
}

static void no_two_options_share_a_letter(void **state) {
    (void)state;
    for (enum option_id a = 0; a < OPTION_COUNT; a++)
        for (enum option_id b = a + 1; b < OPTION_COUNT; b++)
            if (option_table[a].letter)
                assert_int_not_equal(option_table[a].letter, option_table[b].letter);
}

/* suppress --domain example.net, but report --domain spring26. */
static void a_name_that_two_options_share_is_the_one_that_the_command_takes(void **state) {
    (void)state;
    static const struct {
        const char *line;
        enum option_id option;
        int arguments;
    } table[] = {
        {"suppress --domain example.net", OPTION_DOMAIN, 0},
        {"suppress ada@example.org --domain example.net", OPTION_DOMAIN, 1},
        {"-c x.conf suppress --domain=example.net", OPTION_DOMAIN, 0},
        {"--domain example.net suppress", OPTION_DOMAIN, 0},
        {"report --domain spring26", OPTION_REPORT_DOMAIN, 1},
        {"report spring26 --domain", OPTION_REPORT_DOMAIN, 1},
        {"-vc x.conf report --domain", OPTION_REPORT_DOMAIN, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct invocation invocation;
        struct err err;
        if (parse(table[i].line, &invocation, &err) != 0)
            fail_msg("'%s' gives '%s'", table[i].line, err.text);
        assert_true(invocation_has(&invocation, table[i].option));
        assert_int_equal(invocation.argument_count, table[i].arguments);
        invocation_free(&invocation);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_anywhere),
        cmocka_unit_test(mistakes_are_told_with_what_would_be_right),
        cmocka_unit_test(numbers_are_checked),
        cmocka_unit_test(help_names_every_command_and_option),
        cmocka_unit_test(who_takes_a_format_says_which),
        cmocka_unit_test(no_two_options_of_a_command_share_a_name),
        cmocka_unit_test(no_two_options_share_a_letter),
        cmocka_unit_test(a_name_that_two_options_share_is_the_one_that_the_command_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
