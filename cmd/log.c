#include "cmd/log.h"

#include "cmd/base/buf.h"
#include "cmd/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 4096, /* longer texts are cut; the whole is in the database */
};

static struct {
    enum log_level level;
    void (*before)(void *context);
    void *context;
} logger = {.level = LOG_LEVEL_WARNING};

void log_set_level(enum log_level level) {
    logger.level = level;
}

bool log_is_on(enum log_level level) {
    return level <= logger.level;
}

void log_set_before(void (*before)(void *context), void *context) {
    logger.before = before;
    logger.context = context;
}

void log_line(enum log_level level, const char *format, ...) {
    if (!log_is_on(level))
        return;
    char text[LINE_MAX_BYTES];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);

    struct buf line = BUF_INIT;
    buf_add_string(&line, level == LOG_LEVEL_WARNING ? "nullsender: warning: " : "nullsender: ");
    utf8_add_visible(&line, text);
    buf_add_char(&line, '\n');
    if (logger.before)
        logger.before(logger.context);
    /* One write, so that lines of two runs do not mix. */
    ssize_t ignored = write(STDERR_FILENO, line.data, line.len);
    (void)ignored;
    buf_free(&line);
}
