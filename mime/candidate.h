/*
 * candidate: where the envelope recipient of the report stands, which under VERP names campaign and
 * recipient.
 */
#ifndef MIME_CANDIDATE_H
#define MIME_CANDIDATE_H

#include "mime/mail.h"

/* Fills report->candidates, best first: the field that the options name; the topmost of those that
 * delivery agents add; the topmost `Received: ... for <address>`; To; and last, out of the returned
 * original's header, its Return-Path. Those of report->to and report->original are read already. */
void candidates_read(struct mail *mail);

/* Adds what a report that is enclosed in the mail says of its own: whom it was addressed to, and
 * its original's Return-Path. Both came inside of something else, and are evidence only. */
void candidates_read_enclosed(struct mail *mail, const struct header *report);

#endif
