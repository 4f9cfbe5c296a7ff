#include "mime/charset_guess.h"

#include <stdbool.h>

enum {
    SAMPLE_MAX = 4096,
    HIGH_MIN = 6, /* fewer bytes say nothing: three double-byte characters, one short word */
};

struct counts {
    size_t high;      /* bytes of 0x80 and above */
    size_t in_runs;   /* those of them in runs of three and more */
    size_t odd_runs;  /* runs that cannot be pairs */
    size_t letters;   /* 0xC0 and above: letters in all Cyrillic charsets */
    size_t upper_row; /* 0xE0 and above: lower case in windows-1251, upper case in KOI8-R */
    size_t pairs, kana, hangul, low_trails;
    size_t shift_pairs, shift_kana;
};

static unsigned char at(struct bytes text, size_t i) {
    return i < text.len ? (unsigned char)text.data[i] : 0;
}

static bool is_between(unsigned char byte, unsigned char first, unsigned char last) {
    return byte >= first && byte <= last;
}

static void count_runs(struct bytes text, struct counts *c) {
    size_t run = 0;
    for (size_t i = 0; i <= text.len; i++) {
        unsigned char byte = at(text, i);
        if (byte >= 0x80) {
            run++;
            c->high++;
            c->letters += byte >= 0xC0;
            c->upper_row += byte >= 0xE0;
            continue;
        }
        c->in_runs += run >= 3 ? run : 0;
        c->odd_runs += run % 2;
        run = 0;
    }
}

/* Pairs of the EUC kind and of Big5, whose second byte may be ASCII. */
static void count_pairs(struct bytes text, struct counts *c) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char lead = at(text, i), trail = at(text, i + 1);
        if (!is_between(lead, 0xA1, 0xFE) || trail < 0x40)
            continue;
        c->pairs++;
        c->kana += is_between(lead, 0xA4, 0xA5) && trail >= 0xA1;
        c->hangul += is_between(lead, 0xB0, 0xC8) && trail >= 0xA1;
        c->low_trails += trail < 0x7F;
        i++;
    }
}

static void count_shift_jis(struct bytes text, struct counts *c) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char lead = at(text, i), trail = at(text, i + 1);
        if (lead < 0x81 || lead > 0xFC || is_between(lead, 0xA0, 0xDF) || trail < 0x40)
            continue;
        c->shift_pairs++;
        c->shift_kana += is_between(lead, 0x81, 0x83);
        i++;
    }
}

const char *charset_guess(struct bytes text) {
    struct counts c = {0};
    text = bytes_first(text, SAMPLE_MAX);
    count_runs(text, &c);
    if (c.high < HIGH_MIN)
        return NULL;
    count_pairs(text, &c);
    count_shift_jis(text, &c);
    /* Half of Japanese text is kana; 0x81 to 0x83 mean next to nothing elsewhere. */
    if (c.shift_kana * 2 >= c.shift_pairs && c.shift_kana >= 3)
        return "cp932";
    if (c.low_trails * 5 >= c.pairs && c.pairs * 3 >= c.high && c.in_runs * 3 >= c.high)
        return "big5-hkscs";
    if (c.in_runs * 2 < c.high)
        return NULL;
    /* Second bytes of double-byte characters are spread evenly from 0xA1 on; letters are not. */
    if (c.letters * 10 >= c.high * 9)
        return c.upper_row * 2 >= c.high ? "windows-1251" : "koi8-r";
    if (c.odd_runs * 10 > c.pairs)
        return NULL;
    if (c.kana * 3 >= c.pairs)
        return "euc-jp";
    return c.hangul * 10 >= c.pairs * 9 ? "cp949" : "gb18030";
}

const char *charset_guess_escaped(struct bytes text) {
    if (bytes_find_char(text, '\x1b') < 0)
        return NULL;
    if (bytes_find(text, "\x1b$)C") >= 0)
        return "iso-2022-kr";
    if (bytes_find(text, "\x1b$B") >= 0 || bytes_find(text, "\x1b$@") >= 0)
        return "iso-2022-jp-3";
    return NULL;
}
