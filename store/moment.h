/*
 * moment: times that people write, for PostgreSQL to read. Not for other folders.
 */
#ifndef STORE_MOMENT_H
#define STORE_MOMENT_H

#include "cmd/base/err.h"

#include <libpq-fe.h>

/* ERR_USAGE, with what would be right, where PostgreSQL does not take `text` for a time. */
int moment_check(PGconn *connection, const char *text, struct err *err);

#endif
