#include "store/reprocess.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "store/answer.h"
#include "store/columns.h"
#include "store/connection.h"
#include "store/mailbox.h"
#include "store/staged.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NUMBER_TEXT_SIZE = 24,
    RUN_TEXT_MAX = 1000, /* of the latest runs, as a message shows them */
    BINARY = 1,
};

/* A page holds no more of them, save one message's: 1000 typical ones. Two are in memory, as the
 * next one is read while one is judged. */
#define PAGE_OCTETS "4194304"

/* Also what a run that was killed has left. */
static const char drop_sql[] =
    "DROP TABLE IF EXISTS bounce.reprocess_chosen, bounce.reprocess_message,"
    " bounce.reprocess_event";

int store_reprocess_begin(struct store *store, struct err *err) {
    struct buf sql = BUF_INIT;
    PGconn *c = store->connection;
    if (!store->staging && store_claim(store, "nullsender reprocess", &store->staging, err) != 0)
        return -1;
    if (!store->staging)
        return err_set(err, ERR_TEMPORARY, "another reprocess is at work on this database");
    buf_add_string(&sql, "CREATE UNLOGGED TABLE bounce.reprocess_message AS SELECT id, ");
    sql_add_names(&sql, "", message_columns + COLUMNS_READING_FIRST, COLUMNS_READING);
    buf_add_string(&sql, " FROM bounce.message WITH NO DATA");
    int rc = connection_query(c, drop_sql, 0, NULL, NULL, err);
    if (rc == 0)
        rc = connection_query(c, sql.data, 0, NULL, NULL, err);
    if (rc == 0)
        rc = connection_query(c,
                              "ALTER TABLE bounce.reprocess_message"
                              " ADD place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
                              0, NULL, NULL, err);
    buf_reset(&sql);
    buf_add_string(&sql, "CREATE UNLOGGED TABLE bounce.reprocess_event AS SELECT ");
    sql_add_names(&sql, "", event_columns, COLUMNS_EVENT);
    buf_add_string(&sql, " FROM bounce.event WITH NO DATA");
    if (rc == 0)
        rc = connection_query(c, sql.data, 0, NULL, NULL, err);
    if (rc == 0)
        rc = connection_query(c, "CREATE INDEX ON bounce.reprocess_event (message)", 0, NULL, NULL,
                              err);
    buf_free(&sql);
    return rc ? err_prefix(err, "database") : 0;
}

void store_reprocess_end(struct store *store) {
    if (!store->staging)
        return;
    connection_rollback(store->connection);
    connection_query(store->connection, drop_sql, 0, NULL, NULL, NULL);
    store_lock_free(store->staging);
    store->staging = NULL;
}

void store_page_free(struct store_page *page) {
    PQclear(page->memory);
    free(page->messages);
    free(page->mailboxes);
    page->memory = NULL;
    page->messages = NULL;
    page->mailboxes = NULL;
    page->count = page->without_bytes = 0;
}

static int64_t number_at(const PGresult *r, int row, int column) {
    return strtoll(PQgetvalue(r, row, column), NULL, 10);
}

enum {
    PAGE_PLACE,
    PAGE_SHA256,
    PAGE_SIZE,
    PAGE_ARRIVED_AT,
    PAGE_TRUNCATED,
    PAGE_RAW,
    PAGE_MAILBOX,
};

static void take_page(PGresult *r, struct store_page *page) {
    size_t rows = (size_t)PQntuples(r);
    page->memory = r;
    page->messages = memory_zero(rows, sizeof *page->messages);
    page->mailboxes = memory_zero(rows, sizeof *page->mailboxes);
    for (int i = 0; i < (int)rows; i++) {
        page->last = (uint64_t)number_at(r, i, PAGE_PLACE);
        if (PQgetisnull(r, i, PAGE_RAW)) {
            page->without_bytes++;
            continue;
        }
        page->mailboxes[page->count] = PQgetvalue(r, i, PAGE_MAILBOX);
        struct store_message *m = &page->messages[page->count++];
        m->size = (uint64_t)number_at(r, i, PAGE_SIZE);
        m->internal_date = number_at(r, i, PAGE_ARRIVED_AT);
        m->truncated = *PQgetvalue(r, i, PAGE_TRUNCATED) == 't';
        m->raw = (struct bytes){PQgetvalue(r, i, PAGE_RAW), (size_t)PQgetlength(r, i, PAGE_RAW)};
        memcpy(m->sha256, PQgetvalue(r, i, PAGE_SHA256), sizeof m->sha256);
    }
}

int store_reprocess_read(struct store *store, size_t at_most, struct store_page *page,
                         struct err *err) {
    char last[NUMBER_TEXT_SIZE], limit[NUMBER_TEXT_SIZE];
    snprintf(last, sizeof last, "%" PRIu64, page->last);
    snprintf(limit, sizeof limit, "%zu", at_most);
    const char *const values[] = {last, limit};
    store_page_free(page);
    /* In binary form, as the bytes are; numbers and words are the same in both. */
    PGresult *r =
        answer_to(store->connection,
                  PQsendQueryParams(
                      store->connection,
                      "SELECT c.place::text, m.sha256, m.size::text,"
                      " date_part('epoch', m.arrived_at)::bigint::text, m.truncated::text, w.raw,"
                      " coalesce(r.mailbox, '') FROM ("
                      "  SELECT place, message, octets, sum(octets) OVER (ORDER BY place) AS total"
                      "  FROM (SELECT * FROM bounce.reprocess_chosen WHERE place > $1::bigint"
                      "        ORDER BY place LIMIT $2::bigint) n) c"
                      " LEFT JOIN LATERAL (SELECT * FROM bounce.message m"
                      "                    WHERE m.id = c.message OFFSET 0) m ON true"
                      " LEFT JOIN LATERAL (SELECT w.raw FROM bounce.message_raw w"
                      "                    WHERE w.message = m.id OFFSET 0) w ON true"
                      " LEFT JOIN bounce.run r ON r.id = m.run"
                      " WHERE c.total - c.octets < " PAGE_OCTETS " ORDER BY c.place",
                      2, NULL, values, NULL, NULL, BINARY));
    if (PQresultStatus(r) != PGRES_TUPLES_OK) {
        connection_error(store->connection, r, err);
        PQclear(r);
        return err_prefix(err, "database: reading stored messages");
    }
    take_page(r, page);
    return 0;
}

/* What is compared of a message itself; of its events, the columns of a judgement. */
static const struct column outcome_columns[] = {
    {"id", COLUMN_ID, offsetof(struct store_message, sha256)},
    {"outcome", COLUMN_OUTCOME, offsetof(struct store_message, outcome)},
};
enum { COLUMNS_OUTCOME = sizeof outcome_columns / sizeof *outcome_columns };

static void compare_sql(struct buf *sql) {
    buf_add_string(sql, "WITH given AS (SELECT g.*, m.outcome AS former_outcome FROM ");
    sql_add_unnest(sql, "g", outcome_columns, COLUMNS_OUTCOME, 1);
    buf_add_string(sql, " CROSS JOIN LATERAL (SELECT m.outcome FROM bounce.message m"
                        "  WHERE m.id = g.id OFFSET 0) m)"
                        ", fresh AS (SELECT DISTINCT ON (f.message, f.recipient) f.* FROM ");
    sql_add_unnest(sql, "f", event_columns, COLUMNS_JUDGEMENT, 1 + COLUMNS_OUTCOME);
    buf_add_string(sql, " JOIN given ON given.id = f.message"
                        " ORDER BY f.message, f.recipient, f.place)"
                        ", old AS (" STAGED_OLD_EVENTS ")"
                        " SELECT place FROM given WHERE outcome <> former_outcome OR id IN"
                        " (SELECT coalesce(o.message, f.message)"
                        "  FROM old o FULL JOIN fresh f ON " STAGED_SAME_SUBJECT
                        "  WHERE " STAGED_DIFFERS ") ORDER BY place");
}

static void stage_sql(struct buf *sql) {
    buf_add_string(sql, "WITH said AS (INSERT INTO bounce.reprocess_event (");
    sql_add_names(sql, "", event_columns, COLUMNS_EVENT);
    buf_add_string(sql, ") SELECT DISTINCT ON (message, recipient) ");
    sql_add_names(sql, "", event_columns, COLUMNS_EVENT);
    buf_add_string(sql, " FROM ");
    sql_add_unnest(sql, "f", event_columns, COLUMNS_EVENT, 1 + COLUMNS_MESSAGE);
    buf_add_string(sql, " ORDER BY message, recipient, place)"
                        " INSERT INTO bounce.reprocess_message (id, ");
    sql_add_names(sql, "", message_columns + COLUMNS_READING_FIRST, COLUMNS_READING);
    buf_add_string(sql, ") SELECT id, ");
    sql_add_names(sql, "", message_columns + COLUMNS_READING_FIRST, COLUMNS_READING);
    buf_add_string(sql, " FROM ");
    sql_add_unnest(sql, "g", message_columns, COLUMNS_MESSAGE, 1);
    buf_add_string(sql, " ORDER BY place");
}

/* A statement whose parameters are columns of messages, then the first ones of their events. */
struct statement {
    void (*write)(struct buf *sql);
    const struct column *columns;
    size_t column_count, event_column_count;
};
static const struct statement compare = {compare_sql, outcome_columns, COLUMNS_OUTCOME,
                                         COLUMNS_JUDGEMENT};
static const struct statement stage = {stage_sql, message_columns, COLUMNS_MESSAGE, COLUMNS_EVENT};

static int run_statement(PGconn *c, const struct statement *statement,
                         const struct store_message *messages, size_t count, PGresult **result,
                         struct err *err) {
    struct buf sql = BUF_INIT;
    struct event_rows events;
    struct parameters *p = parameters_new();
    const void **rows = memory_zero(count, sizeof *rows);
    for (size_t i = 0; i < count; i++)
        rows[i] = &messages[i];
    event_rows_collect(messages, count, &events);
    statement->write(&sql);
    parameters_add_rows(p, statement->columns, statement->column_count, rows, count);
    parameters_add_rows(p, event_columns, statement->event_column_count, events.pointers,
                        events.count);
    *result =
        answer_to(c, PQsendQueryParams(c, sql.data, parameters_count(p), NULL, parameters_values(p),
                                       parameters_lengths(p), parameters_formats(p), 0));
    ExecStatusType status = PQresultStatus(*result);
    int rc = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK
                 ? 0
                 : connection_error(c, *result, err);
    parameters_free(p);
    event_rows_free(&events);
    free(rows);
    buf_free(&sql);
    return rc;
}

/* Most judgements are what they were: only the rest is sent with all that is to be known of it. */
int store_reprocess_stage(struct store *store, const struct store_message *messages, size_t count,
                          uint64_t *differ, struct err *err) {
    PGconn *c = store->connection;
    PGresult *places = NULL, *staged = NULL;
    size_t differing_count = 0;
    struct store_message *differing = memory_zero(count, sizeof *differing);
    int rc = staged_begin(c, err);
    if (rc == 0)
        rc = run_statement(c, &compare, messages, count, &places, err);
    if (rc == 0) {
        differing_count = (size_t)PQntuples(places);
        for (int i = 0; i < PQntuples(places); i++)
            differing[i] = messages[number_at(places, i, 0) - 1];
    }
    if (rc == 0 && differing_count)
        rc = run_statement(c, &stage, differing, differing_count, &staged, err);
    if (rc == 0)
        rc = connection_query(c, "COMMIT", 0, NULL, NULL, err);
    if (rc == 0)
        *differ += differing_count;
    PQclear(places);
    PQclear(staged);
    connection_rollback(c);
    free(differing);
    return rc ? err_prefix(err, "database: comparing judgements") : 0;
}

int store_reprocess_stage_undo(struct store *store, const char *run, struct store_undo *undo,
                               struct err *err) {
    struct buf sql = BUF_INIT;
    PGresult *r = NULL;
    buf_add_string(
        &sql,
        "WITH entry AS MATERIALIZED (SELECT v.*, (" STAGED_LATER_REVISION ") AS later,"
        "  (SELECT count(*) FROM bounce.event e"
        "   WHERE e.message = v.message AND e.superseded_by = $1::uuid) AS kept"
        "  FROM bounce.message_revision v WHERE v.superseded_by = $1::uuid)"
        ", good AS (SELECT * FROM entry WHERE undone_by IS NULL AND NOT later AND kept >= events)"
        ", staged AS (INSERT INTO bounce.reprocess_message (id, ");
    sql_add_names(&sql, "", message_columns + COLUMNS_READING_FIRST, COLUMNS_READING);
    buf_add_string(&sql, ") SELECT message, ");
    sql_add_names(&sql, "", message_columns + COLUMNS_READING_FIRST, COLUMNS_READING);
    buf_add_string(&sql, " FROM good), said AS (INSERT INTO bounce.reprocess_event (");
    sql_add_names(&sql, "", event_columns, COLUMNS_EVENT);
    buf_add_string(&sql, ") SELECT ");
    sql_add_names(&sql, "e.", event_columns, COLUMNS_EVENT);
    buf_add_string(&sql, " FROM good JOIN bounce.event e ON e.message = good.message"
                         " AND (e.superseded_by = $1::uuid"
                         "      OR e.superseded_by IS NULL AND e.run <> $1::uuid))"
                         " SELECT (SELECT count(*) FROM good),"
                         " count(*) FILTER (WHERE undone_by IS NULL AND later),"
                         " count(*) FILTER (WHERE undone_by IS NULL AND NOT later"
                         "                  AND kept < events),"
                         " count(undone_by) FROM entry");
    int rc = connection_query(store->connection, sql.data, 1, &run, &r, err);
    if (rc == 0) {
        undo->staged = (uint64_t)number_at(r, 0, 0);
        undo->judged_since = (uint64_t)number_at(r, 0, 1);
        undo->pruned = (uint64_t)number_at(r, 0, 2);
        undo->undone = (uint64_t)number_at(r, 0, 3);
    }
    PQclear(r);
    buf_free(&sql);
    return rc ? err_prefix(err, "database") : 0;
}

/* Events of the two sides are put side by side: those about the same recipient first, then what is
 * left of each side in order, so that "somebody else" shows as one row and not as two. */
static const char judgements_sql[] =
    "WITH old AS (SELECT e.* FROM bounce.reprocess_message g"
    "  JOIN bounce.event e ON e.message = g.id AND e.superseded_by IS NULL)"
    ", before AS (SELECT o.*, CASE WHEN f.message IS NULL THEN '#' || row_number()"
    "   OVER (PARTITION BY o.message, f.message IS NULL ORDER BY o.recipient)"
    "   ELSE o.recipient END AS slot"
    "  FROM old o LEFT JOIN bounce.reprocess_event f"
    "  ON f.message = o.message AND f.recipient = o.recipient)"
    ", after AS (SELECT f.*, CASE WHEN o.message IS NULL THEN '#' || row_number()"
    "   OVER (PARTITION BY f.message, o.message IS NULL ORDER BY f.recipient)"
    "   ELSE f.recipient END AS slot"
    "  FROM bounce.reprocess_event f LEFT JOIN old o"
    "  ON o.message = f.message AND o.recipient = f.recipient)"
    " SELECT count(*), coalesce(o.verdict || '/' || o.category, 'nothing') AS was,"
    " coalesce(f.verdict || '/' || f.category, 'nothing') AS becomes,"
    " CASE WHEN o.message IS NOT NULL AND f.message IS NOT NULL THEN concat_ws(', ',"
    "  CASE WHEN o.recipient = f.recipient THEN NULL WHEN o.recipient = '' THEN 'recipient found'"
    "   WHEN f.recipient = '' THEN 'recipient lost' ELSE 'another recipient' END,"
    "  CASE WHEN o.campaign <> f.campaign THEN 'campaign' END,"
    "  CASE WHEN o.fault <> f.fault THEN 'fault' END,"
    "  CASE WHEN o.counted <> f.counted AND f.verdict = 'soft' AND o.verdict = 'soft'"
    "   THEN CASE WHEN f.counted THEN 'a strike' ELSE 'no strike' END END,"
    "  CASE WHEN o.withheld IS DISTINCT FROM f.withheld THEN CASE f.withheld"
    "   WHEN 'state' THEN 'the state withheld' WHEN 'all' THEN 'all withheld'"
    "   ELSE 'nothing withheld' END END,"
    "  CASE WHEN o.occurred_at <> f.occurred_at THEN 'time' END) ELSE '' END AS also,"
    " min(coalesce(o.message, f.message)::text)"
    " FROM before o FULL JOIN after f ON f.message = o.message AND f.slot = o.slot"
    " WHERE " STAGED_DIFFERS
    " GROUP BY was, becomes, also ORDER BY count(*) DESC, was, becomes, also";

static const char outcomes_sql[] =
    "SELECT count(*), m.outcome, g.outcome, '', min(g.id::text)"
    " FROM bounce.reprocess_message g JOIN bounce.message m ON m.id = g.id WHERE m.outcome <> g.outcome"
    " GROUP BY m.outcome, g.outcome ORDER BY 1 DESC, 2, 3";

int store_reprocess_differences(struct store *store, store_difference_row *judgement,
                                store_difference_row *outcome, void *context, struct err *err) {
    PGconn *c = store->connection;
    int rc = staged_begin(c, err);
    if (rc == 0)
        rc = connection_query(c, "ANALYZE bounce.reprocess_message, bounce.reprocess_event", 0,
                              NULL, NULL, err);
    if (rc == 0)
        rc = staged_differences(c, judgements_sql, judgement, context, err);
    if (rc == 0)
        rc = staged_differences(c, outcomes_sql, outcome, context, err);
    if (rc == 0)
        rc = connection_query(c, "COMMIT", 0, NULL, NULL, err);
    connection_rollback(c);
    return rc ? err_prefix(err, "database: comparing judgements") : 0;
}

static const char last_run_sql[] =
    "SELECT r.id FROM bounce.run r WHERE r.id IN (SELECT v.superseded_by"
    " FROM bounce.message_revision v WHERE v.undone_by IS NULL) ORDER BY r.started_at DESC LIMIT 1";

static const char named_run_sql[] =
    "SELECT r.id FROM bounce.run r WHERE r.command = 'reprocess'"
    " AND left(r.id::text, length($1)) = lower($1) ORDER BY r.started_at DESC LIMIT 2";

static const char latest_runs_sql[] =
    "SELECT string_agg(r.id || to_char(r.started_at AT TIME ZONE 'UTC',"
    "  ' (YYYY-MM-DD HH24:MI UTC)'), ', ') FROM (SELECT id, started_at FROM bounce.run"
    " WHERE command = 'reprocess' ORDER BY started_at DESC LIMIT 3) r";

static int no_run(PGconn *c, const char *name, struct err *err) {
    PGresult *r = NULL;
    char latest[RUN_TEXT_MAX];
    if (connection_query(c, latest_runs_sql, 0, NULL, &r, err) != 0)
        return -1;
    snprintf(latest, sizeof latest, "%s", PQgetvalue(r, 0, 0));
    PQclear(r);
    if (!*latest)
        return err_set(err, ERR_NOT_FOUND, "nothing to undo: no run of reprocess is known");
    return err_set(err, ERR_NOT_FOUND, "no run of reprocess '%s' to undo; the latest: %s", name,
                   latest);
}

int store_reprocess_find_run(struct store *store, const char *name, char *run, struct err *err) {
    PGconn *c = store->connection;
    PGresult *r = NULL;
    bool last = !strcmp(name, "last");
    if (connection_query(c, last ? last_run_sql : named_run_sql, last ? 0 : 1, &name, &r, err) != 0)
        return err_prefix(err, "database");
    int found = PQntuples(r);
    if (found == 1)
        snprintf(run, STORE_RUN_ID_SIZE, "%s", PQgetvalue(r, 0, 0));
    PQclear(r);
    if (found > 1)
        return err_set(err, ERR_NOT_FOUND, "several runs of reprocess begin with '%s'", name);
    return found ? 0 : no_run(c, name, err);
}
