/*
 * address_char: what each octet of an e-mail address may stand in (RFC 5321 section 4.1.2, RFC 5322
 * section 3.2.3; with UTF-8, RFC 6531 and 6532).
 */
#ifndef BASE_ADDRESS_CHAR_H
#define BASE_ADDRESS_CHAR_H

#include <stdbool.h>

/* Each also in what is named before it. */
enum address_char {
    ADDRESS_CHAR_CONTROL = '0', /* nothing */
    ADDRESS_CHAR_TEXT,          /* a quoted string */
    ADDRESS_CHAR_BARE,          /* a local part: atext, and the dot */
    ADDRESS_CHAR_DOMAIN,        /* a domain: `-`, `.`, `_`, and all of UTF-8 above ASCII */
    ADDRESS_CHAR_ALPHANUMERIC,  /* a letter or digit of ASCII */
};

extern const char address_chars[]; /* of each octet */

static inline enum address_char address_char(char c) {
    return (enum address_char)address_chars[(unsigned char)c];
}

/* Characters of a local part that needs no quotes. */
static inline bool address_is_bare_char(char c) {
    return address_char(c) >= ADDRESS_CHAR_BARE;
}

/* Characters of a domain: letters, digits, `-`, `.`, `_`, and all of UTF-8 above ASCII. */
static inline bool address_is_domain_char(char c) {
    return address_char(c) >= ADDRESS_CHAR_DOMAIN;
}

#endif
