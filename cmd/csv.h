/*
 * csv: rows of RFC 4180.
 */
#ifndef CMD_CSV_H
#define CMD_CSV_H

#include "cmd/base/buf.h"

#include <stddef.h>

/* Who reads it. Names, addresses and diagnostics come from outside. */
enum csv_reader {
    CSV_FOR_PROGRAMS,  /* each cell as it is */
    CSV_FOR_TERMINALS, /* what is invisible in it is made visible (utf8.h) */
    /* That too, and a cell that a spreadsheet would take for a formula gets an apostrophe in front,
     * as OWASP recommends: it begins with = + - @, or with their full-width forms, which some take
     * for the same. */
    CSV_FOR_SPREADSHEETS,
};

/* Appends one row and its CRLF; NULL is an empty cell. */
void csv_add_row(struct buf *out, const char *const *cells, size_t count, enum csv_reader reader);

#endif
