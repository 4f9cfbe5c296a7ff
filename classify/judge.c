#include "classify/judge.h"

#include "classify/codes.h"

#include <stddef.h>
#include <string.h>

/* A recipient's facts, from wherever the report has them. */
struct facts {
    struct rules_question question;
    const char *text_from;   /* "Diagnostic-Code" or "text" */
    const char *status_from; /* "Status" or "Diagnostic-Code" */
};

static void decide(struct judgement *j, enum category category, const char *rule) {
    const struct category_info *info = category_info(category);
    j->verdict = info->verdict;
    j->category = category;
    j->fault = info->fault;
    j->rule = rule;
}

/* RFC 5965 section 7.3 and RFC 6591; "fraud" is the "report phishing" button of a mailbox: whoever
 * pressed it wants no more such mail, which is a complaint. All others are news, not complaints. */
static void judge_feedback(const struct report *report, struct judgement *j) {
    static const struct {
        const char *type;
        enum category category;
        const char *rule;
    } types[] = {
        {"abuse", CATEGORY_COMPLAINT, "feedback-abuse"},
        {"fraud", CATEGORY_COMPLAINT, "feedback-fraud"},
        {"opt-out", CATEGORY_UNSUBSCRIBE_REQUEST, "feedback-opt-out"},
        {"opt-out-list", CATEGORY_UNSUBSCRIBE_REQUEST, "feedback-opt-out"},
    };
    decide(j, CATEGORY_FEEDBACK_OTHER, "feedback-other");
    const char *type = report->feedback.type;
    if (!type)
        return;
    j->matched = type;
    j->matched_in = "Feedback-Type";
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!ascii_compare(type, types[i].type))
            decide(j, types[i].category, types[i].rule);
}

/* A read receipt (RFC 8098) tells that the mail was seen and says nothing of its delivery that
 * anybody has to act on; neither does an aggregate report. */
static bool judge_kind(const struct report *report, struct judgement *j) {
    switch (report->kind) {
    case REPORT_ORDINARY: decide(j, CATEGORY_NOT_A_BOUNCE, "kind-ordinary"); return true;
    case REPORT_FEEDBACK: judge_feedback(report, j); return true;
    case REPORT_AUTO_REPLY: decide(j, CATEGORY_AUTO_REPLY, "kind-auto_reply"); return true;
    case REPORT_CHALLENGE: decide(j, CATEGORY_CHALLENGE_RESPONSE, "kind-challenge"); return true;
    case REPORT_DISPOSITION: decide(j, CATEGORY_NOT_A_BOUNCE, "kind-disposition"); return true;
    case REPORT_AGGREGATE: decide(j, CATEGORY_FEEDBACK_OTHER, "kind-aggregate"); return true;
    case REPORT_UNSUBSCRIBE:
        decide(j, CATEGORY_UNSUBSCRIBE_REQUEST, "kind-unsubscribe");
        return true;
    case REPORT_DELIVERY_STATUS:
    case REPORT_KIND_COUNT: break;
    }
    return false;
}

/* The class of an enhanced status code, or 0. */
static unsigned status_class(const char *status) {
    struct status_code code;
    return status && status_code_read(status, &code) ? code.class : 0;
}

/* A report without an enhanced code gets the one that says what the category says; where it is
 * known whether the refusal was for good, in that class. */
static void derive_status(struct judgement *j, enum permanence permanence, struct arena *arena) {
    const char *status = category_info(j->category)->status;
    if (j->status || !status)
        return;
    char class = permanence == PERMANENCE_TEMPORARY   ? '4'
                 : permanence == PERMANENCE_PERMANENT ? '5'
                                                      : *status;
    j->status = arena_printf(arena, "%c%s", class, status + 1);
    j->status_is_derived = true;
}

/* A success notice with a failure's status contradicts itself, and is read as the failure that its
 * status tells: calling a dead address alive would be proof of life for it. */
static bool judge_action(const struct report_recipient *recipient, struct arena *arena,
                         struct judgement *j) {
    static const struct {
        enum category category;
        const char *rule;
        bool success;
    } actions[REPORT_ACTION_COUNT] = {
        [REPORT_ACTION_DELAYED] = {CATEGORY_DELAYED, "action-delayed", false},
        [REPORT_ACTION_DELIVERED] = {CATEGORY_DELIVERED, "action-delivered", true},
        [REPORT_ACTION_RELAYED] = {CATEGORY_RELAYED, "action-relayed", true},
        [REPORT_ACTION_EXPANDED] = {CATEGORY_EXPANDED, "action-expanded", true},
    };
    enum report_action action = recipient->action;
    if (!actions[action].rule || (actions[action].success && status_class(recipient->status) >= 4))
        return false;
    decide(j, actions[action].category, actions[action].rule);
    j->status = recipient->status ? recipient->status : recipient->diagnostic_status;
    j->reply_code = recipient->reply_code;
    derive_status(j, codes_permanence(j->reply_code, NULL), arena);
    j->matched = report_action_name(action);
    j->matched_in = "Action";
    return true;
}

/* The code in the server's own words counts, unless it is generic and the Status field is not:
 * Status is what the reporting side made of it, and is often 5.0.0. Success codes of a failed
 * recipient say nothing. */
static void choose_status(struct facts *facts, const char *status, const char *in_diagnostic) {
    struct status_code field, own;
    bool has_field = status && status_code_read(status, &field) && field.class >= 4;
    bool has_own = in_diagnostic && status_code_read(in_diagnostic, &own) && own.class >= 4;
    if (has_own && (!has_field || !status_code_is_generic(own) || status_code_is_generic(field))) {
        facts->question.status = in_diagnostic;
        facts->status_from = "Diagnostic-Code";
    } else if (has_field) {
        facts->question.status = status;
        facts->status_from = "Status";
    }
}

/* Exim adds "retry timeout exceeded" to the last answer, which may have no code; it tries again
 * only where it was refused for now. */
static enum permanence find_permanence(const struct rules_question *question) {
    enum permanence permanence = codes_permanence(question->reply_code, question->status);
    if (permanence == PERMANENCE_UNKNOWN &&
        bytes_find_ignore_case(bytes_of(question->text), "retry timeout exceeded") >= 0)
        return PERMANENCE_TEMPORARY;
    return permanence;
}

static const char *domain_of(const char *address) {
    const char *at = address ? strrchr(address, '@') : NULL;
    return at ? at + 1 : NULL;
}

static struct facts gather_facts(const struct report *report,
                                 const struct report_recipient *recipient, struct arena *arena) {
    static const struct report_recipient nobody;
    const struct report_recipient *r = recipient ? recipient : &nobody;
    struct facts facts = {.text_from = r->diagnostic_code ? "Diagnostic-Code" : "text"};
    struct rules_question *q = &facts.question;
    q->text = r->diagnostic_code ? r->diagnostic_code : report->text;
    struct codes_found in_text = codes_find(q->text);
    q->reply_code = r->reply_code ? r->reply_code : in_text.reply_code;
    const char *own = r->diagnostic_status;
    if (!own && in_text.status.len)
        own = arena_bytes(arena, in_text.status);
    choose_status(&facts, r->status, own);
    q->permanence = find_permanence(q);
    q->hosts[0] = r->remote_mta;
    q->hosts[1] = report->reporting_mta;
    q->hosts[2] = domain_of(r->final_recipient ? r->final_recipient : r->original_recipient);
    return facts;
}

/* Whether the words that were asked about decided nothing. */
static bool is_vague(const struct rule_match *match, const struct facts *facts) {
    struct status_code code;
    if (match->matched)
        return false;
    return match->category == CATEGORY_UNDETERMINED || !facts->question.status ||
           (status_code_read(facts->question.status, &code) && status_code_is_generic(code));
}

static void judge_failure(const struct ruleset *rules, struct ruleset_scratch *scratch,
                          const struct report *report, const struct report_recipient *recipient,
                          struct arena *arena, struct judgement *j) {
    struct facts facts = gather_facts(report, recipient, arena);
    struct rule_match match = {.rule = "no-rule",
                               .verdict = VERDICT_SOFT,
                               .category = CATEGORY_UNDETERMINED,
                               .fault = FAULT_UNKNOWN};
    ruleset_match(rules, scratch, &facts.question, arena, &match);
    /* With several recipients the human-readable part is about all of them. */
    if (is_vague(&match, &facts) && report->recipient_count <= 1 && report->text &&
        facts.question.text != report->text) {
        struct rule_match in_text;
        struct rules_question question = facts.question;
        question.text = report->text;
        if (ruleset_match(rules, scratch, &question, arena, &in_text) && in_text.matched) {
            match = in_text;
            facts.text_from = "text";
        }
    }
    j->verdict = match.verdict;
    j->category = match.category;
    j->fault = match.fault;
    j->rule = match.rule;
    j->status = facts.question.status;
    j->reply_code = facts.question.reply_code;
    if (j->verdict == VERDICT_HARD && facts.question.permanence == PERMANENCE_TEMPORARY)
        j->verdict = VERDICT_SOFT;
    derive_status(j, facts.question.permanence, arena);
    if (match.matched) {
        j->matched = match.matched;
        j->matched_in = facts.text_from;
    } else if (match.by_status) {
        j->matched = facts.question.status;
        j->matched_in = facts.status_from;
    } else if (match.by_reply) {
        j->matched = arena_printf(arena, "%u", facts.question.reply_code);
        j->matched_in = facts.text_from;
    }
}

void judge_recipient(const struct ruleset *rules, struct ruleset_scratch *scratch,
                     const struct report *report, const struct report_recipient *recipient,
                     struct arena *arena, struct judgement *judgement) {
    *judgement = (struct judgement){0};
    if (!judge_kind(report, judgement) && !(recipient && judge_action(recipient, arena, judgement)))
        judge_failure(rules, scratch, report, recipient, arena, judgement);
    judgement->counted =
        judgement->verdict == VERDICT_SOFT && category_info(judgement->category)->counted;
}
