/*
 * columns: which members of a message and of its events become which columns of the ledger. Not
 * for other folders.
 */
#ifndef STORE_COLUMNS_H
#define STORE_COLUMNS_H

#include "store/batch.h"
#include "store/rows.h"

#include <stddef.h>

enum {
    /* Of bounce.message, from struct store_message; the last one goes to bounce.fetched. */
    COLUMNS_MESSAGE_FETCHED = 13,
    COLUMNS_MESSAGE = COLUMNS_MESSAGE_FETCHED - 1,
    /* Of these, what the program made of the bytes: it may change with the rules. */
    COLUMNS_READING_FIRST = 4,
    COLUMNS_READING = 7,
    /* Of bounce.event, from struct event_row. */
    COLUMNS_EVENT = 27,
    /* Of these, the first ones: in what judgements may differ (store/reprocess.h). */
    COLUMNS_JUDGEMENT = 9,
};

extern const struct column message_columns[COLUMNS_MESSAGE_FETCHED];
extern const struct column event_columns[COLUMNS_EVENT];

struct event_row {
    unsigned char message[STORE_SHA256_SIZE];
    struct store_event event;
};

/* All events of some messages, as parameters_add_rows() takes them. */
struct event_rows {
    struct event_row *rows;
    const void **pointers; /* to each of the rows */
    size_t count;
};

/* An event whose keys do not fit is taken as store/batch.h says. The strings stay the messages'. */
void event_rows_collect(const struct store_message *messages, size_t count,
                        struct event_rows *events);
void event_rows_free(struct event_rows *events);

#endif
