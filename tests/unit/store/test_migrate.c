/* Migrations, and what the shipped ones make. */

#include "database.h"

#include "store/policy.h"

#include <sys/wait.h>
#include <unistd.h>

static PGconn *db;

static int set_up(void **state) {
    (void)state;
    db = database_connect();
    sql(db, "DROP SCHEMA IF EXISTS bounce CASCADE");
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    PQfinish(db);
    return 0;
}

#define MIGRATION(name, sql) \
    { (name), (sql), sizeof(sql) - 1 }

static const struct store_migration two[] = {
    MIGRATION("001_a.sql", "CREATE TABLE bounce.a (x int); INSERT INTO bounce.a VALUES (1);"),
    MIGRATION("002_b.sql", "CREATE TABLE bounce.b (x int); -- nothing else\n"),
};

static int migrate(const struct store_migration *migrations, size_t count, size_t *applied,
                   struct err *err) {
    struct store *store = database_open();
    int rc = store_migrate(store, migrations, count, NULL, NULL, applied, err);
    store_close(store);
    return rc;
}

static void each_migration_is_applied_once(void **state) {
    (void)state;
    struct err err = {0};
    size_t applied;
    assert_int_equal(migrate(two, 1, &applied, &err), 0);
    assert_int_equal(applied, 1);
    assert_int_equal(migrate(two, 2, &applied, &err), 0);
    assert_int_equal(applied, 1);
    assert_int_equal(migrate(two, 2, &applied, &err), 0);
    assert_int_equal(applied, 0);
    assert_sql(db, "SELECT count(*) FROM bounce.a", "1");
    assert_sql(db, "SELECT version, name, length(sha256) FROM bounce.schema_version ORDER BY 1",
               "1|001_a.sql|32\n2|002_b.sql|32");
}

static void a_changed_migration_is_refused(void **state) {
    (void)state;
    struct err err = {0};
    size_t applied;
    assert_int_equal(migrate(two, 2, &applied, &err), 0);
    struct store_migration changed[] = {two[0], MIGRATION("002_b.sql", "SELECT 1")};
    assert_int_equal(migrate(changed, 2, &applied, &err), -1);
    assert_int_equal(err.code, ERR_CONFIG);
    assert_non_null(strstr(err.text, "002_b.sql"));
}

static void a_newer_database_is_refused(void **state) {
    (void)state;
    struct err err = {0};
    size_t applied;
    assert_int_equal(migrate(two, 2, &applied, &err), 0);
    assert_int_equal(migrate(two, 1, &applied, &err), -1);
    assert_int_equal(err.code, ERR_CONFIG);
    assert_non_null(strstr(err.text, "newer"));
}

static void a_migration_that_fails_leaves_nothing(void **state) {
    (void)state;
    struct err err = {0};
    size_t applied;
    struct store_migration broken[] = {
        two[0], MIGRATION("002_b.sql", "CREATE TABLE bounce.b (x int); SELECT 1/0;")};
    assert_int_equal(migrate(broken, 2, &applied, &err), -1);
    assert_int_equal(applied, 1);
    assert_non_null(strstr(err.text, "002_b.sql"));
    assert_sql(db, "SELECT to_regclass('bounce.a'), to_regclass('bounce.b')", "bounce.a|");
    assert_int_equal(migrate(two, 2, &applied, &err), 0);
    assert_int_equal(applied, 1);
}

static void two_that_migrate_at_once_take_turns(void **state) {
    (void)state;
    struct store_migration slow[] = {
        MIGRATION("001_a.sql", "SELECT pg_sleep(0.3); CREATE TABLE bounce.a (x int);")};
    size_t applied;
    struct err err = {0};
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(migrate(slow, 1, &applied, &err) == 0 ? (int)applied : 99);
    assert_int_equal(migrate(slow, 1, &applied, &err), 0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal((size_t)WEXITSTATUS(status) + applied, 1);
}

static void the_version_is_checked(void **state) {
    (void)state;
    struct err err = {0};
    size_t applied;
    struct store *store = database_open();
    assert_int_equal(store_check_version(store, two, 2, &err), -1);
    assert_int_equal(err.code, ERR_CONFIG);
    assert_non_null(strstr(err.text, "nullsender migrate"));
    assert_int_equal(migrate(two, 1, &applied, &err), 0);
    assert_int_equal(store_check_version(store, two, 2, &err), -1);
    assert_int_equal(err.code, ERR_CONFIG);
    assert_non_null(strstr(err.text, "nullsender migrate"));
    assert_int_equal(migrate(two, 2, &applied, &err), 0);
    assert_int_equal(store_check_version(store, two, 2, &err), 0);
    assert_int_equal(store_check_version(store, two, 1, &err), -1);
    assert_int_equal(err.code, ERR_CONFIG);
    store_close(store);
}

static void everything_has_a_comment(void **state) {
    (void)state;
    store_close(database_fresh());
    assert_sql(db,
               "SELECT coalesce(string_agg(c.relname || coalesce('.' || a.attname, ''), ' '), '')"
               " FROM pg_class c"
               " JOIN (SELECT attrelid, attnum, attname FROM pg_attribute"
               "       WHERE attnum > 0 AND NOT attisdropped"
               "       UNION ALL SELECT oid, 0, NULL FROM pg_class) a ON a.attrelid = c.oid"
               " WHERE c.relnamespace = 'bounce'::regnamespace AND c.relkind IN ('r', 'v')"
               " AND col_description(c.oid, a.attnum) IS NULL"
               " AND (a.attnum > 0 OR obj_description(c.oid, 'pg_class') IS NULL)",
               "");
    assert_sql(db,
               "SELECT coalesce(string_agg(proname, ' '), '') FROM pg_proc"
               " WHERE pronamespace = 'bounce'::regnamespace"
               " AND obj_description(oid, 'pg_proc') IS NULL",
               "");
}

static void the_schema_is_what_citus_distributes(void **state) {
    (void)state;
    store_close(database_fresh());
    assert_sql(db,
               "SELECT (SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid"
               "        WHERE relnamespace = 'bounce'::regnamespace),"
               " (SELECT count(*) FROM pg_class WHERE relkind = 'S'"
               "  AND relnamespace = 'bounce'::regnamespace)",
               "0|0");
    /* Tables by address: it is in every unique key. Tokens are told apart by themselves alone. */
    assert_sql(db,
               "SELECT count(*) > 0, bool_and(a.attnum = ANY (i.indkey)) FROM pg_index i"
               " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = 'recipient'"
               " WHERE i.indisunique AND i.indrelid::regclass::text LIKE 'bounce.%'"
               " AND i.indrelid <> 'bounce.verp_token'::regclass",
               "t|t");
}

static void readers_read_and_do_nothing_else(void **state) {
    (void)state;
    store_close(database_fresh());
    assert_sql(db,
               "SELECT string_agg(relname, ' ') FROM pg_class"
               " WHERE relnamespace = 'bounce'::regnamespace AND relkind IN ('r', 'v')"
               " AND NOT has_table_privilege('nullsender_reader', oid, 'SELECT')",
               "message_raw verp_token");
    assert_sql(db,
               "SELECT count(*) FROM pg_class"
               " WHERE relnamespace = 'bounce'::regnamespace AND relkind IN ('r', 'v')"
               " AND has_table_privilege('nullsender_reader', oid,"
               "  'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')",
               "0");
    sql(db, "SET ROLE nullsender_reader");
    sql(db, "SELECT * FROM bounce.campaign_summary, bounce.campaign_bounces, bounce.suppression,"
            " bounce.recipient_status, bounce.at_risk, bounce.sender_trouble");
    static const char *const writes[] = {
        "SELECT bounce.rebuild()",
        "SELECT bounce.delivery_apply()",
        "INSERT INTO bounce.delivery VALUES ('a@b')",
    };
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        PGresult *r = PQexec(db, writes[i]);
        assert_string_equal(PQresultErrorField(r, PG_DIAG_SQLSTATE), "42501");
        PQclear(r);
    }
    sql(db, "RESET ROLE");
}

static void keep_notice(void *context, const char *name, const char *notice) {
    char *kept = context;
    if (!name)
        snprintf(kept + strlen(kept), ERR_TEXT_MAX - strlen(kept), "%s\n", notice);
}

/* Roles belong to the cluster, and other databases of it may use this one: it gets another name for
 * a while. */
static void rename_role(const char *from, const char *to) {
    sql(db,
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '%s') THEN"
        " ALTER ROLE %s RENAME TO %s; END IF; END $$",
        from, from, to);
}

static void without_createrole_the_schema_stands_and_the_words_are_clear(void **state) {
    (void)state;
    rename_role("nullsender_reader", "nullsender_test_reader");
    sql(db, "DROP ROLE IF EXISTS nullsender_test_owner; CREATE ROLE nullsender_test_owner;"
            " DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %%I TO nullsender_test_owner',"
            " current_database()); END $$");
    char conninfo[ERR_TEXT_MAX], notices[ERR_TEXT_MAX] = "";
    snprintf(conninfo, sizeof conninfo, "%s options='-c role=nullsender_test_owner'",
             database_conninfo());
    struct store_options options = {.conninfo = conninfo};
    struct store *store;
    struct store_migration migrations[MIGRATIONS_MAX];
    size_t count = database_migrations(migrations), applied;
    struct err err = {0};
    assert_int_equal(store_open(&options, &store, &err), 0);
    if (store_migrate(store, migrations, count, keep_notice, notices, &applied, &err))
        fail_msg("%s", err.text);
    store_close(store);
    assert_int_equal(applied, count);
    assert_non_null(strstr(notices, "nullsender_reader"));
    assert_non_null(strstr(notices, "CREATE ROLE"));
    sql(db, "CREATE ROLE nullsender_reader NOLOGIN");
    assert_sql(db, "SELECT bounce.reader_grant()", "t");
    assert_sql(
        db, "SELECT has_table_privilege('nullsender_reader', 'bounce.suppression', 'SELECT')", "t");
    sql(db, "DROP SCHEMA bounce CASCADE; DROP OWNED BY nullsender_test_owner;"
            " DROP ROLE nullsender_test_owner; DROP ROLE nullsender_reader");
    rename_role("nullsender_test_reader", "nullsender_reader");
}

static void categories_are_words_for_the_views(void **state) {
    (void)state;
    struct store *store = database_fresh();
    struct err err = {0};
    const struct store_category first[] = {{"old", "none", "unknown", "x"},
                                           {"kept", "hard", "recipient", "\"quoted\\\" {,}"}};
    const struct store_category second[] = {{"kept", "soft", "recipient", "changed"}};
    assert_int_equal(store_categories_set(store, first, 2, &err), 0);
    assert_sql(db, "SELECT category, verdict, fault, description FROM bounce.category ORDER BY 1",
               "kept|hard|recipient|\"quoted\\\" {,}\nold|none|unknown|x");
    assert_int_equal(store_categories_set(store, second, 1, &err), 0);
    assert_sql(db, "SELECT category, verdict, fault, description FROM bounce.category ORDER BY 1",
               "kept|soft|recipient|changed");
    store_close(store);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_migration_is_applied_once),
        TEST(a_changed_migration_is_refused),
        TEST(a_newer_database_is_refused),
        TEST(a_migration_that_fails_leaves_nothing),
        TEST(two_that_migrate_at_once_take_turns),
        TEST(the_version_is_checked),
        TEST(everything_has_a_comment),
        TEST(the_schema_is_what_citus_distributes),
        TEST(readers_read_and_do_nothing_else),
        TEST(without_createrole_the_schema_stands_and_the_words_are_clear),
        TEST(categories_are_words_for_the_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
