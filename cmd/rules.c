/* nullsender rules: whether the rules do what they say, and why a text is judged as it is. */
#include "classify/rules_test.h"
#include "cmd/analysis.h"
#include "cmd/base/buf.h"
#include "cmd/base/utf8.h"
#include "cmd/clock.h"
#include "cmd/command.h"
#include "cmd/setup.h"

#include <stdio.h>

enum {
    SCAN_ROUNDS = 20, /* of all examples: long enough for a clock, short enough for a person */
};

/* Microseconds that judging one example takes. */
static double scan_time(const struct analyst *analyst, struct arena *arena) {
    double start = clock_seconds();
    size_t count = 0;
    for (int round = 0; round < SCAN_ROUNDS; round++) {
        count += ruleset_test(analyst->rules, analyst->scratch, arena).example_count;
        arena_reset(arena);
    }
    return count ? (clock_seconds() - start) * 1e6 / (double)count : 0;
}

int command_rules_test(const struct invocation *invocation, struct err *err) {
    struct setup setup;
    struct arena *arena = arena_new();
    int rc = -1;
    if (setup_for_rules(&setup, invocation, err) != 0)
        goto out;
    struct rules_test test = ruleset_test(setup.analyst.rules, setup.analyst.scratch, arena);
    struct buf line = BUF_INIT;
    for (size_t i = 0; i < test.finding_count; i++) {
        buf_reset(&line);
        utf8_add_visible(&line, rules_finding_text(&test.findings[i], arena));
        puts(line.data);
    }
    buf_free(&line);
    size_t findings = test.finding_count;
    printf("%zu rules with %zu patterns, %zu examples: ", test.rule_count,
           ruleset_pattern_count(setup.analyst.rules), test.example_count);
    if (findings)
        printf("%zu findings\n", findings);
    else
        puts("all as the rules say");
    printf("judging takes %.1f us a text; ruleset %s\n", scan_time(&setup.analyst, arena),
           ruleset_version(setup.analyst.rules));
    rc = findings ? err_set(err, ERR_DATA, "the rules do not do what their examples say") : 0;
out:
    setup_close(&setup);
    arena_free(arena);
    return rc;
}

static void print_match(const struct rule_match *match, bool decides) {
    struct buf line = BUF_INIT;
    buf_printf(&line, "%s %-36s %-9s %s %s", decides ? "*" : " ", match->rule,
               rule_phase_name(match->phase), verdict_name(match->verdict),
               category_info(match->category)->name);
    if (match->matched) {
        buf_add_string(&line, "\n    matched \"");
        utf8_add_visible(&line, match->matched);
        buf_add_char(&line, '"');
    }
    buf_printf(&line, "\n    %s:%u", match->file, match->line);
    puts(line.data);
    buf_free(&line);
}

int command_rules_explain(const struct invocation *invocation, struct err *err) {
    struct setup setup;
    struct arena *arena = arena_new();
    int rc = -1;
    if (setup_for_rules(&setup, invocation, err) != 0)
        goto out;
    struct rule_match *matches;
    size_t count =
        ruleset_explain(setup.analyst.rules, setup.analyst.scratch, invocation->arguments[0],
                        invocation_value(invocation, OPTION_HOST, NULL), arena, &matches);
    for (size_t i = 0; i < count; i++)
        print_match(&matches[i], i == 0);
    if (!count)
        puts("No rule fits; a failed delivery with these words would be soft undetermined.");
    else
        printf(
            "\n* decides: the first of those that fit, by phase and then by place in the files\n");
    rc = 0;
out:
    setup_close(&setup);
    arena_free(arena);
    return rc;
}
