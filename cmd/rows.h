/*
 * rows: an analysed message -> the rows that the ledger gets.
 */
#ifndef CMD_ROWS_H
#define CMD_ROWS_H

#include "cmd/analysis.h"
#include "cmd/base/arena.h"
#include "cmd/clock.h"
#include "store/batch.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    /* A report is written while the mail is still in a queue: five days by RFC 5321 section
     * 4.5.4.1, and some queues are patient. Dates outside of this are a wrong clock or a lie. */
    ROWS_REPORT_DELAY_MAX = 30 * CLOCK_DAY,
    ROWS_CLOCK_SKEW_MAX = CLOCK_DAY,
};

/* The identity of a message: the SHA-256 of its bytes with LF for CRLF, since the same mail has the
 * one on disk and the other over IMAP. */
void rows_hash(struct bytes message, unsigned char sha256[STORE_SHA256_SIZE]);

/* When the delivery failed, seconds since 1970 UTC: Last-Attempt-Date, else Arrival-Date, else the
 * report's Date, each only where it is sane when seen from `received` (when the report reached the
 * mailbox, never 0); else `received` itself. So a mailbox that is read late counts as if it had
 * been read on time. */
int64_t rows_occurred_at(const struct report *report, const struct report_recipient *recipient,
                         int64_t received);

/* Fills what the analysis says into `row`: its kind, outcome and events (in the arena). The caller
 * has filled uid, sha256, size, raw and truncated; raw is taken away again where the message was
 * understood and `keep_raw` is false. Says whether recipients are lost: `row` has only the
 * beginning of a report (truncated), and the cut is in its list of recipients or before it. What is
 * behind the list, mostly the returned mail, is not missed. */
bool rows_fill(const struct analysis *analysis, const struct analyst *analyst, bool keep_raw,
               struct arena *arena, struct store_message *row);

#endif
