/*
 * verp_key_file: the file of the keys that sign VERP addresses (classify/verp_keys.h has its
 * format): read with care, made, and added to.
 */
#ifndef CMD_VERP_KEY_FILE_H
#define CMD_VERP_KEY_FILE_H

#include "classify/verp_keys.h"
#include "cmd/base/err.h"

enum {
    VERP_KEY_FILE_MAX = 64 * 1024, /* octets; every id with a paragraph of comment fits */
};

/* Reads the keys. ERR_NO_INPUT where the file cannot be read; ERR_CONFIG where others than its
 * owner can read or write it, or where it is no key file or has a key that is no random one. */
int verp_key_file_read(const char *path, struct verp_keys **keys, struct err *err);

/* Makes the file with one new key, mode 0600. ERR_CANNOT_CREATE where there is one already. */
int verp_key_file_make(const char *path, char *id, struct err *err);

/* Puts a new key on top of those in the file, so that it signs from now on. The file is replaced in
 * one step and keeps its owner. *id is the new key's: one that the file does not have, so long as
 * there is one. */
int verp_key_file_add(const char *path, char *id, struct err *err);

#endif
