/*
 * verp_keys: the secret keys of signed VERP addresses, as they stand in a key file:
 *
 *     # id, then 32 octets in hexadecimal; the first key signs, every key verifies
 *     b 5d41402abc4b2a76b9719d911017c592...
 *     a 7b8b965ad4bca0e41ab51de7b31363a1...
 *
 * To change keys, put a new line on top and leave the old one until the last address that it signed
 * has expired. Ids are single characters of base32, since they stand in addresses: a-z and 2-7.
 */
#ifndef CLASSIFY_VERP_KEYS_H
#define CLASSIFY_VERP_KEYS_H

#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"
#include "cmd/base/err.h"

#include <stdbool.h>

enum {
    VERP_KEY_SIZE = 32, /* octets; RFC 2104 section 3 advises the hash's length */
};

struct verp_keys;

/* Reads the text of a key file. ERR_CONFIG with the line, which does not show the key. `text` holds
 * secrets: wiping it is the caller's. */
int verp_keys_read(struct bytes text, struct verp_keys **keys, struct err *err);

/* Wipes and frees; NULL is fine. */
void verp_keys_free(struct verp_keys *keys);

/* The id of the key that signs. */
char verp_keys_signing_id(const struct verp_keys *keys);

/* Whether there is a key of that id. */
bool verp_keys_has(const struct verp_keys *keys, char id);

/* The ids of all keys, in the order of the file: "ba"; lives as long as the keys. */
const char *verp_keys_ids(const struct verp_keys *keys);

/* The id of the first key that did not come from a random source, or 0: of 32 random octets nearly
 * all differ, while typed and padded ones repeat themselves. */
char verp_keys_weak_id(const struct verp_keys *keys);

/* HMAC-SHA-256 (RFC 2104) of `text` under the key of that id. False where there is no such key. */
bool verp_keys_hmac(const struct verp_keys *keys, char id, struct bytes text,
                    unsigned char mac[32]);

/* Appends the line of a new key, made of octets that the caller has from the system's random
 * source. ERR_DATA where `id` cannot be one. */
int verp_key_write(char id, const unsigned char random[VERP_KEY_SIZE], struct buf *line,
                   struct err *err);

#endif
