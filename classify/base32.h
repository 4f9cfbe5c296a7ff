/*
 * base32: octets as letters and digits that survive any change of case (RFC 4648 section 6), in
 * lower case and without padding.
 */
#ifndef CLASSIFY_BASE32_H
#define CLASSIFY_BASE32_H

#include <stddef.h>

enum {
    BASE32_DIGITS = 32,
    BASE32_BITS = 5, /* a digit holds */
};

/* The digit of a value below 32. */
char base32_digit(unsigned value);

/* The value of a digit in either case, or -1. */
int base32_value(char digit);

/* Writes len * 8 / 5 digits without a NUL. `len` is a multiple of 5 octets, so that no bit is left
 * over and every value has one text. */
void base32_write(const unsigned char *octets, size_t len, char *digits);

#endif
