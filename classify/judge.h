/*
 * judge: a report -> a verdict for each recipient. The entrance to classify/, together with
 * identify.h (who it is about) and rules.h (the rule files).
 *
 * In this order:
 *
 *  1. What is no failure is known by its kind (an auto-reply, a feedback report) or by the Action
 *     field (delayed, delivered, relayed, expanded), and no rule is asked.
 *  2. A failure's words and codes go to the rules, which give verdict and category. The words are
 *     those of Diagnostic-Code; where these say nothing, those of the report's human-readable part.
 *  3. A category whose verdict is hard stays so only where the refusal was meant for good: with a
 *     temporary one (4xx; without a reply code, 4.y.z) "user unknown" is soft, in the same
 *     category, since a server that says so for good says 5xx. All other verdicts do not depend on
 *     that: a block is the sender's trouble either way, and what is soft with a 450 is soft with a
 *     550.
 *
 * So hard needs words or an enhanced code that say that the address is dead; a reply code alone
 * never does.
 */
#ifndef CLASSIFY_JUDGE_H
#define CLASSIFY_JUDGE_H

#include "classify/rules.h"
#include "classify/verdict.h"
#include "cmd/base/arena.h"
#include "mime/report.h"

/* One verdict and why. Strings live in the arena, in the ruleset or in the report. */
struct judgement {
    enum verdict verdict;
    enum category category;
    enum fault fault;
    bool counted;       /* as a strike, where the verdict is soft */
    const char *status; /* the enhanced status code; NULL where it is about no delivery */
    /* The report has no enhanced code: `status` is the one that stands for the category, for those
     * who know 5.1.1 and 4.2.2 better than words. Nobody said it. */
    bool status_is_derived;
    unsigned reply_code; /* the RFC 5321 reply code that was used, or 0 */
    /* Id of the rule that decided: "google-recipient-rate"; never NULL. Where none of the rule
     * files' did: "kind-auto_reply" (the kind of mail), "feedback-abuse" (the feedback type),
     * "action-delayed" (the Action field) or "no-rule" (a failure that no rule knows). */
    const char *rule;
    const char *matched;    /* the text or code that it matched, or NULL */
    const char *matched_in; /* where that stood: "Diagnostic-Code", "Status", "text", "Action",
                               "Feedback-Type"; NULL with `matched` */
};

/* Judges one recipient of the report, or, with `recipient` NULL, the report as a whole (auto-reply,
 * feedback, ordinary mail, a bounce that names nobody). Always finds a verdict; the last resort is
 * soft/undetermined for a failure and none/not_a_bounce for ordinary mail. */
void judge_recipient(const struct ruleset *rules, struct ruleset_scratch *scratch,
                     const struct report *report, const struct report_recipient *recipient,
                     struct arena *arena, struct judgement *judgement);

#endif
