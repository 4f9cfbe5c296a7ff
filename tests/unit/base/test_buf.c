#include "cmd/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void an_empty_buf_is_the_empty_string(void **state) {
    (void)state;
    struct buf b = BUF_INIT;
    assert_string_equal(b.data, "");
    buf_reset(&b);
    buf_add(&b, NULL, 0);
    buf_remove_first(&b, 9);
    assert_int_equal(b.len, 0);
    assert_int_equal(b.room, 0);
    buf_free(&b);
    assert_string_equal(b.data, "");
}

static void what_is_added_stands_in_order_and_ends_with_nul(void **state) {
    (void)state;
    struct buf b = BUF_INIT;
    buf_add_string(&b, "UID");
    buf_add_char(&b, ' ');
    buf_add_bytes(&b, bytes_first(bytes_of("FETCHED"), 5));
    buf_printf(&b, " %u:%s", 7U, "*");
    assert_string_equal(b.data, "UID FETCH 7:*");
    assert_int_equal(b.len, strlen("UID FETCH 7:*"));
    buf_free(&b);
}

static void bytes_may_hold_nul(void **state) {
    (void)state;
    struct buf b = BUF_INIT;
    buf_add(&b, "a\0b", 3);
    buf_add_char(&b, '\0');
    assert_int_equal(b.len, 4);
    assert_memory_equal(b.data, "a\0b\0", 5);
    buf_free(&b);
}

static void it_grows_over_every_size(void **state) {
    (void)state;
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < 70000; i++) {
        buf_add_char(&b, (char)('a' + i % 26));
        assert_true(b.room > b.len);
        assert_int_equal(b.data[b.len], '\0');
    }
    for (size_t i = 0; i < 70000; i++)
        assert_int_equal(b.data[i], 'a' + i % 26);
    buf_free(&b);
}

static void printf_writes_text_longer_than_the_room(void **state) {
    (void)state;
    struct buf b = BUF_INIT;
    buf_printf(&b, "%s", "");
    assert_string_equal(b.data, "");
    buf_add_string(&b, "x");
    buf_printf(&b, "%1000d", 5);
    assert_int_equal(b.len, 1001);
    assert_int_equal(b.data[1000], '5');
    assert_int_equal(b.data[1], ' ');
    buf_free(&b);
}

static void numbers_are_written_in_decimal(void **state) {
    (void)state;
    static const struct {
        uint64_t number;
        const char *text;
    } table[] = {
        {0, "0"},
        {9, "9"},
        {10, "10"},
        {4294967295, "4294967295"},
        {UINT64_MAX, "18446744073709551615"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct buf b = BUF_INIT;
        buf_add_number(&b, table[i].number);
        assert_string_equal(b.data, table[i].text);
        buf_free(&b);
    }
}

static void reserved_room_can_be_written_directly(void **state) {
    (void)state;
    struct buf b = BUF_INIT;
    buf_add_string(&b, "<");
    buf_reserve(&b, 5000);
    memset(b.data + b.len, 'x', 5000);
    b.len += 5000;
    buf_add_string(&b, ">");
    assert_int_equal(b.len, 5002);
    assert_int_equal(b.data[5000], 'x');
    assert_string_equal(b.data + 5001, ">");
    buf_free(&b);
}

static void reset_keeps_the_memory(void **state) {
    (void)state;
    struct buf b = BUF_INIT;
    buf_add_string(&b, "first message");
    const char *memory = b.data;
    buf_reset(&b);
    assert_string_equal(b.data, "");
    buf_add_string(&b, "second one");
    assert_ptr_equal(b.data, memory);
    assert_string_equal(b.data, "second one");
    buf_free(&b);
}

static void the_first_bytes_can_be_taken_away(void **state) {
    (void)state;
    struct buf b = BUF_INIT;
    buf_add_string(&b, "* OK ready");
    buf_remove_first(&b, 2);
    assert_string_equal(b.data, "OK ready");
    buf_remove_first(&b, 0);
    assert_string_equal(b.data, "OK ready");
    buf_remove_first(&b, 99);
    assert_string_equal(b.data, "");
    assert_int_equal(buf_bytes(&b).len, 0);
    buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buf_is_the_empty_string),
        cmocka_unit_test(what_is_added_stands_in_order_and_ends_with_nul),
        cmocka_unit_test(bytes_may_hold_nul),
        cmocka_unit_test(it_grows_over_every_size),
        cmocka_unit_test(printf_writes_text_longer_than_the_room),
        cmocka_unit_test(numbers_are_written_in_decimal),
        cmocka_unit_test(reserved_room_can_be_written_directly),
        cmocka_unit_test(reset_keeps_the_memory),
        cmocka_unit_test(the_first_bytes_can_be_taken_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
