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
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The rules and patterns, loaded once. */
struct analyst {
    struct ruleset *rules;
    struct ruleset_scratch *scratch;
    struct verp *verp;
    struct verp_keys *keys; /* NULL until analyst_read_keys() */
    struct identify_options options;
};

/* Loads the built-in rules, those of `rules_directory` (NULL: none) and the patterns (a list that
 * ends with NULL; NULL: none). ERR_CONFIG with the file and line, or the pattern, that is wrong.
 * analyst_close() is due in either case. */
int analyst_open(struct analyst *analyst, const char *rules_directory,
                 const char *const *verp_patterns, struct err *err);
void analyst_close(struct analyst *analyst);

/* Reads the keys that the configuration names, and what it requires of signatures.
 * ERR_CONFIG where a signature is required without a key_file; else the errors of
 * verp_key_file_read(). */
int analyst_read_keys(struct analyst *analyst, const struct config *config, struct err *err);

/* One recipient and what became of the mail to it. */
struct finding {
    struct identity identity; /* recipient NULL: the report tells nobody's name */
    struct judgement judgement;
};

/* What the program makes of a message. */
struct analysis {
    const char *failure;   /* why there is nothing to judge, in words; NULL where there is */
    struct report *report; /* NULL where the mail could not be decoded */
    struct sighting_token *tokens; /* in VERP addresses; the database knows what they stand for */
    size_t token_count;
    int64_t received;         /* when the mail reached the mailbox; seconds since 1970 UTC */
    struct finding *findings; /* at least one after analyst_judge(), save after a failure */
    size_t count;
};

/* Takes a worker's result apart. `received` may be 0: then the mail's own Date counts, or the
 * clock. All of it lives in the arena. */
void analyst_read(const struct analyst *analyst, const struct worker_result *result,
                  int64_t received, struct arena *arena, struct analysis *analysis);

/* Looks up the tokens of several mails, in one query, where there are any. */
int analyses_find_tokens(struct store *store, struct analysis *const *analyses, size_t count,
                         struct arena *arena, struct err *err);

/* Judges what was read. Tokens that nobody has looked up are passed over: `looked_up` says whether
 * somebody has. */
void analyst_judge(const struct analyst *analyst, bool looked_up, struct arena *arena,
                   struct analysis *analysis);

#endif
