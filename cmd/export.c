/* nullsender export: the suppression list, for other programs. */
#include "cmd/command.h"
#include "cmd/csv.h"
#include "cmd/database.h"
#include "cmd/json_line.h"
#include "store/suppression.h"

#include <stdio.h>
#include <unistd.h>

enum {
    COLUMN_COUNT = 6,
};

static const char *const columns[COLUMN_COUNT] = {"recipient", "suppressed", "state",
                                                  "category",  "reason",     "time"};

struct export {
    bool json;
    enum csv_reader reader;
    struct buf out;
};

static void add_csv(const struct store_suppression *row, enum csv_reader reader, struct buf *out) {
    const char *const cells[COLUMN_COUNT] = {row->recipient, row->suppressed ? "true" : "false",
                                             row->state,     row->category,
                                             row->reason,    row->time};
    csv_add_row(out, cells, COLUMN_COUNT, reader);
}

static void add_json(const struct store_suppression *row, struct buf *out) {
    json_t *object = json_object();
    json_object_set_new(object, "recipient", json_string(row->recipient));
    json_object_set_new(object, "suppressed", json_boolean(row->suppressed));
    json_object_set_new(object, "state", json_string(row->state));
    json_object_set_new(object, "category", json_string(row->category));
    json_object_set_new(object, "reason", json_string(row->reason));
    json_object_set_new(object, "time", json_string(row->time));
    json_line_add(out, object, JSON_COMPACT);
}

static int print_row(void *context, const struct store_suppression *row, struct err *err) {
    struct export *export = context;
    if (export->json)
        add_json(row, &export->out);
    else
        add_csv(row, export->reader, &export->out);
    fwrite(export->out.data, 1, export->out.len, stdout);
    buf_reset(&export->out);
    return ferror(stdout) ? err_set_errno(err, ERR_IO, "standard output") : 0;
}

int command_export(const struct invocation *invocation, struct err *err) {
    struct export export = {.out = BUF_INIT};
    struct store *store = NULL;
    int rc = -1;
    enum { CSV, SPREADSHEET, JSON }; /* in the order of the command table */
    unsigned format;
    if (invocation_format(invocation, &format, err) != 0)
        goto out;
    export.json = format == JSON;
    export.reader = format == SPREADSHEET   ? CSV_FOR_SPREADSHEETS
                    : isatty(STDOUT_FILENO) ? CSV_FOR_TERMINALS
                                            : CSV_FOR_PROGRAMS;
    if (!export.json)
        csv_add_row(&export.out, columns, COLUMN_COUNT, export.reader);
    if (database_connect(invocation, &store, err) != 0 ||
        store_suppression_read(store, invocation_value(invocation, OPTION_SINCE, NULL), print_row,
                               &export, err) != 0)
        goto out;
    fwrite(export.out.data, 1, export.out.len, stdout); /* the head of an empty list */
    rc = 0;
out:
    buf_free(&export.out);
    store_close(store);
    return rc;
}
