#include "cmd/csv.h"

#include <string.h>

static void add_cell(struct buf *out, const char *text) {
    bool formula = *text && strchr("=+-@\t\r", *text);
    /* Where numbers have a decimal comma, spreadsheets also part cells at semicolons. */
    if (!formula && !text[strcspn(text, "\",;\r\n")]) {
        buf_add_string(out, text);
        return;
    }
    buf_add_string(out, formula ? "\"'" : "\"");
    for (; *text; text++) {
        if (*text == '"')
            buf_add_char(out, '"');
        buf_add_char(out, *text);
    }
    buf_add_char(out, '"');
}

void csv_add_row(struct buf *out, const char *const *cells, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(out, ',');
        if (cells[i])
            add_cell(out, cells[i]);
    }
    buf_add_string(out, "\r\n");
}
