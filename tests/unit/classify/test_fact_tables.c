/* tests/data/codes.tsv and tests/data/provider-codes.tsv: what servers say, and what each must be
 * judged as. Every row is tried as a bare diagnostic and inside a DSN. */
#include "classify/judge.h"
#include "tests/unit/classify/rules_of_tree.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include <cmocka.h>

struct fact {
    const char *reply_code; /* NULL: none */
    const char *status;     /* NULL: none */
    const char *text;
    const char *verdict;
    const char *category;
};

static struct ruleset *rules;
static struct ruleset_scratch *scratch;

static int set_up(void **state) {
    (void)state;
    rules = compile_rules_of_tree();
    scratch = ruleset_scratch_new(rules);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    ruleset_scratch_free(scratch);
    ruleset_free(rules);
    return 0;
}

/* The next column, NULL for "-". */
static const char *take_column(struct bytes *rest, struct arena *arena) {
    long tab = bytes_find_char(*rest, '\t');
    struct bytes column = tab < 0 ? *rest : bytes_first(*rest, (size_t)tab);
    *rest = bytes_from(*rest, column.len + 1);
    return bytes_equal(column, bytes_of("-")) ? NULL : arena_bytes(arena, column);
}

static const char *whole_line(const struct fact *fact, struct arena *arena) {
    return arena_printf(arena, "%s%s%s%s%s", fact->reply_code ? fact->reply_code : "",
                        fact->reply_code ? " " : "", fact->status ? fact->status : "",
                        fact->status ? " " : "", fact->text);
}

/* Nothing but the line itself is known. */
static struct judgement judge_bare(const struct fact *fact, struct arena *arena) {
    struct report report = {.kind = REPORT_DELIVERY_STATUS, .text = whole_line(fact, arena)};
    struct judgement judgement;
    judge_recipient(rules, scratch, &report, NULL, arena, &judgement);
    return judgement;
}

/* All fields that an MTA writes; where the server gave no enhanced code, the MTA's generic one. */
static struct judgement judge_in_dsn(const struct fact *fact, struct arena *arena) {
    struct report_recipient recipient = {
        .final_recipient = "ada@example.com",
        .action = REPORT_ACTION_FAILED,
        .status = fact->status               ? fact->status
                  : !fact->reply_code        ? NULL
                  : *fact->reply_code == '4' ? "4.0.0"
                                             : "5.0.0",
        .diagnostic_type = "smtp",
        .diagnostic_code = whole_line(fact, arena),
        .reply_code = fact->reply_code ? (unsigned)atoi(fact->reply_code) : 0,
        .diagnostic_status = fact->status,
        .remote_mta = "spam-gw.blocked-drains.example",
    };
    struct report report = {.kind = REPORT_DELIVERY_STATUS,
                            .reporting_mta = "mail.example.org",
                            .recipients = &recipient,
                            .recipient_count = 1,
                            .text = "Your message could not be delivered to one recipient."};
    struct judgement judgement;
    judge_recipient(rules, scratch, &report, &recipient, arena, &judgement);
    return judgement;
}

static int check(const struct fact *fact, const char *how, struct judgement judgement) {
    const char *verdict = verdict_name(judgement.verdict);
    const char *category = category_info(judgement.category)->name;
    if (!strcmp(verdict, fact->verdict) && !strcmp(category, fact->category))
        return 0;
    fprintf(stderr, "%s %s %s (%s): must be %s %s, is %s %s by %s\n",
            fact->reply_code ? fact->reply_code : "-", fact->status ? fact->status : "-",
            fact->text, how, fact->verdict, fact->category, verdict, category, judgement.rule);
    return 1;
}

/* Returns the number of rows. */
static size_t check_table(const char *path, int *wrong) {
    struct bytes table = read_whole(path), rest = table, line;
    struct arena *arena = arena_new();
    size_t rows = 0;
    while (bytes_next_line(&rest, &line)) {
        if (!line.len || line.data[0] == '#')
            continue;
        struct fact fact;
        fact.reply_code = take_column(&line, arena);
        fact.status = take_column(&line, arena);
        fact.text = take_column(&line, arena);
        fact.verdict = take_column(&line, arena);
        fact.category = take_column(&line, arena);
        *wrong += check(&fact, "bare", judge_bare(&fact, arena));
        *wrong += check(&fact, "in a DSN", judge_in_dsn(&fact, arena));
        rows++;
        arena_reset(arena);
    }
    arena_free(arena);
    free((void *)(size_t)table.data);
    return rows;
}

static void all_well_known_codes_get_their_verdict(void **state) {
    (void)state;
    int wrong = 0;
    size_t rows = check_table("tests/data/codes.tsv", &wrong);
    assert_true(rows == 205);
    assert_int_equal(wrong, 0);
}

static void what_providers_say_gets_its_verdict(void **state) {
    (void)state;
    int wrong = 0;
    assert_true(check_table("tests/data/provider-codes.tsv", &wrong) > 100);
    assert_int_equal(wrong, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_providers_say_gets_its_verdict),
        cmocka_unit_test(all_well_known_codes_get_their_verdict),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
