/*
 * fuzz: what the fuzz targets share. Each target is a file of this folder with one
 * LLVMFuzzerTestOneInput (https://llvm.org/docs/LibFuzzer.html), that gives the bytes to one part
 * of the program and checks what must hold whatever they are; run.py runs them.
 *
 * Where a part takes several texts, the lines of the input are these texts, so that seeds can be
 * read and written by people.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "cmd/base/arena.h"
#include "cmd/base/bytes.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process, which makes the input a finding, where `condition` does not hold. */
#define MUST(condition)                                                                    \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                       \
        }                                                                                  \
    } while (0)

static inline struct bytes fuzz_input(const uint8_t *data, size_t size) {
    return (struct bytes){(const char *)data, size};
}

/* The next line of the input as a string, which ends at its first NUL; "" where none is left. */
static inline const char *fuzz_next_line(struct bytes *rest, struct arena *arena) {
    struct bytes line = {0};
    bytes_next_line(rest, &line);
    return arena_bytes(arena, line);
}

#endif
