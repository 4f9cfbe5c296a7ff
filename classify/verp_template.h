/*
 * verp_template: one pattern of verp.h, compiled into the parts that verp_fit.h works with.
 */
#ifndef CLASSIFY_VERP_TEMPLATE_H
#define CLASSIFY_VERP_TEMPLATE_H

#include "classify/verp_coding.h"
#include "cmd/base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    VERP_PARTS_MAX = 32, /* the longest pattern seen in use has 9 */
};

enum verp_part_kind {
    VERP_PART_TEXT,
    VERP_PART_CAMPAIGN,
    VERP_PART_LOCAL,
    VERP_PART_DOMAIN,
    VERP_PART_TAG,
    VERP_PART_ANY,
    VERP_PART_KIND_COUNT
};

struct verp_part {
    enum verp_part_kind kind;
    enum verp_coding coding;
    char *text; /* of VERP_PART_TEXT: at least one character; else NULL */
    size_t length;
};

/* One side of the @. Between two fields there is always text; every kind but text and any comes at
 * most once in a template. */
struct verp_side {
    struct verp_part parts[VERP_PARTS_MAX];
    size_t count;
};

struct verp_template {
    struct verp_side local, domain;
    char *base_local; /* of the address that the template hangs on, or NULL */
    char *host;       /* the domain of the addresses that it makes, as address_domain() gives it;
                         NULL where that has {any} */
    bool has[VERP_PART_KIND_COUNT];
};

/* Compiles a template; `base` is the address of {base} and {host}, or NULL. ERR_CONFIG with the
 * column in `text` and what would be right. */
int verp_template_new(const char *text, const char *base, struct verp_template **made,
                      struct err *err);
void verp_template_free(struct verp_template *t); /* NULL is fine */

#endif
