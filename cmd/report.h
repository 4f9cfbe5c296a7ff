/*
 * report: what the ledger says about the campaigns, as one document that each format lays out.
 *
 * Names of campaigns, domains and the words of servers come from anybody in the world. The text of
 * a cell is as it stands in the database; each format makes it harmless in its own way.
 */
#ifndef CMD_REPORT_H
#define CMD_REPORT_H

#include "cmd/base/buf.h"
#include "store/report.h"

#include <stdbool.h>
#include <stdint.h>

struct report_totals {
    uint64_t campaigns;
    uint64_t bounced; /* hard + soft + block */
    uint64_t hard, soft, block, complaint, their_fault, our_fault, other;
    /* Of the campaigns whose sent is known, which alone can make a rate. */
    uint64_t rated_campaigns;
    uint64_t sent, rated_bounced, rated_hard, rated_complaint;
    const char *first_day, *last_day; /* NULL where nothing bounced */
};

struct report_document {
    const char *campaign; /* NULL: all of them */
    struct report_totals totals;
    struct store_freshness freshness;

    /* Tables that were asked for, by enum store_report; the others have no columns. */
    struct store_report_table tables[STORE_REPORT_COUNT];
    /* Recipients that bounced or complained: the table of recipients may hold fewer. */
    uint64_t recipients;
};

/* What the tables are called: "By day". */
extern const char *const report_table_titles[STORE_REPORT_COUNT];

/* Sums up the table of campaigns. */
struct report_totals report_totals_of(const struct store_report_table *campaigns);

/* How a column is shown to people. */
struct report_heading {
    const char *column;     /* as in the view */
    const char *title;      /* on the page, a word or two; NULL: left out there, for want of room */
    const char *text_title; /* in a terminal, the second word under the first; NULL: left out */
    unsigned decimals;      /* of a percentage */
};
const struct report_heading *report_heading(const char *column);

/* Appends `part` in percent of `whole` (not 0). What is more than nothing never reads as 0. */
void report_add_percent(struct buf *out, uint64_t part, uint64_t whole, unsigned decimals);

/* Appends a cell as people read it: percentages with their decimals, times to the minute, a name
 * for the campaign '', text with what is invisible made visible. Null adds nothing. */
void report_add_cell(struct buf *out, const struct store_report_column *column, const char *cell);

/* Appends what there is to say where there are no rows; having looked nowhere is no good news. */
void report_add_nothing(struct buf *out, const struct store_freshness *freshness);

/* Appends when the mailboxes were last read, as a sentence; a report is no newer than that.
 * `with_age`: also how long ago, for who reads it now. */
void report_add_freshness(struct buf *out, const struct store_freshness *freshness, bool with_age);

/* Appends the document for a terminal of `width` columns. Long texts wrap. */
void report_text_add(struct buf *out, const struct report_document *document, unsigned width);

/* Appends one table as CSV with a header line (cmd/csv.h), what is invisible made visible: people
 * look at such files in terminals as well. */
void report_csv_add(struct buf *out, const struct store_report_table *table);

/* Appends the document as one JSON object. */
void report_json_add(struct buf *out, const struct report_document *document);

/* Appends the document as one HTML file that needs nothing else. `now` is the time to put on it,
 * as in STORE_CELL_TIME. */
void report_page_add(struct buf *out, const struct report_document *document, const char *now);

#endif
