/* The report as a page: one file of HTML with its style, its script and its charts. */
#include "cmd/report.h"

#include "cmd/embedded.h"
#include "cmd/report_html.h"

#include <inttypes.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGE_DOMAINS = 500, /* a table of many thousands keeps a phone busy */
};

static const struct embedded_file *const style = &embedded_page[0];
static const struct embedded_file *const script = &embedded_page[1];

/* Nothing is loaded from anywhere, and no script runs but ours, known by its hash: should any text
 * ever get past the escaping, it still does nothing. */
static void add_content_security_policy(struct buf *out) {
    struct sha256_ctx sha256;
    uint8_t digest[SHA256_DIGEST_SIZE];
    char text[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1] = "";
    sha256_init(&sha256);
    sha256_update(&sha256, script->len, (const uint8_t *)script->data);
    sha256_digest(&sha256, sizeof digest, digest);
    base64_encode_raw(text, sizeof digest, digest);
    buf_printf(out,
               "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
               "style-src 'unsafe-inline'; script-src 'sha256-%s'; img-src data:; base-uri 'none'; "
               "form-action 'none'\">\n",
               text);
}

static void add_campaign_name(struct buf *out, const char *campaign) {
    html_add(out, *campaign ? campaign : "No campaign known");
}

static void add_head(struct buf *out, const struct report_document *document) {
    buf_add_string(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    add_content_security_policy(out);
    buf_add_string(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                        "<meta name=\"color-scheme\" content=\"light dark\">\n"
                        "<meta name=\"referrer\" content=\"no-referrer\">\n"
                        "<meta name=\"robots\" content=\"noindex\">\n"
                        "<link rel=\"icon\" href=\"data:,\">\n<title>");
    if (document->campaign) {
        add_campaign_name(out, document->campaign);
        buf_add_string(out, ": bounces");
    } else {
        buf_add_string(out, "Bounces by campaign");
    }
    buf_add_string(out, "</title>\n<style>\n");
    buf_add(out, style->data, style->len);
    buf_add_string(out, "</style>\n</head>\n<body>\n");
}

static void add_header(struct buf *out, const struct report_document *document) {
    const struct report_totals *t = &document->totals;
    buf_add_string(out, "<header>\n<p class=\"kicker\">Bounced mail</p>\n<h1>");
    if (document->campaign)
        add_campaign_name(out, document->campaign);
    else
        buf_add_string(out, "All campaigns");
    buf_add_string(out, "</h1>\n<p class=\"lead\">");
    if (t->first_day) {
        html_add_day(out, t->first_day, true);
        if (strcmp(t->first_day, t->last_day) != 0) {
            buf_add_string(out, " to ");
            html_add_day(out, t->last_day, true);
        }
    } else {
        report_add_nothing(out, &document->freshness);
    }
    if (!document->campaign)
        buf_printf(out, " · %" PRIu64 " campaign%s", t->campaigns, t->campaigns == 1 ? "" : "s");
    buf_add_string(out, "</p>\n<p class=\"note\">");
    report_add_freshness(out, &document->freshness, false);
    buf_add_string(out, "</p>\n</header>\n");
}

static void tile_open(struct buf *out, const char *class, const char *label) {
    buf_printf(out, "<div class=\"tile %s\"><dt>%s</dt><dd><span class=\"value\">", class, label);
}

static void tile_middle(struct buf *out) {
    buf_add_string(out, "</span><span class=\"detail\">");
}

static void tile_close(struct buf *out) {
    buf_add_string(out, "</span></dd></div>\n");
}

/* A rate where there can be one, and what it is a rate of. */
static void add_rate_tile(struct buf *out, const struct report_totals *t, const char *class,
                          const char *label, uint64_t all, uint64_t rated, unsigned decimals,
                          const char *what) {
    tile_open(out, class, label);
    if (t->sent) {
        report_add_percent(out, rated, t->sent, decimals);
        buf_add_string(out, "&#8239;%");
    } else {
        html_add_number(out, all);
    }
    tile_middle(out);
    if (t->sent) {
        html_add_number(out, all);
        buf_add_char(out, ' ');
    }
    buf_add_string(out, what);
    tile_close(out);
}

static void add_sent_tile(struct buf *out, const struct report_document *document) {
    const struct report_totals *t = &document->totals;
    tile_open(out, "sent", "Sent");
    if (t->sent)
        html_add_number(out, t->sent);
    else
        buf_add_string(out, "?");
    tile_middle(out);
    if (!t->sent)
        buf_add_string(out, "not noted, so that there are no rates");
    else if (t->rated_campaigns < t->campaigns)
        buf_printf(out, "in %" PRIu64 " of %" PRIu64 " campaigns; the others are in no rate",
                   t->rated_campaigns, t->campaigns);
    else
        buf_add_string(out, "mails");
    tile_close(out);
}

static void add_fault_tile(struct buf *out, const struct report_totals *t) {
    tile_open(out, "fault", "Our fault / theirs");
    html_add_number(out, t->our_fault);
    buf_add_string(out, " / ");
    html_add_number(out, t->their_fault);
    buf_add_string(out, "</span>");
    chart_add_faults(out, t->our_fault, t->their_fault, t->bounced);
    buf_add_string(out, "<span class=\"detail\">sender or message / recipient or domain");
    tile_close(out);
}

static void add_tiles(struct buf *out, const struct report_document *document) {
    const struct report_totals *t = &document->totals;
    buf_add_string(out, "<dl class=\"tiles\">\n");
    add_sent_tile(out, document);
    add_rate_tile(out, t, "bounced", "Bounced", t->bounced, t->rated_bounced, 1, "recipients");
    add_rate_tile(out, t, "hard", t->sent ? "Hard rate" : "Hard", t->hard, t->rated_hard, 1,
                  "dead addresses");
    add_rate_tile(out, t, "complaint", "Complaints", t->complaint, t->rated_complaint, 2,
                  "called it spam");
    add_fault_tile(out, t);
    buf_add_string(out, "</dl>\n");
}

static void add_charts(struct buf *out, const struct report_document *document) {
    static const struct {
        enum store_report table;
        const char *class, *title;
        void (*add)(struct buf *out, const struct store_report_table *table);
    } charts[] = {
        {STORE_REPORT_DAYS, "wide", "Bounces and complaints by day", chart_add_days},
        {STORE_REPORT_CATEGORIES, "half", "The reasons", chart_add_categories},
        {STORE_REPORT_DOMAINS, "half", "Where recipients have their mail", chart_add_domains},
    };
    if (!document->recipients)
        return;
    buf_add_string(out, "<section class=\"charts\">\n");
    chart_add_legend(out);
    for (size_t i = 0; i < sizeof charts / sizeof charts[0]; i++) {
        const struct store_report_table *table = &document->tables[charts[i].table];
        if (!table->columns || !table->row_count)
            continue;
        buf_printf(out, "<figure class=\"%s\"><figcaption>%s</figcaption>\n", charts[i].class,
                   charts[i].title);
        charts[i].add(out, table);
        buf_add_string(out, "</figure>\n");
    }
    buf_add_string(out, "</section>\n");
}

static bool is_number(enum store_cell_type type) {
    return type == STORE_CELL_COUNT || type == STORE_CELL_PERCENT;
}

/* How the style sheet treats a column: "word" stays on one line, "text" wraps, and "words" are
 * long. */
static const char *class_of(const struct store_report_column *column) {
    static const char *const classes[][2] = {
        {"verdict", "word"}, {"category", "word"},         {"fault", "word"},
        {"state", "word"},   {"diagnostic", "text words"},
    };
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (!strcmp(classes[i][0], column->name))
            return classes[i][1];
    if (is_number(column->type))
        return "number";
    return column->type == STORE_CELL_TEXT ? "text" : "word";
}

/* data-value is what the script sorts by. */
static void add_cell(struct buf *out, const struct store_report_column *column, const char *cell) {
    const char *title = report_heading(column->name)->title;
    if (!title)
        return;
    buf_printf(out, "<td class=\"%s\" data-label=\"%s\"", class_of(column), title);
    if (!cell) {
        buf_add_string(out, "></td>");
        return;
    }
    if (column->type != STORE_CELL_TEXT) {
        buf_add_string(out, " data-value=\"");
        html_add(out, cell);
        buf_add_char(out, '"');
    }
    buf_add_char(out, '>');
    if (column->type == STORE_CELL_COUNT) {
        html_add_number(out, strtoull(cell, NULL, 10));
    } else if (!strcmp(column->name, "verdict")) {
        buf_printf(out, "<span class=\"verdict ");
        html_add(out, cell);
        buf_add_string(out, "\">");
        html_add(out, cell);
        buf_add_string(out, "</span>");
    } else {
        struct buf text = BUF_INIT;
        report_add_cell(&text, column, cell);
        html_add(out, text.data);
        buf_free(&text);
    }
    buf_add_string(out, "</td>");
}

static void add_table_head(struct buf *out, const struct store_report_table *table) {
    buf_add_string(out, "<thead><tr>");
    for (size_t column = 0; column < table->column_count; column++) {
        const char *title = report_heading(table->columns[column].name)->title;
        if (title)
            buf_printf(out, "<th scope=\"col\" class=\"%s\">%s</th>",
                       class_of(&table->columns[column]), title);
    }
    buf_add_string(out, "</tr></thead>\n");
}

static void add_table(struct buf *out, const struct report_document *document,
                      enum store_report report) {
    const struct store_report_table *table = &document->tables[report];
    size_t shown = table->row_count;
    uint64_t all = table->row_count;
    if (report == STORE_REPORT_RECIPIENTS)
        all = document->recipients;
    if (report == STORE_REPORT_DOMAINS && shown > PAGE_DOMAINS)
        shown = PAGE_DOMAINS;
    buf_printf(out, "<section>\n<h2>%s</h2>\n", report_table_titles[report]);
    if (!shown) {
        buf_add_string(out, "<p>");
        report_add_nothing(out, &document->freshness);
        buf_add_string(out, "</p>\n</section>\n");
        return;
    }
    if (shown < all) {
        buf_add_string(out, "<p class=\"note\">The ");
        buf_add_string(out, report == STORE_REPORT_RECIPIENTS ? "latest " : "first ");
        html_add_number(out, shown);
        buf_add_string(out, " of ");
        html_add_number(out, all);
        buf_printf(out, "; all of them: nullsender report %s--%s --format csv</p>\n",
                   document->campaign ? "CAMPAIGN " : "",
                   report == STORE_REPORT_RECIPIENTS ? "recipient" : "domain");
    }
    buf_add_string(out, "<div class=\"scroll\"><table>\n");
    add_table_head(out, table);
    buf_add_string(out, "<tbody>\n");
    for (size_t row = 0; row < shown; row++) {
        buf_add_string(out, "<tr>");
        for (size_t column = 0; column < table->column_count; column++)
            add_cell(out, &table->columns[column],
                     table->cells[row * table->column_count + column]);
        buf_add_string(out, "</tr>\n");
    }
    buf_add_string(out, "</tbody></table></div>\n</section>\n");
}

void report_page_add(struct buf *out, const struct report_document *document, const char *now) {
    static const struct store_report_column time = {"time", STORE_CELL_TIME};
    add_head(out, document);
    add_header(out, document);
    buf_add_string(out, "<main>\n");
    add_tiles(out, document);
    add_charts(out, document);
    for (enum store_report r = 0; r < STORE_REPORT_COUNT; r++)
        if (document->tables[r].columns)
            add_table(out, document, r);
    buf_add_string(out,
                   "</main>\n<footer><p>Each recipient counts once for a campaign, as the "
                   "heaviest of what came back. Days are those of UTC. Made by nullsender " VERSION
                   " at ");
    report_add_cell(out, &time, now);
    buf_add_string(out, " UTC.</p></footer>\n<script>");
    buf_add(out, script->data, script->len);
    buf_add_string(out, "</script>\n</body>\n</html>\n");
}
