/*
 * format: the table of bounce formats. A new MTA costs one file and one line in format.c.
 */
#ifndef MIME_FORMAT_H
#define MIME_FORMAT_H

#include "mime/mail.h"

struct format {
    const char *name;
    /* Cheap, and sure that no person writes like this: a wrong yes makes ordinary mail a bounce. */
    bool (*recognise)(const struct mail *mail);
    /* Adds the recipients that the notice names. None is fine: another format may find them. */
    void (*read)(struct mail *mail);
};

/* Tries the formats in the table's order until one has named a recipient, and sets report->format.
 * Returns whether any recognised the mail, so that it is a delivery status report. */
bool format_read(struct mail *mail);

/* The last resort, tried where no format and no other kind knows the mail: codes and addresses in
 * text that only a mail system sends. */
extern const struct format format_text;

/* The rows of the table, one file each. */
extern const struct format format_rfc3464;
extern const struct format format_qmail;
extern const struct format format_exim;
extern const struct format format_sendmail;
extern const struct format format_postfix;
extern const struct format format_exchange;
extern const struct format format_aol;
extern const struct format format_ses;
extern const struct format format_listing;
extern const struct format format_failed_header;

#endif
