/*
 * analysis: one message's report -> findings: who it is about, and the verdict on each.
 *
 * What fetch, parse and explain share: the rules, the VERP patterns, and the step from a worker's
 * answer to judged recipients.
 */
#ifndef CMD_ANALYSIS_H
#define CMD_ANALYSIS_H

#include "classify/identify.h"
#include "classify/judge.h"
#include "cmd/base/arena.h"
#include "cmd/base/err.h"
#include "cmd/config.h"
#include "cmd/worker.h"
#include "mime/report.h"

#include <stddef.h>

/* The rules and patterns, loaded once. */
struct analyst {
    struct ruleset *rules;
    struct ruleset_scratch *scratch;
    struct verp *verp;
};

/* Loads the built-in rules, those of `rules_directory` (NULL: none) and the patterns (a list that
 * ends with NULL; NULL: none). ERR_CONFIG with the file and line, or the pattern, that is wrong.
 * analyst_close() is due in either case. */
int analyst_open(struct analyst *analyst, const char *rules_directory,
                 const char *const *verp_patterns, struct err *err);
void analyst_close(struct analyst *analyst);

/* One recipient and what became of the mail to it. */
struct finding {
    struct identity identity; /* recipient NULL: the report tells nobody's name */
    struct judgement judgement;
};

/* What the program makes of a message. */
struct analysis {
    const char *failure;      /* why there is no report, in words; NULL where there is one */
    struct report *report;    /* NULL after a failure */
    struct finding *findings; /* at least one where there is a report */
    size_t count;
};

/* Takes a worker's result apart and judges it. All of it lives in the arena. */
void analyst_judge(const struct analyst *analyst, const struct worker_result *result,
                   struct arena *arena, struct analysis *analysis);

#endif
