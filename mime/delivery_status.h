/*
 * delivery_status: the fields of message/delivery-status and message/global-delivery-status
 * (RFC 3464 section 2, RFC 6533 section 4), and of text that has them without saying so.
 */
#ifndef MIME_DELIVERY_STATUS_H
#define MIME_DELIVERY_STATUS_H

#include "mime/mail.h"

/* Reads all groups of `text` into the report: the per-message fields, and a recipient for each
 * group that names one. Groups need not be where the RFC has them: a recipient that begins without
 * an empty line is a new one, and fields that an empty line has cut off belong to the recipient
 * before them. A recipient that is no address (an X.400 name, a file) gets its original recipient
 * for one, else none. Returns the number of recipients added. */
size_t delivery_status_read(struct mail *mail, struct bytes text);

/* Where in a text a run of status fields begins: the first line, at its start, of a per-recipient
 * group with its address and an Action or Status, or of the per-message group in front of it. -1
 * for none. Quoted lines ("> Final-Recipient:") are none. */
long delivery_status_find(struct bytes text);

#endif
