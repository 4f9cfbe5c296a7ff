/*
 * token_cache: OAuth access tokens kept between runs, so that not each run asks the token endpoint.
 *
 * One file a token, readable to its owner alone, in a folder of our own. The folder is locked while
 * a cache is open: of several runs one asks the endpoint, and the others find what it has got.
 */
#ifndef CMD_TOKEN_CACHE_H
#define CMD_TOKEN_CACHE_H

#include "cmd/base/err.h"

#include <stdint.h>

struct token_cache;

/* Opens the place in `folder` (made where it is missing) for the token that `identity` stands for:
 * all that it depends on, in one string. Waits up to `seconds` for other runs. ERR_TEMPORARY where
 * these take longer, ERR_CANNOT_CREATE where the folder cannot be used. NULL on failure. */
struct token_cache *token_cache_open(const char *folder, const char *identity, unsigned seconds,
                                     struct err *err);

/* Lets other runs in. NULL is fine. */
void token_cache_close(struct token_cache *cache);

/* The token, for secret_free(); NULL where there is none, it has at most a minute left to live, or
 * somebody else could have read or written its file: such a file is removed. */
char *token_cache_get(const struct token_cache *cache);

/* Keeps the token for `seconds` from now. ERR_CANNOT_CREATE. */
int token_cache_put(const struct token_cache *cache, const char *token, int64_t seconds,
                    struct err *err);

/* Forgets the token. */
void token_cache_drop(const struct token_cache *cache);

#endif
