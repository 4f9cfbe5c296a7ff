/*
 * random_verp: hostile campaigns and recipients, the same in every run, and what forwarders make of
 * addresses.
 */
#ifndef TESTS_RANDOM_VERP_H
#define TESTS_RANDOM_VERP_H

#include "classify/address.h"
#include "classify/verp.h"
#include "cmd/base/buf.h"
#include "cmd/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct source {
    uint64_t state;
};

/* xorshift64*: the same cases on every machine. */
static uint32_t next_random(struct source *source, uint32_t below) {
    source->state ^= source->state >> 12;
    source->state ^= source->state << 25;
    source->state ^= source->state >> 27;
    return (uint32_t)((source->state * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* Characters that mean something to some coding or wrapper come more often than others. */
static void add_random_char(struct source *source, struct buf *out) {
    static const char special[] = "=+-._=+-.\"\\@ ()<>,;:[]!%'/|";
    static const uint32_t wide[] = {0xe4, 0xdf, 0x43f, 0x4e2d, 0xfffd, 0x1f4ec};
    switch (next_random(source, 8)) {
    case 0: utf8_add(out, wide[next_random(source, sizeof wide / sizeof *wide)]); return;
    case 1:
    case 2: buf_add_char(out, special[next_random(source, sizeof special - 1)]); return;
    case 3: buf_add_char(out, "0123456789abcdefABCDEF"[next_random(source, 22)]); return;
    case 4: buf_printf(out, "=%02x", next_random(source, 256)); return;
    default: buf_add_char(out, (char)(0x21 + next_random(source, 0x7f - 0x21))); return;
    }
}

static const char *random_word(struct source *source, struct arena *arena) {
    struct buf word = BUF_INIT;
    uint32_t chars = 1 + next_random(source, 8);
    for (uint32_t i = 0; i < chars; i++)
        add_random_char(source, &word);
    const char *text = arena_bytes(arena, buf_bytes(&word));
    buf_free(&word);
    return text;
}

static const char *random_recipient(struct source *source, struct arena *arena) {
    static const char *const domains[] = {"example.net", "a-b.example",           "x.y.example",
                                          "localhost",   "xn--bcher-kva.example", "_a.example"};
    struct address address = {
        random_word(source, arena),
        domains[next_random(source, sizeof domains / sizeof *domains)],
    };
    return address_write(&address, arena);
}

static const char *map_case(int (*map)(int), const char *text, struct arena *arena) {
    char *copy = arena_string(arena, text);
    for (char *p = copy; *p; p++)
        *p = (char)map((unsigned char)*p);
    return copy;
}

/* "SRS0=HHHH=TT=<domain>=<local>@forward.example" of a bare address. */
static const char *wrap_srs(const char *address, struct arena *arena) {
    struct bytes text = bytes_of(address);
    size_t at = (size_t)bytes_find_last_char(text, '@');
    return arena_printf(arena, "SRS0=Hh+/=7T=%s=%.*s@forward.example", address + at + 1, (int)at,
                        address);
}

#endif
