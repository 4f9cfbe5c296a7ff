/*
 * report_grid: text in columns, for a terminal.
 */
#ifndef CMD_REPORT_GRID_H
#define CMD_REPORT_GRID_H

#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    TEXT_COLUMNS_MAX = 16,
};

/* Cells to be laid out. All texts are valid UTF-8 without control characters. */
struct text_grid {
    size_t column_count;
    struct text_column {
        const char *title; /* its words stand one under the other */
        bool to_the_right; /* numbers; the others may wrap */
    } columns[TEXT_COLUMNS_MAX];
    const char **cells; /* row by row, as many as columns; never NULL */
    size_t row_count;
    bool has_total; /* a line stands before the last row */
};

/* How many places on a terminal the text takes: East Asian characters two, combining ones none. */
unsigned text_width(struct bytes text);

/* Appends the grid, as wide as its texts are, or as `width` where that is less; the widest columns
 * of text then wrap, at blanks if there are any. No text is cut off, so that a grid of many numbers
 * may be wider. Trailing blanks are left out. */
void text_grid_add(struct buf *out, const struct text_grid *grid, unsigned width);

#endif
