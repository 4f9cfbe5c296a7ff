#include "cmd/base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int make_arena(void **state) {
    *state = arena_new();
    return 0;
}

static int free_arena(void **state) {
    arena_free(*state);
    return 0;
}

static void memory_is_zeroed_and_aligned(void **state) {
    static const size_t sizes[] = {1, 7, 0, 16, 33, 4096, 40000, 1 << 20, 3};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *p = arena_alloc(*state, sizes[i]);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(p[j], 0);
        memset(p, 'x', sizes[i]);
    }
}

static void allocations_do_not_overlap(void **state) {
    enum { COUNT = 500, SIZE = 300 };
    unsigned char *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = arena_alloc(*state, SIZE);
        memset(blocks[i], (int)(i % 256), SIZE);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < SIZE; j++)
            assert_int_equal(blocks[i][j], i % 256);
}

static void memory_after_a_reset_is_zeroed_again(void **state) {
    for (int round = 0; round < 3; round++) {
        char *p = arena_alloc(*state, 1000);
        for (size_t i = 0; i < 1000; i++)
            assert_int_equal(p[i], 0);
        memset(p, 'x', 1000);
        arena_alloc(*state, 100000);
        arena_reset(*state);
    }
}

static void a_growing_array_keeps_its_elements(void **state) {
    uint32_t *numbers = NULL;
    size_t count = 0;
    for (; count < 5000; count++) {
        numbers = arena_grow(*state, numbers, count, sizeof *numbers);
        numbers[count] = (uint32_t)count * 7;
    }
    for (size_t i = 0; i < count; i++)
        assert_int_equal(numbers[i], i * 7);
}

static void strings_are_copies(void **state) {
    char text[] = "ada@example.net";
    char *copy = arena_string(*state, text);
    text[0] = 'x';
    assert_string_equal(copy, "ada@example.net");
    assert_string_equal(arena_bytes(*state, bytes_first(bytes_of("abc"), 2)), "ab");
    assert_string_equal(arena_bytes(*state, bytes_of(NULL)), "");
    assert_string_equal(arena_string(*state, ""), "");
}

static void printf_gives_all_of_a_long_text(void **state) {
    assert_string_equal(arena_printf(*state, "%d.%d.%d", 5, 1, 1), "5.1.1");
    char *text = arena_printf(*state, "%060000d!", 1);
    assert_int_equal(strlen(text), 60001);
    assert_string_equal(text + 59998, "01!");
}

static void nothing_can_be_freed(void **state) {
    (void)state;
    arena_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(memory_is_zeroed_and_aligned, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(allocations_do_not_overlap, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(memory_after_a_reset_is_zeroed_again, make_arena,
                                        free_arena),
        cmocka_unit_test_setup_teardown(a_growing_array_keeps_its_elements, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(strings_are_copies, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(printf_gives_all_of_a_long_text, make_arena, free_arena),
        cmocka_unit_test(nothing_can_be_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
