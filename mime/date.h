/*
 * date: date-time values (RFC 5322 section 3.3) to seconds since 1970 UTC.
 */
#ifndef MIME_DATE_H
#define MIME_DATE_H

#include "cmd/base/bytes.h"

#include <stdint.h>

/* Reads "Mon, 1 Jun 2026 10:00:00 +0200 (CEST)" and its obsolete forms. 0 where the value is none,
 * or lies outside of 1970 to 2200. */
int64_t date_read(struct bytes value);

#endif
