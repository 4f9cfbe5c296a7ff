/* A report for a terminal. */
#include "cmd/report.h"

#include "cmd/base/arena.h"
#include "cmd/report_grid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    DOMAINS_SHOWN = 15, /* beside other tables, all of which are to fit on a screen or two */
    DAYS_SHOWN = 31,
};

static bool is_number(enum store_cell_type type) {
    return type == STORE_CELL_COUNT || type == STORE_CELL_PERCENT;
}

static const char *cell_text(struct arena *arena, const struct store_report_column *column,
                             const char *cell) {
    struct buf text = BUF_INIT;
    report_add_cell(&text, column, cell);
    const char *kept = arena_bytes(arena, buf_bytes(&text));
    buf_free(&text);
    return kept;
}

static const char *number_text(struct arena *arena, uint64_t number) {
    return arena_printf(arena, "%" PRIu64, number);
}

static const char *percent_text(struct arena *arena, uint64_t part, uint64_t whole,
                                unsigned decimals) {
    if (!whole)
        return "";
    struct buf text = BUF_INIT;
    report_add_percent(&text, part, whole, decimals);
    const char *kept = arena_bytes(arena, buf_bytes(&text));
    buf_free(&text);
    return kept;
}

/* The cell below a column of the table of campaigns. */
static const char *total_text(struct arena *arena, const struct report_totals *t,
                              const char *column) {
    const struct {
        const char *column, *text;
    } cells[] = {
        {"campaign", "all"},
        {"sent", t->sent ? number_text(arena, t->sent) : ""},
        {"bounced", number_text(arena, t->bounced)},
        {"bounce_rate", percent_text(arena, t->rated_bounced, t->sent, 1)},
        {"hard", number_text(arena, t->hard)},
        {"hard_rate", percent_text(arena, t->rated_hard, t->sent, 1)},
        {"soft", number_text(arena, t->soft)},
        {"block", number_text(arena, t->block)},
        {"complaint", number_text(arena, t->complaint)},
        {"our_fault", number_text(arena, t->our_fault)},
    };
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++)
        if (!strcmp(cells[i].column, column))
            return cells[i].text;
    return "";
}

/* Beside an address and the server's words there is no room for their summaries. */
static bool is_left_out(const struct store_report_table *table, size_t column) {
    static const char *const summaries[] = {"category", "status", "reason"};
    bool has_words = false, is_summary = false;
    for (size_t i = 0; i < table->column_count; i++)
        has_words = has_words || !strcmp(table->columns[i].name, "diagnostic");
    for (size_t i = 0; i < sizeof summaries / sizeof summaries[0]; i++)
        is_summary = is_summary || !strcmp(table->columns[column].name, summaries[i]);
    return has_words && is_summary;
}

/* Rows `from` to `to` of a table; with `totals`, a line of them below. */
static void add_rows(struct buf *out, const struct store_report_table *table, size_t from,
                     size_t to, const struct report_totals *totals, unsigned width) {
    struct arena *arena = arena_new();
    size_t columns[TEXT_COLUMNS_MAX], n = 0;
    struct text_grid grid = {.has_total = totals != NULL};
    for (size_t column = 0; column < table->column_count; column++) {
        const char *title = report_heading(table->columns[column].name)->text_title;
        if (!title || is_left_out(table, column))
            continue;
        grid.columns[grid.column_count++] =
            (struct text_column){title, is_number(table->columns[column].type)};
        columns[n++] = column;
    }
    grid.row_count = to - from + (totals ? 1 : 0);
    grid.cells = arena_alloc(arena, grid.row_count * n * sizeof *grid.cells);
    for (size_t row = from; row < to; row++)
        for (size_t i = 0; i < n; i++)
            grid.cells[(row - from) * n + i] =
                cell_text(arena, &table->columns[columns[i]],
                          table->cells[row * table->column_count + columns[i]]);
    for (size_t i = 0; totals && i < n; i++)
        grid.cells[(to - from) * n + i] =
            total_text(arena, totals, table->columns[columns[i]].name);
    text_grid_add(out, &grid, width);
    arena_free(arena);
}

static void add_line(struct buf *out, const char *label, uint64_t number, const char *percent,
                     const char *meaning) {
    buf_printf(out, "  %-12s %8" PRIu64 "%7s%s  %s", label, number, percent, *percent ? " %" : "  ",
               meaning);
    while (out->len && out->data[out->len - 1] == ' ')
        out->data[--out->len] = '\0';
    buf_add_char(out, '\n');
}

/* What is asked first about one campaign. */
static void add_summary(struct buf *out, const struct report_totals *t) {
    struct arena *arena = arena_new();
    if (t->sent)
        add_line(out, "sent", t->sent, "", "");
    add_line(out, "bounced", t->bounced, percent_text(arena, t->rated_bounced, t->sent, 1), "");
    add_line(out, "  hard", t->hard, percent_text(arena, t->rated_hard, t->sent, 1),
             "the address is dead");
    add_line(out, "  soft", t->soft, "", "could not be reached this time");
    add_line(out, "  block", t->block, "", "refused because of the sender or the message");
    add_line(out, "complaints", t->complaint, percent_text(arena, t->rated_complaint, t->sent, 2),
             "called it spam");
    add_line(out, "their fault", t->their_fault, "", "of bounced: the recipient or the domain");
    add_line(out, "our fault", t->our_fault, "", "of bounced: the sender or the message");
    if (t->other)
        add_line(out, "other", t->other, "", "nothing but auto-replies, delays and the like");
    if (t->first_day)
        buf_printf(out, "  %-12s from %s to %s\n", "time", t->first_day, t->last_day);
    if (!t->sent)
        buf_add_string(out, "\nRates need the number of mails sent: "
                            "nullsender campaign set NAME --sent N\n");
    arena_free(arena);
}

static size_t rows_shown(const struct report_document *document, enum store_report report,
                         bool alone) {
    size_t count = document->tables[report].row_count;
    if (!alone && report == STORE_REPORT_DOMAINS && count > DOMAINS_SHOWN)
        return DOMAINS_SHOWN;
    if (!alone && report == STORE_REPORT_DAYS && count > DAYS_SHOWN)
        return DAYS_SHOWN;
    return count;
}

static void add_table(struct buf *out, const struct report_document *document,
                      enum store_report report, bool alone, unsigned width) {
    const struct store_report_table *table = &document->tables[report];
    size_t count = table->row_count, shown = rows_shown(document, report, alone);
    bool latest = report == STORE_REPORT_DAYS; /* in order: the last ones count */
    if (!count) {
        report_add_nothing(out, &document->freshness);
        buf_add_char(out, '\n');
        return;
    }
    bool sums = report == STORE_REPORT_CAMPAIGNS && count > 1;
    add_rows(out, table, latest ? count - shown : 0, latest ? count : shown,
             sums ? &document->totals : NULL, width);
    if (shown < count)
        buf_printf(out, "%zu more; --%s shows all of them\n", count - shown,
                   report == STORE_REPORT_DAYS ? "day" : "domain");
}

void report_text_add(struct buf *out, const struct report_document *document, unsigned width) {
    size_t tables = 0;
    for (size_t i = 0; i < STORE_REPORT_COUNT; i++)
        tables += document->tables[i].columns != NULL;
    if (document->campaign) {
        static const struct store_report_column campaign = {"campaign", STORE_CELL_TEXT};
        buf_add_string(out, "Campaign ");
        report_add_cell(out, &campaign, document->campaign);
        buf_add_string(out, "\n\n");
    }
    if (document->campaign && document->tables[STORE_REPORT_CAMPAIGNS].columns)
        add_summary(out, &document->totals);
    else if (document->tables[STORE_REPORT_CAMPAIGNS].columns)
        add_table(out, document, STORE_REPORT_CAMPAIGNS, tables == 1, width);
    for (enum store_report r = STORE_REPORT_CAMPAIGNS + 1; r < STORE_REPORT_COUNT; r++) {
        if (!document->tables[r].columns)
            continue;
        if (tables > 1)
            buf_printf(out, "%s%s\n\n", r > STORE_REPORT_CAMPAIGNS ? "\n" : "",
                       report_table_titles[r]);
        add_table(out, document, r, tables == 1, width);
    }
    buf_add_char(out, '\n');
    report_add_freshness(out, &document->freshness, true);
    buf_add_char(out, '\n');
}
