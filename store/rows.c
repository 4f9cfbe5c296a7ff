#include "store/rows.h"

#include "cmd/base/bytes.h"
#include "cmd/base/memory.h"
#include "store/batch.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Object ids of types, from pg_type.dat; they are the same in every server. */
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_TIMESTAMPTZ = 1184,
    OID_UUID = 2950,

    ID_SIZE = 16,
    PARAMETERS_MAX = 80, /* the widest statement has some fifty columns */
    FORMAT_TEXT = 0,
    FORMAT_BINARY = 1,
};

static const int64_t SECONDS_1970_TO_2000 = 946684800; /* PostgreSQL counts from 2000 */
static const int64_t MICROSECONDS = 1000000;
static const int64_t TIME_MAX =
    253402300799; /* the last second of 9999; dates of mail are hostile */

struct parameters {
    struct buf data[PARAMETERS_MAX];
    const char *values[PARAMETERS_MAX];
    int lengths[PARAMETERS_MAX];
    int formats[PARAMETERS_MAX];
    int count;
};

static void add_number(struct buf *out, uint64_t value, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
        buf_add_char(out, (char)(unsigned char)(value >> shift));
}

static void add_value(struct buf *out, const void *data, size_t len) {
    add_number(out, len, 4);
    buf_add(out, data, len);
}

static void add_null(struct buf *out) {
    add_number(out, UINT32_MAX, 4);
}

static void add_text(struct buf *out, const void *member) {
    const char *text;
    memcpy(&text, member, sizeof text);
    if (text)
        add_value(out, text, strlen(text));
    else
        add_null(out);
}

static void add_text_or_none(struct buf *out, const void *member) {
    const char *text;
    memcpy(&text, member, sizeof text);
    add_value(out, text ? text : "", text ? strlen(text) : 0);
}

static void add_id(struct buf *out, const void *member) {
    add_value(out, member, ID_SIZE);
}

static void add_sha256(struct buf *out, const void *member) {
    add_value(out, member, STORE_SHA256_SIZE);
}

static void add_raw(struct buf *out, const void *member) {
    const struct bytes *raw = member;
    add_value(out, raw->data, raw->len);
}

static void add_int8(struct buf *out, uint64_t value) {
    add_number(out, 8, 4);
    add_number(out, value, 8);
}

static void add_uid(struct buf *out, const void *member) {
    add_int8(out, *(const uint32_t *)member);
}

static void add_size(struct buf *out, const void *member) {
    add_int8(out, *(const uint64_t *)member);
}

static void add_reply_code(struct buf *out, const void *member) {
    unsigned code = *(const unsigned *)member;
    if (!code) {
        add_null(out);
        return;
    }
    add_number(out, 4, 4);
    add_number(out, code, 4);
}

static void add_bool(struct buf *out, const void *member) {
    add_number(out, 1, 4);
    add_number(out, *(const bool *)member, 1);
}

static void add_time(struct buf *out, const void *member) {
    int64_t seconds = *(const int64_t *)member;
    seconds = seconds < 0 ? 0 : seconds > TIME_MAX ? TIME_MAX : seconds;
    add_int8(out, (uint64_t)((seconds - SECONDS_1970_TO_2000) * MICROSECONDS));
}

static void add_outcome(struct buf *out, const void *member) {
    const char *name = store_outcome_name(*(const enum store_outcome *)member);
    add_value(out, name, strlen(name));
}

static const struct {
    const char *sql;
    unsigned oid;
    void (*add)(struct buf *out, const void *member);
} types[COLUMN_TYPE_COUNT] = {
    [COLUMN_TEXT] = {"text", OID_TEXT, add_text},
    [COLUMN_TEXT_OR_NONE] = {"text", OID_TEXT, add_text_or_none},
    [COLUMN_ID] = {"uuid", OID_UUID, add_id},
    [COLUMN_SHA256] = {"bytea", OID_BYTEA, add_sha256},
    [COLUMN_RAW] = {"bytea", OID_BYTEA, add_raw},
    [COLUMN_UID] = {"int8", OID_INT8, add_uid},
    [COLUMN_SIZE] = {"int8", OID_INT8, add_size},
    [COLUMN_REPLY_CODE] = {"int4", OID_INT4, add_reply_code},
    [COLUMN_BOOL] = {"bool", OID_BOOL, add_bool},
    [COLUMN_TIME] = {"timestamptz", OID_TIMESTAMPTZ, add_time},
    [COLUMN_OUTCOME] = {"text", OID_TEXT, add_outcome},
};

struct parameters *parameters_new(void) {
    struct parameters *p = memory_zero(1, sizeof *p);
    for (size_t i = 0; i < PARAMETERS_MAX; i++)
        p->data[i] = (struct buf)BUF_INIT;
    return p;
}

void parameters_free(struct parameters *parameters) {
    if (!parameters)
        return;
    for (int i = 0; i < parameters->count; i++)
        buf_free(&parameters->data[i]);
    free(parameters);
}

/* An array in the form of array_recv() in PostgreSQL's arrayfuncs.c: one dimension from 1. */
void parameters_add_rows(struct parameters *parameters, const struct column *columns,
                         size_t column_count, const void *const *rows, size_t count) {
    for (size_t c = 0; c < column_count; c++) {
        struct buf *out = &parameters->data[parameters->count];
        add_number(out, count ? 1 : 0, 4); /* dimensions */
        add_number(out, 1, 4);             /* may hold nulls */
        add_number(out, types[columns[c].type].oid, 4);
        if (count) {
            add_number(out, count, 4);
            add_number(out, 1, 4);
        }
        for (size_t i = 0; i < count; i++)
            types[columns[c].type].add(out, (const char *)rows[i] + columns[c].offset);
        parameters->formats[parameters->count++] = FORMAT_BINARY;
    }
}

void parameters_add_text(struct parameters *parameters, const char *text) {
    int n = parameters->count++;
    parameters->formats[n] = FORMAT_TEXT;
    parameters->values[n] = text;
}

int parameters_count(const struct parameters *parameters) {
    return parameters->count;
}

const char *const *parameters_values(struct parameters *parameters) {
    for (int i = 0; i < parameters->count; i++)
        if (parameters->formats[i] == FORMAT_BINARY) {
            parameters->values[i] = parameters->data[i].data;
            parameters->lengths[i] = (int)parameters->data[i].len;
        }
    return parameters->values;
}

const int *parameters_lengths(const struct parameters *parameters) {
    return parameters->lengths;
}

const int *parameters_formats(const struct parameters *parameters) {
    return parameters->formats;
}

void sql_add_names(struct buf *sql, const char *prefix, const struct column *columns,
                   size_t column_count) {
    for (size_t i = 0; i < column_count; i++)
        buf_printf(sql, "%s%s%s", i ? ", " : "", prefix, columns[i].name);
}

void sql_add_unnest(struct buf *sql, const char *name, const struct column *columns,
                    size_t column_count, int first) {
    buf_add_string(sql, "unnest(");
    for (size_t i = 0; i < column_count; i++)
        buf_printf(sql, "%s$%d::%s[]", i ? ", " : "", first + (int)i, types[columns[i].type].sql);
    buf_printf(sql, ") WITH ORDINALITY AS %s (", name);
    sql_add_names(sql, "", columns, column_count);
    buf_add_string(sql, ", place)");
}
