#include "mime/entity.h"

#include "cmd/base/buf.h"
#include "mime/html.h"

#include <string.h>

enum {
    VALUE_MAX_LENGTH = 4 * 1024, /* a Content-Type with its parameters */
    /* RFC 2046 allows 70; some generators go past it. */
    BOUNDARY_MAX_LENGTH = 200,
    /* Before the first part stands a sentence for readers without MIME; a bound, since a thousand
     * multiparts may each look for a boundary that never comes. */
    PREAMBLE_MAX_LENGTH = 64 * 1024,
};

/* Takes the next `; name=value` off an unfolded value. */
static bool next_parameter(struct bytes *rest, struct bytes *name, struct bytes *value) {
    while (rest->len && (rest->data[0] == ';' || ascii_is_space(rest->data[0])))
        *rest = bytes_from(*rest, 1);
    if (!rest->len)
        return false;
    size_t i = 0;
    while (i < rest->len && rest->data[i] != '=' && rest->data[i] != ';')
        i++;
    *name = bytes_trim(bytes_first(*rest, i));
    *value = (struct bytes){NULL, 0};
    if (i == rest->len || rest->data[i] == ';') {
        *rest = bytes_from(*rest, i);
        return true;
    }
    *rest = bytes_trim(bytes_from(*rest, i + 1));
    if (rest->len && rest->data[0] == '"') {
        for (i = 1; i < rest->len && rest->data[i] != '"'; i++)
            if (rest->data[i] == '\\')
                i++;
        *value = bytes_from(bytes_first(*rest, i), 1);
        *rest = bytes_from(*rest, i + 1);
        return true;
    }
    for (i = 0; i < rest->len && rest->data[i] != ';' && !ascii_is_space(rest->data[i]);)
        i++;
    *value = bytes_first(*rest, i);
    *rest = bytes_from(*rest, i);
    return true;
}

/* RFC 2231 section 4: charset'language'percent-encoded. */
static void add_extended(struct buf *out, struct bytes value, bool first) {
    if (first)
        for (int quotes = 0; quotes < 2; quotes++)
            value = bytes_from(value, (size_t)(bytes_find_char(value, '\'') + 1));
    for (size_t i = 0; i < value.len; i++) {
        int high =
            value.data[i] == '%' && i + 2 < value.len ? ascii_hex_value(value.data[i + 1]) : -1;
        int low = high >= 0 ? ascii_hex_value(value.data[i + 2]) : -1;
        buf_add_char(out, low >= 0 ? (char)(high * 16 + low) : value.data[i]);
        if (low >= 0)
            i += 2;
    }
}

/* A parameter that is looked for. */
struct parameter {
    const char *name;
    struct bytes *value; /* where it goes; no bytes where it is missing */
    struct buf pieces;   /* of its extended form */
    bool extended;
};

static void add_parameter(struct parameter *p, struct bytes suffix, struct bytes text) {
    if (!suffix.len && !p->value->data)
        *p->value = text;
    if (!suffix.len || suffix.data[0] != '*')
        return;
    if (suffix.data[suffix.len - 1] == '*')
        add_extended(&p->pieces, text, !p->extended);
    else
        buf_add_bytes(&p->pieces, text);
    p->extended = true;
}

/* Finds parameters of an unfolded value. */
static void find_parameters(struct arena *arena, struct bytes rest, struct parameter *wanted,
                            size_t count) {
    struct bytes name, text;
    long semicolon = bytes_find_char(rest, ';');
    rest = bytes_from(rest, semicolon < 0 ? rest.len : (size_t)semicolon);
    while (next_parameter(&rest, &name, &text))
        for (size_t i = 0; i < count; i++)
            if (bytes_starts_ignore_case(name, wanted[i].name))
                add_parameter(&wanted[i], bytes_from(name, strlen(wanted[i].name)), text);
    for (size_t i = 0; i < count; i++) {
        struct buf *pieces = &wanted[i].pieces;
        if (!wanted[i].value->data && pieces->len)
            *wanted[i].value = (struct bytes){arena_bytes(arena, buf_bytes(pieces)), pieces->len};
        buf_free(pieces);
    }
}

struct bytes entity_parameter(struct arena *arena, struct bytes value, const char *name) {
    struct bytes found = {NULL, 0};
    struct parameter wanted = {name, &found, BUF_INIT, false};
    value = header_unfold(arena, bytes_first(value, VALUE_MAX_LENGTH));
    find_parameters(arena, value, &wanted, 1);
    return found;
}

/* "type/subtype" in lower case, or NULL. */
static const char *media_type(struct arena *arena, struct bytes value) {
    value = bytes_trim(header_without_comments(arena, bytes_first(value, VALUE_MAX_LENGTH)));
    size_t i = 0, slashes = 0;
    while (i < value.len && value.data[i] != ';' && !ascii_is_space(value.data[i]))
        slashes += value.data[i++] == '/';
    if (slashes != 1 || value.data[0] == '/')
        return NULL;
    return ascii_lower_string(arena_bytes(arena, bytes_first(value, i)));
}

static struct entity *entity_new(struct bytes from, struct entity *parent, struct arena *arena) {
    struct entity *e = arena_alloc(arena, sizeof *e);
    size_t body = header_read(from, arena, &e->header);
    e->header_block = bytes_first(from, body);
    e->body = bytes_from(from, body);
    struct bytes type = header_unfold(
        arena, bytes_first(header_value(&e->header, "Content-Type"), VALUE_MAX_LENGTH));
    e->type = media_type(arena, type);
    e->declared = e->type != NULL;
    if (!e->type)
        e->type =
            parent && !strcmp(parent->type, "multipart/digest") ? "message/rfc822" : "text/plain";
    struct parameter wanted[] = {
        {"charset", &e->charset, BUF_INIT, false},
        {"name", &e->name, BUF_INIT, false},
        {"boundary", &e->boundary, BUF_INIT, false},
        {"report-type", &e->report_type, BUF_INIT, false}, /* the last two: of multiparts */
    };
    if (e->declared)
        find_parameters(arena, type, wanted, entity_is(e, "multipart/") ? 4 : 2);
    e->encoding = encoding_of(header_value(&e->header, "Content-Transfer-Encoding"));
    e->attachment =
        bytes_starts_ignore_case(header_value(&e->header, "Content-Disposition"), "attachment");
    e->parent = parent;
    if (parent) {
        e->depth = parent->depth + 1;
        if (parent->last_part)
            parent->last_part->next = e;
        else
            parent->first_part = e;
        parent->last_part = e;
    }
    return e;
}

/* What a line says of a boundary. The whole line counts: boundaries may begin with one another. */
enum delimiter { DELIMITER_NONE, DELIMITER_PART, DELIMITER_CLOSE };

static enum delimiter delimiter_of(struct bytes line, struct bytes boundary) {
    struct bytes mark = bytes_from(line, 2);
    if (!boundary.len || mark.len < boundary.len ||
        memcmp(mark.data, boundary.data, boundary.len) != 0)
        return DELIMITER_NONE;
    mark = bytes_from(mark, boundary.len);
    if (bytes_starts_ignore_case(mark, "--"))
        return DELIMITER_CLOSE;
    return bytes_trim(mark).len ? DELIMITER_NONE : DELIMITER_PART;
}

/* The boundary of a multipart whose Content-Type names none, or one that its body does not use: the
 * first line of the body that starts with "--" and is followed by a part's header. */
static struct bytes guess_boundary(struct bytes body) {
    struct bytes line, next;
    body = bytes_first(body, VALUE_MAX_LENGTH);
    while (bytes_next_line(&body, &line)) {
        struct bytes after = body;
        if (line.len > 2 && !memcmp(line.data, "--", 2) && bytes_next_line(&after, &next) &&
            bytes_starts_ignore_case(next, "Content-"))
            return bytes_from(bytes_trim(line), 2);
    }
    return (struct bytes){NULL, 0};
}

/* Where the next line that starts with "--" stands, at or behind `from`, which is the start of a
 * line; the end of `text` for none. */
static size_t next_dashes(struct bytes text, size_t from) {
    while (from < text.len) {
        struct bytes rest = bytes_from(text, from);
        if (rest.len >= 2 && rest.data[0] == '-' && rest.data[1] == '-')
            return from;
        long end = bytes_find_char(rest, '\n');
        if (end < 0)
            break;
        from += (size_t)end + 1;
    }
    return text.len;
}

/* Whether a line near the start of the body is "--boundary". */
static bool uses_boundary(struct bytes body, struct bytes boundary) {
    body = bytes_first(body, PREAMBLE_MAX_LENGTH);
    struct bytes line;
    for (size_t at = next_dashes(body, 0); at < body.len;) {
        struct bytes rest = bytes_from(body, at);
        if (bytes_next_line(&rest, &line) && delimiter_of(line, boundary) != DELIMITER_NONE)
            return true;
        at = next_dashes(body, body.len - rest.len);
    }
    return false;
}

/* Ends a body before the line end in front of a delimiter, which belongs to the delimiter. */
static void end_body(struct entity *e, const char *end) {
    if (e->body.data > end) {
        e->body.len = 0;
        return;
    }
    e->body.len = (size_t)(end - e->body.data);
    if (e->body.len && e->body.data[e->body.len - 1] == '\n')
        e->body.len--;
    if (e->body.len && e->body.data[e->body.len - 1] == '\r')
        e->body.len--;
}

/* Makes sure that a multipart can be split; one that cannot is read as text. */
static bool open_multipart(struct entity *e, struct entity *root) {
    if (!entity_is(e, "multipart/") || e->depth >= ENTITY_DEPTH_MAX)
        return false;
    e->boundary = bytes_first(e->boundary, BOUNDARY_MAX_LENGTH);
    if (uses_boundary(e->body, e->boundary))
        return true;
    root->problem = e->boundary.len ? "boundary is not used" : "multipart without boundary";
    e->boundary = guess_boundary(e->body);
    for (struct entity *outer = e->parent; outer; outer = outer->parent)
        if (bytes_equal(outer->boundary, e->boundary))
            e->boundary.len = 0;
    if (!e->boundary.len)
        e->type = "text/plain";
    return e->boundary.len > 0;
}

struct entity *entity_read(struct bytes message, struct arena *arena) {
    struct entity *root = entity_new(message, NULL, arena);
    if (!open_multipart(root, root))
        return root;
    struct entity *open = root; /* the innermost multipart whose boundary is awaited */
    struct entity *leaf = NULL; /* the part whose body is being passed over */
    size_t at = next_dashes(message, (size_t)(root->body.data - message.data));
    while (true) {
        struct bytes rest = bytes_from(message, at), line;
        if (!bytes_next_line(&rest, &line))
            break;
        enum delimiter delimiter = DELIMITER_NONE;
        struct entity *owner = open;
        while (owner && !(delimiter = delimiter_of(line, owner->boundary)))
            owner = owner->parent;
        if (!owner) {
            at = next_dashes(message, (size_t)(rest.data - message.data));
            continue;
        }
        if (leaf)
            end_body(leaf, line.data);
        leaf = NULL;
        for (; open != owner; open = open->parent) {
            end_body(open, line.data);
            open->unclosed = true;
        }
        if (delimiter == DELIMITER_CLOSE) {
            end_body(owner, rest.data);
            open = owner->parent;
            if (!open)
                return root;
            at = next_dashes(message, (size_t)(rest.data - message.data));
            continue;
        }
        if (root->part_count == ENTITY_PARTS_MAX) {
            root->problem = "too many parts";
            return root;
        }
        root->part_count++;
        leaf = entity_new(rest, owner, arena);
        at = next_dashes(message, (size_t)(leaf->body.data - message.data));
        if (open_multipart(leaf, root)) {
            open = leaf;
            leaf = NULL;
        }
    }
    for (; open; open = open->parent)
        open->unclosed = true;
    root->problem = "boundary never closes";
    return root;
}

struct entity *entity_next(const struct entity *e) {
    if (e->first_part)
        return e->first_part;
    while (e && !e->next)
        e = e->parent;
    return e ? e->next : NULL;
}

struct bytes entity_content(const struct entity *e, struct arena *arena, size_t max) {
    return encoding_decode(arena, e->encoding, bytes_first(e->body, max));
}

/* CRLF and lone CR to LF. */
static struct bytes with_line_feeds(struct arena *arena, struct bytes text) {
    if (bytes_find_char(text, '\r') < 0)
        return text;
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    while (text.len) {
        long end = bytes_find_char(text, '\r');
        struct bytes run = bytes_first(text, end < 0 ? text.len : (size_t)end);
        memcpy(out + len, run.data, run.len);
        len += run.len;
        text = bytes_from(text, run.len + 1);
        if (end >= 0 && !(text.len && text.data[0] == '\n'))
            out[len++] = '\n';
    }
    return (struct bytes){out, len};
}

struct bytes entity_text(const struct entity *e, struct charset_cache *charsets,
                         struct arena *arena, size_t max, bool *known) {
    struct bytes content = entity_content(e, arena, max);
    struct bytes text = bytes_of(charset_text(charsets, arena, e->charset, content, known));
    text = with_line_feeds(arena, text);
    return entity_is(e, "text/html") ? html_text(arena, text) : text;
}
