#include "cmd/csv.h"

#include "cmd/base/utf8.h"

#include <string.h>

static bool is_formula(const char *text) {
    struct bytes rest = bytes_of(text);
    uint32_t first = 0;
    if (rest.len)
        utf8_next(&rest, &first);
    return first == '=' || first == '+' || first == '-' || first == '@' || first == 0xFF1D ||
           first == 0xFF0B || first == 0xFF0D || first == 0xFF20;
}

static void add_cell(struct buf *out, const char *text, enum csv_reader reader) {
    bool formula = reader == CSV_FOR_SPREADSHEETS && is_formula(text);
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

void csv_add_row(struct buf *out, const char *const *cells, size_t count, enum csv_reader reader) {
    struct buf visible = BUF_INIT;
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(out, ',');
        if (!cells[i])
            continue;
        buf_reset(&visible);
        if (reader != CSV_FOR_PROGRAMS)
            utf8_add_visible(&visible, cells[i]);
        add_cell(out, reader == CSV_FOR_PROGRAMS ? cells[i] : visible.data, reader);
    }
    buf_free(&visible);
    buf_add_string(out, "\r\n");
}
