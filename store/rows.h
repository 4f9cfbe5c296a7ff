/*
 * rows: C structs as columns of PostgreSQL arrays in binary form.
 *
 * A table says which members become which columns; from it come both the parameters of a statement
 * and the unnest($1::uuid[], ...) that turns them into rows again. Not for other folders.
 */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include "cmd/base/buf.h"

#include <stddef.h>

/* What a member is, and what the database gets for it. */
enum column_type {
    COLUMN_TEXT,         /* const char *; NULL is null */
    COLUMN_TEXT_OR_NONE, /* const char *; NULL is '' */
    COLUMN_ID,           /* unsigned char[32], a SHA-256; its first half as uuid */
    COLUMN_SHA256,       /* unsigned char[32]; bytea */
    COLUMN_RAW,          /* struct bytes; bytea */
    COLUMN_UID,          /* uint32_t; bigint */
    COLUMN_SIZE,         /* uint64_t; bigint */
    COLUMN_REPLY_CODE,   /* unsigned; integer, 0 is null */
    COLUMN_BOOL,         /* bool */
    COLUMN_TIME,         /* int64_t, seconds since 1970; timestamptz */
    COLUMN_OUTCOME,      /* enum store_outcome; its word */
    COLUMN_TYPE_COUNT
};

struct column {
    const char *name;
    enum column_type type;
    size_t offset; /* of the member */
};

/* The parameters of one statement, collected column by column. */
struct parameters;
struct parameters *parameters_new(void);
void parameters_free(struct parameters *parameters); /* NULL is fine */

/* Adds one array for each column, from `count` structs; rows[i] points to the i-th. */
void parameters_add_rows(struct parameters *parameters, const struct column *columns,
                         size_t column_count, const void *const *rows, size_t count);

/* Adds a single text; NULL is null. Valid until the parameters are freed. */
void parameters_add_text(struct parameters *parameters, const char *text);

/* For PQsendQueryParams(). */
int parameters_count(const struct parameters *parameters);
const char *const *parameters_values(struct parameters *parameters);
const int *parameters_lengths(const struct parameters *parameters);
const int *parameters_formats(const struct parameters *parameters);

/* Appends `unnest($4::uuid[], $5::text[]) WITH ORDINALITY AS NAME (id, subject, ..., place)`;
 * `first` is the number of the first parameter. `place` counts the rows from 1. */
void sql_add_unnest(struct buf *sql, const char *name, const struct column *columns,
                    size_t column_count, int first);

/* Appends `id, subject, ...`, each with `prefix` ("given.") before it. */
void sql_add_names(struct buf *sql, const char *prefix, const struct column *columns,
                   size_t column_count);

#endif
