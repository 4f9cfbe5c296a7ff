/* What tables, columns and cells of a report are called, in all formats for people. */
#include "cmd/report.h"

#include "cmd/base/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MINUTE = 60,
    HOUR = 60 * MINUTE,
    DAY = 24 * HOUR,
};

const char *const report_table_titles[STORE_REPORT_COUNT] = {
    [STORE_REPORT_CAMPAIGNS] = "Campaigns",   [STORE_REPORT_DAYS] = "By day",
    [STORE_REPORT_CATEGORIES] = "By reason",  [STORE_REPORT_DOMAINS] = "By recipients' domain",
    [STORE_REPORT_RECIPIENTS] = "Recipients",
};

static const struct report_heading headings[] = {
    {"campaign", "Campaign", "Campaign", 0},
    {"sent", "Sent", "Sent", 0},
    {"bounced", "Bounced", "Bounced", 0},
    {"bounce_rate", "Bounced %", "Bounced %", 1},
    {"hard", "Hard", "Hard", 0},
    {"hard_rate", "Hard %", "Hard %", 1},
    {"soft", "Soft", "Soft", 0},
    {"block", "Block", "Block", 0},
    {"complaint", "Complaints", "Compl.", 0},
    {"complaint_rate", "Complaints %", NULL, 2},
    {"their_fault", "Their fault", NULL, 0},
    {"our_fault", "Our fault", "Our fault", 0},
    {"other", NULL, NULL, 0},
    {"first_day", "First day", NULL, 0},
    {"last_day", NULL, NULL, 0},
    {"day", "Day", "Day", 0},
    {"domain", "Domain", "Domain", 0},
    {"verdict", "Verdict", "Verdict", 0},
    {"category", "Category", "Category", 0},
    {"fault", "Fault", NULL, 0},
    {"recipients", "Recipients", "Recipients", 0},
    {"reason", "Reason", "Reason", 0},
    {"recipient", "Recipient", "Recipient", 0},
    {"status", NULL, "Status", 0},
    {"diagnostic", "The server's words", "Words", 0},
    {"server", NULL, NULL, 0},
    {"state", "Today", NULL, 0},
    {"time", "Time (UTC)", NULL, 0},
};

const struct report_heading *report_heading(const char *column) {
    size_t i = 0, count = sizeof headings / sizeof headings[0];
    while (i < count && strcmp(headings[i].column, column) != 0)
        i++;
    assert(i < count);
    return &headings[i];
}

static void add_rate(struct buf *out, double percent, unsigned decimals) {
    char text[64], zero[64];
    snprintf(text, sizeof text, "%.*f", (int)decimals, percent);
    snprintf(zero, sizeof zero, "%.*f", (int)decimals, 0.0);
    if (percent > 0 && strcmp(text, zero) == 0) {
        text[strlen(text) - 1] = '1';
        buf_add_char(out, '<');
    }
    buf_add_string(out, text);
}

void report_add_percent(struct buf *out, uint64_t part, uint64_t whole, unsigned decimals) {
    add_rate(out, 100.0 * (double)part / (double)whole, decimals);
}

void report_add_cell(struct buf *out, const struct store_report_column *column, const char *cell) {
    if (!cell)
        return;
    switch (column->type) {
    case STORE_CELL_PERCENT:
        add_rate(out, strtod(cell, NULL), report_heading(column->name)->decimals);
        break;
    case STORE_CELL_TIME: /* 2026-11-22T06:14:00Z */
        buf_printf(out, "%.10s %.5s", cell, cell + 11);
        break;
    case STORE_CELL_TEXT:
        if (!*cell && !strcmp(column->name, "campaign"))
            buf_add_string(out, "(not known)");
        else
            utf8_add_visible(out, cell);
        break;
    case STORE_CELL_COUNT:
    case STORE_CELL_DAY: buf_add_string(out, cell);
    }
}

void report_add_nothing(struct buf *out, const struct store_freshness *freshness) {
    buf_add_string(out, freshness->read_at ? "Nothing has bounced." : "Nothing is known yet.");
}

static void add_age(struct buf *out, uint64_t seconds) {
    static const struct {
        uint64_t seconds;
        const char *one, *many;
    } units[] = {{DAY, "day", "days"}, {HOUR, "hour", "hours"}, {MINUTE, "minute", "minutes"}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        uint64_t n = seconds / units[i].seconds;
        if (!n)
            continue;
        buf_printf(out, "%" PRIu64 " %s ago", n, n == 1 ? units[i].one : units[i].many);
        return;
    }
    buf_add_string(out, "just now");
}

void report_add_freshness(struct buf *out, const struct store_freshness *freshness, bool with_age) {
    static const struct store_report_column time = {"time", STORE_CELL_TIME};
    if (!freshness->read_at) {
        buf_add_string(out, "No mailbox has been read to its end yet.");
        return;
    }
    buf_add_string(out, "Mailboxes last read ");
    report_add_cell(out, &time, freshness->read_at);
    buf_add_string(out, " UTC");
    if (with_age) {
        buf_add_string(out, ", ");
        add_age(out, freshness->age);
    }
    buf_add_char(out, '.');
}

static void sum(uint64_t *total, const struct store_report_table *table, size_t row,
                const char *column) {
    *total += store_report_number(table, row, column);
}

struct report_totals report_totals_of(const struct store_report_table *campaigns) {
    struct report_totals t = {.campaigns = campaigns->row_count};
    for (size_t row = 0; row < campaigns->row_count; row++) {
        sum(&t.bounced, campaigns, row, "bounced");
        sum(&t.hard, campaigns, row, "hard");
        sum(&t.soft, campaigns, row, "soft");
        sum(&t.block, campaigns, row, "block");
        sum(&t.complaint, campaigns, row, "complaint");
        sum(&t.their_fault, campaigns, row, "their_fault");
        sum(&t.our_fault, campaigns, row, "our_fault");
        sum(&t.other, campaigns, row, "other");
        if (store_report_cell(campaigns, row, "sent")) {
            t.rated_campaigns++;
            sum(&t.sent, campaigns, row, "sent");
            sum(&t.rated_bounced, campaigns, row, "bounced");
            sum(&t.rated_hard, campaigns, row, "hard");
            sum(&t.rated_complaint, campaigns, row, "complaint");
        }
        const char *first = store_report_cell(campaigns, row, "first_day");
        const char *last = store_report_cell(campaigns, row, "last_day");
        if (first && (!t.first_day || strcmp(first, t.first_day) < 0))
            t.first_day = first;
        if (last && (!t.last_day || strcmp(last, t.last_day) > 0))
            t.last_day = last;
    }
    return t;
}
