/*
 * rules_scan: the patterns of a set as one database of the regex engine (vectorscan), which finds
 * all that match in one pass over the text.
 */
#ifndef CLASSIFY_RULES_SCAN_H
#define CLASSIFY_RULES_SCAN_H

#include "classify/ruleset.h"
#include "classify/words.h"
#include "cmd/base/buf.h"
#include "cmd/base/err.h"

struct rule_database;
struct rule_scan;

/* Compiles the patterns, or loads them from `cache`, as rules.h says. ERR_CONFIG with FILE:LINE for
 * a bad pattern. Without any pattern the database is empty and matches nothing. */
int rule_database_new(const struct rule_pattern *patterns, size_t count, struct bytes cache,
                      struct rule_database **database, struct err *err);
void rule_database_free(struct rule_database *database); /* NULL is fine */
bool rule_database_is_from_cache(const struct rule_database *database);
int rule_database_write(const struct rule_database *database, struct buf *out, struct err *err);

/* Room for scanning, and what the last scan found. */
struct rule_scan *rule_scan_new(const struct rule_database *database);
void rule_scan_free(struct rule_scan *scan); /* NULL is fine */

/* Scans the text, which must be valid UTF-8. */
void rule_scan_text(struct rule_scan *scan, const struct rule_database *database,
                    struct bytes text);

/* A pattern that matched, and the byte behind its match. */
struct rule_hit {
    size_t pattern;
    size_t to;
};

/* The first pattern of the span that the last scan found. False: none. */
bool rule_scan_found(const struct rule_scan *scan, struct pattern_span span, struct rule_hit *hit);

/* Where the hit's match starts, to the word (of a very long match: at most twice as far back): the
 * text is cut further and further back from the end of the match until the pattern matches again.
 * Forgets what the last scan found. */
size_t rule_scan_start(struct rule_scan *scan, const struct rule_database *database,
                       struct bytes text, struct rule_hit hit);

#endif
