/*
 * csv: rows of RFC 4180 that a spreadsheet may open.
 *
 * Names and diagnostics come from outside, and a spreadsheet takes a cell that begins with = + - @
 * for a formula: such a cell gets an apostrophe in front, as OWASP recommends.
 */
#ifndef CMD_CSV_H
#define CMD_CSV_H

#include "cmd/base/buf.h"

#include <stddef.h>

/* Appends one row and its CRLF; NULL is an empty cell. */
void csv_add_row(struct buf *out, const char *const *cells, size_t count);

#endif
