#include "store/prune.h"

#include "store/connection.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    NUMBER_TEXT_SIZE = 24,
    PLACE_TIME_SIZE = 64,
    PLACE_KEY_SIZE = 1100, /* an address: a key of bounce.recipient (STORE_KEY_MAX), or an id */
    SUM_COUNT = 7,
    SQL_SIZE = 200,
};

#define NO_ID "00000000-0000-0000-0000-000000000000"

/* One after the other: bytes are looked at before the events go that tell whether they are
 * understood. So many rows as a transaction does in less than a second. */
static const struct step {
    const char *function; /* of days, dry run, rows at most, and the place to begin behind */
    const char *at_most;
    const char *first_key;
    size_t days;          /* which of struct store_retention */
    size_t removed, more; /* the sums in struct store_pruned */
} steps[] = {
#define DAYS(days) offsetof(struct store_retention, days)
#define SUMS(removed, more) \
    offsetof(struct store_pruned, removed), offsetof(struct store_pruned, more)
    {"raw", "2000", NO_ID, DAYS(raw_days), SUMS(raw_messages, raw_bytes)},
    {"addresses", "1000", "", DAYS(event_days), SUMS(addresses, events)},
    {"deliveries", "5000", "", DAYS(event_days), SUMS(deliveries, deliveries)},
    {"messages", "2000", NO_ID, DAYS(event_days), SUMS(messages, messages)},
    {"tokens", "5000", "", DAYS(token_days), SUMS(tokens, tokens)},
#undef SUMS
#undef DAYS
};

struct place {
    char time[PLACE_TIME_SIZE];
    char key[PLACE_KEY_SIZE];
};

static void add_sum(struct store_pruned *pruned, size_t offset, const char *number) {
    uint64_t *sum = (uint64_t *)(void *)((char *)pruned + offset);
    *sum += strtoull(number, NULL, 10);
}

/* One transaction. *at_end says whether it came to the end. */
static int prune_some(PGconn *c, const struct step *step, const char *days, bool dry_run,
                      struct place *place, bool *at_end, struct store_pruned *pruned,
                      struct err *err) {
    const char *const parameters[] = {days, dry_run ? "true" : "false", step->at_most, place->time,
                                      place->key};
    char sql[SQL_SIZE];
    PGresult *r = NULL;
    snprintf(sql, sizeof sql,
             "SELECT removed, more, after_time, after_key FROM bounce.prune_%s("
             "$1::integer, $2::boolean, $3::integer, $4::timestamptz, $5)",
             step->function);
    int rc = connection_query(c, "BEGIN ISOLATION LEVEL READ COMMITTED", 0, NULL, NULL, err);
    if (rc == 0)
        rc = connection_query(c, sql, 5, parameters, &r, err);
    if (rc == 0)
        rc = connection_query(c, "COMMIT", 0, NULL, NULL, err);
    if (rc == 0) {
        add_sum(pruned, step->removed, PQgetvalue(r, 0, 0));
        add_sum(pruned, step->more, PQgetvalue(r, 0, 1));
        *at_end = PQgetisnull(r, 0, 2);
        snprintf(place->time, sizeof place->time, "%s", PQgetvalue(r, 0, 2));
        snprintf(place->key, sizeof place->key, "%s", PQgetvalue(r, 0, 3));
    }
    PQclear(r);
    connection_rollback(c);
    return rc;
}

static int write_log(PGconn *c, const struct store_pruned *pruned, struct err *err) {
    const uint64_t numbers[SUM_COUNT] = {
        pruned->raw_messages, pruned->raw_bytes, pruned->addresses, pruned->events,
        pruned->deliveries,   pruned->messages,  pruned->tokens,
    };
    char texts[SUM_COUNT][NUMBER_TEXT_SIZE];
    const char *values[SUM_COUNT + 1];
    for (size_t i = 0; i < SUM_COUNT; i++) {
        snprintf(texts[i], sizeof texts[i], "%" PRIu64, numbers[i]);
        values[i] = texts[i];
    }
    values[SUM_COUNT] = pruned->complete ? "true" : "false";
    return connection_query(
        c,
        "INSERT INTO bounce.prune_log (raw_messages, raw_bytes, addresses, events, deliveries,"
        " messages, tokens, complete) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        SUM_COUNT + 1, values, NULL, err);
}

int store_prune(struct store *store, const struct store_retention *retention, bool dry_run,
                bool (*go_on)(void *context), void *context, struct store_pruned *pruned,
                struct err *err) {
    bool in_time = true;
    *pruned = (struct store_pruned){0};
    for (size_t i = 0; in_time && i < sizeof steps / sizeof steps[0]; i++) {
        unsigned days = *(const unsigned *)(const void *)((const char *)retention + steps[i].days);
        char days_text[NUMBER_TEXT_SIZE];
        struct place place = {.time = "-infinity"};
        snprintf(place.key, sizeof place.key, "%s", steps[i].first_key);
        snprintf(days_text, sizeof days_text, "%u", days);
        for (bool at_end = !days; in_time && !at_end;) {
            if (prune_some(store->connection, &steps[i], days_text, dry_run, &place, &at_end,
                           pruned, err) != 0)
                return err_prefix(err, "database: pruning");
            in_time = !go_on || go_on(context);
        }
    }
    pruned->complete = in_time;
    if (!dry_run && write_log(store->connection, pruned, err) != 0)
        return err_prefix(err, "database: pruning");
    return 0;
}

int store_prune_due(struct store *store, bool *due, struct err *err) {
    PGresult *r = NULL;
    if (connection_query(store->connection,
                         "SELECT NOT EXISTS (SELECT FROM bounce.prune_log"
                         " WHERE complete AND pruned_at > now() - interval '1 day')",
                         0, NULL, &r, err) != 0)
        return err_prefix(err, "database: pruning");
    *due = *PQgetvalue(r, 0, 0) == 't';
    PQclear(r);
    return 0;
}
