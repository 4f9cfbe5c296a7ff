#include "store/choice.h"

#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"
#include "cmd/base/memory.h"
#include "store/connection.h"
#include "store/moment.h"

#include <stdlib.h>
#include <string.h>

enum {
    UUID_DIGITS = 32,
};

/* How a choice reads in SQL, and what the ledger knows of the kind; %d is the parameter's number.
 */
static const struct {
    const char *clause;
    bool of_event;
    const char *values;
    bool values_take_one;
} choices[STORE_CHOICE_BY_COUNT] = {
    [STORE_CHOICE_SINCE] = {"m.arrived_at >= $%d::timestamptz", false, NULL, false},
    [STORE_CHOICE_UNTIL] = {"m.arrived_at < $%d::timestamptz", false, NULL, false},
    [STORE_CHOICE_MAILBOX] = {"m.run IN (SELECT r.id FROM bounce.run r WHERE r.mailbox = $%d)",
                              false,
                              "SELECT DISTINCT mailbox FROM bounce.run WHERE mailbox IS NOT NULL",
                              false},
    [STORE_CHOICE_MESSAGE] = {"m.id = $%d::uuid", false,
                              "SELECT $1::text FROM bounce.message WHERE id = $1::uuid", true},
    [STORE_CHOICE_CAMPAIGN] = {"e.campaign = $%d", true,
                               "SELECT DISTINCT campaign FROM bounce.event"
                               " WHERE superseded_by IS NULL",
                               false},
    [STORE_CHOICE_CATEGORY] = {"e.category = $%d", true, NULL, false},
    [STORE_CHOICE_VERDICT] = {"e.verdict = $%d", true, NULL, false},
    [STORE_CHOICE_RECIPIENT] = {"e.recipient = $%d", true,
                                "SELECT recipient FROM bounce.recipient WHERE recipient = $1",
                                true},
    [STORE_CHOICE_RULE] = {"e.rule = $%d", true,
                           "SELECT DISTINCT rule FROM bounce.event WHERE superseded_by IS NULL",
                           false},
};

static bool is_uuid(const char *text) {
    size_t digits = 0;
    for (; *text; text++)
        if (strchr("0123456789abcdefABCDEF", *text))
            digits++;
        else if (*text != '-')
            return false;
    return digits == UUID_DIGITS;
}

static int check(PGconn *c, const struct store_choice *choice, struct err *err) {
    const char *since = choice->by[STORE_CHOICE_SINCE], *until = choice->by[STORE_CHOICE_UNTIL];
    const char *message = choice->by[STORE_CHOICE_MESSAGE];
    if (message && !is_uuid(message))
        return err_set(err, ERR_USAGE,
                       "'%s' is no id of a message; they look like "
                       "3f2a9c04-5d1e-8b77-a0c3-6e9d41f8b2aa",
                       message);
    if ((since && moment_check(c, since, err) != 0) || (until && moment_check(c, until, err) != 0))
        return -1;
    return 0;
}

/* Only the clauses that are needed, so that the planner sees a plain join. */
static void add_where(struct buf *sql, const struct store_choice *choice, const char **values,
                      int *count) {
    bool any_event = false;
    buf_add_string(sql, " WHERE true");
    for (int of_event = 0; of_event < 2; of_event++)
        for (int by = 0; by < STORE_CHOICE_BY_COUNT; by++) {
            if (!choice->by[by] || choices[by].of_event != (bool)of_event)
                continue;
            if (of_event && !any_event) {
                buf_add_string(sql, " AND m.id IN (SELECT e.message FROM bounce.event e"
                                    " WHERE e.superseded_by IS NULL");
                any_event = true;
            }
            values[(*count)++] = choice->by[by];
            buf_add_string(sql, " AND ");
            const char *number = strstr(choices[by].clause, "%d");
            buf_add(sql, choices[by].clause, (size_t)(number - choices[by].clause));
            buf_printf(sql, "%d%s", *count, number + 2);
        }
    if (any_event)
        buf_add_char(sql, ')');
    if (!choice->undetermined && !choice->unmatched && !choice->quarantined)
        return;
    buf_add_string(sql, " AND m.id IN (SELECT NULL::uuid WHERE false");
    if (choice->undetermined)
        buf_add_string(sql, " UNION ALL SELECT e.message FROM bounce.event e"
                            " WHERE e.superseded_by IS NULL AND e.category = 'undetermined'");
    if (choice->unmatched)
        buf_add_string(sql, " UNION ALL SELECT o.id FROM bounce.message o"
                            " WHERE o.outcome = 'unmatched'");
    if (choice->quarantined)
        buf_add_string(sql, " UNION ALL SELECT o.id FROM bounce.message o"
                            " WHERE o.outcome = 'quarantined'");
    buf_add_char(sql, ')');
}

int store_choose(struct store *store, const struct store_choice *choice, uint64_t *chosen,
                 uint64_t *without_bytes, struct err *err) {
    PGconn *c = store->connection;
    const char *values[STORE_CHOICE_BY_COUNT];
    int count = 0;
    struct buf sql = BUF_INIT;
    PGresult *r = NULL;
    buf_add_string(&sql, "WITH fit AS MATERIALIZED (SELECT m.id, m.stored_at, m.size,"
                         " w.message IS NOT NULL AS kept FROM bounce.message m"
                         " LEFT JOIN bounce.message_raw w ON w.message = m.id");
    add_where(&sql, choice, values, &count);
    buf_add_string(&sql,
                   "), chosen AS (INSERT INTO bounce.reprocess_chosen (place, message, octets)"
                   " SELECT row_number() OVER (ORDER BY stored_at, id), id, size"
                   " FROM fit WHERE kept)"
                   " SELECT count(*), count(*) FILTER (WHERE NOT kept) FROM fit");
    int rc = check(c, choice, err);
    if (rc == 0)
        rc = connection_query(
            c,
            "CREATE UNLOGGED TABLE bounce.reprocess_chosen (place bigint PRIMARY KEY,"
            " message uuid, octets bigint)",
            0, NULL, NULL, err);
    if (rc == 0)
        rc = connection_query(c, sql.data, count, values, &r, err);
    if (rc == 0) {
        *chosen = strtoull(PQgetvalue(r, 0, 0), NULL, 10);
        *without_bytes = strtoull(PQgetvalue(r, 0, 1), NULL, 10);
        rc = connection_query(c, "ANALYZE bounce.reprocess_chosen", 0, NULL, NULL, err);
    }
    PQclear(r);
    buf_free(&sql);
    return rc;
}

int store_choice_values(struct store *store, enum store_choice_by by, const char *value,
                        char ***values, size_t *count, struct err *err) {
    PGresult *r = NULL;
    *values = NULL;
    *count = 0;
    if (connection_query(store->connection, choices[by].values, choices[by].values_take_one, &value,
                         &r, err) != 0)
        return err_prefix(err, "database");
    *count = (size_t)PQntuples(r);
    *values = memory_zero(*count, sizeof **values);
    for (size_t i = 0; i < *count; i++)
        (*values)[i] = memory_string(PQgetvalue(r, (int)i, 0));
    PQclear(r);
    return 0;
}
