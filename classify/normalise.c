#include "classify/normalise.h"

#include <string.h>

enum {
    ID_MIN_LENGTH = 24,      /* letters in one piece that are longer are no word but an id */
    PATTERN_MIN_LETTERS = 8, /* "rejected" alone says too little, "no such user" says enough */
    PATTERN_MIN_WORDS = 2,
    PATTERN_MAX_LENGTH = 60,
};

static bool no_host_is_known(void *context, struct bytes host) {
    (void)context;
    (void)host;
    return false;
}

/* What holds an id, a date or a number together. */
static bool is_joint(char c) {
    return c == '.' || c == '_' || c == '-' || c == ':' || c == '/' || c == '=' || c == '+';
}

static bool is_alphanumeric(char c) {
    return ascii_is_alpha(c) || ascii_is_digit(c);
}

static bool is_letter_byte(char c) {
    return ascii_is_alpha(c) || (unsigned char)c >= 0x80;
}

/* The letters, digits and joints at the start, without joints at the end. */
static struct bytes piece_at(struct bytes text) {
    size_t n = 0, end = 0;
    while (n < text.len && (is_alphanumeric(text.data[n]) || (n && is_joint(text.data[n])))) {
        n++;
        if (is_alphanumeric(text.data[n - 1]))
            end = n;
    }
    return bytes_first(text, end);
}

static bool has_digit(struct bytes piece) {
    for (size_t i = 0; i < piece.len; i++)
        if (ascii_is_digit(piece.data[i]))
            return true;
    return false;
}

/* "error:17" and "id=4F3k" keep their first word: only what is behind differs. */
static struct bytes label_of(struct bytes piece) {
    for (size_t i = 0; i < piece.len; i++) {
        if (piece.data[i] == ':' || piece.data[i] == '=')
            return bytes_first(piece, i);
        if (!ascii_is_alpha(piece.data[i]))
            break;
    }
    return bytes_first(piece, 0);
}

/* IPv6: two colons, and hexadecimal digits between them. */
static bool is_ipv6(struct bytes piece) {
    size_t colons = 0;
    for (size_t i = 0; i < piece.len; i++) {
        colons += piece.data[i] == ':';
        if (piece.data[i] != ':' && piece.data[i] != '.' && ascii_hex_value(piece.data[i]) < 0)
            return false;
    }
    return colons >= 2;
}

static bool is_date_word(struct bytes word) {
    static const char *const names[] = {
        "mon", "tue", "wed", "thu", "fri", "sat", "sun", "jan", "feb", "mar",
        "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "am",
        "pm",  "utc", "gmt", "cet", "est", "edt", "pst", "pdt", "bst", "cest",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bytes_equal_ignore_case(word, names[i]))
            return true;
    return false;
}

/* Whether only spaces and commas part what has been written from a "#" at its end. */
static bool follows_number(const struct buf *out) {
    size_t end = out->len;
    while (end && (out->data[end - 1] == ' ' || out->data[end - 1] == ','))
        end--;
    return end && out->data[end - 1] == '#';
}

/* Whether a number, or the rest of a date, comes next. */
static bool number_follows(struct bytes rest) {
    while (rest.len) {
        while (rest.len && (rest.data[0] == ' ' || rest.data[0] == ','))
            rest = bytes_from(rest, 1);
        struct bytes piece = piece_at(rest);
        if (has_digit(piece))
            return true;
        if (!is_date_word(piece))
            return false;
        rest = bytes_from(rest, piece.len);
    }
    return false;
}

/* One "#" for all that stands in a row with nothing but punctuation between. */
static void put_number(struct buf *out) {
    size_t end = out->len;
    while (end && strchr(" ,.:+-/_=", out->data[end - 1]))
        end--;
    if (end && out->data[end - 1] == '#')
        out->len = end;
    else
        buf_add_char(out, '#');
}

static void put_small(struct buf *out, struct bytes word) {
    for (size_t i = 0; i < word.len; i++)
        buf_add_char(out, ascii_lower(word.data[i]));
}

static void put_piece(struct buf *out, struct bytes piece, struct bytes behind,
                      const char *local_part) {
    struct bytes label = label_of(piece);
    if (local_part && bytes_equal_ignore_case(piece, local_part)) {
        buf_add_char(out, '@');
    } else if (has_digit(piece) && label.len && !is_ipv6(piece)) {
        put_small(out, bytes_first(piece, label.len + 1));
        put_number(out);
    } else if (has_digit(piece) || is_ipv6(piece) || piece.len >= ID_MIN_LENGTH) {
        put_number(out);
    } else if (is_date_word(piece) && (follows_number(out) || number_follows(behind))) {
        put_number(out);
    } else {
        put_small(out, piece);
    }
}

/* Cuts at a character's start. */
static void cut(struct buf *out, size_t max) {
    if (out->len <= max)
        return;
    while (max && ((unsigned char)out->data[max] & 0xC0) == 0x80)
        max--;
    out->len = max;
    out->data[max] = '\0';
}

void normalise(struct words *words, struct bytes text, const char *local_part, struct buf *out) {
    words_set(words, text, no_host_is_known, NULL);
    struct bytes rest = bytes_trim(buf_bytes(&words->text));
    buf_reset(out);
    bool in_word = false; /* behind a letter of another alphabet, which is part of the word */
    while (rest.len && out->len <= NORMALISE_MAX) {
        size_t word = 0;
        while (word < rest.len && rest.data[word] != ' ')
            word++;
        struct bytes piece = piece_at(rest);
        long scheme = bytes_find(bytes_first(rest, word), "://");
        if (!in_word && scheme > 0 && (size_t)scheme <= piece.len) {
            buf_add_char(out, '~');
            rest = bytes_from(rest, word);
        } else if (piece.len && !in_word) {
            rest = bytes_from(rest, piece.len);
            put_piece(out, piece, rest, local_part);
        } else {
            in_word = is_letter_byte(rest.data[0]);
            buf_add_char(out, ascii_lower(rest.data[0]));
            rest = bytes_from(rest, 1);
        }
    }
    cut(out, NORMALISE_MAX);
    struct bytes trimmed = bytes_trim(buf_bytes(out));
    out->len = trimmed.len;
    if (out->room)
        out->data[out->len] = '\0';
}

static bool is_placeholder(char c) {
    return c == '@' || c == '~' || c == '#';
}

/* Without what is neither letter nor digit at both ends. */
static struct bytes trim_to_letters(struct bytes run) {
    while (run.len && !is_letter_byte(run.data[0]))
        run = bytes_from(run, 1);
    while (run.len && !is_letter_byte(run.data[run.len - 1]))
        run.len--;
    return run;
}

/* At most as long as a pattern may be, in whole words. */
static struct bytes shorten(struct bytes run) {
    if (run.len <= PATTERN_MAX_LENGTH)
        return run;
    long blank = bytes_find_last_char(bytes_first(run, PATTERN_MAX_LENGTH), ' ');
    return trim_to_letters(bytes_first(run, blank > 0 ? (size_t)blank : 0));
}

static bool says_something(struct bytes run) {
    size_t letters = 0, words = 1, other = 0;
    for (size_t i = 0; i < run.len; i++) {
        letters += is_letter_byte(run.data[i]);
        other += (unsigned char)run.data[i] >= 0x80;
        words += run.data[i] == ' ';
    }
    /* Not every script parts words. */
    return letters >= PATTERN_MIN_LETTERS && (words >= PATTERN_MIN_WORDS || other);
}

bool normalise_pattern(struct bytes normal, struct buf *out) {
    struct bytes best = {0};
    for (size_t start = 0; start < normal.len; start++) {
        size_t end = start;
        while (end < normal.len && !is_placeholder(normal.data[end]))
            end++;
        struct bytes run = trim_to_letters(bytes_from(bytes_first(normal, end), start));
        if (run.len > best.len)
            best = run;
        start = end;
    }
    best = shorten(best);
    buf_reset(out);
    if (!says_something(best))
        return false;
    for (size_t i = 0; i < best.len; i++) {
        if (strchr("\\^$.|?*+()[]{}", best.data[i]))
            buf_add_char(out, '\\');
        buf_add_char(out, best.data[i]);
    }
    return true;
}
