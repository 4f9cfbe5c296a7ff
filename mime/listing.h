/*
 * listing: recipients that a notice announces and then lists.
 */
#ifndef MIME_LISTING_H
#define MIME_LISTING_H

#include "mime/mail.h"

/* Reads the recipients that a notice names behind the phrase that announces them, which ends where
 * `behind` begins: the first address on the phrase's own line, or the one that leads each of the
 * next lines, behind marks or a label ("* ", "Recipient: [SMTP:"). The words of each go up to the
 * next; those that have none share what stands behind the list, or in front of it. Returns how many
 * were added.
 *
 * Lines that start with ">" are somebody's quotation and name nobody, unless `quoted` says that
 * this system writes its list so. */
size_t listing_read(struct mail *mail, struct bytes behind, enum report_action action, bool quoted);

#endif
