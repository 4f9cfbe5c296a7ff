/*
 * choice: which of the stored messages are meant.
 */
#ifndef STORE_CHOICE_H
#define STORE_CHOICE_H

#include "cmd/base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a message must fit; words and keys as the ledger has them. */
enum store_choice_by {
    STORE_CHOICE_SINCE,   /* arrived then or later; any time that PostgreSQL reads */
    STORE_CHOICE_UNTIL,   /* arrived before that */
    STORE_CHOICE_MAILBOX, /* the one that it was first met in; "import" for mail from disk */
    STORE_CHOICE_MESSAGE, /* bounce.message.id, a UUID */
    /* At least one event in force fits all of these. */
    STORE_CHOICE_CAMPAIGN,
    STORE_CHOICE_CATEGORY,
    STORE_CHOICE_VERDICT,
    STORE_CHOICE_RECIPIENT, /* in its normal form */
    STORE_CHOICE_RULE,
    STORE_CHOICE_BY_COUNT
};

struct store_choice {
    const char *by[STORE_CHOICE_BY_COUNT]; /* NULL: does not matter */
    /* Of several of these one is enough; with none of them it does not matter. */
    bool undetermined; /* an event in force is of the category undetermined */
    bool unmatched;    /* the outcome */
    bool quarantined;  /* the outcome */
};

/* Puts the messages into the temporary table reprocess_chosen (place from 1, message, octets),
 * those that lie together in the ledger together. Those whose bytes are no longer kept are counted
 * only. ERR_USAGE where a time or an id is none. */
int store_choose(struct store *store, const struct store_choice *choice, uint64_t *chosen,
                 uint64_t *without_bytes, struct err *err);

/* The values that the ledger knows for a choice by mailbox, campaign or rule, or `value` itself
 * where it knows that recipient or message: malloc'ed strings in a malloc'ed array, for the caller
 * to free. */
int store_choice_values(struct store *store, enum store_choice_by by, const char *value,
                        char ***values, size_t *count, struct err *err);

#endif
