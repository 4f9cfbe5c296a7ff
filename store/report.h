/*
 * report: the tables that people read, asked from the views of migrations/005_views.sql.
 *
 * A table comes as text, cell by cell, with its columns' names and types; how it is laid out is the
 * caller's matter. Every count is one of recipients: each counts once for a campaign.
 */
#ifndef STORE_REPORT_H
#define STORE_REPORT_H

#include "cmd/base/arena.h"
#include "cmd/base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum store_report {
    STORE_REPORT_CAMPAIGNS,  /* a row a campaign, the latest first; '' (names none) last */
    STORE_REPORT_DAYS,       /* a row a day with bounces (UTC), in order */
    STORE_REPORT_CATEGORIES, /* a row a verdict and category, the most recipients first */
    STORE_REPORT_DOMAINS,    /* a row a recipients' domain with bounces, the most bounced first */
    STORE_REPORT_RECIPIENTS, /* a row a recipient that bounced, the latest first */
    STORE_REPORT_COUNT
};

enum store_cell_type {
    STORE_CELL_TEXT,    /* any text, from outside: valid UTF-8, else anything */
    STORE_CELL_COUNT,   /* digits */
    STORE_CELL_PERCENT, /* digits, perhaps with a point and more digits */
    STORE_CELL_DAY,     /* 2026-11-22 */
    STORE_CELL_TIME,    /* 2026-11-22T06:14:00Z */
};

struct store_report_column {
    const char *name; /* as in the view */
    enum store_cell_type type;
};

struct store_report_table {
    const struct store_report_column *columns;
    size_t column_count;
    size_t row_count;
    const char **cells; /* row by row; NULL is null. In the arena. */
};

/* Reads a table. `campaign`: of that one alone, which may be ''; NULL for all of them. `limit`: at
 * most so many rows; 0 for all. A campaign that does not exist gives no rows. */
int store_report_read(struct store *store, enum store_report report, const char *campaign,
                      size_t limit, struct arena *arena, struct store_report_table *table,
                      struct err *err);

/* A cell; NULL is null. `column` is a column's name, which must be one of the table's. */
const char *store_report_cell(const struct store_report_table *table, size_t row,
                              const char *column);
/* The same as a number; 0 for null. */
uint64_t store_report_number(const struct store_report_table *table, size_t row,
                             const char *column);

/* When a mailbox was last read to its end without trouble. */
struct store_freshness {
    const char *read_at; /* as STORE_CELL_TIME; NULL: never */
    uint64_t age;        /* seconds since then, by the server's clock */
};
int store_freshness_read(struct store *store, struct arena *arena,
                         struct store_freshness *freshness, struct err *err);

/* Notes how many mails of a campaign were sent (at least 1), so that it has rates. *bounced says
 * whether anything of it is in the ledger. */
int store_campaign_set_sent(struct store *store, const char *campaign, uint64_t sent, bool *bounced,
                            struct err *err);

#endif
