#include "cmd/base/arena.h"
#include "cmd/base/bytes.h"
#include "cmd/base/memory.h"
#include "cmd/base/utf8.h"
#include "cmd/check.h"
#include "cmd/json_line.h"
#include "cmd/report_grid.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    RESULT_WIDTH = 8, /* "warning" and a blank */
    TEXT_SIZE = 2048, /* longer ones are cut */
};

struct finding {
    const char *section;
    const char *what;
    enum check_result result;
    enum err_code code;
    const char *text;   /* made visible */
    const char *advice; /* NULL: none */
};

struct check_list {
    struct arena *arena;
    const char *section;
    struct finding *findings;
    size_t count;
};

static const struct {
    const char *name;
    const char *shown;
    const char *colour;
} results[] = {
    [CHECK_OK] = {"ok", "ok", "\033[32m"},
    [CHECK_WARNING] = {"warning", "warning", "\033[33m"},
    [CHECK_FAIL] = {"fail", "FAIL", "\033[1;31m"},
};

struct check_list *check_list_new(void) {
    struct check_list *list = memory_zero(1, sizeof *list);
    list->arena = arena_new();
    list->section = "";
    return list;
}

void check_list_free(struct check_list *list) {
    if (!list)
        return;
    arena_free(list->arena);
    free(list);
}

static const char *visible(struct check_list *list, const char *text) {
    struct buf out = BUF_INIT;
    utf8_add_visible(&out, text);
    const char *copy = arena_string(list->arena, out.data);
    buf_free(&out);
    return copy;
}

static void add(struct check_list *list, const struct finding *finding) {
    list->findings = arena_grow(list->arena, list->findings, list->count, sizeof *list->findings);
    struct finding *added = &list->findings[list->count++];
    *added = *finding;
    added->section = list->section;
    added->what = visible(list, finding->what);
    added->text = visible(list, finding->text);
    added->advice = finding->advice ? visible(list, finding->advice) : NULL;
}

/* The words of a printf-like function's caller. */
#define FORMAT_TEXT(text, format)                 \
    char text[TEXT_SIZE];                         \
    do {                                          \
        va_list ap;                               \
        va_start(ap, format);                     \
        vsnprintf(text, sizeof text, format, ap); \
        va_end(ap);                               \
    } while (0)

void check_section(struct check_list *list, const char *format, ...) {
    FORMAT_TEXT(text, format);
    list->section = visible(list, text);
}

void check_ok(struct check_list *list, const char *what, const char *format, ...) {
    FORMAT_TEXT(text, format);
    add(list, &(struct finding){.what = what, .result = CHECK_OK, .text = text});
}

void check_warning(struct check_list *list, const char *what, const char *advice,
                   const char *format, ...) {
    FORMAT_TEXT(text, format);
    add(list,
        &(struct finding){.what = what, .result = CHECK_WARNING, .text = text, .advice = advice});
}

void check_fail(struct check_list *list, enum err_code code, const char *what, const char *advice,
                const char *format, ...) {
    FORMAT_TEXT(text, format);
    add(list,
        &(struct finding){
            .what = what, .result = CHECK_FAIL, .code = code, .text = text, .advice = advice});
}

void check_error(struct check_list *list, const char *what, const char *advice,
                 const struct err *err) {
    check_fail(list, err->code, what, advice, "%s", err->text);
}

size_t check_count(const struct check_list *list, enum check_result result) {
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += list->findings[i].result == result;
    return count;
}

enum err_code check_code(const struct check_list *list) {
    enum err_code code = ERR_NONE;
    for (size_t i = 0; i < list->count; i++) {
        enum err_code found = list->findings[i].code;
        if (found && (!code || (code == ERR_TEMPORARY && found != ERR_TEMPORARY)))
            code = found;
    }
    return code;
}

void check_text_add(struct buf *out, const struct check_list *list, bool colour) {
    unsigned width = 0;
    for (size_t i = 0; i < list->count; i++) {
        unsigned needed = text_width(bytes_of(list->findings[i].what));
        width = needed > width ? needed : width;
    }
    const char *section = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const struct finding *f = &list->findings[i];
        if (section != f->section)
            buf_printf(out, "%s%s\n", section ? "\n" : "", f->section);
        section = f->section;
        buf_printf(out, "  %s%-*s%s%s%*s  %s\n", colour ? results[f->result].colour : "",
                   RESULT_WIDTH, results[f->result].shown, colour ? "\033[0m" : "", f->what,
                   (int)(width - text_width(bytes_of(f->what))), "", f->text);
        if (f->advice)
            buf_printf(out, "  %*s-> %s\n", RESULT_WIDTH + (int)width + 2, "", f->advice);
    }
}

void check_json_add(struct buf *out, const struct check_list *list) {
    json_t *checks = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const struct finding *f = &list->findings[i];
        json_t *check = json_object();
        json_object_set_new(check, "section", json_string(f->section));
        json_object_set_new(check, "check", json_string(f->what));
        json_object_set_new(check, "result", json_string(results[f->result].name));
        json_object_set_new(check, "text", json_string(f->text));
        json_object_set_new(check, "advice", f->advice ? json_string(f->advice) : json_null());
        json_array_append_new(checks, check);
    }
    enum check_result worst = check_count(list, CHECK_FAIL)      ? CHECK_FAIL
                              : check_count(list, CHECK_WARNING) ? CHECK_WARNING
                                                                 : CHECK_OK;
    json_t *all = json_object();
    json_object_set_new(all, "result", json_string(results[worst].name));
    json_object_set_new(all, "exit_code", json_integer(check_code(list)));
    json_object_set_new(all, "checks", checks);
    json_line_add(out, all, JSON_INDENT(2));
}

void check_add_span(struct buf *out, unsigned long seconds) {
    static const struct {
        unsigned long seconds;
        const char *name;
    } units[] = {{86400, "days"}, {3600, "hours"}, {60, "minutes"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (seconds >= 2 * units[i].seconds) {
            buf_printf(out, "%lu %s", seconds / units[i].seconds, units[i].name);
            return;
        }
    buf_printf(out, "%lu second%s", seconds, seconds == 1 ? "" : "s");
}
