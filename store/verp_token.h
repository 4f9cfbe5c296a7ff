/*
 * verp_token: VERP addresses that carry a token alone, since campaign and recipient are too long
 * for them; bounce.verp_token has what each stands for.
 */
#ifndef STORE_VERP_TOKEN_H
#define STORE_VERP_TOKEN_H

#include "cmd/base/arena.h"
#include "cmd/base/err.h"
#include "store/store.h"

#include <stddef.h>

struct store_verp_token {
    const char *token;     /* in lower case */
    const char *campaign;  /* NULL where the address names none */
    const char *recipient; /* in the form of address_key(); NULL: the token is not known */
    const char *domain;    /* of the VERP address */
};

/* Stores tokens, committed before it returns. One that is there already stays as it is. */
int store_verp_tokens_add(struct store *store, const struct store_verp_token *tokens, size_t count,
                          struct err *err);

/* Looks tokens up, in one query: fills in all but `token`, in the arena. */
int store_verp_tokens_find(struct store *store, struct store_verp_token *tokens, size_t count,
                           struct arena *arena, struct err *err);

#endif
