#include "store/reprocess_apply.h"

#include "cmd/base/buf.h"
#include "store/columns.h"
#include "store/connection.h"
#include "store/staged.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    NUMBER_TEXT_SIZE = 24,
};

/* Writes that are rolled back belong to no run. */
static const char no_run[] = "00000000-0000-0000-0000-000000000000";

#define GIVEN                                                                                   \
    "WITH given AS MATERIALIZED (SELECT g.*, m.outcome AS former_outcome"                       \
    " FROM bounce.reprocess_message g CROSS JOIN LATERAL (SELECT m.outcome FROM bounce.message" \
    "  m WHERE m.id = g.id OFFSET 0) m WHERE g.place > $1::bigint AND g.place <= $2::bigint)"

/* $1 and $2 are the places between which the batch lies, $3 is the run. */
static void judge_sql(struct buf *sql) {
    const struct column *reading = message_columns + COLUMNS_READING_FIRST;
    buf_add_string(
        sql, GIVEN
        ", fresh AS (SELECT f.* FROM given CROSS JOIN LATERAL (SELECT * FROM bounce.reprocess_event"
        "  f WHERE f.message = given.id OFFSET 0) f)"
        ", old AS (" STAGED_OLD_EVENTS ")"
        ", change AS (SELECT o.at, coalesce(o.message, f.message) AS message, f.recipient"
        "  FROM old o FULL JOIN fresh f ON " STAGED_SAME_SUBJECT " WHERE " STAGED_DIFFERS ")"
        ", superseded AS (UPDATE bounce.event e SET superseded_by = $3::uuid"
        "  WHERE e.ctid = ANY (ARRAY(SELECT at FROM change WHERE at IS NOT NULL)))"
        ", touched AS (SELECT given.id, count(c.at) AS events"
        "  FROM given LEFT JOIN change c ON c.message = given.id"
        "  WHERE c.message IS NOT NULL OR given.outcome <> given.former_outcome"
        "  GROUP BY given.id)"
        ", kept AS (INSERT INTO bounce.message_revision"
        "  (message, revision, superseded_by, events, ");
    sql_add_names(sql, "", reading, COLUMNS_READING);
    buf_add_string(sql, ") SELECT t.id, 1 + coalesce((SELECT max(v.revision)"
                        "  FROM bounce.message_revision v WHERE v.message = t.id), 0),"
                        "  $3::uuid, t.events, ");
    sql_add_names(sql, "m.", reading, COLUMNS_READING);
    buf_add_string(sql, " FROM touched t CROSS JOIN LATERAL (SELECT * FROM bounce.message m"
                        "  WHERE m.id = t.id OFFSET 0) m)"
                        ", read AS (UPDATE bounce.message m SET (");
    sql_add_names(sql, "", reading, COLUMNS_READING);
    buf_add_string(sql, ") = (");
    sql_add_names(sql, "g.", reading, COLUMNS_READING);
    buf_add_string(sql, ") FROM touched t JOIN given g ON g.id = t.id WHERE m.id = t.id)"
                        ", judged AS (INSERT INTO bounce.event (revision, run, ");
    sql_add_names(sql, "", event_columns, COLUMNS_EVENT);
    buf_add_string(sql, ") SELECT 1 + coalesce((SELECT max(e.revision) FROM bounce.event e"
                        "  WHERE e.recipient = f.recipient AND e.message = f.message), 0),"
                        "  $3::uuid, ");
    sql_add_names(sql, "f.", event_columns, COLUMNS_EVENT);
    buf_add_string(sql, " FROM fresh f JOIN change c"
                        "  ON c.message = f.message AND c.recipient = f.recipient"
                        "  ORDER BY f.recipient, f.message RETURNING 1)"
                        " SELECT (SELECT count(*) FROM touched), (SELECT count(*) FROM judged)");
}

/* The same for an undo; $4 is the run that is undone. What the ledger has counts, not what is
 * staged: it was read before the lock was taken. */
static void undo_sql(struct buf *sql) {
    const struct column *reading = message_columns + COLUMNS_READING_FIRST;
    buf_add_string(
        sql,
        GIVEN ", former AS MATERIALIZED (SELECT v.*, v.ctid AS at FROM given"
              "  CROSS JOIN LATERAL (SELECT v.*, v.ctid FROM bounce.message_revision v"
              "   WHERE v.message = given.id AND v.superseded_by = $4::uuid"
              "   AND v.undone_by IS NULL AND NOT " STAGED_LATER_REVISION " OFFSET 0) v)"
              ", theirs AS (SELECT e.* FROM former CROSS JOIN LATERAL ("
              "   SELECT e.superseded_by, e.run, e.ctid AS at FROM bounce.event e"
              "   WHERE e.message = former.message OFFSET 0) e)"
              ", back AS (UPDATE bounce.event e SET superseded_by = NULL"
              "  WHERE e.ctid = ANY (ARRAY(SELECT at FROM theirs WHERE superseded_by = $4::uuid))"
              "  RETURNING 1)"
              ", superseded AS (UPDATE bounce.event e SET superseded_by = $3::uuid"
              "  WHERE e.ctid = ANY (ARRAY(SELECT at FROM theirs"
              "   WHERE run = $4::uuid AND superseded_by IS NULL)))"
              ", undone AS (UPDATE bounce.message_revision v SET undone_by = $3::uuid"
              "  WHERE v.ctid = ANY (ARRAY(SELECT at FROM former)))"
              ", read AS (UPDATE bounce.message m SET (");
    sql_add_names(sql, "", reading, COLUMNS_READING);
    buf_add_string(sql, ") = (");
    sql_add_names(sql, "v.", reading, COLUMNS_READING);
    buf_add_string(sql, ") FROM former v WHERE m.id = v.message)"
                        " SELECT (SELECT count(*) FROM former), (SELECT count(*) FROM back)");
}

static int begin(PGconn *c, struct err *err) {
    /* The lock comes first, in a statement of its own: the ones behind it see what the writers
     * before have committed (bounce.ledger_lock). A batch is small beside the tables, which are
     * not to be read from one end to the other for it. */
    if (staged_begin(c, err) != 0 ||
        connection_query(c,
                         "SELECT bounce.ledger_lock(), set_config('enable_seqscan', 'off', true)",
                         0, NULL, NULL, err) != 0)
        return -1;
    return 0;
}

static uint64_t number_at(const PGresult *r, int column) {
    return strtoull(PQgetvalue(r, 0, column), NULL, 10);
}

/* The batch behind a place, within the transaction that is open. */
static int write_batch(PGconn *c, const char *sql, const struct store_reprocess_options *options,
                       const char *run, uint64_t after, struct store_reprocess_result *result,
                       struct err *err) {
    char first[NUMBER_TEXT_SIZE], last[NUMBER_TEXT_SIZE];
    snprintf(first, sizeof first, "%" PRIu64, after);
    snprintf(last, sizeof last, "%" PRIu64, after + options->batch);
    const char *const values[] = {first, last, run, options->undoes};
    PGresult *written = NULL, *refreshed = NULL;
    int rc = connection_query(c, sql, options->undoes ? 4 : 3, values, &written, err);
    if (rc == 0)
        rc = connection_query(
            c,
            GIVEN " SELECT r.* FROM bounce.recipient_refresh(ARRAY(SELECT DISTINCT e.recipient"
                  " FROM given CROSS JOIN LATERAL (SELECT e.recipient FROM bounce.event e"
                  "  WHERE e.message = given.id OFFSET 0) e)) r",
            2, values, &refreshed, err);
    if (rc == 0) {
        result->messages += number_at(written, 0);
        result->events += number_at(written, 1);
        result->escalations += number_at(refreshed, 0);
        result->suppressed += number_at(refreshed, 1);
    }
    PQclear(written);
    PQclear(refreshed);
    return rc;
}

static int last_place(PGconn *c, uint64_t *last, struct err *err) {
    PGresult *r = NULL;
    if (connection_query(c, "SELECT coalesce(max(place), 0) FROM bounce.reprocess_message", 0, NULL,
                         &r, err) != 0)
        return -1;
    *last = number_at(r, 0);
    PQclear(r);
    return 0;
}

static void add_sql(const struct store_reprocess_options *options, struct buf *sql) {
    if (options->undoes)
        undo_sql(sql);
    else
        judge_sql(sql);
}

/* Whatever changes, changes in these domains: also an outage, and with it the strikes of others. */
static const char before_sql[] =
    "CREATE TEMP TABLE reprocess_before ON COMMIT DROP AS SELECT r.recipient, r.state"
    " FROM bounce.recipient r WHERE r.domain IN (SELECT domain FROM reprocess_domain)";

static const char domains_sql[] =
    "CREATE TEMP TABLE reprocess_domain ON COMMIT DROP AS SELECT domain FROM bounce.reprocess_event"
    " UNION SELECT e.domain FROM bounce.reprocess_message g JOIN bounce.event e ON e.message = g.id";

static const char states_sql[] =
    "SELECT count(*), was, becomes, '', string_agg(recipient, ', ' ORDER BY recipient)"
    "  FILTER (WHERE n <= 3) || CASE WHEN count(*) > 3 THEN ', ...' ELSE '' END"
    " FROM (SELECT s.*, row_number()"
    "  OVER (PARTITION BY was, becomes ORDER BY recipient) AS n FROM ("
    "   SELECT coalesce(b.recipient, r.recipient) AS recipient,"
    "    coalesce(b.state, 'unknown') AS was, coalesce(r.state, 'unknown') AS becomes"
    "   FROM reprocess_before b FULL JOIN (SELECT r.recipient, r.state FROM bounce.recipient r"
    "    WHERE r.domain IN (SELECT domain FROM reprocess_domain)) r"
    "   ON r.recipient = b.recipient WHERE b.state IS DISTINCT FROM r.state) s) t"
    " GROUP BY was, becomes ORDER BY 1 DESC, 2, 3";

int store_reprocess_preview(struct store *store, const struct store_reprocess_options *options,
                            store_difference_row *state, void *context, struct err *err) {
    PGconn *c = store->connection;
    struct store_reprocess_result result = {0};
    struct buf sql = BUF_INIT;
    uint64_t last = 0;
    add_sql(options, &sql);
    int rc = last_place(c, &last, err);
    if (rc == 0)
        rc = begin(c, err);
    if (rc == 0)
        rc = connection_query(c, domains_sql, 0, NULL, NULL, err);
    if (rc == 0)
        rc = connection_query(c, before_sql, 0, NULL, NULL, err);
    for (uint64_t after = 0; rc == 0 && after < last; after += options->batch)
        rc = write_batch(c, sql.data, options, no_run, after, &result, err);
    if (rc == 0)
        rc = staged_differences(c, states_sql, state, context, err);
    connection_rollback(c);
    buf_free(&sql);
    return rc ? err_prefix(err, "database: looking ahead") : 0;
}

int store_reprocess_apply(struct store *store, const struct store_reprocess_options *options,
                          struct store_reprocess_result *result, struct err *err) {
    PGconn *c = store->connection;
    struct buf sql = BUF_INIT;
    uint64_t last = 0;
    *result = (struct store_reprocess_result){0};
    add_sql(options, &sql);
    int rc = last_place(c, &last, err);
    for (uint64_t after = 0; rc == 0 && after < last; after += options->batch) {
        struct store_reprocess_result written = *result;
        rc = begin(c, err);
        if (rc == 0)
            rc = write_batch(c, sql.data, options, options->run, after, &written, err);
        if (rc == 0)
            rc = connection_query(c, "COMMIT", 0, NULL, NULL, err);
        if (rc == 0)
            *result = written;
        connection_rollback(c);
    }
    buf_free(&sql);
    return rc ? err_prefix(err, "database: writing judgements") : 0;
}
