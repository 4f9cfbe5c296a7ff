/*
 * verp_sign: the tag that shows that a VERP address is one that we made.
 *
 *     bounces+spring26-ada=example.net+kjloonl6stgfyi7xfhq@news.example.com
 *                                      ^key
 *                                       ^^day
 *                                         ^^^^^^^^^^^^^^^^ MAC
 *
 * Anyone can send a bounce about anyone; but only who saw mail that went to Ada knows the address
 * that this one came from. 19 characters of base32 (RFC 4648 section 6, in lower case and without
 * padding: a-z stand for 0 to 25, 2-7 for 26 to 31), read in either case:
 *
 *     1    id of the key
 *     2    the day on which the address was made, in days since 1970-01-01 UTC, modulo 1024; high
 *          five bits first
 *     16   the MAC: the first 10 octets of HMAC-SHA-256 (RFC 2104) under that key
 *
 * The MAC is over these octets; numbers are big-endian, and a length counts octets:
 *
 *     1   0x01, the version of this scheme; addresses do not carry it: a later one gets new keys
 *
 *     1   id of the key, as its ASCII character
 *
 *     4   the day, whole
 *
 *     2   length of the campaign, then the campaign in UTF-8 as it was before it was coded; no
 *         campaign is the empty one
 *
 *     2   length of the recipient, then the recipient in the form of address_key()
 *
 *     2   length of the domain of the VERP address itself, then that, in lower case
 *
 * For the address above, made on 2026-11-22 (day 20779, modulo 1024: 299, "jl") with the key of the
 * octets 0x00, 0x01, ... 0x1f under the id k:
 *
 *     01 6b 0000512b 0008 "spring26" 000f "ada@example.net" 0010 "news.example.com"
 *
 * A tag is good from the day before its own (clocks differ) until its age in days exceeds the
 * lifetime. The day is found as the latest one that fits the ten bits; so one of 1023 days ago or
 * more is taken for a younger day, under which its MAC is wrong.
 *
 * Where the address would be too long, the tag stands alone (bounces+kjloonl6stgfyi7xfhq@...), and
 * a table has campaign and recipient for it; the check is the same.
 */
#ifndef CLASSIFY_VERP_SIGN_H
#define CLASSIFY_VERP_SIGN_H

#include "classify/verp_keys.h"
#include "cmd/base/bytes.h"

#include <stdint.h>

enum {
    VERP_TAG_LENGTH = 19,
    VERP_TAG_LIFETIME_MAX = 1000, /* days; of the 1024 that ten bits tell apart */
};

/* What a tag is a signature of. No text may be longer than 65,535 octets. */
struct verp_signed {
    const char *campaign;  /* NULL for none */
    const char *recipient; /* in the form of address_key() */
    const char *domain;    /* of the VERP address: in the form of address_domain() */
};

/* How a check ended. */
enum verp_signature {
    VERP_SIGNATURE_UNCHECKED, /* there are no keys */
    VERP_SIGNATURE_VALID,
    VERP_SIGNATURE_UNSIGNED,      /* the address has no tag */
    VERP_SIGNATURE_WRONG,         /* forged, or something was changed on the way */
    VERP_SIGNATURE_EXPIRED,       /* ours, but too old */
    VERP_SIGNATURE_UNKNOWN_KEY,   /* none of our keys has this id: it is wrong, or was removed */
    VERP_SIGNATURE_UNKNOWN_TOKEN, /* the table of tokens does not have it; only who looks there
                                     finds this out, no check does */
    VERP_SIGNATURE_COUNT
};

/* "valid", "unsigned", "wrong", "expired", "unknown_key", "unknown_token"; NULL for one that was
 * not checked; static. */
const char *verp_signature_name(enum verp_signature signature);

/* What a tag says of itself. */
struct verp_tag {
    char key_id;
    uint32_t day; /* the latest one that fits, up to tomorrow */
};

/* Reads a tag without checking it. False where the text does not have the form of one. */
bool verp_tag_read(const char *text, uint32_t today, struct verp_tag *tag);

/* Whether the text has the form of a tag. */
bool verp_tag_is_one(struct bytes text);

/* Makes the tag, with the key that signs. `day` is in days since 1970-01-01 UTC. */
void verp_tag_write(const struct verp_keys *keys, uint32_t day, const struct verp_signed *what,
                    char tag[VERP_TAG_LENGTH + 1]);

/* Checks a tag, in time that does not depend on how much of the MAC is right. `tag` may be NULL;
 * `lifetime` is in days, at most VERP_TAG_LIFETIME_MAX. */
enum verp_signature verp_tag_check(const struct verp_keys *keys, const char *tag,
                                   const struct verp_signed *what, uint32_t today,
                                   uint32_t lifetime);

#endif
