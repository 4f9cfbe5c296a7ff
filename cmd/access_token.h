/*
 * access_token: the OAuth access token with which a mailbox logs in: from a command, from the cache
 * of an earlier run, or from the provider's token endpoint.
 */
#ifndef CMD_ACCESS_TOKEN_H
#define CMD_ACCESS_TOKEN_H

#include "cmd/base/err.h"
#include "cmd/config.h"

#include <stdbool.h>

struct access_token {
    char *text;
    bool cached; /* from an earlier run: the server may know that it is no longer good */
};

/* Gets the token of a mailbox that logs in with one. `refused` is one that the server did not take:
 * if it is what is cached, it is forgotten; NULL: none. A new refresh token that the endpoint hands
 * out replaces the old one in its file. access_token_free() is due where this succeeds.
 *
 * A cache or a refresh token that cannot be written is a warning in the log, and no failure. */
int access_token_get(const struct config *config, const struct config_mailbox *mailbox,
                     const char *refused, struct access_token *token, struct err *err);

void access_token_free(struct access_token *token);

#endif
