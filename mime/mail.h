/*
 * mail: the message that is being read, as the formats see it.
 *
 * read.c fills it once; every format reads from it and writes into `report`.
 */
#ifndef MIME_MAIL_H
#define MIME_MAIL_H

#include "cmd/base/arena.h"
#include "cmd/base/bytes.h"
#include "mime/charset.h"
#include "mime/entity.h"
#include "mime/read.h"
#include "mime/report.h"

enum {
    MAIL_HEAD_MAX = 16 * 1024, /* a system introduces itself at the beginning */
};

struct mail {
    const struct report_options *options;
    struct arena *arena;
    struct charset_cache *charsets;
    struct report *report;

    struct entity *root;
    const struct header *header;  /* the root's */
    struct entity *status_part;   /* the first message/delivery-status, or NULL */
    struct entity *original_part; /* the returned original, or NULL */
    struct bytes subject;         /* report->subject with ASCII letters in lower case */
    const char *sender;           /* what From says, as text in lower case; "" for nothing */
    bool from_system;             /* sender_is_named_system */
    bool may_notify;              /* sender_may_notify */

    /* The human-readable text in UTF-8 with LF, cut where the returned original begins. */
    struct bytes notice;
    /* The first MAIL_HEAD_MAX bytes of the notice with ASCII letters in lower case, for looking up
     * phrases: byte for byte as long as the notice's. */
    struct bytes head;
    /* What stands behind that cut: the returned original, where the notice holds it as text. */
    struct bytes quoted;
    size_t diagnosed; /* octets of diagnostic words so far */
};

/* The words of a header field, decoded; "" where it is missing. */
const char *mail_header_text(const struct mail *mail, const char *name);

/* Adds a recipient to the report, at most REPORT_RECIPIENTS_MAX; the pointer holds until the next
 * one is added. NULL where there are that many. `address` is taken as it is (address.h makes it).
 */
struct report_recipient *mail_recipient_add(struct mail *mail, enum report_source source,
                                            const char *address);

/* Sets the diagnostic words and the codes found in them. Where a report has very many, a listing
 * that says one thing of ten thousand, the later ones are shorter than REPORT_DIAGNOSTIC_MAX. */
void mail_recipient_diagnose(struct mail *mail, struct report_recipient *recipient,
                             struct bytes words);

/* The first `max` bytes of UTF-8 text, or up to three fewer: not cut in the middle of a character.
 */
struct bytes mail_cut(struct bytes text, size_t max);

/* Puts down what was odd. */
void mail_note(struct mail *mail, const char *note);

#endif
