/* nullsender explain: one mail, in words. */
#include "cmd/analysis.h"
#include "cmd/base/buf.h"
#include "cmd/base/utf8.h"
#include "cmd/command.h"
#include "cmd/file.h"
#include "cmd/setup.h"
#include "cmd/story.h"
#include "cmd/worker.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    LABEL_WIDTH = 22,
    TEXT_SHOWN = 400, /* of a diagnostic: what fits into a few lines */
};

static const char *const kind_words[REPORT_KIND_COUNT] = {
    [REPORT_ORDINARY] = "ordinary mail, no report about a delivery",
    [REPORT_DELIVERY_STATUS] = "a report about the delivery of an earlier mail",
    [REPORT_FEEDBACK] = "feedback from a mailbox provider about an earlier mail (RFC 5965)",
    [REPORT_AUTO_REPLY] = "an automatic reply (RFC 3834)",
    [REPORT_CHALLENGE] = "a challenge that asks the sender to prove to be human",
    [REPORT_DISPOSITION] = "a read receipt (RFC 8098)",
    [REPORT_AGGREGATE] = "an aggregate report on authentication or TLS",
    [REPORT_UNSUBSCRIBE] = "a request to be unsubscribed",
};

static const char *const identified_words[IDENTIFIED_BY_COUNT] = {
    [IDENTIFIED_BY_VERP] = "the VERP address that the report was sent to",
    [IDENTIFIED_BY_VERP_IN_ORIGINAL] = "the VERP address inside the returned original, which "
                                       "whoever wrote the report may have made up",
    [IDENTIFIED_BY_ORIGINAL_RECIPIENT] = "the report's Original-Recipient",
    [IDENTIFIED_BY_FINAL_RECIPIENT] = "the report's Final-Recipient, which may be a forwarding "
                                      "target",
    [IDENTIFIED_BY_FEEDBACK] = "the feedback report's Original-Rcpt-To",
    [IDENTIFIED_BY_ORIGINAL_TO] = "the only To address of the returned original",
    [IDENTIFIED_BY_FROM] = "the From of the answer, which may be an assistant's or forged",
    [IDENTIFIED_BY_NOTHING] = "nothing: the report does not tell, and no VERP pattern matches",
};

static const char *const signature_words[VERP_SIGNATURE_COUNT] = {
    [VERP_SIGNATURE_VALID] = "valid: only who saw our mail to this recipient knows this address",
    [VERP_SIGNATURE_UNSIGNED] = "none",
    [VERP_SIGNATURE_WRONG] = "wrong: the address is not one of ours, or was changed on the way",
    [VERP_SIGNATURE_EXPIRED] = "expired: the address is ours, but too old",
    [VERP_SIGNATURE_UNKNOWN_KEY] = "by a key that we do not have",
    [VERP_SIGNATURE_UNKNOWN_TOKEN] = "a token that the database does not have",
};

static const char *const withheld_words[] = {
    [WITHHELD_NOTHING] = NULL,
    [WITHHELD_STATE] = "the state of the address does not change; it counts for its campaign",
    [WITHHELD_ALL] = "it is recorded, and does not count",
};

static const char *const verdict_words[VERDICT_COUNT] = {
    [VERDICT_NONE] = "says nothing against the address",
    [VERDICT_BLOCK] = "refused because of the sender or the message; the address may well live",
    [VERDICT_SOFT] = "could not be delivered this time",
    [VERDICT_HARD] = "the address is dead; it is suppressed at once",
    [VERDICT_COMPLAINT] = "the recipient called the mail spam; suppressed at once",
};

/* "  label               value", the value made visible and cut. */
static void line(struct buf *out, const char *label, const char *value) {
    if (!value || !*value)
        return;
    struct bytes rest = bytes_of(value);
    buf_printf(out, "  %-*s  ", LABEL_WIDTH, label);
    struct buf cut = BUF_INIT;
    uint32_t c;
    while (rest.len && cut.len < TEXT_SHOWN) {
        utf8_next(&rest, &c);
        utf8_add(&cut, c);
    }
    utf8_add_visible(out, cut.data);
    buf_printf(out, "%s\n", rest.len ? " ..." : "");
    buf_free(&cut);
}

static void time_line(struct buf *out, const char *label, int64_t seconds) {
    char text[64];
    time_t t = (time_t)seconds;
    struct tm tm;
    if (seconds && gmtime_r(&t, &tm) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm))
        line(out, label, text);
}

static void explain_mail(const struct report *report, struct buf *out) {
    buf_add_string(out, "The mail\n");
    line(out, "From", report->from);
    line(out, "To", report->to);
    line(out, "Subject", report->subject);
    time_line(out, "Date", report->date);
    line(out, "is", kind_words[report->kind]);
    line(out, "because of", report->kind_reason);
    line(out, "format", report->format);
    line(out, "Reporting-MTA", report->reporting_mta);
    time_line(out, "Arrival-Date", report->arrival);
    for (size_t i = 0; i < report->candidate_count; i++) {
        const struct report_candidate *candidate = &report->candidates[i];
        struct buf value = BUF_INIT;
        buf_printf(&value, "%s (%s%s)", candidate->address, candidate->header,
                   candidate->inside_original ? ", not to be trusted alone" : "");
        line(out, i ? "" : "was sent to", value.data);
        buf_free(&value);
    }
    for (size_t i = 0; i < report->note_count; i++)
        line(out, i ? "" : "odd", report->notes[i]);
}

static void explain_group(const struct report_recipient *group, struct buf *out) {
    char code[16];
    line(out, "Original-Recipient", group->original_recipient);
    line(out, "Final-Recipient", group->final_recipient);
    if (group->action != REPORT_ACTION_NONE)
        line(out, "Action", report_action_name(group->action));
    line(out, "Status", group->status);
    line(out, "Remote-MTA", group->remote_mta);
    line(out, "Diagnostic-Code", group->diagnostic_code);
    if (group->reply_code) {
        snprintf(code, sizeof code, "%u", group->reply_code);
        line(out, "  reply code in it", code);
    }
    line(out, "  status code in it", group->diagnostic_status);
    time_line(out, "Last-Attempt-Date", group->last_attempt);
    time_line(out, "Will-Retry-Until", group->will_retry_until);
}

static void explain_finding(const struct finding *finding, struct buf *out) {
    const struct identity *identity = &finding->identity;
    const struct judgement *judgement = &finding->judgement;
    const struct category_info *category = category_info(judgement->category);

    buf_add_string(out, "\nWho it is about\n");
    line(out, "recipient", identity->recipient ? identity->recipient : "unknown");
    line(out, "campaign", identity->campaign ? identity->campaign : "unknown");
    line(out, "known from", identified_words[identity->by]);
    line(out, "found in", identity->found_in);
    line(out, "VERP address", identity->verp_address);
    line(out, "decoded by", identity->verp_pattern);
    line(out, "signature", signature_words[identity->signature]);
    line(out, "so that", withheld_words[identity->withheld]);
    if (identity->recipient_group) {
        buf_add_string(out, "\nWhat it says about that one\n");
        explain_group(identity->recipient_group, out);
    }
    buf_add_string(out, "\nThe verdict\n");
    struct buf value = BUF_INIT;
    buf_printf(&value, "%s: %s", verdict_name(judgement->verdict),
               verdict_words[judgement->verdict]);
    line(out, "verdict", value.data);
    buf_reset(&value);
    buf_printf(&value, "%s: %s", category->name, category->description);
    line(out, "category", value.data);
    buf_reset(&value);
    line(out, "fault", fault_name(judgement->fault));
    if (judgement->verdict == VERDICT_SOFT)
        line(out, "strike",
             judgement->counted ? "yes: enough of them, on different days, make the address hard"
                                : "no: bounces of this category are not counted");
    line(out, "decided by rule", judgement->rule);
    if (judgement->matched)
        buf_printf(&value, "\"%s\" in %s", judgement->matched,
                   judgement->matched_in ? judgement->matched_in : "the report");
    line(out, "which matched", value.data);
    line(out, "status code used", judgement->status);
    buf_free(&value);
}

static void explain(const struct analysis *analysis, struct buf *out) {
    if (analysis->failure) {
        buf_add_string(out, "The mail cannot be decoded: ");
        utf8_add_visible(out, analysis->failure);
        buf_add_string(out, "\nfetch would put it, with its bytes, into quarantine.\n");
        return;
    }
    explain_mail(analysis->report, out);
    for (size_t i = 0; i < analysis->count; i++)
        explain_finding(&analysis->findings[i], out);
}

static int explain_mail_file(const struct invocation *invocation, struct err *err) {
    struct setup setup;
    struct worker_result result;
    struct buf mail = BUF_INIT, out = BUF_INIT;
    struct arena *arena = arena_new();
    int rc = -1;
    if (setup_for_mails(&setup, invocation, 1, err) != 0 ||
        file_read(invocation->arguments[0], &mail, err) != 0)
        goto out;
    worker_pool_submit(setup.pool, &(struct worker_job){.message = buf_bytes(&mail)});
    if (worker_pool_next(setup.pool, true, &result, err) < 0)
        goto out;
    struct analysis analysis;
    analyst_read(&setup.analyst, &result, 0, arena, &analysis);
    analyst_judge(&setup.analyst, false, arena, &analysis);
    explain(&analysis, &out);
    fwrite(out.data, 1, out.len, stdout);
    rc = 0;
out:
    setup_close(&setup);
    buf_free(&mail);
    buf_free(&out);
    arena_free(arena);
    return rc;
}

int command_explain(const struct invocation *invocation, struct err *err) {
    const char *what = invocation->arguments[0];
    if (strchr(what, '@') && access(what, F_OK) != 0)
        return story_print(invocation, what, err);
    return explain_mail_file(invocation, err);
}
