/*
 * json_line: JSON values on the way to standard output.
 */
#ifndef CMD_JSON_LINE_H
#define CMD_JSON_LINE_H

#include "cmd/base/buf.h"

#include <jansson.h>
#include <stddef.h>

/* Appends the value and a newline, and takes the reference over. All that is not ASCII is escaped,
 * which also disarms what a terminal would obey (C1, bidi). `flags` are jansson's, such as
 * JSON_COMPACT or JSON_INDENT(2). */
void json_line_add(struct buf *out, json_t *value, size_t flags);

#endif
