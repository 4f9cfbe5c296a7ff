/*
 * mailbox: whose turn it is to read a mailbox, how far it was read, and what is stored of it.
 */
#ifndef STORE_MAILBOX_H
#define STORE_MAILBOX_H

#include "cmd/base/err.h"
#include "store/batch.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

struct store_lock;

/* Claims a mailbox for this process. *lock is NULL, with 0 returned, where another run holds it.
 * The claim ends with store_lock_free(), or when the process or its connection dies; it lives in a
 * connection of its own, inside a transaction, so that it also holds through a pooler that shares
 * connections between transactions (PgBouncer). The claim saves work; correctness does not hang on
 * it: two runs on one mailbox store each message once. */
int store_mailbox_lock(struct store *store, const char *mailbox, struct store_lock **lock,
                       struct err *err);
void store_lock_free(struct store_lock *lock); /* NULL is fine */

/* Notes which folder of which account the mailbox stands for now. Where that was another one
 * before, what is known about UIDs and the cursor is forgotten: another account's folder may have
 * the same UIDVALIDITY. Its messages are then known by their bytes only. */
int store_mailbox_source(struct store *store, const char *mailbox, const char *source,
                         struct err *err);

/* How far a mailbox whose messages stay in place ("keep") has been read. Set by store_batch_send()
 * in the same commit as the messages. */
struct store_cursor {
    uint32_t uidvalidity; /* 0: never read */
    uint32_t last_uid;
};
int store_cursor_get(struct store *store, const char *mailbox, struct store_cursor *cursor,
                     struct err *err);

/* Which of these UIDs are stored already, by outcome, so that each can be filed where it belongs.
 * outcomes[i] belongs to uids[i]; STORE_OUTCOME_NONE where it is not stored. One round trip. */
int store_messages_known(struct store *store, const char *mailbox, uint32_t uidvalidity,
                         const uint32_t *uids, size_t count, enum store_outcome *outcomes,
                         struct err *err);

#endif
