/*
 * identify: who a report is about: campaign and recipient.
 *
 * VERP first: the address that the report was sent to names both, and only those who saw that
 * address know it. Where VERP gives nothing, the report's own fields identify the recipient, and
 * the result says so.
 */
#ifndef CLASSIFY_IDENTIFY_H
#define CLASSIFY_IDENTIFY_H

#include "classify/sighting.h"
#include "cmd/base/arena.h"
#include "mime/report.h"

/* Best first. */
enum identified_by {
    IDENTIFIED_BY_VERP,               /* an address that the report was delivered to */
    IDENTIFIED_BY_VERP_IN_ORIGINAL,   /* the Return-Path inside the returned original, or the
                                         Original-Mail-From of a feedback report */
    IDENTIFIED_BY_ORIGINAL_RECIPIENT, /* RFC 3464 Original-Recipient */
    IDENTIFIED_BY_FINAL_RECIPIENT,    /* RFC 3464 Final-Recipient, or what a format has for it */
    IDENTIFIED_BY_FEEDBACK,           /* RFC 5965 Original-Rcpt-To */
    IDENTIFIED_BY_ORIGINAL_TO,        /* the only To address of the returned original */
    IDENTIFIED_BY_FROM,               /* who answered: From of an auto-reply and its like */
    IDENTIFIED_BY_NOTHING,
    IDENTIFIED_BY_COUNT
};

/* "verp", "verp_in_original", "original_recipient", ...; static. */
const char *identified_by_name(enum identified_by by);

/* What a report without a valid signature may do (require_signature in the configuration). */
enum identify_required {
    IDENTIFY_REQUIRED_NO,       /* all that one with it may */
    IDENTIFY_REQUIRED_SUPPRESS, /* count for its campaign; the address stays as it is */
    IDENTIFY_REQUIRED_YES,      /* nothing: it is recorded */
};

struct identify_options {
    struct sighting_options addresses;
    enum identify_required required; /* without keys: IDENTIFY_REQUIRED_NO */
};

/* What may not follow from the report. */
enum withheld {
    WITHHELD_NOTHING,
    WITHHELD_STATE, /* it counts for its campaign and does not change what is held of the address */
    WITHHELD_ALL,   /* it is recorded and does not count */
};

/* "state", "all"; NULL for nothing; static. */
const char *withheld_name(enum withheld withheld);

/* One subject of the report: a campaign's recipient, and the group of the report that tells what
 * happened to that one. */
struct identity {
    const char *campaign;  /* NULL where nothing names it */
    const char *recipient; /* the address that was sent to, for showing: address_normalise(); never
                              NULL */
    const char *key;       /* the same for counting: address_key(); never NULL */
    enum identified_by by;
    const char *verp_address; /* the VERP address as it was found, or NULL */
    const char *verp_pattern; /* the pattern that decoded it, or NULL */
    const char *found_in;     /* "Delivered-To", "Final-Recipient", ... */
    enum verp_signature signature;
    enum withheld withheld;
    const struct report_recipient *recipient_group; /* NULL: the report as a whole */
};

struct identification {
    struct identity *identities; /* in the arena */
    size_t count;                /* 0: nobody */
    /* Where there is no subject: what became of the signature all the same. */
    enum verp_signature signature;
    /* In words: two addresses in it are signed for two subjects. Nobody whose mail bounced once
     * has two; the report is not to be judged. NULL where that is not so. */
    const char *conflict;
};

/* Finds all subjects of the report, in its order, each key once. `today` and `tokens` are those of
 * sightings_read().
 *
 * With VERP there is one: from the first address with a valid signature; where none has one, from
 * the first that decodes outside of the returned original, then inside. Its group is the one that
 * names the VERP recipient; where none does (a forwarding target failed), any. Of several, it is
 * the mildest by action and status: one dead target of an address that forwards to many does not
 * make that address dead.
 *
 * The Return-Path inside the returned original is never enough alone: without a valid signature,
 * the state of the address is withheld, unless the report names the same recipient in one of the
 * ways below.
 *
 * Without VERP, by the kind of report:
 *   delivery status  each group's Original-Recipient, else Final-Recipient, whichever is an address
 *                    (of groups that name the same one, the mildest); where no group has one, the
 *                    only To address of the original
 *   feedback         Original-Rcpt-To where all of these are one address (of several nobody can say
 *                    who complained), else the only To address of the original
 *   receipt          its group, as for delivery status
 *   auto-reply, challenge, unsubscribe request
 *                    From: it may be an assistant's or a forged one, but these never change what
 *                    is held of an address
 *   the others       nobody
 *
 * The To of the original does not count where it is its List-Id's list or its own sender.
 *
 * Never a subject, unless VERP says so: an address that we send from (verp_is_own), mailer-daemon
 * at any host, what begins with "redacted", and postmaster where prose names it (whom to turn to)
 * or where it sent the report. */
void identify_report(const struct identify_options *options, const struct report *report,
                     uint32_t today, const struct sighting_token *tokens, size_t token_count,
                     struct arena *arena, struct identification *found);

#endif
