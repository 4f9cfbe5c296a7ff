#include "store/policy.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "store/connection.h"
#include "store/literal.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    NUMBER_TEXT_SIZE = 24,
    NUMBER_COUNT = 6,
    LIST_PARAMETERS = 2, /* names and numbers */
};

const struct store_policy store_policy_default = {
    .strikes = 5,
    .window_days = 180,
    .min_span_days = 0,
    .outage_share = 50,
    .outage_recipients = 20,
    .outage_window_hours = 24,
};

/* Names with a number each, as two array literals. */
struct numbered {
    const char **names;
    size_t count;
    struct buf name_list, number_list;
};

static struct numbered numbered_new(size_t max) {
    return (struct numbered){
        .names = memory_zero(max, sizeof(char *)), .name_list = BUF_INIT, .number_list = BUF_INIT};
}

static void numbered_add(struct numbered *list, const char *name, unsigned number) {
    buf_printf(&list->number_list, "%c%u", list->count ? ',' : '{', number);
    list->names[list->count++] = name;
}

static void numbered_end(struct numbered *list, const char *parameters[LIST_PARAMETERS]) {
    literal_add_array(&list->name_list, list->names, list->count);
    buf_add_string(&list->number_list, list->count ? "}" : "{}");
    parameters[0] = list->name_list.data;
    parameters[1] = list->number_list.data;
}

static void numbered_free(struct numbered *list) {
    free(list->names);
    buf_free(&list->name_list);
    buf_free(&list->number_list);
}

int store_policy_set(struct store *store, const struct store_policy *policy, bool *recomputed,
                     struct err *err) {
    const unsigned numbers[NUMBER_COUNT] = {
        policy->strikes,      policy->window_days,       policy->min_span_days,
        policy->outage_share, policy->outage_recipients, policy->outage_window_hours,
    };
    char texts[NUMBER_COUNT][NUMBER_TEXT_SIZE];
    const char *values[NUMBER_COUNT + 2 * LIST_PARAMETERS];
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        snprintf(texts[i], sizeof texts[i], "%u", numbers[i]);
        values[i] = texts[i];
    }
    struct numbered strikes = numbered_new(policy->category_count);
    for (size_t i = 0; i < policy->category_count; i++)
        numbered_add(&strikes, policy->categories[i].category, policy->categories[i].strikes);
    struct numbered expiries = numbered_new(policy->expiry_count);
    for (size_t i = 0; i < policy->expiry_count; i++)
        numbered_add(&expiries, policy->expiries[i].category, policy->expiries[i].days);
    numbered_end(&strikes, &values[NUMBER_COUNT]);
    numbered_end(&expiries, &values[NUMBER_COUNT + LIST_PARAMETERS]);
    PGresult *r = NULL;
    PGconn *c = store->connection;
    int rc = connection_query(c, "BEGIN ISOLATION LEVEL READ COMMITTED", 0, NULL, NULL, err);
    if (rc == 0)
        rc = connection_query(
            c,
            "SELECT bounce.policy_set(ROW(true, $1::integer, $2::integer, $3::integer,"
            " (SELECT coalesce(jsonb_object_agg(category, strikes), '{}')"
            "  FROM unnest($7::text[], $8::integer[]) AS c (category, strikes)),"
            " $4::integer, $5::integer, $6::integer,"
            " (SELECT coalesce(jsonb_object_agg(category, days), '{}')"
            "  FROM unnest($9::text[], $10::integer[]) AS c (category, days)))::bounce.policy)",
            NUMBER_COUNT + 2 * LIST_PARAMETERS, values, &r, err);
    if (rc == 0 && recomputed)
        *recomputed = *PQgetvalue(r, 0, 0) == 't';
    PQclear(r);
    numbered_free(&strikes);
    numbered_free(&expiries);
    if (rc == 0)
        rc = connection_query(c, "COMMIT", 0, NULL, NULL, err);
    connection_rollback(c);
    return rc ? err_prefix(err, "database: setting the policy") : 0;
}

int store_expire(struct store *store, uint64_t *ended, struct err *err) {
    uint64_t some;
    *ended = 0;
    do {
        if (connection_compute(store->connection, "SELECT bounce.expire()", &some, err))
            return err_prefix(err, "database: ending states whose time is over");
        *ended += some;
    } while (some);
    return 0;
}

int store_rebuild(struct store *store, uint64_t *addresses, struct err *err) {
    if (connection_compute(store->connection, "SELECT bounce.rebuild()", addresses, err) != 0)
        return err_prefix(err, "database: rebuilding");
    return 0;
}

int store_categories_set(struct store *store, const struct store_category *categories, size_t count,
                         struct err *err) {
    enum {
        COLUMN_COUNT = 4,
    };
    struct buf columns[COLUMN_COUNT] = {BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT};
    const char *values[COLUMN_COUNT];
    const char **texts = memory_zero(count, sizeof *texts);
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        for (size_t i = 0; i < count; i++) {
            const struct store_category *category = &categories[i];
            const char *const members[COLUMN_COUNT] = {category->name, category->verdict,
                                                       category->fault, category->description};
            texts[i] = members[c];
        }
        literal_add_array(&columns[c], texts, count);
        values[c] = columns[c].data;
    }
    free(texts);
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
