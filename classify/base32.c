#include "classify/base32.h"

#include "cmd/base/bytes.h"

char base32_digit(unsigned value) {
    return "abcdefghijklmnopqrstuvwxyz234567"[value % BASE32_DIGITS];
}

int base32_value(char digit) {
    digit = ascii_lower(digit);
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a';
    return digit >= '2' && digit <= '7' ? digit - '2' + 26 : -1;
}

void base32_write(const unsigned char *octets, size_t len, char *digits) {
    unsigned bits = 0, waiting = 0; /* how many low bits of `bits` are not written yet */
    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | octets[i];
        for (waiting += 8; waiting >= BASE32_BITS; waiting -= BASE32_BITS)
            *digits++ = base32_digit(bits >> (waiting - BASE32_BITS));
    }
}
