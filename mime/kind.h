/*
 * kind: which mails are answers of another sort than delivery status: auto-replies (RFC 3834 and
 * the many that ignore it), challenges, read receipts, aggregate reports, unsubscribe requests.
 */
#ifndef MIME_KIND_H
#define MIME_KIND_H

#include "mime/kind_text.h"

/* Whether header, subject or parts of the mail say that it is one; `text` is what kind_text_read
 * makes of it. This is sure enough to be asked
 * before the formats are, of mail that comes from no mail system: those call their bounces
 * auto-replied too. False where it is none; else *kind, and *reason, in words. */
bool kind_find_declared(const struct mail *mail, const struct kind_text *text,
                        enum report_kind *kind, const char **reason);

/* Whether the words of the mail say so: of any mail that no format recognises. `declared_none` says
 * that the above was asked and false: half of this is the same question. */
bool kind_find_spoken(const struct mail *mail, const struct kind_text *text, bool declared_none,
                      enum report_kind *kind, const char **reason);

#endif
