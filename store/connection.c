#include "store/connection.h"

#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"
#include "cmd/base/memory.h"
#include "store/answer.h"
#include "store/conninfo.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
    SQLSTATE_LENGTH = 5,
    OLDEST_SERVER = 130000, /* PostgreSQL 13: the oldest with security updates until 2025 */
};

static const char run_migrate[] = "run nullsender migrate";

static const struct sqlstate {
    const char *prefix; /* of the SQLSTATE; the first that fits counts */
    enum err_code code;
    const char *advice;
} sqlstates[] = {
    {"08", ERR_TEMPORARY, NULL},    /* connection exception */
    {"25006", ERR_TEMPORARY, NULL}, /* read-only: a standby, before or after a failover */
    {"25P03", ERR_TEMPORARY, NULL}, /* idle_in_transaction_session_timeout */
    {"28P01", ERR_PERMISSION, "is the password of the section database right?"},
    {"28", ERR_PERMISSION, /* invalid authorization: no such role, or not for this user */
     "run it as the user whose name the role has, or name another role in conninfo"},
    {"3D000", ERR_CONFIG, "createdb makes it, if conninfo means this one"}, /* database */
    {"3F000", ERR_CONFIG, run_migrate},                                     /* schema */
    {"40", ERR_TEMPORARY, NULL}, /* serialization failure, deadlock */
    {"42501", ERR_PERMISSION,
     "conninfo has to name the role that owns the database, or one that was granted this"},
    {"42703", ERR_CONFIG, run_migrate}, /* no such column, */
    {"42883", ERR_CONFIG, run_migrate}, /* function, */
    {"42P01", ERR_CONFIG, run_migrate}, /* table: the schema is missing or old */
    {"53", ERR_TEMPORARY, NULL},        /* out of disk, memory or connections */
    {"55P03", ERR_TEMPORARY, NULL},     /* lock_timeout */
    {"57", ERR_TEMPORARY, NULL},        /* shut down, starting, cancelled */
    {"58", ERR_TEMPORARY, NULL},        /* the server's own input and output */
};

static const struct sqlstate *sqlstate_find(const char *sqlstate) {
    for (size_t i = 0; sqlstate && i < sizeof sqlstates / sizeof sqlstates[0]; i++)
        if (strncmp(sqlstate, sqlstates[i].prefix, strlen(sqlstates[i].prefix)) == 0)
            return &sqlstates[i];
    return NULL;
}

enum err_code connection_error_code(const char *sqlstate) {
    const struct sqlstate *known = sqlstate_find(sqlstate);
    if (!sqlstate)
        return ERR_TEMPORARY;
    return known ? known->code : ERR_SOFTWARE;
}

/* `text` and its SQLSTATE, which may be NULL, and what to do about it. */
static int set_error(struct err *err, enum err_code code, const char *text, const char *sqlstate) {
    const struct sqlstate *known = sqlstate_find(sqlstate);
    err_set(err, code, "%s%s%s%s", text, sqlstate ? " [SQLSTATE " : "", sqlstate ? sqlstate : "",
            sqlstate ? "]" : "");
    return known && known->advice ? err_advise(err, known->advice) : -1;
}

/* libpq's texts end with a newline and have several lines; ours have one. */
static void add_one_line(struct buf *out, const char *text) {
    struct bytes rest = bytes_of(text), line;
    while (bytes_next_line(&rest, &line)) {
        line = bytes_trim(line);
        if (line.len && out->len)
            buf_add_char(out, ' ');
        buf_add_bytes(out, line);
    }
}

int connection_error(const PGconn *connection, const PGresult *result, struct err *err) {
    if (answer_given_up(connection, err))
        return -1;
    const char *sqlstate = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *primary = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const char *detail = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) : NULL;
    if (!result && PQstatus(connection) == CONNECTION_OK)
        return err_set(err, ERR_SOFTWARE, "no answer where one was due");
    enum err_code code = connection_error_code(sqlstate);
    struct buf text = BUF_INIT;
    if (primary || PQstatus(connection) == CONNECTION_OK) {
        add_one_line(&text, primary ? primary : PQerrorMessage(connection));
    } else { /* the lines behind the first one guess at the reasons for a loss */
        struct bytes words = bytes_of(PQerrorMessage(connection)), line;
        if (bytes_next_line(&words, &line))
            buf_add_bytes(&text, line);
    }
    /* The detail of a constraint shows the row; in all other kinds it explains. */
    if (detail && strncmp(sqlstate ? sqlstate : "", "23", 2) != 0)
        buf_printf(&text, " (%s)", detail);
    set_error(err, code, text.data, sqlstate);
    buf_free(&text);
    return -1;
}

/* A connection that fails gives no PGresult, only a text; made verbose, that text has the SQLSTATE
 * in a fixed place: "FATAL:  28P01: words". Takes it out of there. */
static bool take_sqlstate(struct buf *text, char sqlstate[SQLSTATE_LENGTH + 1]) {
    for (char *p = strstr(text->data, ":  "); p; p = strstr(p + 1, ":  ")) {
        char *start = p + 3;
        if (strspn(start, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != SQLSTATE_LENGTH ||
            strncmp(start + SQLSTATE_LENGTH, ": ", 2) != 0)
            continue;
        memcpy(sqlstate, start, SQLSTATE_LENGTH);
        sqlstate[SQLSTATE_LENGTH] = '\0';
        char *words = start + SQLSTATE_LENGTH + 2;
        size_t words_len = strcspn(words, "\n"); /* the next line is the place in the source */
        memmove(start, words, words_len);
        text->len = (size_t)(start - text->data) + words_len;
        text->data[text->len] = '\0';
        return true;
    }
    return false;
}

static int connect_error(const PGconn *connection, bool is_config, struct err *err) {
    struct buf raw = BUF_INIT, text = BUF_INIT;
    char sqlstate[SQLSTATE_LENGTH + 1] = "";
    buf_add_string(&raw, PQerrorMessage(connection));
    enum err_code code = is_config ? ERR_CONFIG : ERR_TEMPORARY;
    if (take_sqlstate(&raw, sqlstate))
        code = connection_error_code(sqlstate);
    else if (PQconnectionNeedsPassword(connection))
        code = ERR_PERMISSION;
    add_one_line(&text, raw.data);
    set_error(err, code, text.data, *sqlstate ? sqlstate : NULL);
    buf_free(&raw);
    buf_free(&text);
    return -1;
}

/* libpq's words about a conninfo that does not parse quote from it. */
static int check_conninfo(const char *conninfo, struct err *err) {
    char *words = NULL;
    PQconninfoOption *options =
        store_conninfo_splits_password(conninfo) ? NULL : PQconninfoParse(conninfo, &words);
    if (options) {
        PQconninfoFree(options);
        return 0;
    }
    struct bytes text = bytes_of(conninfo);
    bool may_hold_user = bytes_find_char(text, '@') >= 0;
    bool may_hold_password = may_hold_user || bytes_find_ignore_case(text, "pass") >= 0;
    struct buf shown = BUF_INIT;
    if (words && !may_hold_password)
        add_one_line(&shown, words);
    else if (may_hold_user)
        buf_add_string(&shown, "in a URI, the characters / ? # @ : of a user or a password are "
                               "written %2F %3F %23 %40 %3A");
    err_set(err, ERR_CONFIG,
            "the conninfo of the database is neither key=value pairs nor a postgresql:// URI%s%s",
            shown.len ? ": " : "", shown.data);
    buf_free(&shown);
    PQfreemem(words);
    return -1;
}

/* Waits until the connection stands or has failed; false where the server stays silent. */
static bool connect_poll(PGconn *connection, unsigned timeout) {
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED) {
        struct pollfd wait = {.fd = PQsocket(connection),
                              .events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT};
        int ready = poll(&wait, 1, (int)timeout * 1000);
        if (ready == 0)
            return false;
        if (ready > 0 || errno != EINTR)
            status = PQconnectPoll(connection);
    }
    return true;
}

/* NOTICEs are of no use to a cron job, and libpq would print them. */
static void ignore_notice(void *context, const PGresult *result) {
    (void)context;
    (void)result;
}

int connection_open(const struct store *store, PGconn **connection, struct err *err) {
    if (check_conninfo(store->conninfo, err))
        return -1;
    /* Of a keyword that is given twice the later counts: conninfo may set the first ones. */
    const char *keywords[] = {"tcp_user_timeout", "keepalives_idle", "dbname", "password",
                              "application_name", "client_encoding", NULL};
    const char *values[] = {
        "120000", /* milliseconds until a vanished server is given up */
        "60",     store->conninfo, store->password, store->application_name, "UTF8", NULL};
    PGconn *c = PQconnectStartParams(keywords, values, 1);
    if (!c)
        memory_fail();
    PQsetNoticeReceiver(c, ignore_notice, NULL);
    PQsetErrorVerbosity(c, PQERRORS_VERBOSE);
    /* A keyword's value that cannot be (sslmode=yes) or an unknown service; libpq says so only when
     * it is asked for a ping. */
    bool is_config =
        PQstatus(c) == CONNECTION_BAD && PQpingParams(keywords, values, 1) == PQPING_NO_ATTEMPT;
    if (PQstatus(c) != CONNECTION_BAD && !connect_poll(c, store->connect_timeout)) {
        err_set(err, ERR_TEMPORARY, "the server says nothing for %u seconds",
                store->connect_timeout);
        goto failed;
    }
    if (PQstatus(c) != CONNECTION_OK) {
        connect_error(c, is_config, err);
        goto failed;
    }
    if (PQserverVersion(c) < OLDEST_SERVER) {
        err_set(err, ERR_CONFIG, "PostgreSQL %d is too old: nullsender needs 13 or newer",
                PQserverVersion(c) / 10000);
        goto failed;
    }
    PQsetErrorVerbosity(c, PQERRORS_DEFAULT);
    answer_watch(c, store);
    *connection = c;
    return 0;
failed:
    PQfinish(c);
    return err_prefix(err, "database");
}

int connection_query(PGconn *connection, const char *sql, int parameter_count,
                     const char *const *parameters, PGresult **result, struct err *err) {
    PGresult *r = answer_to(connection, PQsendQueryParams(connection, sql, parameter_count, NULL,
                                                          parameters, NULL, NULL, 0));
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        connection_error(connection, r, err);
        PQclear(r);
        return -1;
    }
    if (result)
        *result = r;
    else
        PQclear(r);
    return 0;
}

void connection_rollback(PGconn *connection) {
    if (PQstatus(connection) == CONNECTION_OK && PQtransactionStatus(connection) != PQTRANS_IDLE)
        PQclear(answer_to(connection, PQsendQuery(connection, "ROLLBACK")));
}

int connection_compute(PGconn *connection, const char *sql, uint64_t *number, struct err *err) {
    PGresult *r = NULL;
    int rc =
        connection_query(connection, "BEGIN ISOLATION LEVEL READ COMMITTED", 0, NULL, NULL, err);
    if (rc == 0)
        rc = connection_query(connection, sql, 0, NULL, &r, err);
    if (rc == 0)
        rc = connection_query(connection, "COMMIT", 0, NULL, NULL, err);
    if (rc == 0)
        *number = strtoull(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    connection_rollback(connection);
    return rc;
}

int connection_read_rows(PGconn *connection, const char *declare, int parameter_count,
                         const char *const *parameters,
                         int (*rows)(void *context, const PGresult *result, struct err *err),
                         void *context, struct err *err) {
    int rc = connection_query(connection, "BEGIN READ ONLY", 0, NULL, NULL, err);
    if (rc == 0)
        rc = connection_query(connection, declare, parameter_count, parameters, NULL, err);
    for (int got = 1; rc == 0 && got;) {
        PGresult *r = NULL;
        rc = connection_query(connection, "FETCH 1000 FROM rows", 0, NULL, &r, err);
        if (rc == 0) {
            got = PQntuples(r);
            rc = rows(context, r, err);
        }
        PQclear(r);
    }
    if (rc == 0)
        rc = connection_query(connection, "COMMIT", 0, NULL, NULL, err);
    connection_rollback(connection);
    return rc;
}
