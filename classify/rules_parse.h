/*
 * rules_parse: the text of rule files -> rules and providers.
 */
#ifndef CLASSIFY_RULES_PARSE_H
#define CLASSIFY_RULES_PARSE_H

#include "classify/ruleset.h"
#include "cmd/base/err.h"

/* Appends the rules and providers of one file to the set's. A rule or provider of a name that an
 * earlier file has replaces that one; `drop` removes it. ERR_CONFIG with FILE:LINE. */
int rules_parse_file(struct ruleset *rules, const struct rules_file *file, size_t file_index,
                     struct err *err);

#endif
