#include "store/policy.h"

#include "cmd/base/buf.h"
#include "store/connection.h"

#include <stdio.h>

enum {
    NUMBER_TEXT_SIZE = 24,
    NUMBER_COUNT = 6,
};

const struct store_policy store_policy_default = {
    .strikes = 5,
    .window_days = 180,
    .min_span_days = 0,
    .outage_share = 50,
    .outage_recipients = 20,
    .outage_window_hours = 24,
};

/* An element of an array literal: quotes and backslashes are escaped. */
static void add_element(struct buf *out, const char *text) {
    buf_add_string(out, out->len > 1 ? ",\"" : "\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, *text);
    }
    buf_add_char(out, '"');
}

int store_policy_set(struct store *store, const struct store_policy *policy, bool *recomputed,
                     struct err *err) {
    const unsigned numbers[NUMBER_COUNT] = {
        policy->strikes,      policy->window_days,       policy->min_span_days,
        policy->outage_share, policy->outage_recipients, policy->outage_window_hours,
    };
    char texts[NUMBER_COUNT][NUMBER_TEXT_SIZE];
    const char *values[NUMBER_COUNT + 2];
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        snprintf(texts[i], sizeof texts[i], "%u", numbers[i]);
        values[i] = texts[i];
    }
    struct buf categories = BUF_INIT, strikes = BUF_INIT;
    buf_add_char(&categories, '{');
    buf_add_char(&strikes, '{');
    for (size_t i = 0; i < policy->category_count; i++) {
        add_element(&categories, policy->categories[i].category);
        buf_printf(&strikes, "%s%u", i ? "," : "", policy->categories[i].strikes);
    }
    buf_add_char(&categories, '}');
    buf_add_char(&strikes, '}');
    values[NUMBER_COUNT] = categories.data;
    values[NUMBER_COUNT + 1] = strikes.data;
    PGresult *r = NULL;
    PGconn *c = store->connection;
    int rc = connection_query(c, "BEGIN ISOLATION LEVEL READ COMMITTED", 0, NULL, NULL, err);
    if (rc == 0)
        rc = connection_query(
            c,
            "SELECT bounce.policy_set(ROW(true, $1::integer, $2::integer, $3::integer,"
            " (SELECT coalesce(jsonb_object_agg(category, strikes), '{}')"
            "  FROM unnest($7::text[], $8::integer[]) AS c (category, strikes)),"
            " $4::integer, $5::integer, $6::integer)::bounce.policy)",
            NUMBER_COUNT + 2, values, &r, err);
    if (rc == 0 && recomputed)
        *recomputed = *PQgetvalue(r, 0, 0) == 't';
    PQclear(r);
    buf_free(&categories);
    buf_free(&strikes);
    if (rc == 0)
        rc = connection_query(c, "COMMIT", 0, NULL, NULL, err);
    connection_rollback(c);
    return rc ? err_prefix(err, "database: setting the policy") : 0;
}

int store_categories_set(struct store *store, const struct store_category *categories, size_t count,
                         struct err *err) {
    enum {
        COLUMN_COUNT = 4,
    };
    struct buf columns[COLUMN_COUNT] = {BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT};
    const char *values[COLUMN_COUNT];
    for (size_t c = 0; c < COLUMN_COUNT; c++)
        buf_add_char(&columns[c], '{');
    for (size_t i = 0; i < count; i++) {
        add_element(&columns[0], categories[i].name);
        add_element(&columns[1], categories[i].verdict);
        add_element(&columns[2], categories[i].fault);
        add_element(&columns[3], categories[i].description);
    }
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        buf_add_char(&columns[c], '}');
        values[c] = columns[c].data;
    }
    int rc = connection_query(
        store->connection,
        "WITH given AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])"
        "  AS g (category, verdict, fault, description)),"
        " gone AS (DELETE FROM bounce.category WHERE category NOT IN (SELECT category FROM given))"
        " INSERT INTO bounce.category AS c (category, verdict, fault, description)"
        " SELECT category, verdict, fault, description FROM given"
        " ON CONFLICT (category) DO UPDATE SET verdict = EXCLUDED.verdict, fault = EXCLUDED.fault,"
        "  description = EXCLUDED.description"
        " WHERE (c.verdict, c.fault, c.description) IS DISTINCT FROM"
        "  (EXCLUDED.verdict, EXCLUDED.fault, EXCLUDED.description)",
        COLUMN_COUNT, values, NULL, err);
    for (size_t c = 0; c < COLUMN_COUNT; c++)
        buf_free(&columns[c]);
    return rc ? err_prefix(err, "database: writing the categories") : 0;
}
