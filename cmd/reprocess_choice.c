/* Which stored messages the command line means, and why none fits. */
#include "classify/address.h"
#include "cmd/near.h"
#include "cmd/reprocess.h"
#include "cmd/story.h"
#include "cmd/verdict_word.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    enum option_id option;
    enum store_choice_by by;
    const char *what; /* NULL where there are no values to know */
} choices[] = {
    {OPTION_SINCE, STORE_CHOICE_SINCE, NULL},
    {OPTION_UNTIL, STORE_CHOICE_UNTIL, NULL},
    {OPTION_MAILBOX, STORE_CHOICE_MAILBOX, "mailbox"},
    {OPTION_MESSAGE, STORE_CHOICE_MESSAGE, "message"},
    {OPTION_CAMPAIGN, STORE_CHOICE_CAMPAIGN, "campaign"},
    {OPTION_CATEGORY, STORE_CHOICE_CATEGORY, NULL},
    {OPTION_VERDICT, STORE_CHOICE_VERDICT, NULL},
    {OPTION_RECIPIENT, STORE_CHOICE_RECIPIENT, "recipient"},
    {OPTION_RULE, STORE_CHOICE_RULE, "rule"},
};

enum {
    CHOICE_COUNT = sizeof choices / sizeof *choices,
};

static int check_words(const struct store_choice *choice, struct err *err) {
    enum verdict verdict;
    enum category category;
    const char *word = choice->by[STORE_CHOICE_VERDICT];
    if (word && verdict_word_read(word, &verdict, err) != 0)
        return -1;
    word = choice->by[STORE_CHOICE_CATEGORY];
    return word ? category_word_read(word, &category, err) : 0;
}

int reprocess_choice_read(const struct invocation *invocation, struct arena *arena,
                          struct store_choice *choice, struct err *err) {
    *choice = (struct store_choice){
        .undetermined = invocation_has(invocation, OPTION_UNDETERMINED),
        .unmatched = invocation_has(invocation, OPTION_UNMATCHED),
        .quarantined = invocation_has(invocation, OPTION_QUARANTINED),
    };
    for (size_t i = 0; i < CHOICE_COUNT; i++)
        choice->by[choices[i].by] = invocation_value(invocation, choices[i].option, NULL);
    const char *recipient = choice->by[STORE_CHOICE_RECIPIENT];
    if (recipient) {
        choice->by[STORE_CHOICE_RECIPIENT] = address_key(recipient, arena);
        if (!choice->by[STORE_CHOICE_RECIPIENT])
            return err_set(err, ERR_USAGE, "--recipient: '%s' is no address", recipient);
    }
    return check_words(choice, err);
}

/* Whether the ledger knows the value; where not, `err` says so. */
static int check_value(struct store *store, size_t i, const char *value, struct err *err) {
    char **values;
    size_t count;
    enum store_choice_by by = choices[i].by;
    struct near near = near_start(value);
    bool known = false;
    if (store_choice_values(store, by, value, &values, &count, err) != 0)
        return -1;
    for (size_t v = 0; v < count; v++) {
        known |= by == STORE_CHOICE_MESSAGE || !strcmp(values[v], value);
        near_offer(&near, values[v]);
    }
    int rc = 0;
    if (!known && by == STORE_CHOICE_RECIPIENT)
        rc = story_unknown(store, value, err);
    else if (!known)
        rc = err_set(err, ERR_NOT_FOUND, "no %s '%s'%s", choices[i].what, value,
                     near_question(&near, ""));
    for (size_t v = 0; v < count; v++)
        free(values[v]);
    free(values);
    return rc;
}

int reprocess_nothing_fits(struct store *store, const struct store_choice *choice,
                           struct err *err) {
    for (size_t i = 0; i < CHOICE_COUNT; i++) {
        const char *value = choice->by[choices[i].by];
        if (value && choices[i].what && check_value(store, i, value, err) != 0)
            return -1;
    }
    return err_set(err, ERR_NOT_FOUND, "no stored message fits");
}
