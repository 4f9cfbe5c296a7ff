#include "classify/codes.h"
#include "classify/rules_scan.h"
#include "classify/ruleset.h"
#include "classify/words.h"
#include "cmd/base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    HOST_MAX = 255, /* RFC 1035 section 2.3.4; of a longer one its end counts */
};

struct ruleset_scratch {
    struct words words;
    struct rule_scan *scan;
    bool *at_provider; /* for each provider, whether the question is about it */
};

/* A question with its codes read. */
struct asked {
    const struct ruleset *rules;
    struct ruleset_scratch *scratch;
    const struct rules_question *question;
    struct status_code status;
};

struct ruleset_scratch *ruleset_scratch_new(const struct ruleset *rules) {
    struct ruleset_scratch *scratch = memory_zero(1, sizeof *scratch);
    scratch->scan = rule_scan_new(rules->database);
    scratch->at_provider = memory_zero(rules->provider_count, sizeof *scratch->at_provider);
    return scratch;
}

void ruleset_scratch_free(struct ruleset_scratch *scratch) {
    if (!scratch)
        return;
    words_free(&scratch->words);
    rule_scan_free(scratch->scan);
    free(scratch->at_provider);
    free(scratch);
}

/* Marks the providers that have this very domain; tells whether there are any. */
static bool mark_domain(const struct asked *asked, const char *domain) {
    const struct provider_domain *domains = asked->rules->domains;
    size_t from = 0, to = asked->rules->domain_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (strcasecmp(domains[middle].domain, domain) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    bool known = false;
    for (; from < asked->rules->domain_count && !strcasecmp(domains[from].domain, domain); from++)
        known = asked->scratch->at_provider[domains[from].provider] = true;
    return known;
}

/* Marks the providers that a host name belongs to: by its name, and by all domains that it lies
 * below. Tells whether there are any. */
static bool mark_host(void *context, struct bytes host) {
    char name[HOST_MAX + 1];
    bool known = false;
    if (host.len > HOST_MAX)
        host = bytes_from(host, host.len - HOST_MAX);
    if (host.len)
        memcpy(name, host.data, host.len);
    name[host.len] = '\0';
    for (const char *domain = name; domain; domain = strchr(domain, '.')) {
        domain += *domain == '.';
        known |= mark_domain(context, domain);
    }
    return known;
}

static void mark_providers_by_text(const struct asked *asked) {
    for (size_t p = 0; p < asked->rules->provider_count; p++) {
        struct rule_hit hit;
        if (rule_scan_found(asked->scratch->scan, asked->rules->providers[p].text_patterns, &hit))
            asked->scratch->at_provider[p] = true;
    }
}

static struct asked ask(const struct ruleset *rules, struct ruleset_scratch *scratch,
                        const struct rules_question *question) {
    struct asked asked = {rules, scratch, question, {0, 0, 0}};
    if (question->status && !status_code_read(question->status, &asked.status))
        asked.status = (struct status_code){0, 0, 0};
    if (rules->provider_count)
        memset(scratch->at_provider, 0, rules->provider_count * sizeof *scratch->at_provider);
    for (size_t i = 0; i < sizeof question->hosts / sizeof *question->hosts; i++)
        if (question->hosts[i])
            mark_host(&asked, bytes_of(question->hosts[i]));
    words_set(&scratch->words, bytes_of(question->text), mark_host, &asked);
    rule_scan_text(scratch->scan, rules->database, buf_bytes(&scratch->words.text));
    mark_providers_by_text(&asked);
    return asked;
}

static bool fits_provider(const struct asked *asked, const struct rule *rule) {
    for (size_t i = 0; i < rule->at.count; i++)
        if (asked->scratch->at_provider[rule->providers[i]])
            return true;
    return !rule->at.count;
}

static bool fits_reply(const struct asked *asked, const struct rule *rule) {
    for (size_t i = 0; i < rule->reply_count; i++)
        if (reply_pattern_matches(&rule->replies[i], asked->question->reply_code))
            return true;
    return !rule->reply_count;
}

static bool fits_status(const struct asked *asked, const struct rule *rule) {
    for (size_t i = 0; i < rule->status_count; i++)
        if (status_pattern_matches(&rule->statuses[i], asked->status))
            return true;
    return !rule->status_count;
}

static bool fits(const struct asked *asked, const struct rule *rule, struct rule_hit *hit) {
    struct rule_hit ignored;
    if (rule->text.count && !rule_scan_found(asked->scratch->scan, rule->text_patterns, hit))
        return false;
    if (rule->when && rule->when != asked->question->permanence)
        return false;
    return fits_reply(asked, rule) && fits_status(asked, rule) && fits_provider(asked, rule) &&
           !rule_scan_found(asked->scratch->scan, rule->unless_patterns, &ignored);
}

/* The bytes of the question that the rule's pattern matched. */
static const char *matched_text(const struct asked *asked, struct rule_hit hit,
                                struct arena *arena) {
    struct words *words = &asked->scratch->words;
    size_t from =
        rule_scan_start(asked->scratch->scan, asked->rules->database, buf_bytes(&words->text), hit);
    return arena_bytes(arena, words_source(words, from, hit.to));
}

static struct rule_match describe(const struct rule *rule) {
    return (struct rule_match){
        .rule = rule->id,
        .file = rule->file,
        .line = rule->line,
        .phase = rule->phase,
        .verdict = rule->verdict,
        .category = rule->category,
        .fault = rule->fault,
        .by_status = rule->status_count > 0,
        .by_reply = rule->reply_count > 0,
    };
}

bool ruleset_match(const struct ruleset *rules, struct ruleset_scratch *scratch,
                   const struct rules_question *question, struct arena *arena,
                   struct rule_match *match) {
    const struct asked asked = ask(rules, scratch, question);
    for (size_t i = 0; i < rules->rule_count; i++) {
        const struct rule *rule = &rules->rules[i];
        struct rule_hit hit;
        if (!fits(&asked, rule, &hit))
            continue;
        *match = describe(rule);
        if (rule->text.count)
            match->matched = matched_text(&asked, hit, arena);
        return true;
    }
    return false;
}

size_t ruleset_match_all(const struct ruleset *rules, struct ruleset_scratch *scratch,
                         const struct rules_question *question, struct arena *arena,
                         struct rule_match **matches) {
    const struct asked asked = ask(rules, scratch, question);
    struct rule_hit *hits = arena_alloc(arena, rules->rule_count * sizeof *hits);
    const struct rule **fitting = arena_alloc(arena, rules->rule_count * sizeof(struct rule *));
    size_t count = 0;
    for (size_t i = 0; i < rules->rule_count; i++)
        if (fits(&asked, &rules->rules[i], &hits[count]))
            fitting[count++] = &rules->rules[i];
    *matches = arena_alloc(arena, count * sizeof **matches);
    for (size_t i = 0; i < count; i++) {
        (*matches)[i] = describe(fitting[i]);
        if (fitting[i]->text.count)
            (*matches)[i].matched = matched_text(&asked, hits[i], arena);
    }
    return count;
}
