#include "classify/rules.h"

#include "classify/rules_database.h"
#include "classify/rules_parse.h"
#include "classify/ruleset.h"
#include "cmd/base/memory.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int find_providers(struct ruleset *set, struct rule *rule, struct err *err) {
    rule->providers = arena_alloc(set->arena, rule->at.count * sizeof *rule->providers);
    for (size_t i = 0; i < rule->at.count; i++) {
        const struct rule_line *name = &rule->at.lines[i];
        size_t p = 0;
        while (p < set->provider_count && strcmp(set->providers[p].name, name->text))
            p++;
        if (p == set->provider_count)
            return err_set(err, ERR_CONFIG,
                           "%s:%u: there is no provider %s: write a stanza \"provider %s\" with a "
                           "line \"host ...\"",
                           rule->file, name->line, name->text, name->text);
        rule->providers[i] = p;
    }
    return 0;
}

static struct pattern_span number_patterns(struct ruleset *set, const char *file,
                                           const struct rule_lines *lines) {
    struct pattern_span span = {set->pattern_count, lines->count};
    for (size_t i = 0; i < lines->count; i++) {
        set->patterns =
            arena_grow(set->arena, set->patterns, set->pattern_count, sizeof *set->patterns);
        set->patterns[set->pattern_count++] =
            (struct rule_pattern){lines->lines[i].text, file, lines->lines[i].line};
    }
    return span;
}

static int compare_rules(const void *left, const void *right) {
    const struct rule *a = left, *b = right;
    if (a->phase != b->phase)
        return a->phase < b->phase ? -1 : 1;
    if (a->file_index != b->file_index)
        return a->file_index > b->file_index ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

static int compare_domains(const void *left, const void *right) {
    const struct provider_domain *a = left, *b = right;
    return (a->hash > b->hash) - (a->hash < b->hash);
}

static uint32_t hash_domain(struct bytes domain) {
    uint32_t hash = 0;
    while (domain.len)
        hash = domain_hash_add(hash, domain.data[--domain.len]);
    return hash;
}

/* Every text names several hosts, and there are hundreds of domains: they are sorted. */
static void list_domains(struct ruleset *set) {
    for (size_t p = 0; p < set->provider_count; p++)
        for (size_t i = 0; i < set->providers[p].hosts.count; i++) {
            const char *domain = set->providers[p].hosts.lines[i].text;
            set->domains =
                arena_grow(set->arena, set->domains, set->domain_count, sizeof *set->domains);
            set->domains[set->domain_count++] =
                (struct provider_domain){domain, hash_domain(bytes_of(domain)), p};
        }
    if (set->domain_count)
        qsort(set->domains, set->domain_count, sizeof *set->domains, compare_domains);
}

/* When all files are read: finds the providers that rules name, puts the rules into the order of
 * judgement and numbers the patterns. */
static int put_together(struct ruleset *rules, struct err *err) {
    if (rules->rule_count)
        qsort(rules->rules, rules->rule_count, sizeof *rules->rules, compare_rules);
    for (size_t i = 0; i < rules->rule_count; i++) {
        struct rule *rule = &rules->rules[i];
        if (find_providers(rules, rule, err))
            return -1;
        rule->text_patterns = number_patterns(rules, rule->file, &rule->text);
        rule->unless_patterns = number_patterns(rules, rule->file, &rule->unless);
    }
    for (size_t i = 0; i < rules->provider_count; i++) {
        struct provider *provider = &rules->providers[i];
        provider->text_patterns = number_patterns(rules, provider->file, &provider->text);
    }
    list_domains(rules);
    return 0;
}

int ruleset_compile_cached(const struct rules_file *files, size_t count, struct bytes cache,
                           struct ruleset **rules, struct err *err) {
    struct ruleset *set = memory_zero(1, sizeof *set);
    set->arena = arena_new();
    rules_files_version(files, count, set->version);
    for (size_t i = 0; i < count; i++)
        if (rules_parse_file(set, &files[i], i, err))
            goto fail;
    if (put_together(set, err) ||
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

size_t ruleset_compiled_count(const struct ruleset *rules) {
    return rules->database->compiled_count;
}

int ruleset_write_cache(const struct ruleset *rules, struct buf *out, struct err *err) {
    return rule_database_write(rules->database, rules->patterns, out, err);
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
