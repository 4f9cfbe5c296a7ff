/*
 * oauth: access tokens from a token endpoint (RFC 6749): by a refresh token (section 6; Google,
 * Microsoft and others), or by the client's own credentials (section 4.4; Microsoft 365).
 */
#ifndef CMD_OAUTH_H
#define CMD_OAUTH_H

#include "cmd/base/err.h"

#include <stdint.h>

/* What is asked for, and on what grounds. */
struct oauth_request {
    const char *endpoint; /* URL; https, or http on loopback */
    const char *client_id;
    const char *client_secret; /* NULL: a public client */
    const char *refresh_token; /* NULL: client credentials */
    const char *scope;         /* blank-separated; NULL: what the grant has anyway */
    const char *ca_file;       /* as in struct https_request */
    unsigned timeout;          /* seconds */
};

struct oauth_token {
    char *access_token;
    int64_t seconds;     /* to live; 0: the endpoint does not say */
    char *refresh_token; /* a new one, to be used instead of the old one from now on; NULL: none */
};

/* Asks for a token; oauth_token_free() is due in either case. ERR_PERMISSION and ERR_CONFIG where
 * the endpoint says no, with its words, the likely cause and what to do (oauth_refusal.h);
 * ERR_TEMPORARY, with retry_after as it asks for, where it is busy (HTTP 429, 5xx); ERR_PROTOCOL
 * where it does not answer as a token endpoint does; else as https_send(). The text holds none of
 * the secrets. */
int oauth_token_fetch(const struct oauth_request *request, struct oauth_token *token,
                      struct err *err);

void oauth_token_free(struct oauth_token *token);

#endif
