/* The charts of the page. */
#include "cmd/clock.h"
#include "cmd/report_html.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    COLUMNS_MIN = 14, /* fewer of them would be too broad to be columns */
    COLUMNS_MAX = 62, /* more of them are too narrow on a phone */
    BARS_MAX = 10,    /* of categories and domains; the table has all of them */
    SLOT = 10,        /* units of width for a column and the gap beside it */
    COLUMN_WIDTH = 8,
    PLOT_HEIGHT = 1000, /* units; the style sheet says how high that is */
    BAR_LENGTH = 1000,
    TICKS_MAX = 4,
};

/* From the axis upwards, in the order of the legend. */
static const char *const verdicts[] = {"hard", "soft", "block", "complaint"};
static const char *const verdict_words[] = {"hard", "soft", "block", "complaints"};

enum {
    VERDICTS = sizeof verdicts / sizeof verdicts[0],
};

struct stack {
    uint64_t counts[VERDICTS];
    uint64_t total;
};

static void stack_add_row(struct stack *stack, const struct store_report_table *table, size_t row) {
    for (size_t v = 0; v < VERDICTS; v++) {
        uint64_t n = store_report_number(table, row, verdicts[v]);
        stack->counts[v] += n;
        stack->total += n;
    }
}

/* "12 hard, 3 soft" */
static void add_stack_words(struct buf *out, const struct stack *stack) {
    bool first = true;
    for (size_t v = 0; v < VERDICTS; v++) {
        if (!stack->counts[v])
            continue;
        buf_printf(out, "%s%" PRIu64 " %s", first ? "" : ", ", stack->counts[v], verdict_words[v]);
        first = false;
    }
}

void chart_add_legend(struct buf *out) {
    static const char *const meanings[] = {"the address is dead", "not this time",
                                           "sender or message refused", "called it spam"};
    buf_add_string(out, "<ul class=\"legend\">");
    for (size_t v = 0; v < VERDICTS; v++)
        buf_printf(out, "<li class=\"%s\"><b>%s</b> %s</li>", verdicts[v], verdict_words[v],
                   meanings[v]);
    buf_add_string(out, "</ul>\n");
}

/* The distance of grid lines: 1, 2 or 5 times a power of ten, so that a few reach over `most`. */
static uint64_t tick_distance(uint64_t most) {
    for (uint64_t power = 1;; power *= 10)
        for (size_t i = 0; i < 3; i++) {
            uint64_t distance = power * (const uint64_t[]){1, 2, 5}[i];
            if (distance * TICKS_MAX >= most || power > UINT64_MAX / 100)
                return distance;
        }
}

static int64_t day_number(const char *day) {
    struct tm parts = {0};
    if (sscanf(day, "%d-%d-%d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday) != 3)
        return 0;
    parts.tm_year -= 1900;
    parts.tm_mon--;
    return timegm(&parts) / CLOCK_DAY;
}

static void day_text(int64_t number, char text[16]) {
    time_t seconds = (time_t)(number * CLOCK_DAY);
    struct tm parts;
    strftime(text, 16, "%Y-%m-%d", gmtime_r(&seconds, &parts));
}

struct columns {
    int64_t first; /* day number of the first one's first day */
    int64_t days;  /* each stands for so many */
    size_t count;
    struct stack stacks[COLUMNS_MAX];
    uint64_t most;
};

static void collect_columns(struct columns *columns, const struct store_report_table *days) {
    int64_t first = day_number(store_report_cell(days, 0, "day"));
    int64_t last = day_number(store_report_cell(days, days->row_count - 1, "day"));
    int64_t span = last - first + 1;
    *columns = (struct columns){.days = 1};
    while (span > columns->days * COLUMNS_MAX)
        columns->days = columns->days == 1 ? 7 : columns->days * 2;
    columns->count = (size_t)((span + columns->days - 1) / columns->days);
    if (columns->count < COLUMNS_MIN)
        columns->count = COLUMNS_MIN;
    /* The last column is a whole one. */
    columns->first = last + 1 - (int64_t)columns->count * columns->days;
    for (size_t row = 0; row < days->row_count; row++) {
        int64_t day = day_number(store_report_cell(days, row, "day"));
        struct stack *stack = &columns->stacks[(day - columns->first) / columns->days];
        stack_add_row(stack, days, row);
        if (stack->total > columns->most)
            columns->most = stack->total;
    }
}

static void add_column_title(struct buf *out, const struct columns *columns, size_t i) {
    char from[16], to[16];
    day_text(columns->first + (int64_t)i * columns->days, from);
    day_text(columns->first + (int64_t)(i + 1) * columns->days - 1, to);
    buf_add_string(out, "<title>");
    html_add_day(out, from, true);
    if (columns->days > 1) {
        buf_add_string(out, " to ");
        html_add_day(out, to, true);
    }
    buf_add_string(out, ": ");
    if (columns->stacks[i].total)
        add_stack_words(out, &columns->stacks[i]);
    else
        buf_add_string(out, "none");
    buf_add_string(out, "</title>");
}

/* A column is drawn from the axis upwards; each part ends where the parts below it and itself do,
 * so that rounding leaves no gaps. */
static void add_column(struct buf *out, const struct columns *columns, size_t i, uint64_t top) {
    size_t x = i * SLOT + (SLOT - COLUMN_WIDTH) / 2;
    uint64_t sum = 0, below = 0;
    buf_add_string(out, "<g>");
    add_column_title(out, columns, i);
    buf_printf(out, "<rect class=\"hit\" x=\"%zu\" y=\"0\" width=\"%d\" height=\"%d\"/>", i * SLOT,
               SLOT, PLOT_HEIGHT);
    for (size_t v = 0; v < VERDICTS; v++) {
        sum += columns->stacks[i].counts[v];
        uint64_t end = sum * PLOT_HEIGHT / top;
        if (end > below)
            buf_printf(out,
                       "<rect class=\"%s\" x=\"%zu\" y=\"%" PRIu64
                       "\" width=\"%d\" height=\"%" PRIu64 "\"/>",
                       verdicts[v], x, PLOT_HEIGHT - end, COLUMN_WIDTH, end - below);
        below = end;
    }
    buf_add_string(out, "</g>");
}

static void add_day_labels(struct buf *out, const struct columns *columns) {
    char day[16];
    buf_add_string(out, "<div class=\"days-axis\">");
    for (size_t n = 0; n < 3; n++) {
        size_t i = n * (columns->count - 1) / 2;
        day_text(columns->first + (int64_t)i * columns->days, day);
        buf_add_string(out, "<span>");
        html_add_day(out, day, false);
        buf_add_string(out, "</span>");
    }
    buf_add_string(out, "</div>");
}

void chart_add_days(struct buf *out, const struct store_report_table *days) {
    if (!days->row_count)
        return;
    struct columns columns;
    collect_columns(&columns, days);
    uint64_t distance = tick_distance(columns.most);
    uint64_t ticks = (columns.most + distance - 1) / distance, top = ticks * distance;
    buf_add_string(out, "<div class=\"days\"><div class=\"ticks\" aria-hidden=\"true\">");
    for (uint64_t tick = ticks + 1; tick-- > 0;) {
        buf_add_string(out, "<span>");
        html_add_number(out, tick * distance);
        buf_add_string(out, "</span>");
    }
    buf_printf(out,
               "</div><svg viewBox=\"0 0 %zu %d\" preserveAspectRatio=\"none\" role=\"img\""
               " aria-label=\"Bounces by day and verdict; the table by day has the numbers\">",
               columns.count * SLOT, PLOT_HEIGHT);
    for (uint64_t tick = 0; tick <= ticks; tick++)
        buf_printf(out, "<line x1=\"0\" x2=\"%zu\" y1=\"%" PRIu64 "\" y2=\"%" PRIu64 "\"/>",
                   columns.count * SLOT, PLOT_HEIGHT - tick * PLOT_HEIGHT / ticks,
                   PLOT_HEIGHT - tick * PLOT_HEIGHT / ticks);
    for (size_t i = 0; i < columns.count; i++)
        add_column(out, &columns, i, top);
    buf_add_string(out, "</svg>");
    add_day_labels(out, &columns);
    buf_add_string(out, "</div>\n");
    if (columns.days > 1)
        buf_printf(out, "<p class=\"note\">Each column stands for %" PRId64 " days.</p>\n",
                   columns.days);
}

/* One bar of a list; its parts as in a column. */
static void add_bar(struct buf *out, const char *name, const struct stack *stack, uint64_t most) {
    uint64_t sum = 0, before = 0;
    buf_add_string(out, "<li><span class=\"name\">");
    html_add(out, name);
    buf_printf(out,
               "</span><svg viewBox=\"0 0 %d 10\" preserveAspectRatio=\"none\""
               " aria-hidden=\"true\"><title>",
               BAR_LENGTH);
    add_stack_words(out, stack);
    buf_add_string(out, "</title>");
    for (size_t v = 0; v < VERDICTS; v++) {
        sum += stack->counts[v];
        uint64_t end = sum * BAR_LENGTH / most;
        if (end > before)
            buf_printf(out,
                       "<rect class=\"%s\" x=\"%" PRIu64 "\" width=\"%" PRIu64 "\" height=\"10\"/>",
                       verdicts[v], before, end - before);
        before = end;
    }
    buf_add_string(out, "</svg><span class=\"count\">");
    html_add_number(out, stack->total);
    buf_add_string(out, "</span></li>\n");
}

struct bar {
    const char *name;
    struct stack stack;
};

static void add_bars(struct buf *out, const struct bar *bars, size_t count) {
    uint64_t most = 1;
    for (size_t i = 0; i < count; i++)
        if (bars[i].stack.total > most)
            most = bars[i].stack.total;
    buf_add_string(out, "<ol class=\"bars\">\n");
    for (size_t i = 0; i < count; i++)
        add_bar(out, bars[i].name, &bars[i].stack, most);
    buf_add_string(out, "</ol>\n");
}

/* Rows of one category have different faults or, rarely, verdicts. */
void chart_add_categories(struct buf *out, const struct store_report_table *categories) {
    struct bar bars[BARS_MAX];
    size_t count = 0;
    for (size_t row = 0; row < categories->row_count; row++) {
        const char *reason = store_report_cell(categories, row, "reason");
        const char *verdict = store_report_cell(categories, row, "verdict");
        size_t v = 0, i = 0;
        while (v < VERDICTS && strcmp(verdicts[v], verdict) != 0)
            v++;
        if (v == VERDICTS)
            continue;
        while (i < count && strcmp(bars[i].name, reason) != 0)
            i++;
        if (i == BARS_MAX)
            continue;
        if (i == count)
            bars[count++] = (struct bar){.name = reason};
        uint64_t n = store_report_number(categories, row, "recipients");
        bars[i].stack.counts[v] += n;
        bars[i].stack.total += n;
    }
    add_bars(out, bars, count);
}

void chart_add_domains(struct buf *out, const struct store_report_table *domains) {
    struct bar bars[BARS_MAX];
    size_t count = domains->row_count < BARS_MAX ? domains->row_count : BARS_MAX;
    for (size_t i = 0; i < count; i++) {
        bars[i] = (struct bar){.name = store_report_cell(domains, i, "domain")};
        stack_add_row(&bars[i].stack, domains, i);
    }
    add_bars(out, bars, count);
}

void chart_add_faults(struct buf *out, uint64_t ours, uint64_t theirs, uint64_t bounced) {
    uint64_t our_end = bounced ? ours * BAR_LENGTH / bounced : 0;
    uint64_t their_end = bounced ? (ours + theirs) * BAR_LENGTH / bounced : 0;
    buf_printf(out,
               "<svg class=\"faults\" viewBox=\"0 0 %d 10\" preserveAspectRatio=\"none\""
               " aria-hidden=\"true\"><rect class=\"open\" width=\"%d\" height=\"10\"/>"
               "<rect class=\"ours\" width=\"%" PRIu64 "\" height=\"10\"/>"
               "<rect class=\"theirs\" x=\"%" PRIu64 "\" width=\"%" PRIu64
               "\" height=\"10\"/></svg>",
               BAR_LENGTH, BAR_LENGTH, our_end, our_end, their_end - our_end);
}
