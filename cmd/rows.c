#include "cmd/rows.h"

#include <inttypes.h>
#include <nettle/sha2.h>
#include <string.h>

enum {
    ENTRY_MAX = 8 * 1024, /* what a report says about one recipient; a long diagnostic has 2 KB */
    LAST_ENTRIES = 32, /* where the list is cut, one of these is at the end; each is searched for,
                          and a report may name 10,000 */
};

void rows_hash(struct bytes message, unsigned char sha256[STORE_SHA256_SIZE]) {
    struct sha256_ctx sha;
    sha256_init(&sha);
    while (message.len) {
        long cr = bytes_find_char(message, '\r');
        size_t len = cr < 0 ? message.len : (size_t)cr;
        bool ends_line = len + 1 < message.len && message.data[len + 1] == '\n';
        sha256_update(&sha, cr < 0 || ends_line ? len : len + 1, (const uint8_t *)message.data);
        message = bytes_from(message, len + 1);
    }
    sha256_digest(&sha, STORE_SHA256_SIZE, sha256);
}

int64_t rows_occurred_at(const struct report *report, const struct report_recipient *recipient,
                         int64_t received) {
    const int64_t dates[] = {recipient ? recipient->last_attempt : 0, report->arrival,
                             report->date};
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++)
        if (dates[i] && dates[i] >= received - ROWS_REPORT_DELAY_MAX &&
            dates[i] <= received + ROWS_CLOCK_SKEW_MAX)
            return dates[i];
    return received;
}

static enum store_outcome outcome_of(const struct analysis *analysis) {
    if (analysis->failure)
        return STORE_OUTCOME_QUARANTINED;
    if (analysis->report->kind == REPORT_ORDINARY)
        return STORE_OUTCOME_NOT_A_BOUNCE;
    if (analysis->findings[0].identity.recipient)
        return STORE_OUTCOME_JUDGED;
    bool about_delivery = analysis->report->kind == REPORT_DELIVERY_STATUS ||
                          analysis->report->kind == REPORT_FEEDBACK;
    return about_delivery ? STORE_OUTCOME_UNMATCHED : STORE_OUTCOME_NOT_A_BOUNCE;
}

static void fill_event(const struct report *report, const struct finding *finding,
                       const char *ruleset, int64_t received, struct store_event *event) {
    const struct identity *identity = &finding->identity;
    const struct judgement *judgement = &finding->judgement;
    const struct report_recipient *group = identity->recipient_group;
    *event = (struct store_event){
        .campaign = identity->campaign,
        .recipient = identity->recipient,
        .recipient_key = identity->key,
        .verdict = verdict_name(judgement->verdict),
        .category = category_info(judgement->category)->name,
        .fault = fault_name(judgement->fault),
        .counted = judgement->counted,
        .status = judgement->status,
        .reply_code = judgement->reply_code,
        .reporting_mta = report->reporting_mta,
        .identified_by = identified_by_name(identity->by),
        .found_in = identity->found_in,
        .verp_address = identity->verp_address,
        .signature = verp_signature_name(identity->signature),
        .withheld = withheld_name(identity->withheld),
        .rule = judgement->rule,
        .matched = judgement->matched,
        .matched_in = judgement->matched_in,
        .ruleset = ruleset,
        .occurred_at = rows_occurred_at(report, group, received),
    };
    if (identity->key)
        event->domain = strrchr(identity->key, '@') + 1;
    if (group) {
        event->action =
            group->action != REPORT_ACTION_NONE ? report_action_name(group->action) : NULL;
        event->diagnostic = group->diagnostic_code;
        event->remote_mta = group->remote_mta;
        event->final_recipient = group->final_recipient;
        event->original_recipient = group->original_recipient;
    }
}

static bool stands_in(struct bytes text, const char *address) {
    return address && *address && bytes_find_ignore_case(text, address) >= 0;
}

/* Whether the list's entry of this address is at the end of what is there. A mail to one also names
 * the address in its links, so a later mention is an entry only where fields are. */
static bool is_entry(struct bytes start, struct bytes end, bool has_field, const char *address) {
    return stands_in(end, address) && (has_field || !stands_in(start, address));
}

static bool list_is_cut(const struct analysis *analysis, const struct store_message *row) {
    const struct report *report = analysis->report;
    if (!row->truncated || report->kind != REPORT_DELIVERY_STATUS || report->original.present)
        return false;
    size_t tail = row->raw.len > ENTRY_MAX ? row->raw.len - ENTRY_MAX : 0;
    struct bytes start = bytes_first(row->raw, tail), end = bytes_from(row->raw, tail);
    /* RFC 3464 sections 2.3.1 and 2.3.2: both have it in their names. */
    bool has_field = stands_in(end, "-Recipient:");
    size_t last = report->recipient_count, looked_at = last < LAST_ENTRIES ? last : LAST_ENTRIES;
    for (size_t i = last - looked_at; i < last; i++)
        if (is_entry(start, end, has_field, report->recipients[i].final_recipient) ||
            is_entry(start, end, has_field, report->recipients[i].original_recipient))
            return true;
    return !report->recipient_count;
}

bool rows_fill(const struct analysis *analysis, const struct analyst *analyst, bool keep_raw,
               struct arena *arena, struct store_message *row) {
    row->internal_date = analysis->received;
    row->outcome = outcome_of(analysis);
    row->outcome_reason = analysis->failure;
    if (analysis->failure)
        return false;
    const struct report *report = analysis->report;
    row->outcome_reason = report->kind_reason;
    bool is_cut = list_is_cut(analysis, row);
    if (is_cut)
        row->outcome_reason = arena_printf(
            arena, "%s; cut within its list of recipients, after %zu of %" PRIu64 " octets",
            report->kind_reason, row->raw.len, row->size);
    row->message_id = report->message_id;
    row->from = report->from;
    row->subject = report->subject;
    row->kind = report_kind_name(report->kind);
    row->format = report->format;
    if (row->outcome == STORE_OUTCOME_JUDGED && !keep_raw)
        row->raw = (struct bytes){0};
    struct store_event *events = arena_alloc(arena, analysis->count * sizeof *events);
    for (size_t i = 0; i < analysis->count; i++)
        fill_event(report, &analysis->findings[i], ruleset_version(analyst->rules),
                   row->internal_date, &events[i]);
    row->events = events;
    row->event_count = analysis->count;
    return is_cut;
}
