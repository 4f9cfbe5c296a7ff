#include "cmd/report_html.h"

#include "cmd/base/utf8.h"

#include <inttypes.h>
#include <stdio.h>

void html_add(struct buf *out, const char *text) {
    struct buf visible = BUF_INIT;
    utf8_add_visible(&visible, text);
    for (const char *c = visible.data; *c; c++)
        switch (*c) {
        case '&': buf_add_string(out, "&amp;"); break;
        case '<': buf_add_string(out, "&lt;"); break;
        case '>': buf_add_string(out, "&gt;"); break;
        case '"': buf_add_string(out, "&quot;"); break;
        case '\'': buf_add_string(out, "&#39;"); break;
        default: buf_add_char(out, *c);
        }
    buf_free(&visible);
}

void html_add_number(struct buf *out, uint64_t number) {
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, number);
    for (int i = 0; i < len; i++) {
        /* ISO 80000-1: a space, which here does not break and is narrow (U+202F). */
        if (i && (len - i) % 3 == 0)
            buf_add_string(out, "&#8239;");
        buf_add_char(out, digits[i]);
    }
}

void html_add_day(struct buf *out, const char *day, bool with_year) {
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    unsigned year, month, number;
    if (sscanf(day, "%4u-%2u-%2u", &year, &month, &number) != 3 || month < 1 || month > 12) {
        html_add(out, day);
        return;
    }
    buf_printf(out, "%u %s", number, months[month - 1]);
    if (with_year)
        buf_printf(out, " %u", year);
}
