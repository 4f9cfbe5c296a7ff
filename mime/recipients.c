#include "mime/recipients.h"

#include "cmd/base/bytes.h"

#include <stdint.h>

enum {
    /* A sender can make addresses collide; past this, one is not compared and stays on its own. */
    PROBES_MAX = 64,
};

/* FNV-1a over the lower-case address. */
static uint32_t hash(const char *address) {
    uint32_t h = 2166136261u;
    for (; *address; address++)
        h = (h ^ (unsigned char)ascii_lower(*address)) * 16777619u;
    return h;
}

static void take_missing(struct report_recipient *to, const struct report_recipient *from) {
    if (!to->original_recipient)
        to->original_recipient = from->original_recipient;
    if (!to->status)
        to->status = from->status;
    if (!to->remote_mta)
        to->remote_mta = from->remote_mta;
    if (to->diagnostic_code)
        return;
    to->diagnostic_code = from->diagnostic_code;
    to->diagnostic_type = from->diagnostic_type;
    to->diagnostic_status = from->diagnostic_status;
    to->reply_code = from->reply_code;
}

static void unite(struct report_recipient *first, const struct report_recipient *later) {
    if (later->action == REPORT_ACTION_FAILED && first->action != REPORT_ACTION_FAILED)
        *first = *later;
    else if (first->action == later->action)
        take_missing(first, later);
}

void recipients_unite(struct report *report, struct arena *arena) {
    if (report->recipient_count < 2)
        return;
    size_t room = 4;
    while (room < report->recipient_count * 2)
        room *= 2;
    size_t *table = arena_alloc(arena, room * sizeof *table); /* index + 1; 0 is free */
    size_t kept = 0;
    for (size_t i = 0; i < report->recipient_count; i++) {
        const struct report_recipient *r = &report->recipients[i];
        if (!r->final_recipient) {
            report->recipients[kept++] = *r;
            continue;
        }
        size_t slot = hash(r->final_recipient) & (room - 1), probes = 0;
        while (table[slot] && probes++ < PROBES_MAX &&
               ascii_compare(report->recipients[table[slot] - 1].final_recipient,
                             r->final_recipient) != 0)
            slot = (slot + 1) & (room - 1);
        if (table[slot] && probes <= PROBES_MAX) {
            unite(&report->recipients[table[slot] - 1], r);
            continue;
        }
        report->recipients[kept] = *r;
        if (!table[slot])
            table[slot] = kept + 1;
        kept++;
    }
    report->recipient_count = kept;
}
