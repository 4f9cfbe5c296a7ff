/*
 * verp_fit: an address read by a template, and written.
 */
#ifndef CLASSIFY_VERP_FIT_H
#define CLASSIFY_VERP_FIT_H

#include "classify/address.h"
#include "classify/verp_template.h"
#include "cmd/base/arena.h"
#include "cmd/base/err.h"

#include <stdbool.h>

/* What a VERP address says. NULL where its template has no such field. */
struct verp_content {
    const char *campaign;
    struct address recipient; /* both halves, or neither */
    const char *tag;          /* in lower case */
};

/* Reads an address. False where the template does not match. */
bool verp_fit_read(const struct verp_template *t, const struct address *address,
                   struct arena *arena, struct verp_content *content);

/* Makes the address that reads so. ERR_DATA where there is none. */
int verp_fit_write(const struct verp_template *t, const struct verp_content *content,
                   struct arena *arena, const char **address, struct err *err);

/* Whether this is the address that the template hangs on. */
bool verp_fit_is_base(const struct verp_template *t, const struct address *address);

#endif
