/*
 * literal: lists of texts as PostgreSQL array literals, for parameters in text form. Not for other
 * folders.
 */
#ifndef STORE_LITERAL_H
#define STORE_LITERAL_H

#include "cmd/base/buf.h"

#include <stddef.h>

/* Appends `{"a","b\"c"}`. No text is NULL. */
void literal_add_array(struct buf *out, const char *const *texts, size_t count);

#endif
