/*
 * auto_reply: replies that a program sent for somebody: out of office, ticket received, "no longer
 * works here". RFC 3834 says how they should mark themselves; most do not.
 */
#ifndef MIME_AUTO_REPLY_H
#define MIME_AUTO_REPLY_H

#include "mime/kind_text.h"

/* Whether the header or the subject says so: what no bounce and no person writes. *reason is what
 * it was, in words. */
bool auto_reply_declared(const struct mail *mail, const struct kind_text *text,
                         const char **reason);

/* Whether subject or text say so. Weaker: a bounce has such words too, so that this is for mail
 * that no format recognises. What a list sent, and a person's answer, is no automatic reply
 * whatever it says. */
bool auto_reply_spoken(const struct mail *mail, const struct kind_text *text, const char **reason);

#endif
