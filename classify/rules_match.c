#include "classify/answers.h"
#include "classify/codes.h"
#include "classify/rules_scan.h"
#include "classify/ruleset.h"
#include "classify/words.h"
#include "cmd/base/memory.h"

#include <stdlib.h>
#include <string.h>

struct ruleset_scratch {
    struct words words;
    struct rule_scan *scan;
    bool *at_provider; /* for each provider, whether the question is about it */
    struct answers *answers;
    struct buf key; /* of the question, for `answers` */
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
    scratch->answers = answers_new();
    scratch->key = (struct buf)BUF_INIT;
    return scratch;
}

void ruleset_scratch_free(struct ruleset_scratch *scratch) {
    if (!scratch)
        return;
    words_free(&scratch->words);
    rule_scan_free(scratch->scan);
    free(scratch->at_provider);
    answers_free(scratch->answers);
    buf_free(&scratch->key);
    free(scratch);
}

/* Marks the providers that have this very domain; tells whether there are any. */
static bool mark_domain(const struct asked *asked, uint32_t hash, struct bytes domain) {
    const struct provider_domain *domains = asked->rules->domains;
    size_t from = 0, to = asked->rules->domain_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (domains[middle].hash < hash)
            from = middle + 1;
        else
            to = middle;
    }
    bool known = false;
    for (; from < asked->rules->domain_count && domains[from].hash == hash; from++)
        if (bytes_equal_ignore_case(domain, domains[from].domain))
            known = asked->scratch->at_provider[domains[from].provider] = true;
    return known;
}

/* Marks the providers that a host name belongs to: by its name, and by all domains that it lies
 * below; a provider's domain has a dot. Tells whether there are any. */
static bool mark_host(void *context, struct bytes host) {
    uint32_t hash = 0;
    bool known = false, has_dot = false;
    for (size_t i = host.len; i-- > 0;) {
        if (host.data[i] == '.') {
            if (has_dot)
                known |= mark_domain(context, hash, bytes_from(host, i + 1));
            has_dot = true;
        }
        hash = domain_hash_add(hash, host.data[i]);
    }
    return (has_dot && mark_domain(context, hash, host)) || known;
}

static void mark_providers_by_text(const struct asked *asked) {
    for (size_t p = 0; p < asked->rules->provider_count; p++) {
        struct rule_hit hit;
        if (rule_scan_found(asked->scratch->scan, asked->rules->providers[p].text_patterns, &hit))
            asked->scratch->at_provider[p] = true;
    }
}

/* Takes the question apart: its codes, its words, and the providers that it names. */
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
    return asked;
}

static void scan_words(const struct asked *asked) {
    rule_scan_text(asked->scratch->scan, asked->rules->database,
                   buf_bytes(&asked->scratch->words.text));
    mark_providers_by_text(asked);
}

/* All that which rule decides depends on, before the words are scanned. */
static struct bytes key_of(const struct asked *asked) {
    const struct ruleset_scratch *scratch = asked->scratch;
    const unsigned codes[] = {asked->question->reply_code, asked->question->permanence,
                              asked->status.class, asked->status.subject, asked->status.detail};
    struct buf *key = &asked->scratch->key;
    buf_reset(key);
    buf_add(key, codes, sizeof codes);
    buf_add(key, scratch->at_provider, asked->rules->provider_count * sizeof *scratch->at_provider);
    buf_add_bytes(key, buf_bytes(&scratch->words.text));
    return buf_bytes(key);
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

/* What a rule's pattern has matched; nothing where it has none. */
static struct answer answer_of(const struct asked *asked, const struct rule *rule,
                               struct rule_hit hit) {
    if (!rule->text.count)
        return (struct answer){rule, 0, 0};
    size_t from = rule_scan_start(asked->scratch->scan, asked->rules->database,
                                  buf_bytes(&asked->scratch->words.text), hit);
    return (struct answer){rule, from, hit.to};
}

/* The first rule that fits. */
static struct answer find_answer(const struct asked *asked) {
    scan_words(asked);
    for (size_t i = 0; i < asked->rules->rule_count; i++) {
        struct rule_hit hit;
        if (fits(asked, &asked->rules->rules[i], &hit))
            return answer_of(asked, &asked->rules->rules[i], hit);
    }
    return (struct answer){0};
}

static struct rule_match describe(const struct asked *asked, struct answer answer,
                                  struct arena *arena) {
    const struct rule *rule = answer.rule;
    struct rule_match match = {
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
    if (rule->text.count)
        match.matched =
            arena_bytes(arena, words_source(&asked->scratch->words, answer.from, answer.to));
    return match;
}

bool ruleset_match(const struct ruleset *rules, struct ruleset_scratch *scratch,
                   const struct rules_question *question, struct arena *arena,
                   struct rule_match *match) {
    const struct asked asked = ask(rules, scratch, question);
    struct bytes key = key_of(&asked);
    struct answer answer;
    if (!answers_find(scratch->answers, key, &answer)) {
        answer = find_answer(&asked);
        answers_add(scratch->answers, key, answer);
    }
    if (answer.rule)
        *match = describe(&asked, answer, arena);
    return answer.rule != NULL;
}

size_t ruleset_match_all(const struct ruleset *rules, struct ruleset_scratch *scratch,
                         const struct rules_question *question, struct arena *arena,
                         struct rule_match **matches) {
    const struct asked asked = ask(rules, scratch, question);
    scan_words(&asked);
    struct rule_hit *hits = arena_alloc(arena, rules->rule_count * sizeof *hits);
    const struct rule **fitting = arena_alloc(arena, rules->rule_count * sizeof(struct rule *));
    size_t count = 0;
    for (size_t i = 0; i < rules->rule_count; i++)
        if (fits(&asked, &rules->rules[i], &hits[count]))
            fitting[count++] = &rules->rules[i];
    *matches = arena_alloc(arena, count * sizeof **matches);
    for (size_t i = 0; i < count; i++)
        (*matches)[i] = describe(&asked, answer_of(&asked, fitting[i], hits[i]), arena);
    return count;
}
