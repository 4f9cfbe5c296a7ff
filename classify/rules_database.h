/*
 * rules_database: the patterns of a set as databases of the regex engine (vectorscan): those that a
 * cache holds are loaded, only the others are compiled. The shipped rules are such a cache in the
 * program, so that an operator's own rules cost what they alone cost: compiling all takes a second.
 */
#ifndef CLASSIFY_RULES_DATABASE_H
#define CLASSIFY_RULES_DATABASE_H

#include "classify/ruleset.h"
#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"
#include "cmd/base/err.h"

#include <hs.h>
#include <stddef.h>

/* Each pattern has a slot: the id with which a database reports it. */
struct rule_database {
    hs_database_t *loaded;   /* the cache's, with slots 0..loaded_count-1; NULL: not used */
    hs_database_t *compiled; /* slots behind those; NULL where there are none */
    size_t loaded_count;     /* what no pattern has as its slot may match, and means nothing */
    size_t compiled_count;
    size_t *slots; /* of each pattern of the set */
};

/* Compiles the patterns, or loads them from `cache`, as rules.h says. ERR_CONFIG with FILE:LINE for
 * a bad pattern. Without any pattern there is no database. */
int rule_database_new(const struct rule_pattern *patterns, size_t count, struct bytes cache,
                      struct rule_database **database, struct err *err);
void rule_database_free(struct rule_database *database); /* NULL is fine */

/* Appends a cache. Only of what was compiled without one. */
int rule_database_write(const struct rule_database *database, const struct rule_pattern *patterns,
                        struct buf *out, struct err *err);

#endif
