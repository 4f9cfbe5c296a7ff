/* What judging anew would change, as tables for people. */
#include "cmd/base/buf.h"
#include "cmd/base/utf8.h"
#include "cmd/reprocess.h"
#include "store/reprocess_apply.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    COUNT_WIDTH = 8,
    WORD_WIDTH = 28, /* the longest is block/authentication_failed */
};

/* A table whose head is printed with its first row. */
struct table {
    const char *head;
    const char *example; /* what the last column says before an example */
    bool begun;
};

static void print_row(struct table *table, const struct store_difference *row) {
    struct buf line = BUF_INIT;
    if (!table->begun)
        printf("\n%s\n", table->head);
    table->begun = true;
    buf_printf(&line, "%*" PRIu64 "  %s -> %s", COUNT_WIDTH, row->count, row->before, row->after);
    if (*row->also)
        buf_printf(&line, " (%s)", row->also);
    size_t width = COUNT_WIDTH + 2 * WORD_WIDTH;
    buf_printf(&line, "%*s  %s", (int)(line.len < width ? width - line.len : 0), "",
               table->example);
    utf8_add_visible(&line, row->examples);
    puts(line.data);
    buf_free(&line);
}

struct tables {
    struct table judgements, outcomes, states;
};

static void print_judgement(void *context, const struct store_difference *row) {
    print_row(&((struct tables *)context)->judgements, row);
}

static void print_outcome(void *context, const struct store_difference *row) {
    print_row(&((struct tables *)context)->outcomes, row);
}

static void print_state(void *context, const struct store_difference *row) {
    print_row(&((struct tables *)context)->states, row);
}

int reprocess_show(struct store *store, const struct store_reprocess_options *options,
                   struct err *err) {
    struct tables tables = {
        .judgements = {.head = "judgements", .example = "message "},
        .outcomes = {.head = "messages", .example = "message "},
        .states = {.head = "addresses whose state changes", .example = ""},
    };
    if (store_reprocess_differences(store, print_judgement, print_outcome, &tables, err) != 0)
        return -1;
    fflush(stdout); /* what follows may take a while */
    if (store_reprocess_preview(store, options, print_state, &tables, err) != 0)
        return -1;
    if (!tables.states.begun)
        puts("\nno address changes its state");
    return 0;
}
