/*
 * judge: a report -> a verdict for each recipient. The entrance to classify/, together with
 * identify.h (who it is about) and rules.h (the rule files).
 */
#ifndef CLASSIFY_JUDGE_H
#define CLASSIFY_JUDGE_H

#include "classify/rules.h"
#include "classify/verdict.h"
#include "cmd/base/arena.h"
#include "mime/report.h"

/* One verdict and why. Strings live in the arena or in the ruleset. */
struct judgement {
    enum verdict verdict;
    enum category category;
    enum fault fault;
    bool counted;        /* as a strike, where the verdict is soft */
    const char *status;  /* the enhanced status code that was used, or NULL */
    unsigned reply_code; /* the RFC 5321 reply code that was used, or 0 */
    const char *rule;    /* id of the rule that decided: "google-recipient-rate"; never NULL */
    const char *matched; /* the text that it matched, or NULL */
    const char
        *matched_in; /* where that stood: "Diagnostic-Code", "Status", "text", "Action", ... */
};

/* Judges one recipient of the report, or, with `recipient` NULL, the report as a whole (auto-reply,
 * feedback, ordinary mail, a bounce that names nobody). Always finds a verdict; the last resort is
 * soft/undetermined for a failure and none/not_a_bounce for ordinary mail. */
void judge_recipient(const struct ruleset *rules, struct ruleset_scratch *scratch,
                     const struct report *report, const struct report_recipient *recipient,
                     struct arena *arena, struct judgement *judgement);

#endif
