/*
 * conninfo: libpq's connection strings, without their secrets.
 */
#ifndef STORE_CONNINFO_H
#define STORE_CONNINFO_H

#include "cmd/base/buf.h"

#include <stdbool.h>

/* Whether this is a URI whose password is not percent-encoded: a / or @ in it makes the rest of it
 * the port, host or database of a URI that parses, and they would be shown. */
bool store_conninfo_splits_password(const char *conninfo);

/* Appends `conninfo` (key=value pairs or a URI) as it can be shown: as it is where it holds no
 * password, else as key=value pairs with `*****` for each. False, with nothing appended, where it
 * does not parse or splits its password, since then nobody can say where a password stands in it.
 */
bool store_conninfo_add_masked(struct buf *out, const char *conninfo);

#endif
