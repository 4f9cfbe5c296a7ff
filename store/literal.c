#include "store/literal.h"

void literal_add_array(struct buf *out, const char *const *texts, size_t count) {
    buf_add_char(out, '{');
    for (size_t i = 0; i < count; i++) {
        buf_add_string(out, i ? ",\"" : "\"");
        for (const char *p = texts[i]; *p; p++) {
            if (*p == '"' || *p == '\\')
                buf_add_char(out, '\\');
            buf_add_char(out, *p);
        }
        buf_add_char(out, '"');
    }
    buf_add_char(out, '}');
}
