/*
 * model: the state of an address, written down a second time: loops over small arrays, nothing
 * shared with the SQL. Times are seconds since 1970 UTC.
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    MODEL_RECIPIENTS = 14,
    MODEL_DOMAINS = 3,
    MODEL_EVENTS_MAX = 200,
    MODEL_ROWS_MAX = 40,
    MODEL_HOUR = 3600,
    MODEL_DAY = 24 * MODEL_HOUR,
    MODEL_NEVER = 0,
};

struct model_event {
    int recipient;
    unsigned message; /* its number; smaller numbers have smaller ids */
    const char *campaign;
    const char *verdict;
    const char *category;
    const char *fault;
    bool counted;
    int64_t at;
    const char *withheld; /* "state", "all" or NULL */
};

struct model_delivery {
    int recipient;
    const char *campaign;
    int64_t at;
};

struct model_action {
    int recipient;
    bool reinstate;
    int64_t at;
};

struct model_policy {
    int strikes, window_days, min_span_days;
    int mailbox_full; /* -1: not counted for itself */
    int outage_recipients, outage_share, outage_hours;
    int expire_full, expire_disabled; /* days; 0: never */
};

struct model {
    struct model_policy policy;
    struct model_event events[MODEL_EVENTS_MAX];
    int event_count;
    struct model_delivery deliveries[MODEL_ROWS_MAX];
    int delivery_count;
    struct model_action actions[MODEL_ROWS_MAX];
    int action_count;
    int64_t clock; /* hard states that end have ended up to then */
};

static int model_domain(int recipient) {
    return recipient % MODEL_DOMAINS;
}

static bool model_is(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}

static bool model_is_trouble(const struct model_event *e) {
    return !e->withheld && model_is(e->verdict, "soft") && e->counted &&
           !model_is(e->fault, "recipient");
}

static bool model_widespread(const struct model *m, int domain, int64_t window) {
    int64_t length = m->policy.outage_hours * MODEL_HOUR;
    bool heard[MODEL_RECIPIENTS] = {0}, trouble[MODEL_RECIPIENTS] = {0};
    int heard_count = 0, trouble_count = 0;
    for (int i = 0; i < m->event_count; i++) {
        const struct model_event *e = &m->events[i];
        if (model_domain(e->recipient) != domain || e->at / length != window || e->withheld)
            continue;
        heard[e->recipient] = true;
        if (model_is_trouble(e))
            trouble[e->recipient] = true;
    }
    for (int r = 0; r < MODEL_RECIPIENTS; r++) {
        heard_count += heard[r];
        trouble_count += trouble[r];
    }
    for (int i = 0; i < m->delivery_count; i++)
        if (model_domain(m->deliveries[i].recipient) == domain &&
            m->deliveries[i].at / length == window)
            heard_count++;
    return m->policy.outage_recipients > 0 && trouble_count >= m->policy.outage_recipients &&
           100 * trouble_count >= m->policy.outage_share * heard_count;
}

static bool model_in_outage(const struct model *m, const struct model_event *e) {
    int64_t length = m->policy.outage_hours * MODEL_HOUR;
    int64_t window = e->at / length;
    if (!model_widespread(m, model_domain(e->recipient), window))
        return false;
    for (int64_t before = window - 3 * MODEL_DAY / length;
         (window - before) * length <= (int64_t)m->policy.window_days * MODEL_DAY; before--)
        if (model_widespread(m, model_domain(e->recipient), before))
            return false;
    return true;
}

static int model_weight(const struct model *m, const struct model_event *e) {
    if (e->withheld)
        return -1;
    if (model_is(e->verdict, "complaint"))
        return 5;
    if (model_is(e->verdict, "hard"))
        return 4;
    if (model_is(e->verdict, "soft"))
        return e->counted && !(model_is_trouble(e) && model_in_outage(m, e)) ? 3 : 2;
    return model_is(e->verdict, "block") ? 1 : 0;
}

static bool model_earlier(const struct model_event *a, const struct model_event *b) {
    return a->at != b->at ? a->at < b->at : a->message < b->message;
}

static int64_t model_reinstated(const struct model *m, int recipient) {
    int64_t last = MODEL_NEVER;
    for (int i = 0; i < m->action_count; i++)
        if (m->actions[i].recipient == recipient && m->actions[i].reinstate &&
            m->actions[i].at > last)
            last = m->actions[i].at;
    return last;
}

/* Whether e is the one that counts of all about its campaign. */
static bool model_counts(const struct model *m, const struct model_event *e) {
    int64_t reinstated = model_reinstated(m, e->recipient);
    if (e->at <= reinstated)
        return false;
    for (int i = 0; i < m->event_count; i++) {
        const struct model_event *o = &m->events[i];
        if (o == e || o->recipient != e->recipient || o->at <= reinstated || !*e->campaign ||
            !model_is(o->campaign, e->campaign))
            continue;
        int mine = model_weight(m, e), theirs = model_weight(m, o);
        if (theirs > mine || (theirs == mine && model_earlier(o, e)))
            return false;
    }
    return true;
}

static bool model_is_strike(const struct model *m, const struct model_event *e) {
    if (model_weight(m, e) != 3 || !model_counts(m, e))
        return false;
    for (int i = 0; i < m->event_count; i++) {
        const struct model_event *o = &m->events[i];
        if (o != e && o->recipient == e->recipient && o->at / MODEL_DAY == e->at / MODEL_DAY &&
            model_earlier(o, e) && model_weight(m, o) == 3 && model_counts(m, o))
            return false;
    }
    return true;
}

/* Proofs of life up to a moment, and the last of them. */
static int model_proofs(const struct model *m, int recipient, int64_t until, int64_t *last) {
    int count = 0;
    *last = MODEL_NEVER;
#define PROOF(moment)                                    \
    do {                                                 \
        if ((moment) <= until) {                         \
            count++;                                     \
            *last = (moment) > *last ? (moment) : *last; \
        }                                                \
    } while (0)
    for (int i = 0; i < m->event_count; i++)
        if (m->events[i].recipient == recipient && !m->events[i].withheld &&
            model_is(m->events[i].category, "delivered"))
            PROOF(m->events[i].at);
    for (int i = 0; i < m->action_count; i++)
        if (m->actions[i].recipient == recipient && m->actions[i].reinstate)
            PROOF(m->actions[i].at);
    for (int i = 0; i < m->delivery_count; i++) {
        const struct model_delivery *d = &m->deliveries[i];
        if (d->recipient != recipient)
            continue;
        bool bounced = false;
        for (int k = 0; k < m->event_count; k++) {
            const struct model_event *e = &m->events[k];
            if (e->recipient == recipient && !e->withheld && *d->campaign &&
                model_is(e->campaign, d->campaign) &&
                (model_is(e->verdict, "soft") || model_is(e->verdict, "hard")) &&
                e->at >= d->at - MODEL_HOUR)
                bounced = true;
        }
        if (!bounced)
            PROOF(d->at);
    }
#undef PROOF
    return count;
}

static bool model_own_count(const struct model *m, const struct model_event *e) {
    return m->policy.mailbox_full >= 0 && model_is(e->category, "mailbox_full");
}

/* How many strikes count together with this one, itself included, and since when. */
static int model_strikes_at(const struct model *m, const struct model_event *e, int64_t *first) {
    int64_t ignored;
    int count = 0;
    *first = e->at;
    for (int i = 0; i < m->event_count; i++) {
        const struct model_event *o = &m->events[i];
        if (o->recipient != e->recipient || o->at > e->at ||
            e->at - o->at > (int64_t)m->policy.window_days * MODEL_DAY ||
            model_own_count(m, o) != model_own_count(m, e) || !model_is_strike(m, o) ||
            model_proofs(m, o->recipient, o->at, &ignored) !=
                model_proofs(m, e->recipient, e->at, &ignored))
            continue;
        count++;
        *first = o->at < *first ? o->at : *first;
    }
    return count;
}

static int model_needed(const struct model *m, const struct model_event *e) {
    return model_own_count(m, e) ? m->policy.mailbox_full : m->policy.strikes;
}

static bool model_makes_hard(const struct model *m, const struct model_event *e) {
    int64_t first;
    int strikes = model_strikes_at(m, e, &first), needed = model_needed(m, e);
    return needed > 0 && strikes >= needed &&
           e->at - first >= (int64_t)m->policy.min_span_days * MODEL_DAY;
}

/* Until when an event that makes hard does so. */
static int64_t model_holds_until(const struct model *m, const struct model_event *e) {
    int days = model_is(e->category, "mailbox_full")       ? m->policy.expire_full
               : model_is(e->category, "mailbox_disabled") ? m->policy.expire_disabled
                                                           : 0;
    return days ? e->at + (int64_t)days * MODEL_DAY : INT64_MAX;
}

struct model_state {
    const char *state;
    int64_t since;
    const struct model_event *event; /* that decided */
    bool escalated;
    int strikes;
    int64_t last_proof;
    int events;
    int64_t expires; /* MODEL_NEVER: it does not */
};

static bool model_is_dead_by(const struct model *m, const struct model_event *e, bool *escalated) {
    int64_t ignored;
    if (e->withheld || e->at <= model_reinstated(m, e->recipient))
        return false;
    *escalated = !model_is(e->verdict, "hard");
    if (!*escalated)
        return true;
    return model_is_strike(m, e) && model_makes_hard(m, e) &&
           model_proofs(m, e->recipient, e->at, &ignored) ==
               model_proofs(m, e->recipient, INT64_MAX, &ignored);
}

/* Goes through what makes hard, in order of time. */
static void model_hardness(const struct model *m, int recipient, struct model_state *s) {
    const struct model_event *before = NULL, *start = NULL;
    bool escalated, start_escalated = false;
    int64_t until = INT64_MIN;
    for (;;) {
        const struct model_event *next = NULL;
        for (int i = 0; i < m->event_count; i++) {
            const struct model_event *e = &m->events[i];
            if (e->recipient == recipient && model_is_dead_by(m, e, &escalated) &&
                (!before || model_earlier(before, e)) && (!next || model_earlier(e, next)))
                next = e;
        }
        if (!next)
            break;
        if (next->at >= until) {
            start = next;
            model_is_dead_by(m, next, &start_escalated);
        }
        int64_t its = model_holds_until(m, next);
        until = its > until ? its : until;
        before = next;
    }
    if (!start || until <= m->clock)
        return;
    s->state = "hard";
    s->since = start->at;
    s->event = start;
    s->escalated = start_escalated;
    s->expires = until == INT64_MAX ? MODEL_NEVER : until;
}

/* False for an address that the ledger does not know. */
static bool model_state(const struct model *m, int recipient, struct model_state *s) {
    *s = (struct model_state){.state = "active"};
    int64_t reinstated = model_reinstated(m, recipient), suppressed = MODEL_NEVER;
    int actions = 0, nearest_left = 0;
    bool nearest_never = false;
    const struct model_event *nearest = NULL;
    int proofs = model_proofs(m, recipient, INT64_MAX, &s->last_proof);
    for (int i = 0; i < m->action_count; i++)
        if (m->actions[i].recipient == recipient) {
            actions++;
            if (!m->actions[i].reinstate && m->actions[i].at > reinstated &&
                (!suppressed || m->actions[i].at < suppressed))
                suppressed = m->actions[i].at;
        }
    for (int own = 0; own < 2; own++) {
        /* The last strike of this count in the streak that goes on. */
        const struct model_event *last = NULL;
        for (int i = 0; i < m->event_count; i++) {
            const struct model_event *e = &m->events[i];
            int64_t ignored;
            if (e->recipient == recipient && model_is_strike(m, e) &&
                model_own_count(m, e) == (own == 1) &&
                model_proofs(m, recipient, e->at, &ignored) == proofs &&
                (!last || last->at < e->at))
                last = e;
        }
        if (!last)
            continue;
        int64_t first;
        int strikes = model_strikes_at(m, last, &first), needed = model_needed(m, last);
        int left = needed - strikes;
        bool never = needed == 0;
        if (!nearest || (nearest_never && !never) ||
            (nearest_never == never && left < nearest_left)) {
            nearest = last;
            nearest_left = left;
            nearest_never = never;
            s->strikes = strikes;
            s->since = first;
        }
    }
    if (nearest) {
        s->state = "soft";
        s->event = nearest;
    }
    if (suppressed) {
        s->state = "suppressed";
        s->since = suppressed;
        s->event = NULL;
    }
    model_hardness(m, recipient, s);
    const struct model_event *complaint = NULL;
    for (int i = 0; i < m->event_count; i++) {
        const struct model_event *e = &m->events[i];
        if (e->recipient != recipient)
            continue;
        s->events++;
        if (!e->withheld && e->at > reinstated && model_is(e->verdict, "complaint") &&
            (!complaint || model_earlier(e, complaint)))
            complaint = e;
    }
    if (complaint) {
        s->state = "complained";
        s->since = complaint->at;
        s->event = complaint;
        s->escalated = false;
        s->expires = MODEL_NEVER;
    }
    return s->events > 0 || actions > 0;
}

#endif
