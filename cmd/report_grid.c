#include "cmd/report_grid.h"

#include "cmd/base/utf8.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

enum {
    GAP = 2,              /* blanks between columns */
    NARROWEST_PROSE = 24, /* before names and addresses have to be broken */
    NARROWEST = 12,       /* a column of text does not get narrower to make room for others */
};

/* The C library's table of widths, whatever the locale of the caller is: cron has none. */
static unsigned character_width(uint32_t c) {
    if (c < 0x80)
        return 1;
    static locale_t unicode;
    if (!unicode)
        unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t old = uselocale(unicode);
    int width = wcwidth((wchar_t)c);
    uselocale(old);
    return width < 0 ? 1 : (unsigned)width;
}

unsigned text_width(struct bytes text) {
    unsigned width = 0;
    uint32_t c;
    while (text.len) {
        utf8_next(&text, &c);
        width += character_width(c);
    }
    return width;
}

/* Takes off the first line of at most `width` places, which is all of it where that fits. */
static struct bytes take_line(struct bytes *rest, unsigned width) {
    struct bytes from_here = *rest, all = *rest;
    size_t after_blank = 0, len = 0;
    unsigned used = 0;
    while (from_here.len) {
        struct bytes before = from_here;
        uint32_t c;
        utf8_next(&from_here, &c);
        used += character_width(c);
        if (used > width && len) {
            if (c == ' ')
                after_blank = len + 1;
            break;
        }
        len += before.len - from_here.len;
        if (c == ' ')
            after_blank = len;
    }
    if (used <= width)
        after_blank = all.len;
    else if (!after_blank)
        after_blank = len;
    *rest = bytes_from(all, after_blank);
    return bytes_trim(bytes_first(all, after_blank));
}

/* Takes off the first word of a title. */
static struct bytes take_word(struct bytes *rest) {
    long blank = bytes_find_char(*rest, ' ');
    struct bytes word = bytes_first(*rest, blank < 0 ? rest->len : (size_t)blank);
    *rest = bytes_from(*rest, word.len + 1);
    return word;
}

/* Blanks are owed until something stands behind them. */
static void add_padded(struct buf *out, struct bytes text, unsigned width, bool to_the_right,
                       unsigned *owed) {
    unsigned used = text_width(text), padding = width > used ? width - used : 0;
    if (to_the_right)
        *owed += padding;
    if (text.len) {
        buf_printf(out, "%*s", (int)*owed, "");
        buf_add_bytes(out, text);
        *owed = 0;
    }
    if (!to_the_right)
        *owed += padding;
    *owed += GAP;
}

/* As many lines as the longest of the cells needs. */
static void add_row(struct buf *out, const struct text_grid *grid, const char *const *cells,
                    const unsigned *widths) {
    struct bytes rest[TEXT_COLUMNS_MAX];
    bool more = true;
    for (size_t i = 0; i < grid->column_count; i++)
        rest[i] = bytes_of(cells[i]);
    while (more) {
        unsigned owed = 0;
        more = false;
        for (size_t i = 0; i < grid->column_count; i++) {
            bool to_the_right = grid->columns[i].to_the_right;
            struct bytes line = take_line(&rest[i], widths[i]);
            add_padded(out, line, widths[i], to_the_right, &owed);
            more = more || rest[i].len;
        }
        buf_add_char(out, '\n');
    }
}

/* The first word of a title on the upper line; a title of one word stands on the lower one, next to
 * the cells. */
static struct bytes title_line(const char *title, bool upper) {
    struct bytes rest = bytes_of(title), first = take_word(&rest);
    if (upper)
        return rest.len ? first : rest;
    return rest.len ? rest : first;
}

static void add_titles(struct buf *out, const struct text_grid *grid, const unsigned *widths) {
    bool two_lines = false;
    for (size_t i = 0; i < grid->column_count; i++)
        two_lines = two_lines || strchr(grid->columns[i].title, ' ');
    for (int upper = two_lines; upper >= 0; upper--) {
        unsigned owed = 0;
        for (size_t i = 0; i < grid->column_count; i++)
            add_padded(out, title_line(grid->columns[i].title, upper), widths[i],
                       grid->columns[i].to_the_right, &owed);
        buf_add_char(out, '\n');
    }
}

static void add_rule(struct buf *out, const struct text_grid *grid, const unsigned *widths) {
    for (size_t i = 0; i < grid->column_count; i++) {
        buf_printf(out, "%*s", i ? GAP : 0, "");
        for (unsigned n = 0; n < widths[i]; n++)
            buf_add_char(out, '-');
    }
    buf_add_char(out, '\n');
}

static unsigned title_width(const char *title) {
    unsigned upper = text_width(title_line(title, true));
    unsigned lower = text_width(title_line(title, false));
    return upper > lower ? upper : lower;
}

/* The widest column that may wrap and is wider than `narrowest`; column_count where there is none.
 * `prose`: only among those that have blanks to wrap at, so that names and addresses stay whole. */
static size_t widest_column(const struct text_grid *grid, const unsigned *widths,
                            const bool *has_blanks, bool prose, unsigned narrowest) {
    size_t widest = grid->column_count;
    for (size_t i = 0; i < grid->column_count; i++)
        if (!grid->columns[i].to_the_right && widths[i] > narrowest && (has_blanks[i] || !prose) &&
            (widest == grid->column_count || widths[i] > widths[widest]))
            widest = i;
    return widest;
}

/* As wide as the texts; then the widest column gives way, place by place. */
static void measure(const struct text_grid *grid, unsigned width, unsigned *widths) {
    bool has_blanks[TEXT_COLUMNS_MAX] = {false};
    unsigned total = 0;
    for (size_t i = 0; i < grid->column_count; i++) {
        widths[i] = title_width(grid->columns[i].title);
        for (size_t row = 0; row < grid->row_count; row++) {
            const char *cell = grid->cells[row * grid->column_count + i];
            unsigned needed = text_width(bytes_of(cell));
            if (needed > widths[i])
                widths[i] = needed;
            has_blanks[i] = has_blanks[i] || strchr(cell, ' ');
        }
        total += widths[i] + (i ? GAP : 0);
    }
    for (; total > width; total--) {
        size_t gives_way = widest_column(grid, widths, has_blanks, true, NARROWEST_PROSE);
        if (gives_way == grid->column_count)
            gives_way = widest_column(grid, widths, has_blanks, false, NARROWEST);
        if (gives_way == grid->column_count)
            break;
        widths[gives_way]--;
    }
}

void text_grid_add(struct buf *out, const struct text_grid *grid, unsigned width) {
    unsigned widths[TEXT_COLUMNS_MAX];
    measure(grid, width, widths);
    add_titles(out, grid, widths);
    add_rule(out, grid, widths);
    for (size_t row = 0; row < grid->row_count; row++) {
        if (grid->has_total && row + 1 == grid->row_count)
            add_rule(out, grid, widths);
        add_row(out, grid, grid->cells + row * grid->column_count, widths);
    }
}
