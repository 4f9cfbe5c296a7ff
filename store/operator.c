#include "store/operator.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "store/connection.h"
#include "store/literal.h"
#include "store/moment.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    NUMBER_TEXT_SIZE = 24,
};

/* The addresses that are meant: $1 those listed, $2 to $5 the rest of the selection, $6 whether it
 * is a reinstatement. */
#define CHOSEN                                                                           \
    "WITH chosen AS ("                                                                   \
    " SELECT DISTINCT l.recipient FROM unnest($1::text[]) AS l (recipient)"              \
    " WHERE NOT $6::boolean OR EXISTS (SELECT FROM bounce.recipient r"                   \
    "  WHERE r.recipient = l.recipient)"                                                 \
    " UNION SELECT r.recipient FROM bounce.recipient r"                                  \
    " WHERE $1::text[] IS NULL"                                                          \
    " AND bounce.is_suppressed(r.state) = $6::boolean"                                   \
    " AND ($2::text IS NULL OR r.domain = $2) AND ($3::text IS NULL OR r.category = $3)" \
    " AND ($4::timestamptz IS NULL OR r.since >= $4)"                                    \
    " AND ($5::timestamptz IS NULL OR r.since < $5)"                                     \
    ")"

static size_t number_at(const PGresult *r, int column) {
    return (size_t)strtoul(PQgetvalue(r, 0, column), NULL, 10);
}

static int decide(PGconn *c, const char *const parameters[8], struct store_decision_result *result,
                  struct err *err) {
    PGresult *r = NULL;
    int rc = connection_query(
        c,
        CHOSEN
        ", written AS (INSERT INTO bounce.operator_action (recipient, action, operator, reason)"
        " SELECT recipient, CASE WHEN $6::boolean THEN 'reinstate' ELSE 'suppress' END, $7, $8"
        " FROM chosen ORDER BY recipient RETURNING recipient)"
        " SELECT (SELECT count(*) FROM written), coalesce(array_agg(recipient), '{}'),"
        " (SELECT count(DISTINCT l) FROM unnest($1::text[]) l WHERE NOT EXISTS"
        "  (SELECT FROM bounce.recipient r WHERE r.recipient = l)) FROM written",
        8, parameters, &r, err);
    if (rc != 0)
        return -1;
    result->chosen = number_at(r, 0);
    result->unknown = number_at(r, 2);
    const char *keys = PQgetvalue(r, 0, 1);
    PGresult *counted = NULL;
    rc = connection_query(c, "SELECT bounce.recipient_refresh($1::text[])", 1, &keys, NULL, err);
    if (rc == 0)
        rc = connection_query(c,
                              "SELECT count(*) FROM bounce.recipient WHERE recipient = ANY"
                              " ($1::text[]) AND bounce.is_suppressed(state)",
                              1, &keys, &counted, err);
    if (rc == 0)
        result->suppressed = number_at(counted, 0);
    PQclear(counted);
    PQclear(r);
    return rc;
}

int store_decide(struct store *store, enum store_decision decision,
                 const struct store_selection *selection, const char *operator_name,
                 const char *reason, bool dry_run, struct store_decision_result *result,
                 struct err *err) {
    PGconn *c = store->connection;
    struct buf keys = BUF_INIT;
    if (selection->keys)
        literal_add_array(&keys, selection->keys, selection->key_count);
    const char *const parameters[8] = {
        selection->keys ? keys.data : NULL,
        selection->domain,
        selection->category,
        selection->since,
        selection->until,
        decision == STORE_REINSTATE ? "true" : "false",
        operator_name,
        reason,
    };
    *result = (struct store_decision_result){0};
    int rc = -1;
    if ((!selection->since || moment_check(c, selection->since, err) == 0) &&
        (!selection->until || moment_check(c, selection->until, err) == 0) &&
        connection_query(c, "BEGIN ISOLATION LEVEL READ COMMITTED", 0, NULL, NULL, err) == 0 &&
        decide(c, parameters, result, err) == 0)
        rc = connection_query(c, dry_run ? "ROLLBACK" : "COMMIT", 0, NULL, NULL, err);
    connection_rollback(c);
    buf_free(&keys);
    return rc;
}

int store_recipient_neighbours(struct store *store, const char *key, size_t max, char ***keys,
                               size_t *count, struct err *err) {
    char limit[NUMBER_TEXT_SIZE];
    snprintf(limit, sizeof limit, "%zu", max);
    const char *const parameters[] = {key, limit};
    PGresult *r = NULL;
    *count = 0;
    *keys = NULL;
    /* Within the domain, by how much of the beginning is the same; then the same local part
     * elsewhere. Both look up an index: the domain's and the key's. */
    if (connection_query(
            store->connection,
            "SELECT recipient FROM ("
            " (SELECT recipient, 1 AS place FROM bounce.recipient"
            "   WHERE domain = substring($1 FROM '[^@]*$') COLLATE \"C\""
            "   AND left(recipient, 1) = left($1, 1) LIMIT 2000)"
            " UNION ALL (SELECT recipient, 2 FROM bounce.recipient"
            "   WHERE recipient >= substring($1 FROM '^[^@]*@') COLLATE \"C\""
            "   AND recipient < substring($1 FROM '^[^@]*') || 'A' COLLATE \"C\" LIMIT 2000)) n"
            " ORDER BY place, abs(length(recipient) - length($1)), recipient LIMIT $2::integer",
            2, parameters, &r, err) != 0)
        return err_prefix(err, "database");
    *count = (size_t)PQntuples(r);
    *keys = memory_zero(*count, sizeof **keys);
    for (size_t i = 0; i < *count; i++)
        (*keys)[i] = memory_string(PQgetvalue(r, (int)i, 0));
    PQclear(r);
    return 0;
}
