/*
 * csv: rows of RFC 4180 that a spreadsheet may open.
 *
 * Names and diagnostics come from outside. What is invisible in them is made visible (utf8.h), and
 * a cell that a spreadsheet would take for a formula gets an apostrophe in front, as OWASP
 * recommends: it begins with = + - @, or with their full-width forms, which some take for the same.
 * A program that needs every byte as it was takes JSON.
 */
#ifndef CMD_CSV_H
#define CMD_CSV_H

#include "cmd/base/buf.h"

#include <stddef.h>

/* Appends one row and its CRLF; NULL is an empty cell. */
void csv_add_row(struct buf *out, const char *const *cells, size_t count);

#endif
