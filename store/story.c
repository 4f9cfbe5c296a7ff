#include "store/story.h"

#include "store/connection.h"

#include <stdio.h>
#include <stdlib.h>

#define TIME_TEXT(column) "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS \"UTC\"')"

/* The effect of an entry is what bounce.recipient_compute() made of it: the same functions say here
 * which bounces are strikes. */
static const char entries_sql[] =
    "WITH strike AS (SELECT * FROM bounce.recipient_strikes(ARRAY[$1])),"
    " send AS (SELECT * FROM bounce.recipient_sends(ARRAY[$1])),"
    " lifted AS (SELECT max(acted_at) AS at FROM bounce.operator_action"
    "  WHERE recipient = $1 AND action = 'reinstate'),"
    " told AS ("
    "  SELECT e.occurred_at AS at, 2 AS place, 'bounce' AS what, nullif(e.campaign, '') AS campaign,"
    "   e.verdict, e.category, coalesce(c.description, e.category) AS reason, e.diagnostic, e.rule,"
    "   e.message::text AS message, CASE"
    "    WHEN e.occurred_at <= l.at THEN 'lifted by the later reinstatement'"
    "    WHEN e.withheld IS NOT NULL THEN 'nothing: not shown to be about mail of ours'"
    "     || coalesce(' (signature: ' || e.signature || ')', '')"
    "    WHEN e.verdict = 'hard' THEN 'makes it hard'"
    "    WHEN e.verdict = 'complaint' THEN 'makes it complained'"
    "    WHEN e.verdict = 'block' THEN 'nothing: refused for the sender''s sake'"
    "    WHEN e.category = 'delivered' THEN 'proof of life: the count starts anew'"
    "    WHEN e.verdict = 'none' THEN 'nothing'"
    "    WHEN NOT e.counted THEN 'no strike: this category is not counted'"
    "    WHEN s.makes_hard THEN format('strike %s of %s: makes it hard', s.strikes, s.needed)"
    "    WHEN s.needed = 0 THEN 'no strike: the policy does not count this category'"
    "    WHEN s.message IS NOT NULL THEN format('strike %s of %s', s.strikes, s.needed)"
    "    WHEN w.outage THEN format('no strike: %s had an outage', e.domain)"
    "    WHEN n.message IS NULL THEN 'no strike: its campaign counts once'"
    "    WHEN n.weight <> 3 THEN 'no strike: its campaign counts once'"
    "    ELSE 'no strike: one a day' END AS effect"
    "  FROM bounce.event e CROSS JOIN lifted l CROSS JOIN bounce.policy p"
    "  LEFT JOIN bounce.category c ON c.category = e.category"
    "  LEFT JOIN strike s ON s.message = e.message"
    "  LEFT JOIN send n ON n.message = e.message"
    "  LEFT JOIN bounce.domain_window w ON w.domain = e.domain AND e.fault <> 'recipient'"
    "   AND w.starts_at = bounce.window_start(e.occurred_at, p.outage_window_hours)"
    "  WHERE e.recipient = $1 AND e.superseded_by IS NULL"
    "  UNION ALL"
    "  SELECT d.delivered_at, 1, 'proof of life', nullif(d.campaign, ''), NULL, NULL,"
    "   'The sending system saw a delivery.', NULL, NULL, NULL,"
    "   CASE WHEN NOT d.applied THEN 'counts from the next fetch on'"
    "    WHEN f.proven_at IS NULL THEN 'nothing: the same campaign bounced after it'"
    "    ELSE 'the count starts anew' END"
    "  FROM bounce.delivery d LEFT JOIN LATERAL ("
    "   SELECT proven_at FROM bounce.recipient_proofs(ARRAY[$1]) f"
    "   WHERE f.proven_at = d.delivered_at LIMIT 1) f ON true"
    "  WHERE d.recipient = $1"
    "  UNION ALL"
    "  SELECT acted_at, 3, action, NULL, NULL, NULL, reason, NULL, NULL, operator,"
    "   CASE action WHEN 'suppress' THEN 'suppresses it' ELSE 'lifts all that came before' END"
    "  FROM bounce.operator_action WHERE recipient = $1)"
    " SELECT " TIME_TEXT("at") ", what, campaign, verdict, category, reason, diagnostic, rule,"
                               "  message, effect FROM told ORDER BY at, place, message";

#define SINCE TIME_TEXT("r.since")
#define EXPIRES_AT TIME_TEXT("r.expires_at")

static const char state_sql[] =
    "SELECT r.state, coalesce(" SINCE ", ''),"
    " coalesce(s.reason, c.description, r.category, ''), r.escalated, r.strikes,"
    " coalesce(r.strikes_to_hard, 0), coalesce(" EXPIRES_AT ", '')"
    " FROM bounce.recipient r LEFT JOIN bounce.suppression s ON s.recipient = r.recipient"
    " LEFT JOIN bounce.category c ON c.category = r.category WHERE r.recipient = $1";

static const char *text_at(const PGresult *r, int row, int column) {
    return PQgetisnull(r, row, column) ? NULL : PQgetvalue(r, row, column);
}

static void copy_text(char *to, size_t size, const PGresult *r, int column) {
    snprintf(to, size, "%s", PQgetvalue(r, 0, column));
}

static unsigned number_at(const PGresult *r, int column) {
    return (unsigned)strtoul(PQgetvalue(r, 0, column), NULL, 10);
}

static int read_state(PGconn *connection, const char *key, struct store_story_state *state,
                      struct err *err) {
    PGresult *r = NULL;
    if (connection_query(connection, state_sql, 1, &key, &r, err) != 0)
        return -1;
    if (PQntuples(r)) {
        state->known = true;
        copy_text(state->state, sizeof state->state, r, 0);
        copy_text(state->since, sizeof state->since, r, 1);
        copy_text(state->reason, sizeof state->reason, r, 2);
        state->escalated = *PQgetvalue(r, 0, 3) == 't';
        state->strikes = number_at(r, 4);
        state->strikes_to_hard = number_at(r, 5);
        copy_text(state->expires, sizeof state->expires, r, 6);
    }
    PQclear(r);
    return 0;
}

static void tell(const PGresult *r,
                 void (*entry)(void *context, const struct store_story_entry *entry),
                 void *context) {
    for (int i = 0; i < PQntuples(r); i++) {
        const struct store_story_entry told = {
            .time = text_at(r, i, 0),
            .what = text_at(r, i, 1),
            .campaign = text_at(r, i, 2),
            .verdict = text_at(r, i, 3),
            .category = text_at(r, i, 4),
            .reason = text_at(r, i, 5),
            .diagnostic = text_at(r, i, 6),
            .rule = text_at(r, i, 7),
            .message = text_at(r, i, 8),
            .effect = text_at(r, i, 9),
        };
        entry(context, &told);
    }
}

int store_story_read(struct store *store, const char *key,
                     void (*entry)(void *context, const struct store_story_entry *entry),
                     void *context, struct store_story_state *state, struct err *err) {
    PGconn *c = store->connection;
    PGresult *r = NULL;
    *state = (struct store_story_state){0};
    /* One view of the ledger for both. By what the planner expects of these functions it would have
     * the story compiled, which takes a quarter of a second. */
    int rc =
        connection_query(c, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0, NULL, NULL, err);
    if (rc == 0)
        rc = connection_query(c, "SET LOCAL jit = off", 0, NULL, NULL, err);
    if (rc == 0)
        rc = read_state(c, key, state, err);
    if (rc == 0)
        rc = connection_query(c, entries_sql, 1, &key, &r, err);
    if (rc == 0)
        rc = connection_query(c, "COMMIT", 0, NULL, NULL, err);
    if (rc == 0)
        tell(r, entry, context);
    PQclear(r);
    connection_rollback(c);
    return rc ? err_prefix(err, "database") : 0;
}
