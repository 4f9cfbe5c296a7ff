/*
 * ruleset: how a compiled set looks inside: for the files that make up rules.h, and nobody else.
 */
#ifndef CLASSIFY_RULESET_H
#define CLASSIFY_RULESET_H

#include "classify/codes.h"
#include "classify/rules.h"
#include "classify/verdict.h"
#include "cmd/base/arena.h"
#include "cmd/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line of text with the place it came from. */
struct rule_line {
    const char *text;
    unsigned line;
};

/* A growing list in the ruleset's arena. */
struct rule_lines {
    struct rule_line *lines;
    size_t count;
};

/* Patterns first..first+count of the set's pattern list. */
struct pattern_span {
    size_t first;
    size_t count;
};

struct rule {
    const char *id;
    const char *file;
    size_t file_index;
    unsigned line;
    enum rule_phase phase;
    enum verdict verdict;
    enum category category;
    enum fault fault;
    bool has_verdict;
    enum permanence when; /* PERMANENCE_UNKNOWN: always */

    /* Each list holds alternatives; an empty one asks nothing. */
    struct rule_lines at; /* names of providers, while reading */
    size_t *providers;    /* their indexes */
    struct rule_lines text;
    struct rule_lines unless;
    struct reply_pattern *replies;
    size_t reply_count;
    struct status_pattern *statuses;
    size_t status_count;

    struct pattern_span text_patterns;
    struct pattern_span unless_patterns;

    struct rule_lines examples; /* what it must decide */
    struct rule_lines nots;     /* what it must not */
};

/* Whose rules: known by a host name or by a way of speaking. */
struct provider {
    const char *name;
    const char *file;
    unsigned line;
    struct rule_lines hosts; /* "google.com": itself and all below it */
    struct rule_lines text;
    struct pattern_span text_patterns;
};

/* A domain that belongs to a provider, with all below it. */
struct provider_domain {
    const char *domain;
    uint32_t hash; /* domain_hash_add() of all its octets */
    size_t provider;
};

/* Of a domain without regard to case, octet by octet from its end: on the way from the end of a
 * host name to its start, all domains that it lies below are met. As FNV-1a does it; 0 for none. */
static inline uint32_t domain_hash_add(uint32_t hash, char c) {
    return (hash ^ (unsigned char)ascii_lower(c)) * 0x01000193;
}

struct rule_pattern {
    const char *regex;
    const char *file;
    unsigned line;
};

struct rule_database; /* rules_database.h */

struct ruleset {
    struct arena *arena;
    char version[RULES_VERSION_SIZE];
    struct rule *rules; /* in the order of judgement */
    size_t rule_count;
    struct provider *providers;
    size_t provider_count;
    struct provider_domain *domains; /* in the order of their hashes */
    size_t domain_count;
    struct rule_pattern *patterns;
    size_t pattern_count;
    struct rule_database *database;
};

#endif
