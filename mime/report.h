/*
 * report: what one mail says about the delivery of an earlier one.
 *
 * This is the only thing that leaves mime/: plain data, no judgement. mime/ fills it, a worker
 * process sends it to its parent (frame.h), classify/ reads it. All strings are NUL-terminated,
 * valid UTF-8 without NUL inside, live in the message's arena, and are NULL where the mail does not
 * say. Addresses are kept as the mail has them (case included), without <>, without the
 * address type ("rfc822;") and with xtext (RFC 3461) and utf-8-addr-xtext (RFC 6533) decoded.
 * Times are seconds since 1970 UTC; 0 where the mail does not say or says nonsense.
 *
 * The header is self-contained data: classify/ includes it without linking mime/.
 */
#ifndef MIME_REPORT_H
#define MIME_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What kind of mail it is. */
enum report_kind {
    REPORT_ORDINARY,        /* none of the others: a person's or a program's mail */
    REPORT_DELIVERY_STATUS, /* RFC 3464 and everything that says the same in its own words */
    REPORT_FEEDBACK,        /* RFC 5965: abuse and other feedback from a mailbox provider */
    REPORT_AUTO_REPLY,      /* RFC 3834: vacation, out of office, ticket received */
    REPORT_CHALLENGE,       /* asks the sender to prove to be human */
    REPORT_DISPOSITION,     /* RFC 8098: read receipt */
    REPORT_AGGREGATE,       /* RFC 7489 DMARC and RFC 8460 TLS reports */
    REPORT_UNSUBSCRIBE,     /* an answer to a List-Unsubscribe mailto */
    REPORT_KIND_COUNT
};

/* RFC 3464 section 2.3.3. */
enum report_action {
    REPORT_ACTION_NONE, /* not said */
    REPORT_ACTION_FAILED,
    REPORT_ACTION_DELAYED,
    REPORT_ACTION_DELIVERED,
    REPORT_ACTION_RELAYED,
    REPORT_ACTION_EXPANDED,
    REPORT_ACTION_COUNT
};

/* Where a recipient's facts stood, best first. */
enum report_source {
    REPORT_SOURCE_STATUS_PART, /* a per-recipient group of message/delivery-status */
    REPORT_SOURCE_FORMAT,      /* the text of a known format that is not RFC 3464 */
    REPORT_SOURCE_HEADER,      /* a header field of the report (X-Failed-Recipients and the like) */
    REPORT_SOURCE_TEXT, /* the plain-text fallback: codes and addresses without a known form */
    REPORT_SOURCE_COUNT
};

/* One recipient that the report is about: RFC 3464 section 2.3, or what stands for it. */
struct report_recipient {
    const char *original_recipient; /* the address as the sender wrote it */
    /* The address at which delivery ended; original_recipient where what stands there is no
     * internet mail address. NULL where neither is one: the group tells what happened, not to whom.
     */
    const char *final_recipient;
    enum report_action action;
    enum report_source source;
    const char *status;            /* enhanced status code "5.1.1" (RFC 3463) of the Status field */
    const char *diagnostic_type;   /* "smtp", "x-unix", ...: lower case */
    const char *diagnostic_code;   /* the words of the refusing side, continued lines joined by a
                                      space, without reply-code repeats ("550-5.1.1 ...") */
    unsigned reply_code;           /* RFC 5321 reply code in diagnostic_code; 0 for none */
    const char *diagnostic_status; /* enhanced code inside diagnostic_code; wins over a generic
                                      `status` such as 5.0.0 */
    const char *remote_mta;        /* the host that refused, without its type ("dns;") */
    int64_t last_attempt;          /* Last-Attempt-Date */
    int64_t will_retry_until;      /* Will-Retry-Until: still in the queue */
};

/* A place where the envelope recipient of the report itself, which under VERP names campaign and
 * recipient, was found. In order of trust, best first. */
struct report_candidate {
    const char *header;   /* "Delivered-To", "Received", "original Return-Path": as people say it */
    unsigned instance;    /* 1 for the topmost field of that name, 2 for the next, ... */
    bool inside_original; /* stood in the returned original: evidence, never enough alone */
    const char *address;
};

/* The returned original message (RFC 3462 section 2, RFC 3464 appendix), as far as it came back. */
struct report_original {
    bool present;
    const char *return_path;
    const char *from;    /* first address */
    const char *to;      /* first address; with one recipient, weak evidence of who it is about */
    unsigned to_count;   /* recipients in To and Cc */
    const char *subject; /* decoded */
    const char *message_id;
    int64_t date;
    const char *list_id;
    const char *campaign_header; /* value of the header that report_options.campaign_header names */
};

/* RFC 5965 feedback report. */
struct report_feedback {
    const char *type; /* "abuse", "fraud", "not-spam", ...: lower case */
    const char *original_mail_from;
    const char **original_rcpt_to;
    size_t original_rcpt_to_count;
    const char *source_ip;
    const char *reported_domain;
    const char *user_agent;
    int64_t arrival;
};

struct report {
    enum report_kind kind;
    const char *format;      /* which table entry recognised it: "rfc3464", "qmail", ..., "text" */
    const char *kind_reason; /* what made it that kind, in words: "Auto-Submitted: auto-replied" */

    /* The mail's own header. */
    const char *from; /* first address */
    const char *to;   /* first address */
    const char *subject;
    const char *message_id;
    const char *auto_submitted; /* RFC 3834 */
    int64_t date;
    bool null_sender; /* Return-Path: <> */
    struct report_candidate *candidates;
    size_t candidate_count;

    /* Delivery status, per message (RFC 3464 section 2.2). */
    const char *reporting_mta; /* without its type */
    const char *received_from_mta;
    const char *original_envelope_id; /* ENVID of RFC 3461, xtext decoded */
    int64_t arrival;                  /* Arrival-Date */
    struct report_recipient *recipients;
    size_t recipient_count;

    struct report_original original;
    struct report_feedback feedback;

    const char *text; /* the human-readable part, at most REPORT_TEXT_MAX bytes */
    bool truncated; /* the bytes end early: cut at the fetch limit, or a part that is not closed */
    const char **notes; /* what was odd, in words: "boundary never closes", "charset x-unknown" */
    size_t note_count;
};

enum {
    REPORT_TEXT_MAX = 16 * 1024,       /* explanations are a page; quoted mail is of no use */
    REPORT_DIAGNOSTIC_MAX = 2 * 1024,  /* the longest seen in the wild are under 1.5 KB */
    REPORT_RECIPIENTS_MAX = 10 * 1000, /* twice what the largest real DSNs carry */
};

/* Words for the enums, as in JSON output and in the database: "delivery_status", "failed",
 * "status_part". Total over the enum; static. */
static inline const char *report_kind_name(enum report_kind kind) {
    static const char *const names[REPORT_KIND_COUNT] = {
        [REPORT_ORDINARY] = "ordinary",   [REPORT_DELIVERY_STATUS] = "delivery_status",
        [REPORT_FEEDBACK] = "feedback",   [REPORT_AUTO_REPLY] = "auto_reply",
        [REPORT_CHALLENGE] = "challenge", [REPORT_DISPOSITION] = "disposition",
        [REPORT_AGGREGATE] = "aggregate", [REPORT_UNSUBSCRIBE] = "unsubscribe",
    };
    return names[kind];
}

static inline const char *report_action_name(enum report_action action) {
    static const char *const names[REPORT_ACTION_COUNT] = {
        [REPORT_ACTION_NONE] = "none",       [REPORT_ACTION_FAILED] = "failed",
        [REPORT_ACTION_DELAYED] = "delayed", [REPORT_ACTION_DELIVERED] = "delivered",
        [REPORT_ACTION_RELAYED] = "relayed", [REPORT_ACTION_EXPANDED] = "expanded",
    };
    return names[action];
}

static inline const char *report_source_name(enum report_source source) {
    static const char *const names[REPORT_SOURCE_COUNT] = {
        [REPORT_SOURCE_STATUS_PART] = "status_part",
        [REPORT_SOURCE_FORMAT] = "format",
        [REPORT_SOURCE_HEADER] = "header",
        [REPORT_SOURCE_TEXT] = "text",
    };
    return names[source];
}

#endif
