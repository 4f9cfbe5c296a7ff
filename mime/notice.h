/*
 * notice: the words that a report has for people, and where in them the returned original begins.
 */
#ifndef MIME_NOTICE_H
#define MIME_NOTICE_H

#include "mime/mail.h"

/* Fills mail->notice, mail->head and mail->quoted from the text parts of the message. `max` bounds
 * what is read of them. */
void notice_read(struct mail *mail, size_t max);

/* Where the returned original begins in a notice: at a separator ("--- Below this line is a copy of
 * the message."), or at lines that are a message's header. The length of `text` where it does not.
 * *header (may be NULL) is where its header begins, behind the separator. */
size_t notice_original_find(struct bytes text, size_t *header);

/* What a notice in prose reports: REPORT_ACTION_DELAYED where subject or text say that delivery
 * goes on being tried, REPORT_ACTION_FAILED else. */
enum report_action notice_action(const struct mail *mail);

#endif
