#include "store/verp_token.h"

#include "cmd/base/memory.h"
#include "store/answer.h"
#include "store/connection.h"
#include "store/rows.h"

#include <stdlib.h>

#define MEMBER(member) offsetof(struct store_verp_token, member)
static const struct column token_columns[] = {
    {"token", COLUMN_TEXT, MEMBER(token)},
    {"campaign", COLUMN_TEXT_OR_NONE, MEMBER(campaign)},
    {"recipient", COLUMN_TEXT, MEMBER(recipient)},
    {"domain", COLUMN_TEXT, MEMBER(domain)},
};
#undef MEMBER

enum {
    TOKEN_COLUMNS = sizeof token_columns / sizeof *token_columns,
};

/* Runs a statement whose parameters are the first columns of the tokens. */
static int query(struct store *store, const char *sql, const struct store_verp_token *tokens,
                 size_t count, size_t columns, PGresult **result, struct err *err) {
    struct parameters *p = parameters_new();
    const void **rows = memory_zero(count, sizeof *rows);
    for (size_t i = 0; i < count; i++)
        rows[i] = &tokens[i];
    parameters_add_rows(p, token_columns, columns, rows, count);
    *result = answer_to(store->connection,
                        PQsendQueryParams(store->connection, sql, parameters_count(p), NULL,
                                          parameters_values(p), parameters_lengths(p),
                                          parameters_formats(p), 0));
    ExecStatusType status = PQresultStatus(*result);
    int rc = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK
                 ? 0
                 : connection_error(store->connection, *result, err);
    parameters_free(p);
    free(rows);
    return rc;
}

int store_verp_tokens_add(struct store *store, const struct store_verp_token *tokens, size_t count,
                          struct err *err) {
    struct buf sql = BUF_INIT;
    PGresult *r = NULL;
    /* In the order of the keys, so that two writers never wait for each other crosswise. */
    buf_add_string(&sql, "INSERT INTO bounce.verp_token (");
    sql_add_names(&sql, "", token_columns, TOKEN_COLUMNS);
    buf_add_string(&sql, ") SELECT ");
    sql_add_names(&sql, "", token_columns, TOKEN_COLUMNS);
    buf_add_string(&sql, " FROM ");
    sql_add_unnest(&sql, "g", token_columns, TOKEN_COLUMNS, 1);
    buf_add_string(&sql, " ORDER BY token ON CONFLICT (token) DO NOTHING");
    int rc = query(store, sql.data, tokens, count, TOKEN_COLUMNS, &r, err);
    PQclear(r);
    buf_free(&sql);
    return rc ? err_prefix(err, "database: storing tokens of VERP addresses") : 0;
}

static const char *text_at(const PGresult *r, int row, int column, struct arena *arena) {
    return PQgetisnull(r, row, column) ? NULL : arena_string(arena, PQgetvalue(r, row, column));
}

int store_verp_tokens_find(struct store *store, struct store_verp_token *tokens, size_t count,
                           struct arena *arena, struct err *err) {
    struct buf sql = BUF_INIT;
    PGresult *r = NULL;
    buf_add_string(&sql, "SELECT nullif(t.campaign, ''), t.recipient, t.domain FROM ");
    sql_add_unnest(&sql, "g", token_columns, 1, 1);
    buf_add_string(&sql, " LEFT JOIN bounce.verp_token t ON t.token = g.token ORDER BY g.place");
    int rc = query(store, sql.data, tokens, count, 1, &r, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        tokens[i].campaign = text_at(r, (int)i, 0, arena);
        tokens[i].recipient = text_at(r, (int)i, 1, arena);
        tokens[i].domain = text_at(r, (int)i, 2, arena);
    }
    PQclear(r);
    buf_free(&sql);
    return rc ? err_prefix(err, "database: looking up tokens of VERP addresses") : 0;
}
