/*
 * rules: the rule files (etc/man/nullsender-rules.5 describes them) as one compiled set, and asking
 * it.
 */
#ifndef CLASSIFY_RULES_H
#define CLASSIFY_RULES_H

#include "classify/codes.h"
#include "classify/verdict.h"
#include "cmd/base/arena.h"
#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"
#include "cmd/base/err.h"

#include <stddef.h>

struct ruleset;
struct ruleset_scratch;

/* A rule file's bytes, and the name that errors give it. */
struct rules_file {
    const char *name;
    struct bytes text;
};

enum {
    RULES_VERSION_SIZE = 16 + 1, /* hex digits and NUL */
};

/* First 16 hex digits of the SHA-256 over all files' bytes, in order. */
void rules_files_version(const struct rules_file *files, size_t count,
                         char version[RULES_VERSION_SIZE]);

/* Reads and compiles rule files. Later files come first in judgement within their phase (an
 * operator's own rules override the shipped ones), and a rule id that stands in two files is taken
 * from the later one. ERR_CONFIG with "FILE:LINE: what is wrong and what would be right". */
int ruleset_compile(const struct rules_file *files, size_t count, struct ruleset **rules,
                    struct err *err);

/* The same, compiling only the patterns that `cache` lacks: the bytes that ruleset_write_cache gave
 * in an earlier run of this very version of the library. Compiling a thousand takes a second. A
 * cache of another library, cut short or with flipped bits, is passed over. It must come from where
 * only we can write: the library trusts what is inside. */
int ruleset_compile_cached(const struct rules_file *files, size_t count, struct bytes cache,
                           struct ruleset **rules, struct err *err);

/* How many patterns were not in the cache. */
size_t ruleset_compiled_count(const struct ruleset *rules);

/* Appends the compiled patterns of a set that was made without a cache. */
int ruleset_write_cache(const struct ruleset *rules, struct buf *out, struct err *err);

void ruleset_free(struct ruleset *rules); /* NULL is fine */

/* rules_files_version() of the files. */
const char *ruleset_version(const struct ruleset *rules);
size_t ruleset_rule_count(const struct ruleset *rules);
size_t ruleset_pattern_count(const struct ruleset *rules);

/* What one thread needs for scanning; a scratch serves the set it was made for. */
struct ruleset_scratch *ruleset_scratch_new(const struct ruleset *rules);
void ruleset_scratch_free(struct ruleset_scratch *scratch);

/* What the rules are asked about. */
struct rules_question {
    const char *text;    /* the server's words, or NULL; RULES_TEXT_MAX bytes of it are read */
    unsigned reply_code; /* or 0 */
    const char *status;  /* enhanced status code, or NULL */
    enum permanence permanence;
    /* Names that tell whose rules apply: the MTAs, the recipient's domain. NULLs are fine. */
    const char *hosts[4];
};

enum {
    RULES_TEXT_MAX = 16 * 1024, /* as much as a report's text holds */
};

/* The order of judgement. */
enum rule_phase {
    RULE_PHASE_LOCAL,    /* the operator's own rules, before everything */
    RULE_PHASE_CONTRA,   /* words that speak against a dead address, whatever the codes say */
    RULE_PHASE_PROVIDER, /* a provider's private codes and ways of speaking */
    RULE_PHASE_TEXT,     /* what everybody says */
    RULE_PHASE_STATUS,   /* the enhanced status code */
    RULE_PHASE_REPLY,    /* the reply code */
    RULE_PHASE_COUNT
};
const char *rule_phase_name(enum rule_phase phase);

/* A rule that fits. Strings live in the ruleset, `matched` in the arena of the question. */
struct rule_match {
    const char *rule;
    const char *file;
    unsigned line;
    enum rule_phase phase;
    enum verdict verdict;
    enum category category;
    enum fault fault;
    const char *matched; /* the text, or NULL where the rule looks at codes only */
    bool by_status;      /* the rule asked for a status code; `by_reply` likewise */
    bool by_reply;
};

/* The rule that decides: the first that fits, by phase and then by place. False: none does. */
bool ruleset_match(const struct ruleset *rules, struct ruleset_scratch *scratch,
                   const struct rules_question *question, struct arena *arena,
                   struct rule_match *match);

/* All rules that fit, in order: the first decides. Returns their number. */
size_t ruleset_match_all(const struct ruleset *rules, struct ruleset_scratch *scratch,
                         const struct rules_question *question, struct arena *arena,
                         struct rule_match **matches);

#endif
