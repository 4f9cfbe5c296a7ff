/*
 * folder: which folder is meant. Servers that keep a user's folders below a prefix have them under
 * other names than they are configured under; these are found once and remembered.
 */
#ifndef IMAP_FOLDER_H
#define IMAP_FOLDER_H

#include "imap/session.h"

/* The name under which the server has the folder (UTF-8), after imap_folder_ensure(). */
const char *folder_name_here(const struct imap *imap, const char *folder);

void folder_aliases_free(struct imap *imap);

#endif
