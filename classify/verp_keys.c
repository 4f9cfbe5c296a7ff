#include "classify/verp_keys.h"

#include "classify/base32.h"
#include "cmd/base/memory.h"

#include <nettle/hmac.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Fewer different octets among 32 random ones come up once in 10^15 keys. */
    DIFFERENT_OCTETS_MIN = 16,
};

struct key {
    char id;
    bool weak;
    struct hmac_sha256_ctx start; /* the key's two blocks are hashed already */
};

struct verp_keys {
    struct key keys[BASE32_DIGITS]; /* as many as there are ids */
    char ids[BASE32_DIGITS + 1];
    size_t count;
};

static bool is_id(char c) {
    return base32_value(c) >= 0 && c == ascii_lower(c);
}

static const struct key *find_key(const struct verp_keys *keys, char id) {
    for (size_t i = 0; i < keys->count; i++)
        if (keys->keys[i].id == id)
            return &keys->keys[i];
    return NULL;
}

static bool read_hex(struct bytes hex, unsigned char octets[VERP_KEY_SIZE]) {
    if (hex.len != 2 * VERP_KEY_SIZE)
        return false;
    for (size_t i = 0; i < VERP_KEY_SIZE; i++) {
        int high = ascii_hex_value(hex.data[2 * i]), low = ascii_hex_value(hex.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        octets[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static bool is_weak(const unsigned char octets[VERP_KEY_SIZE]) {
    bool seen[256] = {false};
    int different = 0;
    for (size_t i = 0; i < VERP_KEY_SIZE; i++) {
        different += !seen[octets[i]];
        seen[octets[i]] = true;
    }
    explicit_bzero(seen, sizeof seen);
    return different < DIFFERENT_OCTETS_MIN;
}

static int add_key(struct verp_keys *keys, struct bytes line, size_t number, struct err *err) {
    unsigned char octets[VERP_KEY_SIZE];
    char id = line.data[0];
    if (line.len < 2 || !is_id(id) || !ascii_is_space(line.data[1]))
        return err_set(err, ERR_CONFIG,
                       "line %zu: a key's line begins with its id, one of a-z and 2-7, and a blank",
                       number);
    if (find_key(keys, id))
        return err_set(err, ERR_CONFIG, "line %zu: a second key with the id %c", number, id);
    if (!read_hex(bytes_trim(bytes_from(line, 1)), octets)) {
        explicit_bzero(octets, sizeof octets);
        return err_set(err, ERR_CONFIG, "line %zu: a key has %d hexadecimal digits", number,
                       2 * VERP_KEY_SIZE);
    }
    keys->ids[keys->count] = id;
    struct key *key = &keys->keys[keys->count++];
    key->id = id;
    key->weak = is_weak(octets);
    hmac_sha256_set_key(&key->start, sizeof octets, octets);
    explicit_bzero(octets, sizeof octets);
    return 0;
}

int verp_keys_read(struct bytes text, struct verp_keys **read, struct err *err) {
    struct verp_keys *keys = memory_zero(1, sizeof *keys);
    struct bytes line;
    int rc = -1;
    for (size_t number = 1; bytes_next_line(&text, &line); number++) {
        line = bytes_trim(line);
        if (line.len && line.data[0] != '#' && add_key(keys, line, number, err) < 0)
            goto out;
    }
    if (!keys->count) {
        err_set(err, ERR_CONFIG, "there is no key in it");
        goto out;
    }
    *read = keys;
    keys = NULL;
    rc = 0;
out:
    verp_keys_free(keys);
    return rc;
}

void verp_keys_free(struct verp_keys *keys) {
    if (!keys)
        return;
    explicit_bzero(keys, sizeof *keys);
    free(keys);
}

char verp_keys_signing_id(const struct verp_keys *keys) {
    return keys->keys[0].id;
}

bool verp_keys_has(const struct verp_keys *keys, char id) {
    return find_key(keys, id) != NULL;
}

const char *verp_keys_ids(const struct verp_keys *keys) {
    return keys->ids;
}

char verp_keys_weak_id(const struct verp_keys *keys) {
    for (size_t i = 0; i < keys->count; i++)
        if (keys->keys[i].weak)
            return keys->keys[i].id;
    return '\0';
}

bool verp_keys_hmac(const struct verp_keys *keys, char id, struct bytes text,
                    unsigned char mac[32]) {
    const struct key *key = find_key(keys, id);
    if (!key)
        return false;
    struct hmac_sha256_ctx hmac = key->start;
    hmac_sha256_update(&hmac, text.len, (const uint8_t *)text.data);
    hmac_sha256_digest(&hmac, SHA256_DIGEST_SIZE, mac);
    return true;
}

int verp_key_write(char id, const unsigned char random[VERP_KEY_SIZE], struct buf *line,
                   struct err *err) {
    if (!is_id(id))
        return err_set(err, ERR_DATA, "a key's id is one of a-z and 2-7");
    buf_printf(line, "%c ", id);
    for (size_t i = 0; i < VERP_KEY_SIZE; i++)
        buf_printf(line, "%02x", random[i]);
    buf_add_char(line, '\n');
    return 0;
}
