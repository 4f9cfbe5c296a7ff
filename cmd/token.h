/*
 * token: the OAuth access token with which a mailbox logs in: from a command, from the cache of an
 * earlier run, or from the provider's token endpoint.
 */
#ifndef CMD_TOKEN_H
#define CMD_TOKEN_H

#include "cmd/base/err.h"
#include "cmd/config.h"

#include <stdbool.h>

struct token {
    char *text;
    bool cached; /* from an earlier run: the server may know that it is no longer good */
};

/* Gets the token of a mailbox that logs in with one. `refused` is one that the server did not take:
 * if it is what is cached, it is forgotten; NULL: none. A new refresh token that the endpoint hands
 * out replaces the old one in its file. token_free() is due where this succeeds.
 *
 * A cache or a refresh token that cannot be written is a warning in the log, and no failure. */
int token_get(const struct config *config, const struct config_mailbox *mailbox,
              const char *refused, struct token *token, struct err *err);

void token_free(struct token *token);

#endif
