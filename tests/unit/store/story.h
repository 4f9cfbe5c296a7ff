/*
 * story: what happened to an address, told in a line and written to the ledger.
 */
#ifndef TESTS_STORY_H
#define TESTS_STORY_H

#include "database.h"

#include "store/policy.h"

enum {
    CAMPAIGN_MAX = 20,
    PREFIX_MAX = 100,
};

static struct store *store;
static PGconn *db;

static UNUSED int set_up(void **state) {
    (void)state;
    store = database_fresh();
    db = database_connect();
    return 0;
}

static UNUSED int tear_down(void **state) {
    (void)state;
    store_close(store);
    PQfinish(db);
    return 0;
}

static UNUSED int empty(void **state) {
    (void)state;
    static const char *const tables[] = {"event",          "delivery",      "operator_action",
                                         "recipient",      "escalation",    "campaign_recipient",
                                         "campaign_count", "domain_window", "suppression_log"};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        sql(db, "DELETE FROM bounce.%s", tables[i]);
    struct err err = {0};
    if (store_policy_set(store, &store_policy_default, NULL, &err))
        fail_msg("%s", err.text);
    return 0;
}

/* The letters of a story, for events. */
static const struct {
    char letter;
    const char *verdict, *category, *fault, *counted;
} kinds[] = {
    {'F', "soft", "mailbox_full", "recipient", "true"},
    {'S', "soft", "host_unreachable", "domain", "true"},
    {'G', "soft", "greylisted", "domain", "false"},
    {'B', "block", "spam_detected", "sender", "false"},
    {'H', "hard", "user_unknown", "recipient", "false"},
    {'C', "complaint", "complaint", "recipient", "false"},
    {'N', "none", "delayed", "unknown", "false"},
    {'L', "none", "delivered", "unknown", "false"},
};

/* Writes a story about one address: a letter, the hour since 2026-01-01 00:00 UTC, the campaign
 * ("-" for none); besides the events there are d, a row of bounce.delivery, r, a reinstatement, and
 * s, an operator's suppression. */
static UNUSED void tell(const char *address, const char *story) {
    char letter, campaign[CAMPAIGN_MAX];
    int hour, length;
    for (; sscanf(story, " %c%d%19[a-z-]%n", &letter, &hour, campaign, &length) == 3;
         story += length) {
        const char *name = strcmp(campaign, "-") == 0 ? "" : campaign;
        char at[PREFIX_MAX];
        snprintf(at, sizeof at, "timestamptz '2026-01-01 00:00+00' + %d * interval '1 hour'", hour);
        if (letter == 'd')
            sql(db, "INSERT INTO bounce.delivery VALUES ('%s', '%s', %s)", address, name, at);
        else if (letter == 'r' || letter == 's')
            sql(db, "INSERT INTO bounce.operator_action VALUES ('%s', %s, '%s', 'ops', 'why')",
                address, at, letter == 'r' ? "reinstate" : "suppress");
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
            if (kinds[i].letter == letter)
                sql(db,
                    "INSERT INTO bounce.event (recipient, message, address, domain, campaign,"
                    " occurred_at, verdict, category, fault, counted, identified_by, rule, run)"
                    " VALUES ('%s', gen_random_uuid(), '%s', split_part('%s', '@', 2), '%s', %s,"
                    " '%s', '%s', '%s', %s, 'verp', 'r', gen_random_uuid())",
                    address, address, address, name, at, kinds[i].verdict, kinds[i].category,
                    kinds[i].fault, kinds[i].counted);
    }
    assert_int_equal(*story, '\0');
    sql(db, "SELECT bounce.delivery_apply(); SELECT bounce.recipient_refresh(ARRAY['%s'])",
        address);
}

static UNUSED void set_policy(const struct store_policy *policy) {
    struct err err = {0};
    if (store_policy_set(store, policy, NULL, &err))
        fail_msg("%s", err.text);
}

#endif
