/* Connections: what goes wrong on them, the claim on a mailbox, and the rows of runs. */

#include "database.h"

#include "store/answer.h"
#include "store/connection.h"
#include "store/mailbox.h"
#include "store/run.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CONNINFO_MAX = 512,
};

static void the_kind_of_an_error_is_its_sqlstate(void **state) {
    (void)state;
    static const struct {
        const char *sqlstate;
        enum err_code code;
    } cases[] = {
        {NULL, ERR_TEMPORARY},     {"08006", ERR_TEMPORARY},  {"57P01", ERR_TEMPORARY},
        {"57P03", ERR_TEMPORARY},  {"40001", ERR_TEMPORARY},  {"40P01", ERR_TEMPORARY},
        {"25006", ERR_TEMPORARY},  {"53100", ERR_TEMPORARY},  {"53300", ERR_TEMPORARY},
        {"58030", ERR_TEMPORARY},  {"28P01", ERR_PERMISSION}, {"28000", ERR_PERMISSION},
        {"42501", ERR_PERMISSION}, {"3D000", ERR_CONFIG},     {"3F000", ERR_CONFIG},
        {"42P01", ERR_CONFIG},     {"42883", ERR_CONFIG},     {"23505", ERR_SOFTWARE},
        {"42601", ERR_SOFTWARE},   {"22021", ERR_SOFTWARE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(connection_error_code(cases[i].sqlstate), cases[i].code);
}

static void assert_open_fails(const char *conninfo, const char *password, enum err_code code,
                              const char *words) {
    struct store_options options = {
        .conninfo = conninfo, .password = password, .connect_timeout = 5};
    struct store *store = NULL;
    struct err err = {0};
    assert_int_equal(store_open(&options, &store, &err), -1);
    assert_null(store);
    if (err.code != code || !strstr(err.text, words) || strstr(err.text, "s3cret") ||
        strchr(err.text, '\n'))
        fail_msg("%s gives %d: %s", conninfo, err.code, err.text);
}

static void what_does_not_connect_says_why_without_the_password(void **state) {
    (void)state;
    char missing[CONNINFO_MAX], nobody[CONNINFO_MAX];
    snprintf(missing, sizeof missing, "%s dbname=no_such_database", database_conninfo());
    snprintf(nobody, sizeof nobody, "%s user=no_such_user", database_conninfo());
    assert_open_fails(missing, "s3cret", ERR_CONFIG, "no_such_database");
    assert_open_fails(nobody, "s3cret", ERR_PERMISSION, "no_such_user");
    assert_open_fails("host=127.0.0.1 port=1 password=s3cret", NULL, ERR_TEMPORARY, "refused");
    assert_open_fails("host=/no/such/folder", "s3cret", ERR_TEMPORARY, "/no/such/folder");
    assert_open_fails("postgresql://user:s3cret@[::1", NULL, ERR_CONFIG, "conninfo");
    assert_open_fails("host=x password='s3cret", NULL, ERR_CONFIG, "conninfo");
    assert_open_fails("host=x password=very s3cret", NULL, ERR_CONFIG, "conninfo");
    assert_open_fails("hots=x", NULL, ERR_CONFIG, "\"hots\"");
    assert_open_fails("host=127.0.0.1 sslmode=yes", "s3cret", ERR_CONFIG, "\"yes\"");
    assert_open_fails("service=no_such_service", "s3cret", ERR_CONFIG, "no_such_service");
}

static struct store *impatient_store(void) {
    struct store_options options = {.conninfo = database_conninfo(), .answer_timeout = 1};
    struct store *store = NULL;
    struct err err = {0};
    if (store_open(&options, &store, &err) != 0)
        fail_msg("%s", err.text);
    return store;
}

static void a_statement_that_takes_long_is_waited_for(void **state) {
    (void)state;
    struct store *store = impatient_store();
    struct err err = {0};
    assert_int_equal(
        connection_query(store->connection, "SELECT pg_sleep(2.5)", 0, NULL, NULL, &err), 0);
    store_close(store);
}

/* A session that waits for its client works on nothing: its answer must have been lost. */
static void an_answer_that_does_not_come_is_given_up(void **state) {
    (void)state;
    struct store *store = impatient_store();
    struct err err = {0};
    assert_int_equal(PQenterPipelineMode(store->connection), 1);
    assert_int_equal(PQsendQueryParams(store->connection, "SELECT 1", 0, NULL, NULL, NULL, NULL, 0),
                     1);
    PGresult *r = answer_next(store->connection); /* without a sync the server does not answer */
    assert_int_equal(connection_error(store->connection, r, &err), -1);
    PQclear(r);
    assert_int_equal(err.code, ERR_TEMPORARY);
    assert_non_null(strstr(err.text, "says nothing for 1 seconds"));
    assert_int_equal(connection_query(store->connection, "SELECT 1", 0, NULL, NULL, &err), -1);
    assert_int_equal(err.code, ERR_TEMPORARY);
    assert_int_equal(store_reconnect(store, &err), 0);
    assert_int_equal(connection_query(store->connection, "SELECT 1", 0, NULL, NULL, &err), 0);
    store_close(store);
}

static void a_server_that_says_nothing_is_given_up(void **state) {
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    char conninfo[CONNINFO_MAX];
    snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 user=x port=%d", ntohs(address.sin_port));
    struct store_options options = {.conninfo = conninfo, .connect_timeout = 1};
    struct store *store = NULL;
    struct err err = {0};
    assert_int_equal(store_open(&options, &store, &err), -1);
    assert_int_equal(err.code, ERR_TEMPORARY);
    assert_non_null(strstr(err.text, "1 second"));
    close(listener);
}

static void a_user_who_may_not_log_in_is_a_matter_of_permission(void **state) {
    (void)state;
    PGconn *c = database_connect();
    sql(c,
        "DROP ROLE IF EXISTS nullsender_test_nologin; CREATE ROLE nullsender_test_nologin NOLOGIN");
    char conninfo[CONNINFO_MAX];
    snprintf(conninfo, sizeof conninfo, "%s user=nullsender_test_nologin", database_conninfo());
    assert_open_fails(conninfo, "s3cret", ERR_PERMISSION, "nullsender_test_nologin");
    sql(c, "DROP ROLE nullsender_test_nologin");
    PQfinish(c);
}

static void a_missing_schema_names_the_cure(void **state) {
    (void)state;
    PGconn *c = database_connect();
    sql(c, "DROP SCHEMA IF EXISTS bounce CASCADE");
    struct store *store = database_open();
    struct store_cursor cursor;
    struct err err = {0};
    assert_int_equal(store_cursor_get(store, "bounces", &cursor, &err), -1);
    assert_int_equal(err.code, ERR_CONFIG);
    assert_non_null(strstr(err.text, "nullsender migrate"));
    store_close(store);
    PQfinish(c);
}

static void trouble_on_the_way_is_temporary_and_the_store_connects_again(void **state) {
    (void)state;
    struct store *store = database_fresh();
    PGconn *c = database_connect();
    struct store_cursor cursor;
    struct err err = {0};
    end_backend_of_store(c);
    assert_int_equal(store_cursor_get(store, "bounces", &cursor, &err), -1);
    assert_int_equal(err.code, ERR_TEMPORARY);
    assert_int_equal(store_reconnect(store, &err), 0);
    assert_int_equal(store_cursor_get(store, "bounces", &cursor, &err), 0);
    store_close(store);
    PQfinish(c);
}

static void a_server_that_only_reads_is_temporary(void **state) {
    (void)state;
    store_close(database_fresh());
    char conninfo[CONNINFO_MAX], run[STORE_RUN_ID_SIZE];
    snprintf(conninfo, sizeof conninfo, "%s options='-c default_transaction_read_only=on'",
             database_conninfo());
    struct store_options options = {.conninfo = conninfo};
    struct store *store;
    struct err err = {0};
    assert_int_equal(store_open(&options, &store, &err), 0);
    assert_int_equal(store_run_begin(store, "fetch", "b", "0", "r", run, &err), -1);
    assert_int_equal(err.code, ERR_TEMPORARY);
    struct store_batch batch = {"6b1f6b1e-0000-4000-8000-000000000000", "b", 1, NULL, 0, 5};
    struct store_batch_result result;
    assert_int_equal(store_batch_send(store, &batch, &err), 0);
    assert_int_equal(store_batch_finish(store, &result, &err), -1);
    assert_int_equal(err.code, ERR_TEMPORARY);
    store_close(store);
}

static void one_run_at_a_time_claims_a_mailbox(void **state) {
    (void)state;
    struct store *store = database_fresh(), *other = database_open();
    struct store_lock *lock, *second;
    struct err err = {0};
    assert_int_equal(store_mailbox_lock(store, "bounces", &lock, &err), 0);
    assert_non_null(lock);
    assert_int_equal(store_mailbox_lock(other, "bounces", &second, &err), 0);
    assert_null(second);
    assert_int_equal(store_mailbox_lock(other, "returns", &second, &err), 0);
    assert_non_null(second);
    store_lock_free(second);
    store_lock_free(lock);
    assert_int_equal(store_mailbox_lock(other, "bounces", &second, &err), 0);
    assert_non_null(second);
    store_lock_free(second);
    store_close(other);
    store_close(store);
}

static void a_claim_ends_with_its_process(void **state) {
    (void)state;
    store_close(database_fresh());
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store *store = database_open();
        struct store_lock *lock = NULL;
        _exit(store_mailbox_lock(store, "bounces", &lock, NULL) == 0 && lock ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 0);
    struct store *store = database_open();
    struct store_lock *lock = NULL;
    struct err err = {0};
    /* The server notices a moment later that the client is gone. */
    for (int tries = 0; !lock && tries < 100; tries++) {
        assert_int_equal(store_mailbox_lock(store, "bounces", &lock, &err), 0);
        usleep(50 * 1000);
    }
    assert_non_null(lock);
    store_lock_free(lock);
    store_close(store);
}

static void a_run_leaves_a_row_that_says_whether_it_adds_up(void **state) {
    (void)state;
    struct store *store = database_fresh();
    PGconn *c = database_connect();
    char run[STORE_RUN_ID_SIZE];
    struct err err = {0};
    struct err broke = {.code = ERR_TEMPORARY, .text = "it broke"};
    struct store_run_sums sums = {.fetched = 10,
                                  .stored = 6,
                                  .quarantined = 1,
                                  .already_known = 3,
                                  .filed = 9,
                                  .events = 8,
                                  .escalations = 2,
                                  .bytes = 5000000000};
    assert_int_equal(store_run_begin(store, "fetch", "bounces", "1.0", "abc", run, &err), 0);
    assert_int_equal(strlen(run), STORE_RUN_ID_SIZE - 1);
    assert_sql(c, "SELECT command, mailbox, version, ruleset, finished_at IS NULL FROM bounce.run",
               "fetch|bounces|1.0|abc|t");
    assert_int_equal(store_run_finish(store, run, &sums, NULL, &err), 0);
    assert_sql(c,
               "SELECT fetched, stored, quarantined, already_known, filed, events, escalations,"
               " bytes, error IS NULL, adds_up, finished_at >= started_at FROM bounce.run",
               "10|6|1|3|9|8|2|5000000000|t|t|t");
    sums.fetched = 11;
    assert_int_equal(store_run_finish(store, run, &sums, &broke, &err), 0);
    assert_sql(c, "SELECT error, exit_code, adds_up FROM bounce.run", "it broke|75|f");
    store_close(store);
    PQfinish(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kind_of_an_error_is_its_sqlstate),
        cmocka_unit_test(what_does_not_connect_says_why_without_the_password),
        cmocka_unit_test(a_server_that_says_nothing_is_given_up),
        cmocka_unit_test(a_statement_that_takes_long_is_waited_for),
        cmocka_unit_test(an_answer_that_does_not_come_is_given_up),
        cmocka_unit_test(a_user_who_may_not_log_in_is_a_matter_of_permission),
        cmocka_unit_test(a_missing_schema_names_the_cure),
        cmocka_unit_test(trouble_on_the_way_is_temporary_and_the_store_connects_again),
        cmocka_unit_test(a_server_that_only_reads_is_temporary),
        cmocka_unit_test(one_run_at_a_time_claims_a_mailbox),
        cmocka_unit_test(a_claim_ends_with_its_process),
        cmocka_unit_test(a_run_leaves_a_row_that_says_whether_it_adds_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
