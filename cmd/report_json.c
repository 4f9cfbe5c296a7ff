#include "cmd/json_line.h"
#include "cmd/report.h"

#include <stdlib.h>
#include <string.h>

enum {
    RATE_DIGITS = 12, /* 2.04 and not 2.0400000000000000 */
};

static const char *const table_keys[STORE_REPORT_COUNT] = {
    [STORE_REPORT_CAMPAIGNS] = "campaigns",   [STORE_REPORT_DAYS] = "days",
    [STORE_REPORT_CATEGORIES] = "categories", [STORE_REPORT_DOMAINS] = "domains",
    [STORE_REPORT_RECIPIENTS] = "recipients",
};

static json_t *cell_to_json(enum store_cell_type type, const char *cell) {
    if (!cell)
        return json_null();
    switch (type) {
    case STORE_CELL_COUNT: return json_integer(strtoll(cell, NULL, 10));
    case STORE_CELL_PERCENT: return json_real(strtod(cell, NULL));
    case STORE_CELL_TEXT:
    case STORE_CELL_DAY:
    case STORE_CELL_TIME: break;
    }
    return json_string(cell);
}

static json_t *table_to_json(const struct store_report_table *table) {
    json_t *rows = json_array();
    for (size_t row = 0; row < table->row_count; row++) {
        json_t *object = json_object();
        for (size_t column = 0; column < table->column_count; column++)
            json_object_set_new(object, table->columns[column].name,
                                cell_to_json(table->columns[column].type,
                                             table->cells[row * table->column_count + column]));
        json_array_append_new(rows, object);
    }
    return rows;
}

void report_json_add(struct buf *out, const struct report_document *document) {
    json_t *object = json_object();
    json_object_set_new(object, "campaign", cell_to_json(STORE_CELL_TEXT, document->campaign));
    json_object_set_new(object, "mailboxes_read_at",
                        cell_to_json(STORE_CELL_TIME, document->freshness.read_at));
    for (size_t i = 0; i < STORE_REPORT_COUNT; i++)
        if (document->tables[i].columns)
            json_object_set_new(object, table_keys[i], table_to_json(&document->tables[i]));
    json_line_add(out, object, JSON_INDENT(2) | JSON_REAL_PRECISION(RATE_DIGITS));
}
