#include "classify/verp_sign.h"

#include "classify/base32.h"
#include "cmd/base/buf.h"

#include <nettle/memops.h>
#include <string.h>

enum {
    VERSION_1 = 0x01,
    DAY_DIGITS = 2,
    DAYS = 1 << (DAY_DIGITS * BASE32_BITS), /* that the digits tell apart */
    MAC_OCTETS = 10,
    MAC_AT = 1 + DAY_DIGITS, /* where it stands in the tag */
};

const char *verp_signature_name(enum verp_signature signature) {
    static const char *const names[VERP_SIGNATURE_COUNT] = {
        [VERP_SIGNATURE_VALID] = "valid",
        [VERP_SIGNATURE_UNSIGNED] = "unsigned",
        [VERP_SIGNATURE_WRONG] = "wrong",
        [VERP_SIGNATURE_EXPIRED] = "expired",
        [VERP_SIGNATURE_UNKNOWN_KEY] = "unknown_key",
        [VERP_SIGNATURE_UNKNOWN_TOKEN] = "unknown_token",
    };
    return names[signature];
}

bool verp_tag_is_one(struct bytes text) {
    if (text.len != VERP_TAG_LENGTH)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (base32_value(text.data[i]) < 0)
            return false;
    return true;
}

static void add_number(struct buf *out, uint32_t number, int octets) {
    for (int shift = (octets - 1) * 8; shift >= 0; shift -= 8)
        buf_add_char(out, (char)(unsigned char)(number >> shift));
}

static void add_counted(struct buf *out, const char *text) {
    size_t len = bytes_of(text).len;
    add_number(out, (uint32_t)len, 2);
    buf_add(out, text, len);
}

/* The whole tag as that key and day give it. False where there is no such key. */
static bool make_tag(const struct verp_keys *keys, char id, uint32_t day,
                     const struct verp_signed *what, char tag[VERP_TAG_LENGTH + 1]) {
    unsigned char mac[32];
    struct buf text = BUF_INIT;
    buf_reserve(&text, 256); /* one allocation for nearly all */
    buf_add_char(&text, VERSION_1);
    buf_add_char(&text, id);
    add_number(&text, day, 4);
    add_counted(&text, what->campaign);
    add_counted(&text, what->recipient);
    add_counted(&text, what->domain);
    bool known = verp_keys_hmac(keys, id, buf_bytes(&text), mac);
    buf_free(&text);
    if (!known)
        return false;

    tag[0] = id;
    tag[1] = base32_digit(day >> BASE32_BITS);
    tag[2] = base32_digit(day);
    base32_write(mac, MAC_OCTETS, tag + MAC_AT);
    tag[VERP_TAG_LENGTH] = '\0';
    return true;
}

void verp_tag_write(const struct verp_keys *keys, uint32_t day, const struct verp_signed *what,
                    char tag[VERP_TAG_LENGTH + 1]) {
    make_tag(keys, verp_keys_signing_id(keys), day, what, tag);
}

bool verp_tag_read(const char *text, uint32_t today, struct verp_tag *tag) {
    if (!verp_tag_is_one(bytes_of(text)))
        return false;
    uint32_t digits = (uint32_t)(base32_value(text[1]) << BASE32_BITS | base32_value(text[2]));
    uint32_t tomorrow = today + 1;
    *tag = (struct verp_tag){ascii_lower(text[0]), tomorrow - (tomorrow - digits) % DAYS};
    return true;
}

enum verp_signature verp_tag_check(const struct verp_keys *keys, const char *text,
                                   const struct verp_signed *what, uint32_t today,
                                   uint32_t lifetime) {
    struct verp_tag tag;
    if (!text)
        return VERP_SIGNATURE_UNSIGNED;
    if (!verp_tag_read(text, today, &tag))
        return VERP_SIGNATURE_WRONG;
    char given[VERP_TAG_LENGTH + 1], made[VERP_TAG_LENGTH + 1];
    ascii_lower_string(strcpy(given, text));
    if (!make_tag(keys, tag.key_id, tag.day, what, made))
        return VERP_SIGNATURE_UNKNOWN_KEY;
    if (!memeql_sec(given + MAC_AT, made + MAC_AT, VERP_TAG_LENGTH - MAC_AT))
        return VERP_SIGNATURE_WRONG;
    return tag.day + lifetime < today ? VERP_SIGNATURE_EXPIRED : VERP_SIGNATURE_VALID;
}
