/* Reports: numbers that are right, and names of strangers that do nothing in any format. */
#include "cmd/report.h"

#include "cmd/report_grid.h"
#include "cmd/report_html.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct store_report_column campaign_columns[] = {
    {"campaign", STORE_CELL_TEXT},     {"sent", STORE_CELL_COUNT},
    {"bounced", STORE_CELL_COUNT},     {"bounce_rate", STORE_CELL_PERCENT},
    {"hard", STORE_CELL_COUNT},        {"soft", STORE_CELL_COUNT},
    {"block", STORE_CELL_COUNT},       {"complaint", STORE_CELL_COUNT},
    {"their_fault", STORE_CELL_COUNT}, {"our_fault", STORE_CELL_COUNT},
    {"other", STORE_CELL_COUNT},       {"first_day", STORE_CELL_DAY},
    {"last_day", STORE_CELL_DAY},
};
static const char *campaign_cells[] = {
    "spring26", "4000", "108", "2.70",       "42",         "39",         "27",         "2",
    "73",       "35",   "4",   "2026-10-28", "2026-11-21", "autumn",     "50",         "0",
    "0.00",     "0",    "0",   "0",          "0",          "0",          "0",          "0",
    NULL,       NULL,   "",    NULL,         "55",         NULL,         "32",         "12",
    "11",       "0",    "42",  "13",         "0",          "2026-10-03", "2026-11-22",
};
static const struct store_report_table campaigns = {campaign_columns, COUNT(campaign_columns), 3,
                                                    campaign_cells};

static const struct store_report_column recipient_columns[] = {
    {"recipient", STORE_CELL_TEXT},  {"verdict", STORE_CELL_TEXT}, {"reason", STORE_CELL_TEXT},
    {"diagnostic", STORE_CELL_TEXT}, {"time", STORE_CELL_TIME},
};

#define SCRIPT "\"><script>alert(1)</script></title></td></style>'&<img src=x onerror=alert(1)>"
#define ESCAPES       \
    "\x1b[2J\xc2\x9b" \
    "31m\xe2\x80\xae\x7f"

static const char *hostile_cells[] = {
    SCRIPT "@example.net",  "hard", "The mailbox does not exist.", SCRIPT ESCAPES,
    "2026-11-22T06:14:00Z",
};

static struct report_document hostile_document(void) {
    struct report_document document = {
        .campaign = SCRIPT ESCAPES,
        .totals = {.campaigns = 1, .bounced = 1, .hard = 1},
        .freshness = {"2026-11-22T06:14:00Z", 60},
        .recipients = 1,
    };
    document.tables[STORE_REPORT_RECIPIENTS] =
        (struct store_report_table){recipient_columns, COUNT(recipient_columns), 1, hostile_cells};
    return document;
}

static void assert_text(struct buf *out, const char *expected) {
    assert_string_equal(out->data, expected);
    buf_free(out);
}

static size_t count_of(const char *text, const char *part) {
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        count++;
    return count;
}

static void what_is_more_than_nothing_never_reads_as_nothing(void **state) {
    (void)state;
    static const struct {
        uint64_t part, whole;
        unsigned decimals;
        const char *text;
    } table[] = {
        {0, 4000, 1, "0.0"},      {42, 4000, 1, "1.1"},     {1, 4000, 1, "<0.1"},
        {2, 4000, 1, "0.1"},      {1, 40000, 2, "<0.01"},   {2, 4000, 2, "0.05"},
        {4000, 4000, 1, "100.0"}, {1, 10000000, 1, "<0.1"}, {3, 2, 1, "150.0"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct buf out = BUF_INIT;
        report_add_percent(&out, table[i].part, table[i].whole, table[i].decimals);
        assert_text(&out, table[i].text);
    }
}

static void rates_are_of_campaigns_whose_sent_is_known(void **state) {
    (void)state;
    struct report_totals t = report_totals_of(&campaigns);
    assert_int_equal(t.campaigns, 3);
    assert_int_equal(t.bounced, 163);
    assert_int_equal(t.our_fault, 48);
    assert_int_equal(t.rated_campaigns, 2);
    assert_int_equal(t.sent, 4050);
    assert_int_equal(t.rated_bounced, 108);
    assert_int_equal(t.rated_hard, 42);
    assert_string_equal(t.first_day, "2026-10-03");
    assert_string_equal(t.last_day, "2026-11-22");
}

static void text_is_aligned_and_has_a_line_of_sums(void **state) {
    (void)state;
    struct report_document document = {.freshness = {"2026-11-22T06:14:00Z", 3 * 3600},
                                       .totals = report_totals_of(&campaigns)};
    document.tables[STORE_REPORT_CAMPAIGNS] = campaigns;
    struct buf out = BUF_INIT;
    report_text_add(&out, &document, 80);
    assert_text(&out, "                            Bounced                               Our\n"
                      "Campaign     Sent  Bounced        %  Hard  Soft  Block  Compl.  fault\n"
                      "-----------  ----  -------  -------  ----  ----  -----  ------  -----\n"
                      "spring26     4000      108      2.7    42    39     27       2     35\n"
                      "autumn         50        0      0.0     0     0      0       0      0\n"
                      "(not known)             55             32    12     11       0     13\n"
                      "-----------  ----  -------  -------  ----  ----  -----  ------  -----\n"
                      "all          4050      163      2.7    74    51     38       2     48\n"
                      "\n"
                      "Mailboxes last read 2026-11-22 06:14 UTC, 3 hours ago.\n");
}

static void what_was_never_looked_for_is_no_good_news(void **state) {
    (void)state;
    struct report_document document = {.campaign = NULL};
    document.tables[STORE_REPORT_CAMPAIGNS] =
        (struct store_report_table){campaign_columns, COUNT(campaign_columns), 0, NULL};
    struct buf out = BUF_INIT;
    report_text_add(&out, &document, 80);
    assert_text(&out, "Nothing is known yet.\n\nNo mailbox has been read to its end yet.\n");
}

static void texts_wrap_and_lose_nothing(void **state) {
    (void)state;
    static const char *cells[] = {
        "a-name-without-any-blank-that-is-longer-than-its-column",
        "12",
        "words that go on and on until nobody listens any more",
        "short",
        "7",
        "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae\xe3\x83\xa1",
    };
    const struct text_grid grid = {
        .column_count = 3,
        .columns = {{"Name", false}, {"Number of", true}, {"Words", false}},
        .cells = cells,
        .row_count = 2,
    };
    for (unsigned width = 30; width < 140; width++) {
        struct buf out = BUF_INIT;
        text_grid_add(&out, &grid, width);
        struct bytes rest = buf_bytes(&out), line;
        size_t letters = 0;
        while (bytes_next_line(&rest, &line)) {
            /* Two columns of text at their narrowest, one of numbers, gaps. */
            assert_in_range(text_width(line), 1, width < 34 ? 34 : width);
            assert_int_not_equal(line.data[line.len - 1], ' ');
            for (size_t i = 0; i < line.len; i++)
                letters += line.data[i] != ' ' && line.data[i] != '-';
        }
        size_t expected = strlen("NameNumberofWords127");
        for (size_t i = 0; i < COUNT(cells); i++)
            for (const char *c = i % 3 == 1 ? "" : cells[i]; *c; c++)
                expected += *c != ' ' && *c != '-';
        assert_int_equal(letters, expected);
        buf_free(&out);
    }
}

static void widths_are_those_of_a_terminal(void **state) {
    (void)state;
    static const struct {
        const char *text;
        unsigned width;
    } table[] = {
        {"", 0},
        {"abc", 3},
        {"\xc3\xbc", 1},                 /* u with diaeresis */
        {"u\xcc\x88", 1},                /* the same with a combining one */
        {"\xe6\x97\xa5\xe6\x9c\xac", 4}, /* Japan */
    };
    for (size_t i = 0; i < COUNT(table); i++)
        assert_int_equal(text_width(bytes_of(table[i].text)), table[i].width);
}

static void csv_cells_are_no_formulas(void **state) {
    (void)state;
    static const struct {
        const char *cell, *csv;
    } table[] = {
        {"spring26", "spring26"},
        {"=cmd|'/c calc'!A0", "\"'=cmd|'/c calc'!A0\""},
        {"+1", "\"'+1\""},
        {"-2+3", "\"'-2+3\""},
        {"@SUM(A1)", "\"'@SUM(A1)\""},
        {"\xef\xbc\x9d"
         "1",
         "\"'\xef\xbc\x9d"
         "1\""}, /* full width */
        {"\t=1", "\\x09=1"},
        {"\r=1", "\\x0d=1"},
        {"a;=1", "\"a;=1\""},
        {"a,=1", "\"a,=1\""},
        {"a\"b", "\"a\"\"b\""},
        {"a\n=1", "a\\x0a=1"},
        {"\x1b[2J", "\\x1b[2J"},
    };
    static const struct store_report_column column = {"campaign", STORE_CELL_TEXT};
    for (size_t i = 0; i < COUNT(table); i++) {
        const char *cell = table[i].cell;
        const struct store_report_table one = {&column, 1, 1, &cell};
        struct buf out = BUF_INIT, expected = BUF_INIT;
        report_csv_add(&out, &one);
        buf_printf(&expected, "campaign\r\n%s\r\n", table[i].csv);
        assert_text(&out, expected.data);
        buf_free(&expected);
    }
}

static void json_says_what_the_database_says(void **state) {
    (void)state;
    struct report_document document = hostile_document();
    struct buf out = BUF_INIT;
    report_json_add(&out, &document);
    for (const char *c = out.data; *c; c++)
        assert_true(*c == '\n' || (*c >= ' ' && *c <= 0x7f));
    json_t *root = json_loads(out.data, 0, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "campaign")), SCRIPT ESCAPES);
    json_t *row = json_array_get(json_object_get(root, "recipients"), 0);
    assert_string_equal(json_string_value(json_object_get(row, "diagnostic")), SCRIPT ESCAPES);
    json_decref(root);
    buf_free(&out);
}

static void a_page_has_one_script_and_it_is_ours(void **state) {
    (void)state;
    struct report_document document = hostile_document();
    struct buf out = BUF_INIT;
    report_page_add(&out, &document, "2026-11-22T06:14:00Z");
    assert_int_equal(count_of(out.data, "<script"), 1);
    assert_int_equal(count_of(out.data, "</script"), 1);
    assert_int_equal(count_of(out.data, "<style"), 1);
    assert_int_equal(count_of(out.data, "</style"), 1);
    assert_int_equal(count_of(out.data, "</td>"), COUNT(recipient_columns));
    assert_int_equal(count_of(out.data, "<img"), 0);
    assert_int_equal(count_of(out.data, "&lt;script&gt;alert(1)&lt;/script&gt;"), 4);
    assert_null(strpbrk(out.data, "\x1b\x7f"));
    assert_null(strstr(out.data, "\xe2\x80\xae"));
    buf_free(&out);
}

static void text_obeys_nobody(void **state) {
    (void)state;
    struct report_document document = hostile_document();
    struct buf out = BUF_INIT;
    report_text_add(&out, &document, 80);
    assert_null(strpbrk(out.data, "\x1b\x7f"));
    assert_null(strstr(out.data, "\xc2\x9b"));
    assert_null(strstr(out.data, "\xe2\x80\xae"));
    assert_non_null(strstr(out.data, "\\x1b[2J\\x9b31m\\u202e\\x7f"));
    buf_free(&out);
}

/* However long the time, few columns, and every bounce in one of them. */
static void a_chart_of_days_shows_every_bounce(void **state) {
    (void)state;
    static const struct store_report_column columns[] = {
        {"day", STORE_CELL_DAY},     {"hard", STORE_CELL_COUNT},      {"soft", STORE_CELL_COUNT},
        {"block", STORE_CELL_COUNT}, {"complaint", STORE_CELL_COUNT},
    };
    static const struct {
        const char *days[4];
        size_t count, columns;
    } table[] = {
        {{"2026-11-22"}, 1, 14},
        {{"2026-11-21", "2026-11-22"}, 2, 14},
        {{"2026-09-22", "2026-11-22"}, 2, 62},
        {{"2026-09-21", "2026-11-22"}, 2, 14},
        {{"2024-02-28", "2024-02-29", "2024-03-01"}, 3, 14},
        {{"1999-12-31", "2020-01-01", "2026-11-21", "2026-11-22"}, 4, 44},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        const char *cells[4 * COUNT(columns)];
        for (size_t row = 0; row < table[i].count; row++)
            memcpy(&cells[row * COUNT(columns)],
                   (const char *[]){table[i].days[row], "3", "0", "0", "1"},
                   COUNT(columns) * sizeof *cells);
        const struct store_report_table days = {columns, COUNT(columns), table[i].count, cells};
        struct buf out = BUF_INIT;
        chart_add_days(&out, &days);
        size_t hard = 0;
        for (const char *at = out.data; (at = strstr(at, "<title>")); at++)
            hard += (size_t)strtoul(strstr(at, ": ") + 2, NULL, 10);
        assert_int_equal(count_of(out.data, "<g>"), table[i].columns);
        assert_int_equal(hard, 3 * table[i].count);
        buf_free(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_more_than_nothing_never_reads_as_nothing),
        cmocka_unit_test(rates_are_of_campaigns_whose_sent_is_known),
        cmocka_unit_test(text_is_aligned_and_has_a_line_of_sums),
        cmocka_unit_test(what_was_never_looked_for_is_no_good_news),
        cmocka_unit_test(texts_wrap_and_lose_nothing),
        cmocka_unit_test(widths_are_those_of_a_terminal),
        cmocka_unit_test(csv_cells_are_no_formulas),
        cmocka_unit_test(json_says_what_the_database_says),
        cmocka_unit_test(a_page_has_one_script_and_it_is_ours),
        cmocka_unit_test(text_obeys_nobody),
        cmocka_unit_test(a_chart_of_days_shows_every_bounce),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
