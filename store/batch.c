#include "store/batch.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "store/answer.h"
#include "store/columns.h"
#include "store/connection.h"

#include <stdlib.h>

enum {
    /* The statements of a batch, in order. */
    STEP_BEGIN,
    STEP_DURABLE,
    STEP_INSERT,
    STEP_REFRESH,
    STEP_CURSOR,
    STEP_COMMIT,
    STEP_COUNT,

    PARAMETER_ARRAYS = 4, /* behind mailbox, UIDVALIDITY and run */

    NUMBER_TEXT_SIZE = 24, /* a 64-bit number in decimal */
};

static const char *const outcome_names[STORE_OUTCOME_COUNT] = {
    [STORE_OUTCOME_NONE] = "none",
    [STORE_OUTCOME_JUDGED] = "judged",
    [STORE_OUTCOME_UNMATCHED] = "unmatched",
    [STORE_OUTCOME_NOT_A_BOUNCE] = "not_a_bounce",
    [STORE_OUTCOME_QUARANTINED] = "quarantined",
};

const char *store_outcome_name(enum store_outcome outcome) {
    return outcome_names[outcome];
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct column raw_columns[] = {
    {"message", COLUMN_ID, offsetof(struct store_message, sha256)},
    {"raw", COLUMN_RAW, offsetof(struct store_message, raw)},
};

static const struct column key_columns[] = {
    {"recipient", COLUMN_TEXT_OR_NONE, offsetof(struct event_row, event.recipient_key)},
};

/* Rows are inserted in the order of their keys, so that two writers never wait for each other
 * crosswise. A UID whose message is another one than before (a server that gives UIDs twice) is
 * taken as new. */
static void insert_sql(struct buf *sql) {
    int first_message = PARAMETER_ARRAYS;
    int first_raw = first_message + COLUMNS_MESSAGE_FETCHED;
    int first_event = first_raw + (int)COUNT(raw_columns);

    buf_add_string(sql, "WITH given AS (SELECT * FROM ");
    sql_add_unnest(sql, "g", message_columns, COLUMNS_MESSAGE_FETCHED, first_message);
    buf_add_string(sql, "), met AS (INSERT INTO bounce.fetched AS f"
                        " (mailbox, uidvalidity, uid, message, run)"
                        " SELECT DISTINCT ON (uid) $1::text, $2::int8, uid, id, $3::uuid"
                        " FROM given ORDER BY uid, place"
                        " ON CONFLICT (mailbox, uidvalidity, uid) DO UPDATE"
                        " SET message = EXCLUDED.message, run = EXCLUDED.run"
                        " WHERE f.message <> EXCLUDED.message RETURNING uid, message)"
                        ", stored AS (INSERT INTO bounce.message (");
    sql_add_names(sql, "", message_columns, COLUMNS_MESSAGE);
    buf_add_string(sql, ", run) SELECT DISTINCT ON (id) ");
    sql_add_names(sql, "", message_columns, COLUMNS_MESSAGE);
    buf_add_string(sql, ", $3::uuid FROM given JOIN met USING (uid) ORDER BY id, place"
                        " ON CONFLICT (id) DO NOTHING RETURNING id, outcome)"
                        ", kept AS (INSERT INTO bounce.message_raw (message, raw)"
                        " SELECT b.message, b.raw FROM ");
    sql_add_unnest(sql, "b", raw_columns, COUNT(raw_columns), first_raw);
    buf_add_string(sql, " JOIN stored ON stored.id = b.message ORDER BY b.message"
                        " ON CONFLICT (message) DO NOTHING)"
                        ", judged AS (INSERT INTO bounce.event (");
    sql_add_names(sql, "", event_columns, COLUMNS_EVENT);
    buf_add_string(sql, ", run) SELECT ");
    sql_add_names(sql, "e.", event_columns, COLUMNS_EVENT);
    buf_add_string(sql, ", $3::uuid FROM ");
    sql_add_unnest(sql, "e", event_columns, COLUMNS_EVENT, first_event);
    buf_add_string(sql, " JOIN stored ON stored.id = e.message ORDER BY e.recipient, e.place"
                        " ON CONFLICT (recipient, message, revision) DO NOTHING"
                        " RETURNING verdict, category)"
                        ", message_total AS (INSERT INTO bounce.message_total AS t"
                        " (mailbox, outcome, messages)"
                        " SELECT $1::text, outcome, count(*) FROM stored GROUP BY outcome"
                        " ORDER BY outcome ON CONFLICT (mailbox, outcome) DO UPDATE"
                        " SET messages = t.messages + EXCLUDED.messages)"
                        ", event_total AS (INSERT INTO bounce.event_total AS t"
                        " (mailbox, verdict, category, events)"
                        " SELECT $1::text, verdict, category, count(*) FROM judged"
                        " GROUP BY verdict, category ORDER BY verdict, category"
                        " ON CONFLICT (mailbox, verdict, category) DO UPDATE"
                        " SET events = t.events + EXCLUDED.events)"
                        " SELECT (SELECT count(*) FROM given) - (SELECT count(*) FROM met),"
                        " (SELECT count(*) FROM met) - (SELECT count(*) FROM stored),"
                        " (SELECT count(*) FROM stored),"
                        " (SELECT count(*) FROM stored WHERE outcome = 'quarantined'),"
                        " (SELECT count(*) FROM judged)");
}

enum {
    INSERTED_KNOWN,
    INSERTED_DUPLICATES,
    INSERTED_MESSAGES,
    INSERTED_QUARANTINED,
    INSERTED_EVENTS,

    REFRESHED_ESCALATIONS = 0,
    REFRESHED_SUPPRESSIONS = 1,
};

/* The rows of a batch, as arrays of pointers. */
struct rows {
    const void **messages;
    const void **raws;
    size_t raw_count;
    struct event_rows events;
};

static void rows_collect(const struct store_batch *batch, struct rows *rows) {
    *rows = (struct rows){
        .messages = memory_zero(batch->count, sizeof *rows->messages),
        .raws = memory_zero(batch->count, sizeof *rows->raws),
    };
    for (size_t i = 0; i < batch->count; i++) {
        const struct store_message *m = &batch->messages[i];
        rows->messages[i] = m;
        if (m->raw.len)
            rows->raws[rows->raw_count++] = m;
    }
    event_rows_collect(batch->messages, batch->count, &rows->events);
}

static void rows_free(struct rows *rows) {
    free(rows->messages);
    free(rows->raws);
    event_rows_free(&rows->events);
}

static bool send_statement(PGconn *connection, const char *sql, struct parameters *p) {
    return PQsendQueryParams(connection, sql, p ? parameters_count(p) : 0, NULL,
                             p ? parameters_values(p) : NULL, p ? parameters_lengths(p) : NULL,
                             p ? parameters_formats(p) : NULL, 0) == 1;
}

static bool send_insert(PGconn *connection, const struct store_batch *batch,
                        const char *uidvalidity, const struct rows *rows) {
    struct buf sql = BUF_INIT;
    struct parameters *p = parameters_new();
    insert_sql(&sql);
    parameters_add_text(p, batch->mailbox);
    parameters_add_text(p, uidvalidity);
    parameters_add_text(p, batch->run);
    parameters_add_rows(p, message_columns, COLUMNS_MESSAGE_FETCHED, rows->messages, batch->count);
    parameters_add_rows(p, raw_columns, COUNT(raw_columns), rows->raws, rows->raw_count);
    parameters_add_rows(p, event_columns, COLUMNS_EVENT, rows->events.pointers, rows->events.count);
    bool sent = send_statement(connection, sql.data, p);
    parameters_free(p);
    buf_free(&sql);
    return sent;
}

static bool send_refresh(PGconn *connection, const struct rows *rows) {
    struct parameters *p = parameters_new();
    parameters_add_rows(p, key_columns, COUNT(key_columns), rows->events.pointers,
                        rows->events.count);
    bool sent = send_statement(connection, "SELECT * FROM bounce.recipient_refresh($1::text[])", p);
    parameters_free(p);
    return sent;
}

/* A cursor does not go back, since the run that is slower may commit later. */
static bool send_cursor(PGconn *connection, const struct store_batch *batch,
                        const char *uidvalidity) {
    char last_uid[NUMBER_TEXT_SIZE];
    snprintf(last_uid, sizeof last_uid, "%lu", (unsigned long)batch->cursor_uid);
    struct parameters *p = parameters_new();
    parameters_add_text(p, batch->mailbox);
    parameters_add_text(p, uidvalidity);
    parameters_add_text(p, last_uid);
    bool sent =
        send_statement(connection,
                       "INSERT INTO bounce.mailbox AS m (mailbox, uidvalidity, last_uid)"
                       " SELECT $1::text, $2::int8, $3::int8 WHERE $3::int8 > 0"
                       " ON CONFLICT (mailbox) DO UPDATE SET uidvalidity = EXCLUDED.uidvalidity,"
                       " last_uid = EXCLUDED.last_uid, updated_at = now()"
                       " WHERE m.uidvalidity <> EXCLUDED.uidvalidity"
                       " OR m.last_uid < EXCLUDED.last_uid",
                       p);
    parameters_free(p);
    return sent;
}

static int check_size(const struct store_batch *batch, struct err *err) {
    size_t raw = 0;
    for (size_t i = 0; i < batch->count; i++)
        raw += batch->messages[i].raw.len;
    if (batch->count > STORE_BATCH_MAX || raw > STORE_BATCH_RAW_MAX)
        return err_set(err, ERR_SOFTWARE, "a batch of %zu messages and %zu bytes is too large",
                       batch->count, raw);
    return 0;
}

int store_batch_send(struct store *store, const struct store_batch *batch, struct err *err) {
    PGconn *c = store->connection;
    if (store->batch_under_way)
        return err_set(err, ERR_SOFTWARE, "a batch is under way already");
    if (check_size(batch, err))
        return -1;
    char uidvalidity[NUMBER_TEXT_SIZE];
    snprintf(uidvalidity, sizeof uidvalidity, "%lu", (unsigned long)batch->uidvalidity);
    struct rows rows;
    rows_collect(batch, &rows);
    /* READ COMMITTED, whatever the database's default is: bounce.recipient_refresh() needs it. And
     * durable, since after the COMMIT the messages leave the mailbox. */
    bool sent = PQenterPipelineMode(c) == 1 &&
                send_statement(c, "BEGIN ISOLATION LEVEL READ COMMITTED", NULL) &&
                send_statement(c,
                               "SELECT set_config('synchronous_commit', 'on', true)"
                               " WHERE current_setting('synchronous_commit') = 'off'",
                               NULL) &&
                send_insert(c, batch, uidvalidity, &rows) && send_refresh(c, &rows) &&
                send_cursor(c, batch, uidvalidity) && send_statement(c, "COMMIT", NULL) &&
                PQpipelineSync(c) == 1 && answer_flush(c);
    rows_free(&rows);
    if (!sent) {
        connection_error(c, NULL, err);
        return err_prefix(err, "database: sending a batch");
    }
    store->batch_under_way = true;
    return 0;
}

static size_t number(const PGresult *result, int column) {
    return (size_t)strtoull(PQgetvalue(result, 0, column), NULL, 10);
}

static void take_result(int step, const PGresult *r, struct store_batch_result *result) {
    if (step == STEP_INSERT) {
        result->known = number(r, INSERTED_KNOWN);
        result->duplicates = number(r, INSERTED_DUPLICATES);
        result->new_messages = number(r, INSERTED_MESSAGES);
        result->quarantined = number(r, INSERTED_QUARANTINED);
        result->events = number(r, INSERTED_EVENTS);
    } else if (step == STEP_REFRESH) {
        result->escalations = number(r, REFRESHED_ESCALATIONS);
        result->suppressed = number(r, REFRESHED_SUPPRESSIONS);
    }
}

int store_batch_finish(struct store *store, struct store_batch_result *result, struct err *err) {
    PGconn *c = store->connection;
    if (!store->batch_under_way)
        return err_set(err, ERR_SOFTWARE, "no batch is under way");
    store->batch_under_way = false;
    *result = (struct store_batch_result){0};
    bool failed = false;
    for (int step = STEP_BEGIN; step < STEP_COUNT; step++) {
        PGresult *r = answer_next(c);
        ExecStatusType status = PQresultStatus(r);
        if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
            take_result(step, r, result);
        } else if (!failed) {
            failed = true;
            connection_error(c, r, err);
        }
        PQclear(r);
        if (PQstatus(c) != CONNECTION_OK)
            break;
        PQclear(answer_next(c)); /* NULL: the end of this statement's results */
    }
    if (PQstatus(c) == CONNECTION_OK) {
        PQclear(answer_next(c)); /* the sync */
        PQexitPipelineMode(c);
        connection_rollback(c);
    }
    if (failed || PQstatus(c) != CONNECTION_OK) {
        if (!failed)
            connection_error(c, NULL, err);
        return err_prefix(err, "database: storing a batch");
    }
    return 0;
}
