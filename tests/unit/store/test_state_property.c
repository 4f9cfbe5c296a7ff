/*
 * The state of every address is a pure function of the ledger: for random ledgers, any order of
 * arrival, batches of any size, repeats, two writers at once and a rebuild give the same rows, and
 * these are what the model says.
 */

#include "database.h"
#include "model.h"

#include "store/batch.h"
#include "store/policy.h"
#include "store/run.h"

enum {
    LEDGERS = 25,
    MESSAGES = 60,
    START_2026 = 1767225600, /* 2026-01-01 00:00 UTC */
    SPAN_DAYS = 25,
    STATE_COUNT = 6,
};

static uint64_t random_state;

static int random_below(int limit) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (int)((random_state >> 33) % (uint64_t)limit);
}

static int64_t random_time(void) {
    return START_2026 + (int64_t)random_below(SPAN_DAYS * 24) * MODEL_HOUR + random_below(4) * 900;
}

static const char *random_campaign(void) {
    static const char *const names[] = {"", "a", "b", "c", "d", "e", "f", "g", "h", "i"};
    return names[random_below(10)];
}

static const char *random_withheld(void) {
    static const char *const words[] = {"state", "all"};
    return random_below(8) ? NULL : words[random_below(2)];
}

static const struct {
    const char *verdict, *category, *fault;
    bool counted;
} kinds[] = {
    {"soft", "mailbox_full", "recipient", true},
    {"soft", "host_unreachable", "domain", true},
    {"soft", "host_unreachable", "domain", true},
    {"soft", "system_error", "unknown", true},
    {"soft", "mailbox_full", "recipient", true},
    {"soft", "greylisted", "domain", false},
    {"block", "spam_detected", "sender", false},
    {"none", "delayed", "unknown", false},
    {"none", "delivered", "unknown", false},
    {"hard", "user_unknown", "recipient", false},
    {"hard", "mailbox_disabled", "recipient", false},
    {"complaint", "complaint", "recipient", false},
};

static void random_ledger(struct model *m) {
    memset(m, 0, sizeof *m);
    m->policy = (struct model_policy){
        .strikes = 2 + random_below(3),
        .window_days = 5 + random_below(20),
        .min_span_days = random_below(3),
        .mailbox_full = random_below(5) - 1,
        .outage_recipients = random_below(3) ? 2 + random_below(2) : 0,
        .outage_share = 50,
        .outage_hours = random_below(2) ? 24 : 12,
        .expire_full = random_below(3) ? 1 + random_below(5) : 0,
        .expire_disabled = random_below(2) ? 1 + random_below(20) : 0,
    };
    m->clock = random_time() + SPAN_DAYS / 3 * MODEL_DAY;
    for (unsigned message = 0; message < MESSAGES; message++) {
        int recipients = 1 + random_below(3), first = random_below(MODEL_RECIPIENTS);
        int64_t at = random_time();
        for (int i = 0; i < recipients; i++) {
            /* The heavy kinds hide the rest, so they are rare. */
            size_t kind = (size_t)random_below(random_below(6) ? 9 : 12);
            m->events[m->event_count++] = (struct model_event){(first + i) % MODEL_RECIPIENTS,
                                                               message,
                                                               random_campaign(),
                                                               kinds[kind].verdict,
                                                               kinds[kind].category,
                                                               kinds[kind].fault,
                                                               kinds[kind].counted,
                                                               at,
                                                               random_withheld()};
        }
    }
    for (int i = random_below(MODEL_ROWS_MAX); i > 0; i--)
        m->deliveries[m->delivery_count++] = (struct model_delivery){
            random_below(MODEL_RECIPIENTS), random_campaign(), random_time()};
    for (int i = random_below(10); i > 0; i--)
        /* An odd second, as an operator never acts in the very moment of an event. */
        m->actions[m->action_count++] = (struct model_action){
            random_below(MODEL_RECIPIENTS), random_below(2) == 0, random_time() + 1 + i};
}

static void address(int recipient, char text[64]) {
    snprintf(text, 64, "user%02d@domain%d.example", recipient, model_domain(recipient));
}

struct writers {
    struct store *stores[2];
    PGconn *sql;
    char run[STORE_RUN_ID_SIZE];
};

static void empty_ledger(struct writers *w, const struct model_policy *policy) {
    const struct store_category_strikes full = {"mailbox_full", (unsigned)policy->mailbox_full};
    const struct store_policy set = {
        .strikes = (unsigned)policy->strikes,
        .window_days = (unsigned)policy->window_days,
        .min_span_days = (unsigned)policy->min_span_days,
        .categories = &full,
        .category_count = policy->mailbox_full >= 0 ? 1 : 0,
        .outage_share = (unsigned)policy->outage_share,
        .outage_recipients = (unsigned)policy->outage_recipients,
        .outage_window_hours = (unsigned)policy->outage_hours,
    };
    struct store_policy with_expiry = set;
    struct store_category_expiry expiries[2];
    if (policy->expire_full)
        expiries[with_expiry.expiry_count++] =
            (struct store_category_expiry){"mailbox_full", (unsigned)policy->expire_full};
    if (policy->expire_disabled)
        expiries[with_expiry.expiry_count++] =
            (struct store_category_expiry){"mailbox_disabled", (unsigned)policy->expire_disabled};
    with_expiry.expiries = expiries;
    struct err err = {0};
    sql(w->sql, "UPDATE bounce.expiry_clock SET at = '-infinity'");
    /* TRUNCATE would make both sessions plan everything anew. */
    static const char *const tables[] = {
        "message",         "fetched",       "event",       "delivery",
        "operator_action", "recipient",     "escalation",  "campaign_recipient",
        "campaign_count",  "domain_window", "message_raw", "suppression_log"};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        sql(w->sql, "DELETE FROM bounce.%s", tables[i]);
    if (store_policy_set(w->stores[0], &with_expiry, NULL, &err))
        fail_msg("%s", err.text);
}

/* One batch of the messages with these numbers, sent and not yet waited for. */
static void send_messages(struct writers *w, int writer, const struct model *m,
                          const unsigned *numbers, size_t count) {
    struct store_message messages[MESSAGES];
    struct store_event events[MODEL_EVENTS_MAX];
    char addresses[MODEL_EVENTS_MAX][64];
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        messages[i] = (struct store_message){
            .uid = numbers[i] + 1,
            .internal_date = START_2026,
            .outcome = STORE_OUTCOME_JUDGED,
            .events = &events[used],
        };
        messages[i].sha256[0] = (unsigned char)numbers[i]; /* ids in the order of the numbers */
        for (int e = 0; e < m->event_count; e++) {
            const struct model_event *event = &m->events[e];
            if (event->message != numbers[i])
                continue;
            address(event->recipient, addresses[used]);
            events[used] = (struct store_event){
                .campaign = event->campaign,
                .recipient = addresses[used],
                .recipient_key = addresses[used],
                .domain = strchr(addresses[used], '@') + 1,
                .verdict = event->verdict,
                .category = event->category,
                .fault = event->fault,
                .counted = event->counted,
                .identified_by = "verp",
                .withheld = event->withheld,
                .rule = "r",
                .occurred_at = event->at,
            };
            used++;
            messages[i].event_count++;
        }
    }
    struct store_batch batch = {w->run, "bounces", 1, messages, count, 0};
    struct err err = {0};
    if (store_batch_send(w->stores[writer], &batch, &err))
        fail_msg("%s", err.text);
}

static void finish(struct writers *w, int writer) {
    struct store_batch_result result;
    struct err err = {0};
    if (store_batch_finish(w->stores[writer], &result, &err))
        fail_msg("%s", err.text);
}

static void add_deliveries_and_actions(struct writers *w, const struct model *m) {
    char text[64];
    for (int i = 0; i < m->delivery_count; i++) {
        address(m->deliveries[i].recipient, text);
        sql(w->sql, "INSERT INTO bounce.delivery VALUES ('%s', '%s', to_timestamp(%ld))", text,
            m->deliveries[i].campaign, (long)m->deliveries[i].at);
    }
    sql(w->sql, "SELECT bounce.delivery_apply(%d)", 1 + random_below(20));
    for (int i = 0; i < m->action_count; i++) {
        address(m->actions[i].recipient, text);
        sql(w->sql,
            "BEGIN; INSERT INTO bounce.operator_action VALUES ('%s', to_timestamp(%ld), '%s', 'o',"
            " 'r'); SELECT bounce.recipient_refresh(ARRAY['%s']); COMMIT",
            text, (long)m->actions[i].at, m->actions[i].reinstate ? "reinstate" : "suppress", text);
    }
}

enum way {
    WAY_ONE_BATCH,
    WAY_RANDOM_BATCHES,
    WAY_REPEATED,
    WAY_TWO_WRITERS,
    WAY_COUNT,
};

/* In transactions as small as can be. */
static void set_clock(struct writers *w, int64_t clock) {
    for (;;) {
        char query[100];
        snprintf(query, sizeof query, "SELECT bounce.expire(to_timestamp(%ld), 1)", (long)clock);
        char *ended = sql_text(w->sql, query);
        bool all = model_is(ended, "0");
        free(ended);
        if (all)
            return;
    }
}

static void write_ledger(struct writers *w, const struct model *m, enum way way) {
    unsigned order[2 * MESSAGES];
    size_t count = 0;
    for (int repeat = 0; repeat < (way == WAY_REPEATED ? 2 : 1); repeat++)
        for (unsigned i = 0; i < MESSAGES; i++)
            order[count++] = i;
    for (size_t i = count - 1; i > 0 && way != WAY_ONE_BATCH; i--) {
        size_t other = (size_t)random_below((int)i + 1);
        unsigned swapped = order[i];
        order[i] = order[other];
        order[other] = swapped;
    }
    size_t others_at = (size_t)random_below((int)count); /* somewhere between the messages */
    bool others_done = false;
    for (size_t start = 0; start < count;) {
        size_t size[2];
        for (int writer = 0; writer < 2; writer++) {
            size_t left = count - start;
            size[writer] = way == WAY_ONE_BATCH ? left : 1 + (size_t)random_below(15);
            size[writer] = size[writer] < left ? size[writer] : left;
            if (writer == 1 && way != WAY_TWO_WRITERS)
                size[writer] = 0;
            if (size[writer])
                send_messages(w, writer, m, &order[start], size[writer]);
            start += size[writer];
        }
        for (int writer = 0; writer < 2; writer++)
            if (size[writer])
                finish(w, writer);
        if (!others_done && start > others_at) {
            add_deliveries_and_actions(w, m);
            set_clock(w, m->clock - random_below(9) * MODEL_DAY);
            others_done = true;
        }
    }
    sql(w->sql, "SELECT bounce.delivery_apply()");
    set_clock(w, m->clock);
}

/* All that is computed, as one text. */
static char *computed(PGconn *c) {
    return sql_text(
        c, "SELECT * FROM (SELECT 1 AS n, r::text AS t FROM bounce.recipient r"
           " UNION ALL SELECT 2, e::text FROM bounce.escalation e"
           " UNION ALL SELECT 3, c::text FROM bounce.campaign_recipient c"
           " UNION ALL SELECT 4, c::text FROM bounce.campaign_count c WHERE recipients <> 0"
           " UNION ALL SELECT 5, d::text FROM bounce.domain_window d"
           "  WHERE (heard, trouble, delivered) <> (0, 0, 0)) s ORDER BY n, t COLLATE \"C\"");
}

static void assert_same(const char *a, const char *b, int ledger, const char *what) {
    if (strcmp(a, b) == 0)
        return;
    size_t i = 0;
    while (a[i] == b[i])
        i++;
    while (i && a[i - 1] != '\n')
        i--;
    fail_msg("ledger %d, %s:\n%.400s\nis not\n%.400s", ledger, what, a + i, b + i);
}

static void assert_model(PGconn *c, const struct model *m, int ledger) {
    for (int r = 0; r < MODEL_RECIPIENTS; r++) {
        char text[64], query[512], expected[256] = "";
        struct model_state s;
        address(r, text);
        if (model_state(m, r, &s)) {
            char message[8] = "";
            if (s.event)
                snprintf(message, sizeof message, "%02x", s.event->message);
            snprintf(expected, sizeof expected, "%s|%ld|%s|%s|%s|%d|%ld|%d|%ld", s.state,
                     (long)s.since, s.event ? s.event->category : "", message,
                     s.escalated ? "t" : "f", s.strikes, (long)s.last_proof, s.events,
                     (long)s.expires);
        }
        snprintf(query, sizeof query,
                 "SELECT state, coalesce(extract(epoch FROM since)::bigint, 0), category,"
                 " left(message::text, 2), escalated, strikes,"
                 " coalesce(extract(epoch FROM last_proof_of_life)::bigint, 0), events,"
                 " coalesce(extract(epoch FROM expires_at)::bigint, 0)"
                 " FROM bounce.recipient WHERE recipient = '%s'",
                 text);
        char *row = sql_text(c, query);
        if (strcmp(row, expected) != 0)
            fail_msg("ledger %d, %s: %s, and the model says %s", ledger, text, row, expected);
        free(row);
    }
}

/* Whoever follows the log knows the suppression list. */
static void assert_log(PGconn *c, int ledger, const char *what) {
    char *wrong =
        sql_text(c, "SELECT recipient FROM (SELECT DISTINCT ON (recipient) recipient, suppressed"
                    "  FROM bounce.suppression_log ORDER BY recipient, changed_at DESC) l"
                    " FULL JOIN bounce.recipient r USING (recipient)"
                    " WHERE coalesce(l.suppressed, false)"
                    "  <> coalesce(r.state IN ('suppressed', 'hard', 'complained'), false)");
    if (*wrong)
        fail_msg("ledger %d, %s: the log is wrong about %s", ledger, what, wrong);
    free(wrong);
}

/* Whether it would be hard, were there no clock. */
static bool has_expired(const struct model *m, int recipient, const struct model_state *s) {
    struct model early = *m;
    struct model_state before;
    early.clock = INT64_MIN;
    return model_state(&early, recipient, &before) && model_is(before.state, "hard") &&
           !model_is(s->state, "hard");
}

static void states_are_a_pure_function_of_the_ledger(void **state) {
    (void)state;
    static const char *const names[WAY_COUNT] = {"one batch", "random batches", "repeated",
                                                 "two writers"};
    struct writers w = {.stores = {database_fresh(), database_open()}, .sql = database_connect()};
    struct err err = {0};
    assert_int_equal(store_run_begin(w.stores[0], "fetch", NULL, "0", "r", w.run, &err), 0);
    int states[STATE_COUNT] = {0};
    for (int ledger = 0; ledger < LEDGERS; ledger++) {
        struct model m;
        random_state = (uint64_t)ledger;
        random_ledger(&m);
        char *first = NULL;
        for (enum way way = 0; way < WAY_COUNT; way++) {
            empty_ledger(&w, &m.policy);
            write_ledger(&w, &m, way);
            char *rows = computed(w.sql);
            assert_model(w.sql, &m, ledger);
            if (first)
                assert_same(rows, first, ledger, names[way]);
            else
                first = memory_string(rows);
            free(rows);
        }
        sql(w.sql, "SELECT bounce.rebuild()");
        char *rebuilt = computed(w.sql);
        assert_same(rebuilt, first, ledger, "rebuild");
        free(rebuilt);
        sql(w.sql,
            "UPDATE bounce.domain_window SET outage = NOT outage, heard = heard + 1;"
            " UPDATE bounce.recipient SET strikes = strikes + 1, trouble_windows = '{}';"
            " UPDATE bounce.campaign_recipient SET verdict = 'none';"
            " UPDATE bounce.recipient SET state = 'hard' WHERE state = 'active';"
            " UPDATE bounce.recipient SET state = 'soft' WHERE state = 'complained';"
            " INSERT INTO bounce.recipient (recipient, address, domain, state, escalated, strikes,"
            "  strike_messages, events, heard_windows, trouble_windows) VALUES"
            " ('nobody@nowhere.example', '', '', 'hard', false, 0, '{}', 0, '{}', '{}');"
            " INSERT INTO bounce.escalation"
            " SELECT 'nobody@nowhere.example', now(), 5, '', now(), '{}';"
            " DELETE FROM bounce.escalation WHERE strikes < 4;"
            " INSERT INTO bounce.domain_window (domain, starts_at, outage)"
            " VALUES ('nowhere.example', '2026-01-01 00:00+00', true)");
        sql(w.sql, "SELECT bounce.rebuild()");
        rebuilt = computed(w.sql);
        assert_same(rebuilt, first, ledger, "rebuild from wrong rows");
        assert_log(w.sql, ledger, "rebuild from wrong rows");
        free(rebuilt);
        sql(w.sql, "DELETE FROM bounce.recipient; DELETE FROM bounce.escalation;"
                   " DELETE FROM bounce.domain_window; DELETE FROM bounce.campaign_recipient;"
                   " DELETE FROM bounce.campaign_count");
        sql(w.sql, "SELECT bounce.rebuild()");
        rebuilt = computed(w.sql);
        assert_same(rebuilt, first, ledger, "rebuild from nothing");
        assert_log(w.sql, ledger, "rebuild from nothing");
        free(rebuilt);
        free(first);
        for (int r = 0; r < MODEL_RECIPIENTS; r++) {
            struct model_state s;
            if (model_state(&m, r, &s)) {
                states[0] += model_is(s.state, "soft");
                states[1] += s.escalated;
                states[2] += model_is(s.state, "hard") && !s.escalated;
                states[3] += model_is(s.state, "active");
                states[4] += s.expires != MODEL_NEVER;
                states[5] += has_expired(&m, r, &s);
            }
        }
    }
    /* Ledgers in which nothing happens would prove nothing. */
    for (int i = 0; i < STATE_COUNT; i++)
        if (states[i] <= LEDGERS / 4)
            fail_msg("%d of kind %d are too few", states[i], i);
    for (int i = 0; i < 2; i++)
        store_close(w.stores[i]);
    PQfinish(w.sql);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_are_a_pure_function_of_the_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
