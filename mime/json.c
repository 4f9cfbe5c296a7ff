#include "mime/json.h"

#include "cmd/base/buf.h"

#include <stdio.h>

/* What stands behind `"key":`. */
static struct bytes value_find(struct bytes text, const char *key) {
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\"", key);
    long at = bytes_find(text, quoted);
    if (at < 0)
        return (struct bytes){NULL, 0};
    text = bytes_trim(bytes_from(text, (size_t)at + bytes_of(quoted).len));
    return text.len && text.data[0] == ':' ? bytes_trim(bytes_from(text, 1))
                                           : (struct bytes){NULL, 0};
}

bool json_text_has(struct bytes text, const char *key, const char *value) {
    struct bytes found = value_find(text, key);
    return found.len && found.data[0] == '"' &&
           bytes_starts_ignore_case(bytes_from(found, 1), value) &&
           bytes_starts_ignore_case(bytes_from(found, 1 + bytes_of(value).len), "\"");
}

struct bytes json_text_array(struct bytes text, const char *key) {
    struct bytes found = value_find(text, key);
    if (!found.len || found.data[0] != '[')
        return (struct bytes){NULL, 0};
    found = bytes_from(found, 1);
    long end = bytes_find_char(found, ']');
    return end < 0 ? found : bytes_first(found, (size_t)end);
}

struct bytes json_text_string(struct arena *arena, struct bytes text, const char *key) {
    struct bytes rest = value_find(text, key);
    if (!rest.len || rest.data[0] != '"')
        return (struct bytes){NULL, 0};
    struct buf out = BUF_INIT;
    rest = bytes_from(rest, 1);
    while (rest.len && rest.data[0] != '"') {
        bool escape = rest.data[0] == '\\' && rest.len > 1 && rest.data[1] != 'u';
        char c = rest.data[escape];
        bool line_end = escape && (c == 'n' || c == 'r' || c == 't');
        if (escape || (c != '\n' && c != '\r'))
            buf_add_char(&out, line_end ? ' ' : c);
        rest = bytes_from(rest, escape ? 2 : 1);
    }
    struct bytes value = {arena_bytes(arena, buf_bytes(&out)), out.len};
    buf_free(&out);
    return value;
}

bool json_text_next_object(struct bytes *array, struct bytes *object) {
    long end = bytes_find_char(*array, '}');
    if (end < 0)
        return false;
    *object = bytes_first(*array, (size_t)end);
    *array = bytes_from(*array, (size_t)end + 1);
    return true;
}

bool json_text_next_string(struct bytes *array, struct bytes *string) {
    long open = bytes_find_char(*array, '"');
    if (open < 0)
        return false;
    struct bytes rest = bytes_from(*array, (size_t)open + 1);
    long close = bytes_find_char(rest, '"');
    if (close < 0)
        return false;
    *string = bytes_first(rest, (size_t)close);
    *array = bytes_from(rest, (size_t)close + 1);
    return true;
}
