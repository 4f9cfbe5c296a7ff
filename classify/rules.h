/*
 * rules: the rule files (etc/rules/README.md describes them) as one compiled set.
 */
#ifndef CLASSIFY_RULES_H
#define CLASSIFY_RULES_H

#include "cmd/base/bytes.h"
#include "cmd/base/err.h"

struct ruleset;
struct ruleset_scratch;

/* A rule file's bytes, and the name that errors give it. */
struct rules_file {
    const char *name;
    struct bytes text;
};

/* Reads and compiles rule files. Later files come first in judgement within their phase (an
 * operator's own rules override the shipped ones), and a rule id that stands in two files is taken
 * from the later one. ERR_CONFIG with "FILE:LINE: what is wrong". */
int ruleset_compile(const struct rules_file *files, size_t count, struct ruleset **rules,
                    struct err *err);
void ruleset_free(struct ruleset *rules); /* NULL is fine */

/* First 16 hex digits of the SHA-256 over all files' bytes, in order. */
const char *ruleset_version(const struct ruleset *rules);

/* What one thread needs for scanning. */
struct ruleset_scratch *ruleset_scratch_new(const struct ruleset *rules);
void ruleset_scratch_free(struct ruleset_scratch *scratch);

#endif
