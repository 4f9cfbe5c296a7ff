/*
 * rules_test: whether rules do what their files say, and why a text is judged as it is: for
 * `nullsender rules test` and `nullsender rules explain`.
 */
#ifndef CLASSIFY_RULES_TEST_H
#define CLASSIFY_RULES_TEST_H

#include "classify/rules.h"
#include "cmd/base/arena.h"

enum rules_finding_kind {
    RULES_FINDING_NO_EXAMPLE,    /* the rule has none */
    RULES_FINDING_NO_FIT,        /* it does not fit its own example */
    RULES_FINDING_SHADOWED,      /* it fits its example, but an earlier rule decides */
    RULES_FINDING_DECIDES_NOT,   /* it decides what it says it must not */
    RULES_FINDING_NEVER_DECIDES, /* it has examples and decides none of them */
    RULES_FINDING_COUNT
};

/* Something that is wrong with a rule. Strings live in the ruleset. */
struct rules_finding {
    enum rules_finding_kind kind;
    const char *rule;
    const char *file;
    unsigned line;          /* of the example, or of the rule */
    const char *example;    /* or NULL */
    const char *decided_by; /* id of the rule that decides the example; NULL: none does */
};

/* A sentence for a finding, with FILE:LINE in front; in the arena. */
const char *rules_finding_text(const struct rules_finding *finding, struct arena *arena);

struct rules_test {
    size_t rule_count;
    size_t example_count; /* what must be decided and what must not, together */
    struct rules_finding *findings;
    size_t finding_count;
};

/* Judges all examples of all rules. A rule with `at` is tried as if its first provider spoke. */
struct rules_test ruleset_test(const struct ruleset *rules, struct ruleset_scratch *scratch,
                               struct arena *arena);

/* What a text as people paste it asks the rules: "550 5.1.1 no such user", a line of a log, or only
 * words. `words` must outlive the question. */
struct rules_question rules_question_read(const char *words, struct arena *arena);

/* All rules that fit such a text, in order: the first decides. `host` is the server that said it,
 * or NULL. Returns their number. */
size_t ruleset_explain(const struct ruleset *rules, struct ruleset_scratch *scratch,
                       const char *words, const char *host, struct arena *arena,
                       struct rule_match **matches);

#endif
