#include "cmd/progress.h"

#include "cmd/base/buf.h"
#include "cmd/base/utf8.h"
#include "cmd/clock.h"
#include "cmd/log.h"

#include <inttypes.h>
#include <unistd.h>

enum {
    BAR_WIDTH = 30,
};

static const double REDRAW_SECONDS = 0.2;

static void write_terminal(const struct buf *text) {
    ssize_t ignored = write(STDERR_FILENO, text->data, text->len);
    (void)ignored;
}

/* Carriage return, erase to the end of the line (ECMA-48 EL). */
static void clear(void *context) {
    struct progress *progress = context;
    struct buf text = BUF_INIT;
    if (progress->drawn) {
        buf_add_string(&text, "\r\x1b[K");
        write_terminal(&text);
    }
    progress->drawn = false;
    buf_free(&text);
}

void progress_start(struct progress *progress, const char *name) {
    *progress = (struct progress){.name = name, .shown = isatty(STDERR_FILENO) == 1};
    progress->start = clock_seconds();
    if (progress->shown)
        log_set_before(clear, progress);
}

void progress_update(void *context, const struct pipeline_sums *sums) {
    struct progress *progress = context;
    double now = clock_seconds();
    if (!progress->shown || now - progress->last < REDRAW_SECONDS)
        return;
    progress->last = now;
    uint64_t done = sums->run.fetched;
    double elapsed = now - progress->start;
    struct buf text = BUF_INIT;
    buf_add_string(&text, "\r\x1b[K");
    utf8_add_visible(&text, progress->name);
    if (sums->waiting) {
        size_t filled = (size_t)(done * BAR_WIDTH / sums->waiting);
        buf_add_string(&text, "  [");
        for (size_t i = 0; i < BAR_WIDTH; i++)
            buf_add_char(&text, i < filled ? '#' : '.');
        buf_printf(&text, "]  %" PRIu64 " of %" PRIu64, done, sums->waiting);
    } else {
        buf_printf(&text, "  %" PRIu64, done);
    }
    buf_printf(&text, "  %.0f/s", elapsed > 0 ? (double)done / elapsed : 0);
    write_terminal(&text);
    progress->drawn = true;
    buf_free(&text);
}

double progress_seconds(const struct progress *progress) {
    return clock_seconds() - progress->start;
}

void progress_end(struct progress *progress) {
    clear(progress);
    log_set_before(NULL, NULL);
}
