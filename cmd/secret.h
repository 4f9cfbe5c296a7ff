/*
 * secret: passwords, from where they may be kept: a file that only its owner can read, a command,
 * or a systemd credential. Never the command line, never a log.
 */
#ifndef CMD_SECRET_H
#define CMD_SECRET_H

#include "cmd/base/buf.h"
#include "cmd/base/err.h"
#include "cmd/config.h"

#include <sys/stat.h>

enum {
    SECRET_MAX = 16 * 1024, /* octets; OAuth tokens are some 2 KB */
};

/* Reads the secret: its first line. *secret is malloc'ed, to be given to secret_free(); NULL where
 * none of the three sources is set. `name` is how the keys begin ("password" for password_file,
 * ...) and stands in the errors. ERR_CONFIG where a file can be read by others, ERR_NO_INPUT where
 * it cannot be read or is empty. A command is run by /bin/sh: ERR_CONFIG where it fails,
 * ERR_TEMPORARY where it has said nothing for a minute (it is killed). */
int secret_read(const char *name, const struct config_secret *source, char **secret,
                struct err *err);

/* ERR_CONFIG where others than its owner can read or write the file; `what` is what it holds: "this
 * secret". */
int secret_check_mode(const char *path, const struct stat *st, const char *what, struct err *err);

/* Overwrites and frees. NULL is fine. */
void secret_free(char *secret);

/* The same for a buffer, all of its room; it is empty afterwards. What was to hold a secret should
 * have its room reserved before: growing leaves copies behind in freed memory. */
void secret_buf_free(struct buf *secret);

#endif
