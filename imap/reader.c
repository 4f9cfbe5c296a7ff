#include "imap/reader.h"

#include "cmd/base/memory.h"

#include <stdlib.h>
#include <string.h>

void reader_init(struct reader *reader,
                 long (*read)(void *context, char *to, size_t room, bool wait, struct err *err),
                 void (*trace)(void *context, struct bytes line), void *context) {
    *reader = (struct reader){.read = read,
                              .trace = trace,
                              .context = context,
                              .window = memory_alloc(READER_WINDOW),
                              .traced = BUF_INIT};
}

void reader_free(struct reader *reader) {
    free(reader->window);
    buf_free(&reader->traced);
}

static int fill(struct reader *reader, bool wait, struct err *err) {
    reader->start = reader->end = 0;
    long got = reader->read(reader->context, reader->window, READER_WINDOW, wait, err);
    if (got < 0)
        return -1;
    reader->end = (size_t)got;
    return 0;
}

int reader_has_input(struct reader *reader, struct err *err) {
    if (reader->start == reader->end && fill(reader, false, err) < 0)
        return -1;
    return reader->start < reader->end;
}

int reader_peek(struct reader *reader, struct err *err) {
    if (reader->start == reader->end && fill(reader, true, err) < 0)
        return -1;
    return (unsigned char)reader->window[reader->start];
}

/* The bytes that are there, after a reader_peek. */
static struct bytes unread(const struct reader *reader) {
    return (struct bytes){reader->window + reader->start, reader->end - reader->start};
}

/* Takes `len` of the unread bytes, all of them part of a line. */
static int take(struct reader *reader, size_t len, struct err *err) {
    if (reader->trace != NULL && !reader->hushed && reader->traced.len < READER_TRACE_MAX)
        buf_add_bytes(&reader->traced,
                      bytes_first(unread(reader), len < READER_TRACE_MAX ? len : READER_TRACE_MAX));
    reader->start += len;
    reader->line_length += len;
    if (reader->line_length > READER_LINE_MAX)
        return err_set(err, ERR_PROTOCOL, "the server sent a line of more than %d octets",
                       READER_LINE_MAX);
    return 0;
}

/* Takes the next byte and returns it. */
static int next(struct reader *reader, struct err *err) {
    int c = reader_peek(reader, err);
    return c < 0 || take(reader, 1, err) < 0 ? -1 : c;
}

static int unexpected(int c, const char *wanted, struct err *err) {
    if (c >= 0x20 && c < 0x7F)
        return err_set(err, ERR_PROTOCOL, "the server sent '%c' where %s belongs", c, wanted);
    return err_set(err, ERR_PROTOCOL, "the server sent the byte 0x%02x where %s belongs",
                   (unsigned)c, wanted);
}

int reader_expect(struct reader *reader, char c, struct err *err) {
    int found = reader_peek(reader, err);
    if (found < 0)
        return -1;
    if (found != (unsigned char)c) {
        char wanted[] = {'\'', c, '\'', '\0'};
        return unexpected(found, wanted, err);
    }
    return take(reader, 1, err);
}

/* Asked of each octet: too often for a call of strchr(3). */
static bool ends_word(char c) {
    return c == ' ' || c == '\r' || c == '\n' || c == '(' || c == ')' || c == '[' || c == ']' ||
           c == '{' || c == '"' || c == '\0';
}

/* Appends a word, which may be empty. */
static int word_bytes(struct reader *reader, struct buf *out, struct err *err) {
    while (reader_peek(reader, err) >= 0) {
        struct bytes here = unread(reader);
        size_t len = 0;
        while (len < here.len && !ends_word(here.data[len]))
            len++;
        if (out != NULL)
            buf_add(out, here.data, len);
        if (take(reader, len, err) < 0)
            return -1;
        if (len < here.len)
            return 0;
    }
    return -1;
}

int reader_word(struct reader *reader, struct buf *out, struct err *err) {
    if (out != NULL)
        buf_reset(out);
    int c = reader_peek(reader, err);
    if (c < 0)
        return -1;
    if (ends_word((char)c))
        return unexpected(c, "a word", err);
    return word_bytes(reader, out, err);
}

/* Takes a section such as [HEADER.FIELDS (TO "X ]")], from the bracket on. */
static int section(struct reader *reader, struct buf *out, struct err *err) {
    bool quoted = false, escaped = false;
    int c;
    do {
        c = next(reader, err);
        if (c < 0)
            return -1;
        if (c == '\r' || c == '\n')
            return unexpected(c, "']'", err);
        if (out != NULL)
            buf_add_char(out, (char)c);
        if (c == '"' && !escaped)
            quoted = !quoted;
        escaped = quoted && c == '\\' && !escaped;
    } while (c != ']' || quoted);
    return 0;
}

int reader_item_name(struct reader *reader, struct buf *out, struct err *err) {
    if (reader_word(reader, out, err) < 0)
        return -1;
    int c = reader_peek(reader, err);
    if (c != '[')
        return c < 0 ? -1 : 0;
    if (section(reader, out, err) < 0)
        return -1;
    return word_bytes(reader, out, err);
}

int reader_number(struct reader *reader, uint64_t max, uint64_t *number, struct err *err) {
    uint64_t value = 0;
    int c = reader_peek(reader, err);
    if (c >= 0 && !ascii_is_digit((char)c))
        return unexpected(c, "a number", err);
    for (; c >= 0 && ascii_is_digit((char)c); c = reader_peek(reader, err)) {
        uint64_t digit = (uint64_t)(c - '0');
        if (value > (max - digit) / 10 || digit > max)
            return err_set(err, ERR_PROTOCOL, "the server sent a number larger than %llu",
                           (unsigned long long)max);
        value = value * 10 + digit;
        if (take(reader, 1, err) < 0)
            return -1;
    }
    if (c < 0)
        return -1;
    *number = value;
    return 0;
}

/* The content of a literal: `length` bytes, whatever they are. */
static int literal_bytes(struct reader *reader, struct buf *out, size_t keep, uint64_t length,
                         struct err *err) {
    uint64_t left = length;
    if (keep > length)
        keep = (size_t)length;
    while (left > 0) {
        if (reader_peek(reader, err) < 0)
            return -1;
        struct bytes here = unread(reader);
        if (here.len > left)
            here = bytes_first(here, (size_t)left);
        struct bytes kept = bytes_first(here, keep);
        if (out != NULL)
            buf_add_bytes(out, kept);
        keep -= kept.len;
        left -= here.len;
        reader->start += here.len;
    }
    return 0;
}

static int literal(struct reader *reader, struct buf *out, size_t keep, uint64_t *length,
                   struct err *err) {
    if (reader_expect(reader, '{', err) < 0 ||
        reader_number(reader, READER_LITERAL_MAX, length, err) < 0)
        return -1;
    int c = next(reader, err);
    if (c == '+')
        c = next(reader, err);
    if (c < 0)
        return -1;
    if (c != '}')
        return unexpected(c, "'}'", err);
    c = reader_peek(reader, err);
    if (c == '\r') {
        reader->start++; /* not next(): a trace shows no line ends */
        c = reader_peek(reader, err);
    }
    if (c < 0)
        return -1;
    if (c != '\n')
        return unexpected(c, "a line end", err);
    reader->start++;
    return literal_bytes(reader, out, keep, *length, err);
}

/* Takes the octets of a quoted string that are there and stand for themselves; maybe none. */
static int quoted_run(struct reader *reader, struct buf *out, size_t keep, uint64_t *length,
                      struct err *err) {
    if (reader_peek(reader, err) < 0)
        return -1;
    struct bytes here = unread(reader);
    size_t len = 0;
    while (len < here.len && here.data[len] != '"' && here.data[len] != '\\' &&
           here.data[len] != '\r' && here.data[len] != '\n')
        len++;
    if (out != NULL && *length < keep)
        buf_add_bytes(out, bytes_first(bytes_first(here, len), keep - (size_t)*length));
    *length += len;
    return take(reader, len, err);
}

static int quoted(struct reader *reader, struct buf *out, size_t keep, uint64_t *length,
                  struct err *err) {
    if (reader_expect(reader, '"', err) < 0)
        return -1;
    for (*length = 0;; ++*length) {
        if (quoted_run(reader, out, keep, length, err) < 0)
            return -1;
        int c = next(reader, err);
        if (c == '"')
            return 0;
        if (c == '\\')
            c = next(reader, err);
        if (c < 0)
            return -1;
        if (c == '\r' || c == '\n')
            return unexpected(c, "'\"'", err);
        if (out != NULL && *length < keep)
            buf_add_char(out, (char)c);
    }
}

int reader_string(struct reader *reader, struct buf *out, size_t keep, uint64_t *length,
                  struct err *err) {
    uint64_t unused;
    if (length == NULL)
        length = &unused;
    *length = 0;
    if (out != NULL)
        buf_reset(out);
    int c = reader_peek(reader, err);
    if (c < 0)
        return -1;
    if (c == '"')
        return quoted(reader, out, keep, length, err) < 0 ? -1 : 1;
    if (c == '~') { /* literal8, RFC 3516 */
        if (take(reader, 1, err) < 0)
            return -1;
        c = '{';
    }
    if (c == '{')
        return literal(reader, out, keep, length, err) < 0 ? -1 : 1;
    for (const char *nil = "NIL"; *nil != '\0'; nil++) {
        c = next(reader, err);
        if (c < 0)
            return -1;
        if (ascii_lower((char)c) != ascii_lower(*nil))
            return unexpected(c, "a string", err);
    }
    return 0;
}

int reader_astring(struct reader *reader, struct buf *out, struct err *err) {
    uint64_t length;
    int c = reader_peek(reader, err);
    if (c < 0)
        return -1;
    if (c != '"' && c != '{')
        return reader_word(reader, out, err);
    if (reader_string(reader, out, READER_LINE_MAX, &length, err) < 0)
        return -1;
    if (length > READER_LINE_MAX)
        return err_set(err, ERR_PROTOCOL, "the server sent a name of %llu octets",
                       (unsigned long long)length);
    return 0;
}

/* What starts with '~': a literal8, or a word. */
static int skip_tilde(struct reader *reader, struct err *err) {
    uint64_t length;
    if (reader_expect(reader, '~', err) < 0)
        return -1;
    int c = reader_peek(reader, err);
    if (c == '{')
        return literal(reader, NULL, 0, &length, err);
    return c < 0 ? -1 : word_bytes(reader, NULL, err);
}

int reader_skip_value(struct reader *reader, struct err *err) {
    int depth = 0;
    do {
        int c = reader_peek(reader, err);
        int skipped = 0;
        if (c < 0)
            return -1;
        if (c == '(' && ++depth > READER_DEPTH_MAX)
            return err_set(err, ERR_PROTOCOL, "the server sent more than %d nested parentheses",
                           READER_DEPTH_MAX);
        if (c == ')' && depth-- == 0)
            return unexpected(c, "a value", err);
        if (c == '(' || c == ')' || (c == ' ' && depth > 0))
            skipped = take(reader, 1, err);
        else if (c == '~')
            skipped = skip_tilde(reader, err);
        else if (c == '"' || c == '{')
            skipped = reader_string(reader, NULL, 0, NULL, err);
        else if (c == '[')
            skipped = section(reader, NULL, err);
        else
            skipped = reader_item_name(reader, NULL, err);
        if (skipped < 0)
            return -1;
    } while (depth > 0);
    return 0;
}

/* At the end of a line: gives it to the trace. */
static void line_ends(struct reader *reader) {
    if (reader->trace != NULL)
        reader->trace(reader->context, bytes_trim(buf_bytes(&reader->traced)));
    buf_reset(&reader->traced);
    reader->line_length = 0;
}

int reader_end(struct reader *reader, struct err *err) {
    int c;
    while ((c = next(reader, err)) == ' ')
        ;
    if (c == '\r')
        c = next(reader, err);
    if (c < 0)
        return -1;
    if (c != '\n')
        return unexpected(c, "the end of the line", err);
    line_ends(reader);
    return 0;
}

int reader_text(struct reader *reader, struct buf *out, struct err *err) {
    if (out != NULL)
        buf_reset(out);
    while (reader_peek(reader, err) >= 0) {
        struct bytes here = unread(reader);
        long end = bytes_find_char(here, '\n');
        size_t len = end < 0 ? here.len : (size_t)end;
        if (out != NULL)
            buf_add(out, here.data, len);
        if (take(reader, len, err) < 0)
            return -1;
        if (end < 0)
            continue;
        reader->start++;
        line_ends(reader);
        if (out != NULL && out->len > 0 && out->data[out->len - 1] == '\r')
            out->data[--out->len] = '\0';
        return 0;
    }
    return -1;
}

/* Whether a line ends in the announcement of a literal (1 or 0), and how long that is; -1 where it
 * is one that cannot be skipped. */
static int announces_literal(struct bytes line, uint64_t *length, struct err *err) {
    size_t end = line.len;
    if (end == 0 || line.data[--end] != '}')
        return 0;
    if (end > 0 && line.data[end - 1] == '+')
        end--;
    size_t digits = end;
    while (digits > 0 && ascii_is_digit(line.data[digits - 1]))
        digits--;
    if (digits == end || digits == 0 || line.data[digits - 1] != '{')
        return 0;
    struct bytes number = bytes_first(bytes_from(line, digits), end - digits);
    unsigned long octets;
    if (!bytes_take_number(&number, READER_LITERAL_MAX, &octets))
        return err_set(err, ERR_PROTOCOL, "the server announced a literal of %.*s octets",
                       (int)bytes_first(number, 20).len, number.data);
    *length = octets;
    return 1;
}

int reader_skip_response(struct reader *reader, struct err *err) {
    struct buf line = BUF_INIT;
    uint64_t length = 0;
    int result;
    do {
        result = reader_text(reader, &line, err);
        if (result == 0)
            result = announces_literal(buf_bytes(&line), &length, err);
        if (result == 1 && literal_bytes(reader, NULL, 0, length, err) < 0)
            result = -1;
    } while (result == 1);
    buf_free(&line);
    return result;
}

void reader_renew_line(struct reader *reader) {
    reader->line_length = 0;
}
