/*
 * verp_template: one pattern of verp.h, compiled.
 */
#ifndef CLASSIFY_VERP_TEMPLATE_H
#define CLASSIFY_VERP_TEMPLATE_H

#include "classify/address.h"
#include "cmd/base/arena.h"
#include "cmd/base/err.h"

#include <stdbool.h>

struct verp_template;

/* Compiles a template; `base` is the address of {base} and {host}, or NULL. ERR_CONFIG with the
 * column in `text` and what would be right. */
int verp_template_new(const char *text, const char *base, struct verp_template **made,
                      struct err *err);
void verp_template_free(struct verp_template *t); /* NULL is fine */

/* What an address says that the template matches: *campaign is NULL where it has no such field. */
bool verp_template_match(const struct verp_template *t, const struct address *address,
                         struct arena *arena, const char **campaign, struct address *recipient);

/* Makes the address that matches so. ERR_DATA where there is none. */
int verp_template_write(const struct verp_template *t, const char *campaign,
                        const struct address *recipient, struct arena *arena, const char **address,
                        struct err *err);

/* Whether this is the address that the template hangs on. */
bool verp_template_is_base(const struct verp_template *t, const struct address *address);

#endif
