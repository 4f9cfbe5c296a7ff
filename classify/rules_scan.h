/*
 * rules_scan: which patterns of a set match a text, all found in one pass over it.
 */
#ifndef CLASSIFY_RULES_SCAN_H
#define CLASSIFY_RULES_SCAN_H

#include "classify/rules_database.h"
#include "classify/ruleset.h"
#include "classify/words.h"

struct rule_scan;

/* Room for scanning, and what the last scan found. The database must outlive it. */
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
