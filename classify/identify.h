/*
 * identify: who a report is about: campaign and recipient.
 *
 * VERP first: the address that the report was sent to names both, and only those who saw that
 * address know it. Where VERP gives nothing, the report's own fields identify the recipient, and
 * the result says so.
 */
#ifndef CLASSIFY_IDENTIFY_H
#define CLASSIFY_IDENTIFY_H

#include "classify/verp.h"
#include "cmd/base/arena.h"
#include "mime/report.h"

/* Best first. */
enum identified_by {
    IDENTIFIED_BY_VERP,               /* an address that the report was delivered to */
    IDENTIFIED_BY_VERP_IN_ORIGINAL,   /* the Return-Path inside the returned original */
    IDENTIFIED_BY_ORIGINAL_RECIPIENT, /* RFC 3464 Original-Recipient */
    IDENTIFIED_BY_FINAL_RECIPIENT,    /* RFC 3464 Final-Recipient, or what a format has for it */
    IDENTIFIED_BY_FEEDBACK,           /* RFC 5965 Original-Rcpt-To */
    IDENTIFIED_BY_ORIGINAL_TO,        /* the only To address of the returned original */
    IDENTIFIED_BY_NOTHING,
    IDENTIFIED_BY_COUNT
};

/* "verp", "verp_in_original", "original_recipient", ...; static. */
const char *identified_by_name(enum identified_by by);

/* One subject of the report: a campaign's recipient, and the group of the report that tells what
 * happened to that one. */
struct identity {
    const char *campaign;  /* NULL where nothing names it */
    const char *recipient; /* the address that was sent to, its domain in lower case; never NULL */
    enum identified_by by;
    const char *verp_address; /* the VERP address as it was found, or NULL */
    const char *verp_pattern; /* name of the pattern that decoded it, or NULL */
    const char *found_in;     /* "Delivered-To", "Final-Recipient", ... */
    const struct report_recipient *recipient_group; /* NULL: the report as a whole */
};

/* Finds all subjects of the report, in its order. With VERP there is exactly one: the group that
 * names the VERP recipient is its group; where none does (a forwarding target failed), the only
 * group, or of several the mildest by action and status, since one dead target of an address that
 * forwards to many does not make that address dead. Without VERP there is one for each recipient
 * of the report. Returns the number (0: nobody), the array lives in the arena. */
size_t identify_report(const struct verp *verp, const struct report *report, struct arena *arena,
                       struct identity **identities);

#endif
