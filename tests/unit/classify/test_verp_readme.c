/* The test vectors in the README, by which senders' platforms check what they make, are what the
 * program makes. */
#include "classify/verp.h"
#include "cmd/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    CELLS = 4,
    VECTORS_MIN = 5,
};

#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

/* The cells of "| 20779 | `spring26` | ... |", without blanks and backquotes. */
static bool read_cells(char *line, char *cells[CELLS]) {
    char *next = line;
    if (*next++ != '|')
        return false;
    for (size_t i = 0; i < CELLS; i++) {
        char *end = strstr(next, " |");
        if (!end)
            return false;
        *end = '\0';
        cells[i] = next + strspn(next, " `");
        char *quote = strchr(cells[i], '`');
        if (quote)
            *quote = '\0';
        next = end + 2;
    }
    return strspn(cells[0], "0123456789") == 5 && !cells[0][5];
}

static void the_readmes_vectors_are_what_we_make(void **state) {
    (void)state;
    struct verp *verp = verp_new();
    struct verp_keys *keys;
    struct arena *arena = arena_new();
    struct err err;
    assert_int_equal(verp_add_pattern(verp, "signed", "bounces@news.example.com", &err), 0);
    assert_int_equal(verp_add_pattern(verp, "token", "bounces@news.example.com", &err), 0);
    assert_int_equal(verp_keys_read(bytes_of("k " KEY), &keys, &err), 0);

    FILE *readme = fopen("README.md", "r");
    assert_non_null(readme);
    char line[1024], *cells[CELLS];
    bool has_key = false;
    int vectors = 0;
    while (fgets(line, sizeof line, readme)) {
        has_key = has_key || strstr(line, KEY);
        if (!read_cells(line, cells))
            continue;
        const char *address, *token;
        const struct verp_signer signer = {keys, (uint32_t)atoi(cells[0]), 64};
        assert_int_equal(verp_encode_signed(verp, &signer, *cells[1] ? cells[1] : NULL, cells[2],
                                            arena, &address, &token, &err),
                         0);
        assert_string_equal(address, cells[3]);
        vectors++;
    }
    fclose(readme);
    assert_true(has_key);
    assert_true(vectors >= VECTORS_MIN);
    verp_keys_free(keys);
    verp_free(verp);
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_readmes_vectors_are_what_we_make),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
