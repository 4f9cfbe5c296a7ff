/*
 * kind: which mails are answers of another sort than delivery status: auto-replies (RFC 3834 and
 * the many that ignore it), challenges, aggregate reports, unsubscribe requests.
 */
#ifndef MIME_KIND_H
#define MIME_KIND_H

#include "mime/mail.h"

/* Looks the mail up in the table. False where no row is true of it; else *kind, and *reason, the
 * field and what it says, in words. */
bool kind_find(const struct mail *mail, enum report_kind *kind, const char **reason);

#endif
