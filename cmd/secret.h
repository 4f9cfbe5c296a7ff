/*
 * secret: passwords, from where they may be kept: a file that only its owner can read, a command,
 * or a systemd credential. Never the command line, never a log.
 */
#ifndef CMD_SECRET_H
#define CMD_SECRET_H

#include "cmd/base/err.h"
#include "cmd/config.h"

/* Reads the secret: its first line. *secret is malloc'ed, to be given to secret_free(); NULL where
 * none of the three sources is set. ERR_CONFIG where a file can be read by others, ERR_NO_INPUT
 * where it cannot be read or is empty, ERR_CONFIG where the command fails. */
int secret_read(const struct config_secret *source, char **secret, struct err *err);

/* Overwrites and frees. NULL is fine. */
void secret_free(char *secret);

#endif
