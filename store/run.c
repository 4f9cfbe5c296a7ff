#include "store/run.h"

#include "store/connection.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    NUMBER_TEXT_SIZE = 24,
    SUM_COUNT = 8,
};

int store_run_begin(struct store *store, const char *command, const char *mailbox,
                    const char *version, const char *ruleset, char run[STORE_RUN_ID_SIZE],
                    struct err *err) {
    const char *values[] = {command, mailbox, version, ruleset};
    PGresult *r;
    if (connection_query(store->connection,
                         "INSERT INTO bounce.run (command, mailbox, version, ruleset)"
                         " VALUES ($1, $2, $3, $4) RETURNING id",
                         4, values, &r, err))
        return err_prefix(err, "database: beginning a run");
    snprintf(run, STORE_RUN_ID_SIZE, "%s", PQgetvalue(r, 0, 0));
    PQclear(r);
    return 0;
}

int store_run_finish(struct store *store, const char *run, const struct store_run_sums *sums,
                     const struct err *outcome, struct err *err) {
    const uint64_t numbers[SUM_COUNT] = {
        sums->fetched, sums->stored, sums->quarantined, sums->already_known,
        sums->filed,   sums->events, sums->escalations, sums->bytes,
    };
    char texts[SUM_COUNT][NUMBER_TEXT_SIZE];
    char exit_code[NUMBER_TEXT_SIZE];
    const char *values[SUM_COUNT + 3];
    for (size_t i = 0; i < SUM_COUNT; i++) {
        snprintf(texts[i], sizeof texts[i], "%" PRIu64, numbers[i]);
        values[i] = texts[i];
    }
    values[SUM_COUNT] = run;
    values[SUM_COUNT + 1] = outcome ? outcome->text : NULL;
    values[SUM_COUNT + 2] = exit_code;
    snprintf(exit_code, sizeof exit_code, "%d", outcome ? (int)outcome->code : 0);
    if (connection_query(
            store->connection,
            "UPDATE bounce.run SET finished_at = now(), fetched = $1, stored = $2,"
            " quarantined = $3, already_known = $4, filed = $5, events = $6,"
            " escalations = $7, bytes = $8, error = $10, exit_code = $11 WHERE id = $9::uuid",
            SUM_COUNT + 3, values, NULL, err))
        return err_prefix(err, "database: ending a run");
    return 0;
}
