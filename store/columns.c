#include "store/columns.h"

#include "cmd/base/memory.h"

#include <stdlib.h>
#include <string.h>

#define MEMBER(member) offsetof(struct store_message, member)
const struct column message_columns[COLUMNS_MESSAGE_FETCHED] = {
    {"id", COLUMN_ID, MEMBER(sha256)},
    {"sha256", COLUMN_SHA256, MEMBER(sha256)},
    {"size", COLUMN_SIZE, MEMBER(size)},
    {"arrived_at", COLUMN_TIME, MEMBER(internal_date)},
    {"message_id", COLUMN_TEXT, MEMBER(message_id)},
    {"from_address", COLUMN_TEXT, MEMBER(from)},
    {"subject", COLUMN_TEXT, MEMBER(subject)},
    {"kind", COLUMN_TEXT, MEMBER(kind)},
    {"format", COLUMN_TEXT, MEMBER(format)},
    {"outcome", COLUMN_OUTCOME, MEMBER(outcome)},
    {"outcome_reason", COLUMN_TEXT, MEMBER(outcome_reason)},
    {"truncated", COLUMN_BOOL, MEMBER(truncated)},
    {"uid", COLUMN_UID, MEMBER(uid)},
};
#undef MEMBER

#define MEMBER(member) offsetof(struct event_row, event.member)
const struct column event_columns[COLUMNS_EVENT] = {
    {"message", COLUMN_ID, offsetof(struct event_row, message)},
    {"recipient", COLUMN_TEXT_OR_NONE, MEMBER(recipient_key)},
    {"campaign", COLUMN_TEXT_OR_NONE, MEMBER(campaign)},
    {"occurred_at", COLUMN_TIME, MEMBER(occurred_at)},
    {"verdict", COLUMN_TEXT, MEMBER(verdict)},
    {"category", COLUMN_TEXT, MEMBER(category)},
    {"fault", COLUMN_TEXT, MEMBER(fault)},
    {"counted", COLUMN_BOOL, MEMBER(counted)},
    {"withheld", COLUMN_TEXT, MEMBER(withheld)},
    {"address", COLUMN_TEXT_OR_NONE, MEMBER(recipient)},
    {"domain", COLUMN_TEXT_OR_NONE, MEMBER(domain)},
    {"action", COLUMN_TEXT, MEMBER(action)},
    {"status", COLUMN_TEXT, MEMBER(status)},
    {"reply_code", COLUMN_REPLY_CODE, MEMBER(reply_code)},
    {"diagnostic", COLUMN_TEXT, MEMBER(diagnostic)},
    {"reporting_mta", COLUMN_TEXT, MEMBER(reporting_mta)},
    {"remote_mta", COLUMN_TEXT, MEMBER(remote_mta)},
    {"final_recipient", COLUMN_TEXT, MEMBER(final_recipient)},
    {"original_recipient", COLUMN_TEXT, MEMBER(original_recipient)},
    {"identified_by", COLUMN_TEXT, MEMBER(identified_by)},
    {"found_in", COLUMN_TEXT, MEMBER(found_in)},
    {"verp_address", COLUMN_TEXT, MEMBER(verp_address)},
    {"signature", COLUMN_TEXT, MEMBER(signature)},
    {"rule", COLUMN_TEXT, MEMBER(rule)},
    {"matched", COLUMN_TEXT, MEMBER(matched)},
    {"matched_in", COLUMN_TEXT, MEMBER(matched_in)},
    {"ruleset", COLUMN_TEXT, MEMBER(ruleset)},
};
#undef MEMBER

/* The event as it can be stored: keys have a limit, and all that is said of nobody is the words. */
static void fit_keys(struct store_event *event) {
    if (event->campaign && strlen(event->campaign) > STORE_KEY_MAX)
        event->campaign = NULL;
    if (event->recipient_key && strlen(event->recipient_key) > STORE_KEY_MAX)
        event->recipient_key = NULL;
    if (!event->recipient_key)
        event->domain = NULL;
}

void event_rows_collect(const struct store_message *messages, size_t count,
                        struct event_rows *events) {
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += messages[i].event_count;
    *events = (struct event_rows){
        .rows = memory_zero(total, sizeof *events->rows),
        .pointers = memory_zero(total, sizeof *events->pointers),
    };
    for (size_t i = 0; i < count; i++) {
        const struct store_message *m = &messages[i];
        for (size_t e = 0; e < m->event_count; e++) {
            struct event_row *row = &events->rows[events->count];
            memcpy(row->message, m->sha256, sizeof row->message);
            row->event = m->events[e];
            fit_keys(&row->event);
            events->pointers[events->count++] = row;
        }
    }
}

void event_rows_free(struct event_rows *events) {
    free(events->rows);
    free(events->pointers);
}
