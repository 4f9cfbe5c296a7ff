#include "classify/rules_test.h"

#include "classify/codes.h"
#include "classify/ruleset.h"

#include <string.h>

struct tester {
    const struct ruleset *rules;
    struct ruleset_scratch *scratch;
    struct arena *arena;
    struct rules_test result;
};

struct rules_question rules_question_read(const char *words, struct arena *arena) {
    struct codes_found found = codes_find(words);
    struct rules_question question = {
        .text = words,
        .reply_code = found.reply_code,
        .status = found.status.len ? arena_bytes(arena, found.status) : NULL,
    };
    question.permanence = codes_permanence(question.reply_code, question.status);
    return question;
}

size_t ruleset_explain(const struct ruleset *rules, struct ruleset_scratch *scratch,
                       const char *words, const char *host, struct arena *arena,
                       struct rule_match **matches) {
    struct rules_question question = rules_question_read(words, arena);
    question.hosts[0] = host;
    return ruleset_match_all(rules, scratch, &question, arena, matches);
}

static void report(struct tester *t, enum rules_finding_kind kind, const struct rule *rule,
                   const struct rule_line *example, const char *decided_by) {
    struct rules_test *r = &t->result;
    r->findings = arena_grow(t->arena, r->findings, r->finding_count, sizeof *r->findings);
    r->findings[r->finding_count++] = (struct rules_finding){
        .kind = kind,
        .rule = rule->id,
        .file = rule->file,
        .line = example ? example->line : rule->line,
        .example = example ? example->text : NULL,
        .decided_by = decided_by,
    };
}

/* The rules that fit the example; the first decides. */
static size_t try_example(struct tester *t, const struct rule *rule,
                          const struct rule_line *example, struct rule_match **matches) {
    const char *host = NULL;
    for (size_t i = 0; i < rule->at.count && !host; i++) {
        const struct provider *provider = &t->rules->providers[rule->providers[i]];
        if (provider->hosts.count)
            host = provider->hosts.lines[0].text;
    }
    t->result.example_count++;
    return ruleset_explain(t->rules, t->scratch, example->text, host, t->arena, matches);
}

static bool test_example(struct tester *t, const struct rule *rule,
                         const struct rule_line *example) {
    struct rule_match *matches;
    size_t count = try_example(t, rule, example, &matches);
    const char *decided_by = count ? matches[0].rule : NULL;
    size_t i = 0;
    while (i < count && strcmp(matches[i].rule, rule->id) != 0)
        i++;
    if (i == count)
        report(t, RULES_FINDING_NO_FIT, rule, example, decided_by);
    else if (i > 0)
        report(t, RULES_FINDING_SHADOWED, rule, example, decided_by);
    return count && i == 0;
}

static void test_rule(struct tester *t, const struct rule *rule) {
    bool decides = false;
    for (size_t i = 0; i < rule->examples.count; i++)
        decides |= test_example(t, rule, &rule->examples.lines[i]);
    for (size_t i = 0; i < rule->nots.count; i++) {
        struct rule_match *matches;
        size_t count = try_example(t, rule, &rule->nots.lines[i], &matches);
        if (count && !strcmp(matches[0].rule, rule->id))
            report(t, RULES_FINDING_DECIDES_NOT, rule, &rule->nots.lines[i], rule->id);
    }
    if (!rule->examples.count)
        report(t, RULES_FINDING_NO_EXAMPLE, rule, NULL, NULL);
    else if (!decides)
        report(t, RULES_FINDING_NEVER_DECIDES, rule, NULL, NULL);
}

struct rules_test ruleset_test(const struct ruleset *rules, struct ruleset_scratch *scratch,
                               struct arena *arena) {
    struct tester t = {rules, scratch, arena, {.rule_count = rules->rule_count}};
    for (size_t i = 0; i < rules->rule_count; i++)
        test_rule(&t, &rules->rules[i]);
    return t.result;
}

const char *rules_finding_text(const struct rules_finding *f, struct arena *arena) {
    const char *by = f->decided_by ? f->decided_by : "no rule";
    switch (f->kind) {
    case RULES_FINDING_NO_EXAMPLE:
        return arena_printf(arena, "%s:%u: rule %s has no example", f->file, f->line, f->rule);
    case RULES_FINDING_NO_FIT:
        return arena_printf(arena, "%s:%u: rule %s does not fit its example, %s decides: %s",
                            f->file, f->line, f->rule, by, f->example);
    case RULES_FINDING_SHADOWED:
        return arena_printf(arena, "%s:%u: rule %s is shadowed by %s, which comes first: %s",
                            f->file, f->line, f->rule, by, f->example);
    case RULES_FINDING_DECIDES_NOT:
        return arena_printf(arena, "%s:%u: rule %s decides what it must not: %s", f->file, f->line,
                            f->rule, f->example);
    case RULES_FINDING_NEVER_DECIDES:
        return arena_printf(arena, "%s:%u: rule %s decides none of its examples", f->file, f->line,
                            f->rule);
    case RULES_FINDING_COUNT: break;
    }
    return "";
}
