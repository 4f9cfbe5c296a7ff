#include "classify/rules.h"

#include "classify/rules_parse.h"
#include "classify/rules_scan.h"
#include "classify/ruleset.h"
#include "cmd/base/memory.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>

void rules_files_version(const struct rules_file *files, size_t count,
                         char version[RULES_VERSION_SIZE]) {
    struct sha256_ctx sha;
    uint8_t digest[(RULES_VERSION_SIZE - 1) / 2];
    sha256_init(&sha);
    for (size_t i = 0; i < count; i++)
        if (files[i].text.len)
            sha256_update(&sha, files[i].text.len, (const uint8_t *)files[i].text.data);
    sha256_digest(&sha, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(version + 2 * i, 3, "%02x", digest[i]);
}

int ruleset_compile_cached(const struct rules_file *files, size_t count, struct bytes cache,
                           struct ruleset **rules, struct err *err) {
    struct ruleset *set = memory_zero(1, sizeof *set);
    set->arena = arena_new();
    rules_files_version(files, count, set->version);
    for (size_t i = 0; i < count; i++)
        if (rules_parse_file(set, &files[i], i, err))
            goto fail;
    if (rules_parse_finish(set, err) ||
        rule_database_new(set->patterns, set->pattern_count, cache, &set->database, err))
        goto fail;
    *rules = set;
    return 0;
fail:
    ruleset_free(set);
    return -1;
}

int ruleset_compile(const struct rules_file *files, size_t count, struct ruleset **rules,
                    struct err *err) {
    return ruleset_compile_cached(files, count, bytes_of(NULL), rules, err);
}

bool ruleset_is_from_cache(const struct ruleset *rules) {
    return rule_database_is_from_cache(rules->database);
}

int ruleset_write_cache(const struct ruleset *rules, struct buf *out, struct err *err) {
    return rule_database_write(rules->database, out, err);
}

void ruleset_free(struct ruleset *rules) {
    if (!rules)
        return;
    rule_database_free(rules->database);
    arena_free(rules->arena);
    free(rules);
}

const char *ruleset_version(const struct ruleset *rules) {
    return rules->version;
}

size_t ruleset_rule_count(const struct ruleset *rules) {
    return rules->rule_count;
}

size_t ruleset_pattern_count(const struct ruleset *rules) {
    return rules->pattern_count;
}
