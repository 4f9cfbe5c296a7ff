/*
 * utf7: folder names on the wire, in modified UTF-7 (RFC 3501 section 5.1.3).
 */
#ifndef IMAP_UTF7_H
#define IMAP_UTF7_H

#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"

/* Appends a UTF-8 name in modified UTF-7: printable ASCII only, so that a quoted string can always
 * carry it. Bytes that are not UTF-8 become U+FFFD. */
void utf7_encode(struct buf *out, struct bytes name);

/* Appends the UTF-8 form of a name off the wire. A name that is not modified UTF-7 (servers that
 * send raw UTF-8, UTF8=ACCEPT) is appended as it is. */
void utf7_decode(struct buf *out, struct bytes name);

#endif
