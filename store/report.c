#include "store/report.h"

#include "store/connection.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    COLUMNS_MAX = 16,
    NUMBER_TEXT_SIZE = 24,
};

#define TIME(expression) \
    "to_char((" expression ") AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
#define TIME_OF_BOUNCE TIME("time")

/* $1 is the campaign or null. The planner sees its value, so that with one campaign the index is
 * used. */
#define OF_CAMPAIGN "($1::text IS NULL OR campaign = $1)"

struct query {
    const char *sql; /* with " LIMIT $2" behind it */
    struct store_report_column columns[COLUMNS_MAX];
};

static const struct query queries[STORE_REPORT_COUNT] = {
    [STORE_REPORT_CAMPAIGNS] =
        {
            "SELECT campaign, sent, bounced, bounce_rate, hard, hard_rate, soft, block, complaint,"
            " complaint_rate, their_fault, our_fault, other, first_day, last_day"
            " FROM bounce.campaign_summary WHERE " OF_CAMPAIGN
            " ORDER BY campaign = '', first_day DESC NULLS FIRST, campaign",
            {
                {"campaign", STORE_CELL_TEXT},
                {"sent", STORE_CELL_COUNT},
                {"bounced", STORE_CELL_COUNT},
                {"bounce_rate", STORE_CELL_PERCENT},
                {"hard", STORE_CELL_COUNT},
                {"hard_rate", STORE_CELL_PERCENT},
                {"soft", STORE_CELL_COUNT},
                {"block", STORE_CELL_COUNT},
                {"complaint", STORE_CELL_COUNT},
                {"complaint_rate", STORE_CELL_PERCENT},
                {"their_fault", STORE_CELL_COUNT},
                {"our_fault", STORE_CELL_COUNT},
                {"other", STORE_CELL_COUNT},
                {"first_day", STORE_CELL_DAY},
                {"last_day", STORE_CELL_DAY},
            },
        },
    [STORE_REPORT_DAYS] =
        {
            "SELECT day, sum(hard + soft + block), sum(hard), sum(soft), sum(block), sum(complaint)"
            " FROM bounce.campaign_by_day WHERE " OF_CAMPAIGN
            " GROUP BY day HAVING sum(hard + soft + block + complaint) > 0 ORDER BY day",
            {
                {"day", STORE_CELL_DAY},
                {"bounced", STORE_CELL_COUNT},
                {"hard", STORE_CELL_COUNT},
                {"soft", STORE_CELL_COUNT},
                {"block", STORE_CELL_COUNT},
                {"complaint", STORE_CELL_COUNT},
            },
        },
    [STORE_REPORT_CATEGORIES] =
        {
            "SELECT verdict, category, fault, sum(recipients), reason"
            " FROM bounce.campaign_by_category WHERE " OF_CAMPAIGN
            " GROUP BY verdict, category, fault, reason"
            " ORDER BY verdict = 'none', sum(recipients) DESC, category, verdict, fault",
            {
                {"verdict", STORE_CELL_TEXT},
                {"category", STORE_CELL_TEXT},
                {"fault", STORE_CELL_TEXT},
                {"recipients", STORE_CELL_COUNT},
                {"reason", STORE_CELL_TEXT},
            },
        },
    [STORE_REPORT_DOMAINS] =
        {
            "SELECT domain, sum(hard + soft + block), sum(hard), sum(soft), sum(block),"
            " sum(complaint)"
            " FROM bounce.campaign_by_domain WHERE " OF_CAMPAIGN
            " GROUP BY domain HAVING sum(hard + soft + block + complaint) > 0"
            " ORDER BY 2 DESC, 6 DESC, domain",
            {
                {"domain", STORE_CELL_TEXT},
                {"bounced", STORE_CELL_COUNT},
                {"hard", STORE_CELL_COUNT},
                {"soft", STORE_CELL_COUNT},
                {"block", STORE_CELL_COUNT},
                {"complaint", STORE_CELL_COUNT},
            },
        },
    /* The latest ones are known before anything is joined to them. */
    [STORE_REPORT_RECIPIENTS] =
        {
            "SELECT recipient, verdict, category, status, reason, diagnostic, server, state,"
            " " TIME_OF_BOUNCE " FROM bounce.campaign_bounces b"
            " WHERE " OF_CAMPAIGN " AND (campaign, recipient) IN ("
            "SELECT s.campaign, s.recipient FROM bounce.campaign_recipient s"
            " WHERE ($1::text IS NULL OR s.campaign = $1) AND s.verdict <> 'none'"
            " ORDER BY s.occurred_at DESC, s.recipient, s.campaign LIMIT $2::bigint)"
            " ORDER BY time DESC, recipient, campaign",
            {
                {"recipient", STORE_CELL_TEXT},
                {"verdict", STORE_CELL_TEXT},
                {"category", STORE_CELL_TEXT},
                {"status", STORE_CELL_TEXT},
                {"reason", STORE_CELL_TEXT},
                {"diagnostic", STORE_CELL_TEXT},
                {"server", STORE_CELL_TEXT},
                {"state", STORE_CELL_TEXT},
                {"time", STORE_CELL_TIME},
            },
        },
};

static const char *cell_of(const PGresult *r, int row, int column, struct arena *arena) {
    return PQgetisnull(r, row, column) ? NULL : arena_string(arena, PQgetvalue(r, row, column));
}

int store_report_read(struct store *store, enum store_report report, const char *campaign,
                      size_t limit, struct arena *arena, struct store_report_table *table,
                      struct err *err) {
    const struct query *query = &queries[report];
    char limit_text[NUMBER_TEXT_SIZE];
    snprintf(limit_text, sizeof limit_text, "%zu", limit);
    const char *values[] = {campaign, limit ? limit_text : NULL};
    const char *sql = arena_printf(arena, "%s LIMIT $2::bigint", query->sql);
    PGresult *r;
    if (connection_query(store->connection, sql, 2, values, &r, err))
        return err_prefix(err, "database: reading a report");
    *table = (struct store_report_table){.columns = query->columns,
                                         .column_count = (size_t)PQnfields(r),
                                         .row_count = (size_t)PQntuples(r)};
    table->cells = arena_alloc(arena, table->row_count * table->column_count * sizeof(char *));
    for (size_t row = 0; row < table->row_count; row++)
        for (size_t column = 0; column < table->column_count; column++)
            table->cells[row * table->column_count + column] =
                cell_of(r, (int)row, (int)column, arena);
    PQclear(r);
    return 0;
}

const char *store_report_cell(const struct store_report_table *table, size_t row,
                              const char *column) {
    size_t i = 0;
    while (i < table->column_count && strcmp(table->columns[i].name, column) != 0)
        i++;
    assert(i < table->column_count);
    return table->cells[row * table->column_count + i];
}

uint64_t store_report_number(const struct store_report_table *table, size_t row,
                             const char *column) {
    const char *cell = store_report_cell(table, row, column);
    return cell ? strtoull(cell, NULL, 10) : 0;
}

int store_freshness_read(struct store *store, struct arena *arena,
                         struct store_freshness *freshness, struct err *err) {
    PGresult *r;
    *freshness = (struct store_freshness){0};
    if (connection_query(
            store->connection,
            "SELECT " TIME(
                "max(finished_at)") ","
                                    " greatest(floor(extract(epoch FROM now() - max(finished_at))), 0)::bigint"
                                    " FROM bounce.run WHERE command = 'fetch' AND error IS NULL",
            0, NULL, &r, err))
        return err_prefix(err, "database: reading the last run");
    freshness->read_at = cell_of(r, 0, 0, arena);
    if (freshness->read_at)
        freshness->age = strtoull(PQgetvalue(r, 0, 1), NULL, 10);
    PQclear(r);
    return 0;
}

int store_campaign_set_sent(struct store *store, const char *campaign, uint64_t sent, bool *bounced,
                            struct err *err) {
    char number[NUMBER_TEXT_SIZE];
    snprintf(number, sizeof number, "%" PRIu64, sent);
    const char *values[] = {campaign, number};
    PGresult *r;
    if (connection_query(store->connection,
                         "INSERT INTO bounce.campaign (campaign, sent) VALUES ($1, $2)"
                         " ON CONFLICT (campaign) DO UPDATE SET sent = EXCLUDED.sent"
                         " RETURNING EXISTS (SELECT FROM bounce.campaign_count n"
                         " WHERE n.campaign = $1 AND n.recipients > 0)",
                         2, values, &r, err))
        return err_prefix(err, "database: campaign %s", campaign);
    *bounced = *PQgetvalue(r, 0, 0) == 't';
    PQclear(r);
    return 0;
}
