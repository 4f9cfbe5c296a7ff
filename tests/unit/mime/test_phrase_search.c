#include "cmd/base/arena.h"
#include "mime/phrase_search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char text[] = "the following recipient: \xc3\xa4\xff ada@example.net";

static void every_part_of_a_text_is_found(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    struct phrase_search search;
    phrase_search_begin(&search, bytes_of(text));
    for (size_t from = 0; from < sizeof text - 1; from++)
        for (size_t len = 1; from + len < sizeof text; len++)
            assert_true(phrase_search_has(
                &search, arena_bytes(arena, bytes_first(bytes_from(bytes_of(text), from), len))));
    arena_free(arena);
}

static void what_is_not_there_is_not_found(void **state) {
    (void)state;
    static const char *const phrases[] = {
        "z",   "the recipient", "following the", "ada@example.net.", "\xc3\xa5", "The",
        "et",  /* each of its bytes stands there */
        "pip", /* and both pairs of this one */
    };
    struct phrase_search search;
    phrase_search_begin(&search, bytes_first(bytes_of(text), sizeof text - 2));
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (phrase_search_has(&search, phrases[i]))
            fail_msg("%s", phrases[i]);
    phrase_search_begin(&search, (struct bytes){NULL, 0});
    assert_false(phrase_search_has(&search, "t"));
    assert_false(phrase_search_has(&search, "the"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_of_a_text_is_found),
        cmocka_unit_test(what_is_not_there_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
