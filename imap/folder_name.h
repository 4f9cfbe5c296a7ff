/*
 * folder_name: folder names as arguments of commands.
 */
#ifndef IMAP_FOLDER_NAME_H
#define IMAP_FOLDER_NAME_H

#include "cmd/base/buf.h"
#include "cmd/base/err.h"

enum {
    FOLDER_NAME_MAX = 1000, /* octets on the wire; with COMMAND_SET_MAX within 8,000 a line */
};

/* Appends a UTF-8 name as a quoted string in modified UTF-7, in which it never has a control
 * character or an 8-bit one, so that it never needs a literal. ERR_CONFIG: empty or too long. */
int folder_name_write(struct buf *out, const char *name, struct err *err);

#endif
