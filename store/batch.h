/*
 * batch: messages and what they say -> the ledger, many at a time.
 *
 * A batch is one transaction in one round trip: messages, their bytes, events, the state of every
 * recipient concerned, and the mailbox's cursor are committed together or not at all. Sending and
 * finishing are apart, so that the caller fetches and parses the next batch meanwhile:
 *
 *     store_batch_send(store, &batch, &err);
 *     ... fetch and parse the next one ...
 *     store_batch_finish(store, &result, &err);   // COMMIT has happened: file the messages away
 *
 * The same batch may be sent again at any time, in whole or in parts: what is stored is recognised
 * and changes nothing.
 */
#ifndef STORE_BATCH_H
#define STORE_BATCH_H

#include "cmd/base/bytes.h"
#include "cmd/base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STORE_SHA256_SIZE = 32,
    STORE_KEY_MAX = 1000, /* bytes of an address or a campaign: a key of PostgreSQL holds 2700, and
                             some have both; RFC 5321 allows an address 320 */
    STORE_RUN_ID_SIZE = 37,                  /* a UUID in text and its NUL */
    STORE_BATCH_MAX = 10000,                 /* messages */
    STORE_BATCH_RAW_MAX = 256 * 1024 * 1024, /* bytes of raw: PostgreSQL takes less than 1 GB in one
                                                value, and client and server hold copies */
};

/* What became of a message; in the database as a word (store_outcome_name). */
enum store_outcome {
    STORE_OUTCOME_NONE,         /* nothing is stored (store_messages_known) */
    STORE_OUTCOME_JUDGED,       /* has at least one event that names a recipient */
    STORE_OUTCOME_UNMATCHED,    /* a report, but nobody can tell about whom */
    STORE_OUTCOME_NOT_A_BOUNCE, /* not a report at all, or one that concerns no recipient */
    STORE_OUTCOME_QUARANTINED,  /* could not be decoded; the bytes are kept until a person looks */
    STORE_OUTCOME_COUNT
};
const char *store_outcome_name(enum store_outcome outcome); /* "judged", ...; static */

/* What one message says about one recipient. Strings are valid UTF-8 without NUL inside, NULL
 * where nothing is known; words are those of classify/verdict.h. An event whose recipient_key is
 * longer than STORE_KEY_MAX is stored as one about nobody, and such a campaign as none: what anyone
 * can send must not keep a batch from being stored. */
struct store_event {
    const char *campaign;      /* NULL where nothing names it */
    const char *recipient;     /* as people write it; NULL where the report names nobody: such an
                                  event is shown and counted, and is about no address */
    const char *recipient_key; /* the same address normalised: lower case, IDN in one form; two
                                  spellings of one address have one key. NULL with recipient. */
    const char *domain;        /* what stands behind the last @ of recipient_key; NULL with it */
    const char *verdict;       /* "hard", "soft", "block", "complaint", "none"; never NULL */
    const char *category;      /* "user_unknown", ...; never NULL */
    const char *fault;         /* "recipient", "domain", ...; never NULL */
    bool counted;              /* a soft one that is a strike towards hard */
    const char *action;        /* RFC 3464 Action: "failed", ... */
    const char *status;        /* "5.1.1" */
    unsigned reply_code;       /* 0: none */
    const char *diagnostic;
    const char *reporting_mta;
    const char *remote_mta;
    const char *final_recipient;
    const char *original_recipient;
    const char *identified_by; /* "verp", ...; never NULL */
    const char *found_in;      /* "Delivered-To" */
    const char *verp_address;
    const char *signature; /* "valid", "unsigned", "wrong", "expired", "unknown_key",
                              "unknown_token"; NULL where nobody looked */
    const char *withheld;  /* what may not follow from it: "state" of the address, or "all"; NULL:
                              it counts */
    const char *rule;      /* never NULL */
    const char *matched;
    const char *matched_in;
    const char *ruleset;
    int64_t occurred_at; /* seconds since 1970 UTC: when the delivery failed, as far as the report
                            says, else when the mail arrived; stored as 1970 or 9999 where it is
                            outside of these years, as all times are */
};

struct store_message {
    uint32_t uid;
    unsigned char sha256[STORE_SHA256_SIZE]; /* of the message: its identity */
    uint64_t size;                           /* bytes on the server */
    int64_t internal_date;                   /* IMAP INTERNALDATE, seconds since 1970 UTC */
    const char *message_id;                  /* header fields; NULL where missing */
    const char *from;
    const char *subject;
    const char *kind;   /* report_kind_name(): "delivery_status", ...; NULL when quarantined */
    const char *format; /* "rfc3464", "qmail", ...; NULL when quarantined */
    enum store_outcome outcome;
    const char *outcome_reason; /* in words: why quarantined, what made it an auto-reply; or NULL */
    struct bytes raw;           /* the bytes; len 0: do not keep them */
    bool truncated;             /* raw is shorter than the message on the server */
    const struct store_event *events; /* each recipient_key at most once; of two with the same key
                                         the first one counts */
    size_t event_count;
};

struct store_batch {
    const char *run;     /* id from store_run_begin() */
    const char *mailbox; /* its name in the configuration */
    uint32_t uidvalidity;
    const struct store_message *messages;
    size_t count; /* at most STORE_BATCH_MAX, and STORE_BATCH_RAW_MAX bytes of raw; 0 is fine, to
                     move the cursor only */
    uint32_t cursor_uid; /* the mailbox has been read up to here; 0: leaves the cursor alone */
};

/* What the commit did. new_messages + known + duplicates = count. */
struct store_batch_result {
    size_t new_messages; /* stored now, quarantined ones included */
    size_t quarantined;  /* of new_messages */
    size_t known;        /* same mailbox, UIDVALIDITY and UID stored before */
    size_t duplicates;   /* the same bytes stored before under another UID; not counted again */
    size_t events;       /* written */
    size_t escalations;  /* recipients that soft strikes turned hard */
    size_t suppressed;   /* recipients that became hard or complained, escalations included */
};

/* Sends the batch and returns without waiting for the server. Nothing in it is needed after the
 * return. At most one batch is under way; no other function of the store may be called until
 * store_batch_finish(). Fails where the connection is lost. */
int store_batch_send(struct store *store, const struct store_batch *batch, struct err *err);

/* Waits for the COMMIT. On -1 nothing of the batch is stored, save where the connection broke
 * (ERR_TEMPORARY) between COMMIT and its answer: nobody can know, and sending it again is right in
 * both cases. */
int store_batch_finish(struct store *store, struct store_batch_result *result, struct err *err);

#endif
