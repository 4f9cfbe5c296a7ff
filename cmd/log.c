#include "cmd/log.h"

#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"
#include "cmd/base/memory.h"
#include "cmd/base/utf8.h"
#include "cmd/json_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 4096, /* longer texts are cut; the whole is in the database */
    TIME_SIZE = 40,
    NUMBER_SIZE = 24,
    JOURNAL_FIXED_FIELDS = 3,
};

const char log_format_names[] = "text json journal syslog";

static const struct {
    const char *name;
    int priority; /* of syslog(3) */
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", LOG_ERR},
    [LOG_LEVEL_WARNING] = {"warning", LOG_WARNING},
    [LOG_LEVEL_INFO] = {"info", LOG_INFO},
    [LOG_LEVEL_DEBUG] = {"debug", LOG_DEBUG},
};

static const struct {
    const char *name;
    const char *journal;
    bool is_number;
} fields[LOG_FIELD_COUNT] = {
    [LOG_FIELD_COMMAND] = {"command", "NULLSENDER_COMMAND=", false},
    [LOG_FIELD_MAILBOX] = {"mailbox", "NULLSENDER_MAILBOX=", false},
    [LOG_FIELD_RUN] = {"run", "NULLSENDER_RUN=", false},
    [LOG_FIELD_UID] = {"uid", "NULLSENDER_UID=", true},
    [LOG_FIELD_OUTCOME] = {"outcome", "NULLSENDER_OUTCOME=", false},
    [LOG_FIELD_RECIPIENT] = {"recipient", "NULLSENDER_RECIPIENT=", false},
    [LOG_FIELD_CAMPAIGN] = {"campaign", "NULLSENDER_CAMPAIGN=", false},
    [LOG_FIELD_VERDICT] = {"verdict", "NULLSENDER_VERDICT=", false},
    [LOG_FIELD_CATEGORY] = {"category", "NULLSENDER_CATEGORY=", false},
    [LOG_FIELD_RULE] = {"rule", "NULLSENDER_RULE=", false},
    [LOG_FIELD_EXIT_CODE] = {"exit_code", "NULLSENDER_EXIT_CODE=", true},
};

static struct {
    enum log_level level;
    enum log_format format;
    char *values[LOG_FIELD_COUNT]; /* made visible; NULL: not set */
    void (*before)(void *context);
    void *context;
} logger = {.level = LOG_LEVEL_WARNING};

static void write_text(enum log_level level, const char *text);
static void write_json(enum log_level level, const char *text);
static void write_journal(enum log_level level, const char *text);
static void write_syslog(enum log_level level, const char *text);

static const struct {
    void (*write)(enum log_level level, const char *text);
    const char *socket; /* where somebody has to listen; NULL for stderr */
} destinations[] = {
    [LOG_FORMAT_TEXT] = {write_text, NULL},
    [LOG_FORMAT_JSON] = {write_json, NULL},
    [LOG_FORMAT_JOURNAL] = {write_journal, "/run/systemd/journal/socket"},
    [LOG_FORMAT_SYSLOG] = {write_syslog, "/dev/log"},
};

void log_set_level(enum log_level level) {
    logger.level = level;
}

bool log_is_on(enum log_level level) {
    return level <= logger.level;
}

void log_set_format(enum log_format format) {
    const char *socket = destinations[format].socket;
    logger.format = LOG_FORMAT_TEXT;
    /* Both libraries lose lines without a word where nobody listens. */
    if (socket && access(socket, W_OK) != 0) {
        log_warning("nobody listens at %s, so the log goes to standard error", socket);
        return;
    }
    if (format == LOG_FORMAT_SYSLOG)
        openlog("nullsender", LOG_PID, LOG_MAIL);
    logger.format = format;
}

void log_set_field(enum log_field field, const char *value) {
    free(logger.values[field]);
    logger.values[field] = NULL;
    if (!value)
        return;
    struct buf visible = BUF_INIT;
    utf8_add_visible(&visible, value);
    logger.values[field] = memory_string(visible.data);
    buf_free(&visible);
}

void log_set_field_number(enum log_field field, unsigned long value) {
    char text[NUMBER_SIZE];
    snprintf(text, sizeof text, "%lu", value);
    log_set_field(field, text);
}

void log_set_before(void (*before)(void *context), void *context) {
    logger.before = before;
    logger.context = context;
}

/* Whether stderr is the stream that systemd connected to its journal (systemd.exec(5)). */
static bool stderr_is_journal(void) {
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static void write_stderr(enum log_level level, const char *text) {
    struct buf line = BUF_INIT;
    if (stderr_is_journal())
        buf_printf(&line, "<%d>", levels[level].priority);
    buf_add_string(&line, text);
    buf_add_char(&line, '\n');
    if (logger.before)
        logger.before(logger.context);
    /* One write, so that lines of two runs do not mix. */
    ssize_t ignored = write(STDERR_FILENO, line.data, line.len);
    (void)ignored;
    buf_free(&line);
}

static void write_text(enum log_level level, const char *text) {
    struct buf line = BUF_INIT;
    buf_printf(&line, "nullsender: %s%s", level == LOG_LEVEL_WARNING ? "warning: " : "", text);
    write_stderr(level, line.data);
    buf_free(&line);
}

static void write_json(enum log_level level, const char *text) {
    struct timespec now;
    struct tm utc;
    char seconds[TIME_SIZE], stamp[TIME_SIZE + NUMBER_SIZE];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(stamp, sizeof stamp, "%s.%03ldZ", seconds, now.tv_nsec / 1000000);

    json_t *line = json_object();
    json_object_set_new(line, "time", json_string(stamp));
    json_object_set_new(line, "level", json_string(levels[level].name));
    json_object_set_new(line, "message", json_string(text));
    for (enum log_field f = 0; f < LOG_FIELD_COUNT; f++)
        if (logger.values[f])
            json_object_set_new(line, fields[f].name,
                                fields[f].is_number
                                    ? json_integer(strtoll(logger.values[f], NULL, 10))
                                    : json_string(logger.values[f]));
    struct buf out = BUF_INIT;
    json_line_add(&out, line, JSON_COMPACT);
    out.data[--out.len] = '\0'; /* the newline, which write_stderr() adds */
    write_stderr(level, out.data);
    buf_free(&out);
}

static void write_journal(enum log_level level, const char *text) {
    struct buf entries[JOURNAL_FIXED_FIELDS + LOG_FIELD_COUNT];
    struct iovec parts[JOURNAL_FIXED_FIELDS + LOG_FIELD_COUNT];
    int count = 0;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        entries[i] = (struct buf)BUF_INIT;
    buf_printf(&entries[count++], "MESSAGE=%s", text);
    buf_printf(&entries[count++], "PRIORITY=%d", levels[level].priority);
    buf_add_string(&entries[count++], "SYSLOG_IDENTIFIER=nullsender");
    for (enum log_field f = 0; f < LOG_FIELD_COUNT; f++)
        if (logger.values[f])
            buf_printf(&entries[count++], "%s%s", fields[f].journal, logger.values[f]);
    for (int i = 0; i < count; i++)
        parts[i] = (struct iovec){entries[i].data, entries[i].len};
    sd_journal_sendv(parts, count);
    for (int i = 0; i < count; i++)
        buf_free(&entries[i]);
}

static void write_syslog(enum log_level level, const char *text) {
    struct buf line = BUF_INIT;
    buf_add_string(&line, text);
    bool any = false;
    for (enum log_field f = 0; f < LOG_FIELD_COUNT; f++) {
        if (!logger.values[f])
            continue;
        bool quote = bytes_find_char(bytes_of(logger.values[f]), ' ') >= 0;
        buf_printf(&line, "%s%s=%s%s%s", any ? " " : " [", fields[f].name, quote ? "\"" : "",
                   logger.values[f], quote ? "\"" : "");
        any = true;
    }
    if (any)
        buf_add_char(&line, ']');
    syslog(levels[level].priority, "%s", line.data);
    buf_free(&line);
}

void log_line(enum log_level level, const char *format, ...) {
    if (!log_is_on(level))
        return;
    char text[LINE_MAX_BYTES];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);

    struct buf visible = BUF_INIT;
    utf8_add_visible(&visible, text);
    destinations[logger.format].write(level, visible.data);
    if (destinations[logger.format].socket && level <= LOG_LEVEL_WARNING && !stderr_is_journal())
        write_text(level, visible.data);
    buf_free(&visible);
}
