#include "cmd/json_line.h"

static int add_to_buf(const char *bytes, size_t len, void *out) {
    buf_add(out, bytes, len);
    return 0;
}

void json_line_add(struct buf *out, json_t *value, size_t flags) {
    json_dump_callback(value, add_to_buf, out, flags | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
    buf_add_char(out, '\n');
    json_decref(value);
}
