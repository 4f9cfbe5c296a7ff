#include "mime/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void values_are_found_by_their_key(void **state) {
    (void)state;
    static const char text[] =
        "{\"type\": \"Bounce\",\"list\":[{\"a\":\"x\\\"y\\n\"},{\"a\":\"z\"}],"
        "\"names\":[\"one\",\"two\"],\"number\":7,\"cut\":\"en";
    struct arena *arena = arena_new();
    struct bytes b = bytes_of(text), item;
    assert_true(json_text_has(b, "type", "Bounce"));
    assert_false(json_text_has(b, "type", "Boun"));
    assert_false(json_text_has(b, "typ", "Bounce"));
    assert_string_equal(json_text_string(arena, b, "a").data, "x\"y ");
    assert_string_equal(json_text_string(arena, b, "cut").data, "en");
    assert_int_equal(json_text_string(arena, b, "number").len, 0);
    assert_int_equal(json_text_string(arena, b, "missing").len, 0);
    struct bytes list = json_text_array(b, "list");
    assert_true(json_text_next_object(&list, &item));
    assert_true(json_text_next_object(&list, &item));
    assert_string_equal(json_text_string(arena, item, "a").data, "z");
    assert_false(json_text_next_object(&list, &item));
    struct bytes names = json_text_array(b, "names");
    assert_true(json_text_next_string(&names, &item));
    assert_true(bytes_equal(item, bytes_of("one")));
    assert_true(json_text_next_string(&names, &item));
    assert_false(json_text_next_string(&names, &item));
    assert_int_equal(json_text_array(b, "type").len, 0);
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found_by_their_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
