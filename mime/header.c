#include "mime/header.h"

#include <stdint.h>
#include <string.h>

enum {
    NAME_MAX_LENGTH = 100, /* longer than any registered name; prose with a colon is no field */
};

static bool is_white(char c) {
    return c == ' ' || c == '\t';
}

/* Parts a line that begins a field at its colon. */
static bool split_field(struct bytes line, struct header_field *field) {
    long colon = bytes_find_char(line, ':');
    size_t len = colon > 0 ? (size_t)colon : 0;
    while (len && is_white(line.data[len - 1]))
        len--;
    if (!len || len > NAME_MAX_LENGTH)
        return false;
    for (size_t i = 0; i < len; i++)
        if (line.data[i] <= ' ' || line.data[i] >= 0x7F)
            return false;
    field->name = bytes_first(line, len);
    field->value = bytes_from(line, (size_t)colon + 1);
    return true;
}

bool header_is_field(struct bytes line) {
    struct header_field field;
    return split_field(line, &field);
}

static bool is_mbox_line(struct bytes line) {
    return bytes_starts_ignore_case(line, "From ") || bytes_starts_ignore_case(line, ">From ");
}

bool header_next(struct header_walk *walk, struct header_field *field) {
    struct bytes before = walk->rest, line;
    bool found = walk->ahead, noise = false;
    *field = walk->next;
    walk->ahead = false;
    for (; !walk->ahead && bytes_next_line(&walk->rest, &line); before = walk->rest) {
        /* "--" ends a part that has no empty line. */
        if (!line.len || bytes_starts_ignore_case(line, "--")) {
            if (line.len || found)
                walk->rest = before;
            break;
        }
        bool folded = is_white(line.data[0]);
        if (!folded && split_field(line, &walk->next)) {
            if (!found)
                *field = walk->next;
            walk->ahead = found;
            found = true;
        } else if (!folded && is_mbox_line(line)) {
            noise = true;
        } else if (!found) {
            walk->rest = before;
            break;
        } else if (!noise) {
            field->value.len = (size_t)(line.data + line.len - field->value.data);
        }
    }
    if (found)
        field->value = bytes_trim(field->value);
    return found;
}

size_t header_read(struct bytes message, struct arena *arena, struct header *header) {
    *header = (struct header){NULL, 0};
    struct header_walk walk = {.rest = message};
    struct header_field field;
    while (header_next(&walk, &field)) {
        if (header->count == HEADER_FIELDS_MAX)
            continue;
        header->fields = arena_grow(arena, header->fields, header->count, sizeof field);
        header->fields[header->count++] = field;
    }
    return message.len - walk.rest.len;
}

const struct header_field *header_find(const struct header *header, const char *name,
                                       unsigned instance) {
    size_t len = strlen(name);
    for (size_t i = 0; i < header->count; i++) {
        const struct header_field *field = &header->fields[i];
        /* Nearly all senders write a name as the RFC that defines it. */
        if (field->name.len == len &&
            (!memcmp(field->name.data, name, len) || bytes_starts_ignore_case(field->name, name)) &&
            !--instance)
            return field;
    }
    return NULL;
}

struct bytes header_value(const struct header *header, const char *name) {
    const struct header_field *field = header_find(header, name, 1);
    return field ? field->value : (struct bytes){NULL, 0};
}

bool header_has(const struct header *header, const char *name) {
    return header_find(header, name, 1) != NULL;
}

/* Whether unfolding would certainly change nothing, as with most values: no space stands at an end
 * or next to another, and there are no control characters. By eights. */
static bool is_unfolded(struct bytes value) {
    static const uint64_t each = 0x0101010101010101u;
    if (!value.len)
        return true;
    uint64_t eight, next, found = 0;
    size_t i = 0, last = value.len - 1;
    for (; i + sizeof eight <= last; i += sizeof eight) {
        memcpy(&eight, value.data + i, sizeof eight);
        memcpy(&next, value.data + i + 1, sizeof next);
        uint64_t pairs = (eight ^ each * ' ') | (next ^ each * ' '); /* zero: two spaces */
        found |= ((eight - each * ' ') & ~eight) | ((pairs - each) & ~pairs);
    }
    bool unfolded =
        !(found & each * 0x80) && value.data[0] != ' ' && (unsigned char)value.data[last] > ' ';
    for (; i < last; i++)
        unfolded = unfolded && (unsigned char)value.data[i] >= ' ' &&
                   !(value.data[i] == ' ' && value.data[i + 1] == ' ');
    return unfolded;
}

struct bytes header_unfold(struct arena *arena, struct bytes value) {
    if (is_unfolded(value))
        return value;
    char *out = arena_alloc(arena, value.len + 1);
    size_t len = 0;
    struct bytes line;
    while (bytes_next_line(&value, &line)) {
        while (line.len && ascii_is_space(line.data[0]))
            line = bytes_from(line, 1);
        if (!line.len)
            continue;
        if (len && out[len - 1] != ' ')
            out[len++] = ' ';
        if (is_unfolded(line)) {
            memcpy(out + len, line.data, line.len);
            len += line.len;
            continue;
        }
        for (size_t i = 0; i < line.len; i++)
            if (!ascii_is_space(line.data[i]))
                out[len++] = line.data[i];
            else if (out[len - 1] != ' ')
                out[len++] = ' ';
    }
    if (len && out[len - 1] == ' ')
        len--;
    return (struct bytes){out, len};
}

struct bytes header_without_comments(struct arena *arena, struct bytes value) {
    if (bytes_find_char(value, '(') < 0)
        return value;
    char *out = arena_alloc(arena, value.len + 1);
    size_t len = 0, depth = 0, kept = 0;
    bool quoted = false;
    for (size_t i = 0; i < value.len; i++) {
        size_t run = i;
        while (i < value.len && value.data[i] != '(' && value.data[i] != (depth ? ')' : '"'))
            i++;
        if (!depth) {
            memcpy(out + len, value.data + run, i - run);
            len += i - run;
        }
        if (i == value.len)
            break;
        char c = value.data[i];
        if (!depth && c == '"')
            quoted = !quoted;
        if (!quoted && c == '(') {
            if (!depth++)
                kept = i;
        } else if (!quoted && c == ')' && depth) {
            depth--;
        } else if (!depth) {
            out[len++] = c;
        }
    }
    if (depth) {
        memcpy(out + len, value.data + kept, value.len - kept);
        len += value.len - kept;
    }
    return bytes_trim((struct bytes){out, len});
}
