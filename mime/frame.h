/*
 * frame: a report as bytes and back, for the pipe between a worker process and its parent.
 *
 * The parent treats the bytes as hostile: lengths are checked against what is there, enum values
 * against their range, strings against UTF-8, counts against the limits of report.h, times and
 * reply codes against what the calendar and the database take. What is read keeps all that report.h
 * promises.
 */
#ifndef MIME_FRAME_H
#define MIME_FRAME_H

#include "cmd/base/arena.h"
#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"
#include "cmd/base/err.h"
#include "mime/report.h"

/* Appends the report to `out`. */
void report_frame_write(const struct report *report, struct buf *out);

/* Reads a report that fills `frame` exactly. -1 with ERR_DATA where the bytes are not one. */
int report_frame_read(struct bytes frame, struct arena *arena, struct report **report,
                      struct err *err);

#endif
