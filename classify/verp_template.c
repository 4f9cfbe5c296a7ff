#include "classify/verp_template.h"

#include "classify/verp_coding.h"
#include "cmd/base/buf.h"
#include "cmd/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    PARTS_MAX = 32, /* the longest pattern seen in use has 9 */
};

enum part_kind { PART_TEXT, PART_CAMPAIGN, PART_LOCAL, PART_DOMAIN, PART_ANY, PART_KIND_COUNT };

struct part {
    enum part_kind kind;
    enum verp_coding coding;
    char *text; /* of PART_TEXT: at least one character */
};

/* One side of the @. */
struct side {
    struct part parts[PARTS_MAX];
    size_t count;
};

struct verp_template {
    struct side local, domain;
    char *base_local; /* of the address that the template hangs on, or NULL */
};

/* The fields. A recipient's field is two parts with "=" between them. */
static const struct field {
    const char *name;
    bool has_kind[PART_KIND_COUNT];
    enum verp_coding coding;
} fields[] = {
    {"campaign", {[PART_CAMPAIGN] = true}, VERP_CODING_CAMPAIGN},
    {"list", {[PART_CAMPAIGN] = true}, VERP_CODING_NONE},
    {"recipient", {[PART_LOCAL] = true, [PART_DOMAIN] = true}, VERP_CODING_LOCAL},
    {"courier", {[PART_LOCAL] = true, [PART_DOMAIN] = true}, VERP_CODING_COURIER},
    {"local", {[PART_LOCAL] = true}, VERP_CODING_NONE},
    {"domain", {[PART_DOMAIN] = true}, VERP_CODING_NONE},
    {"any", {[PART_ANY] = true}, VERP_CODING_NONE},
};

static const char field_names[] = "{campaign}, {recipient}, {local}, {domain}, {courier}, {list}, "
                                  "{any}, {base} and {host}";

/* --- compiling: a small state machine over the template's text --- */

struct compiler {
    struct verp_template *made;
    struct side *side;          /* the one that is being filled */
    const struct address *base; /* NULL for none */
    bool seen[PART_KIND_COUNT];
    size_t column; /* of what is being read */
    struct err *err;
};

static int complain(struct compiler *c, const char *what) {
    return err_set(c->err, ERR_CONFIG, "column %zu: %s", c->column, what);
}

static struct part *last_part(struct side *side) {
    return side->count ? &side->parts[side->count - 1] : NULL;
}

static int add_part(struct compiler *c, struct part part) {
    if (c->side->count == PARTS_MAX)
        return complain(c, "the pattern has too many fields");
    c->side->parts[c->side->count++] = part;
    return 0;
}

static int add_text(struct compiler *c, const char *text, size_t len) {
    struct part *last = last_part(c->side);
    if (last && last->kind == PART_DOMAIN && address_is_domain_char(text[0]))
        return complain(c, "the text behind a domain must begin with a character that no domain "
                           "has, such as `+` or `=`");
    if (!last || last->kind != PART_TEXT) {
        if (add_part(c, (struct part){.kind = PART_TEXT, .text = memory_string("")}) < 0)
            return -1;
        last = last_part(c->side);
    }
    size_t old = strlen(last->text);
    last->text = memory_resize(last->text, old + len + 1);
    memcpy(last->text + old, text, len);
    last->text[old + len] = '\0';
    return 0;
}

static int add_field(struct compiler *c, const struct field *field) {
    struct part *last = last_part(c->side);
    if (last && last->kind != PART_TEXT)
        return complain(c, "text must stand between two fields, such as `-` or `=`");
    if (c->side == &c->made->domain && !field->has_kind[PART_ANY])
        return complain(c, "behind the `@` only text, {host} and {any} may stand");
    for (enum part_kind kind = PART_TEXT; kind < PART_KIND_COUNT; kind++) {
        if (!field->has_kind[kind])
            continue;
        if (c->seen[kind] && kind != PART_ANY)
            return complain(c, "the pattern has this field already");
        c->seen[kind] = true;
        if (kind == PART_DOMAIN && field->has_kind[PART_LOCAL] && add_text(c, "=", 1) < 0)
            return -1;
        if (add_part(c, (struct part){.kind = kind, .coding = field->coding}) < 0)
            return -1;
    }
    return 0;
}

static int add_base(struct compiler *c, const char *text) {
    return c->base ? add_text(c, text, strlen(text))
                   : complain(c, "{base} and {host} need the address that the pattern hangs on");
}

static int compile_field(struct compiler *c, struct bytes name) {
    if (bytes_equal_ignore_case(name, "base"))
        return add_base(c, c->base ? c->base->local : NULL);
    if (bytes_equal_ignore_case(name, "host"))
        return add_base(c, c->base ? c->base->domain : NULL);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (bytes_equal_ignore_case(name, fields[i].name))
            return add_field(c, &fields[i]);
    return err_set(c->err, ERR_CONFIG, "column %zu: there is no field {%.*s}; there are %s",
                   c->column, (int)name.len, name.data, field_names);
}

static int compile_char(struct compiler *c, char ch) {
    if (ch == '}')
        return complain(c, "`}` without a `{` before it");
    if (ch == '@') {
        if (c->side == &c->made->domain)
            return complain(c, "a second `@`; the recipient's is written `=`, as in "
                               "{local}={domain}");
        c->side = &c->made->domain;
        return 0;
    }
    bool fits = c->side == &c->made->domain ? address_is_domain_char(ch)
                                            : address_is_bare((struct bytes){&ch, 1});
    if (!fits)
        return err_set(c->err, ERR_CONFIG, "column %zu: `%c` cannot stand in %s", c->column, ch,
                       c->side == &c->made->domain ? "a domain" : "a local part");
    return add_text(c, &ch, 1);
}

static int compile(struct compiler *c, const char *text) {
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        c->column = i + 1;
        if (text[i] != '{') {
            if (compile_char(c, text[i]) < 0)
                return -1;
            continue;
        }
        struct bytes rest = {text + i + 1, len - i - 1};
        long end = bytes_find_char(rest, '}');
        if (end < 0)
            return complain(c, "`{` is not closed with `}`");
        if (compile_field(c, bytes_first(rest, (size_t)end)) < 0)
            return -1;
        i += (size_t)end + 1;
    }
    if (!c->made->domain.count)
        return complain(c, "the pattern ends without `@` and a domain");
    if (!c->seen[PART_LOCAL] || !c->seen[PART_DOMAIN])
        return complain(c, "the pattern names no recipient: it needs {recipient}, or {local} and "
                           "{domain}");
    return 0;
}

/* "bounces" of "bounces+{campaign}-{recipient}": what a mailbox without plus-addressing is called.
 */
static char *base_local_of(const struct verp_template *t, const struct address *base) {
    if (base)
        return memory_string(base->local);
    if (t->local.parts[0].kind != PART_TEXT)
        return NULL;
    char *text = memory_string(t->local.parts[0].text);
    size_t len = strlen(text);
    while (len && strchr("+-=._", text[len - 1]))
        len--;
    text[len] = '\0';
    return text;
}

int verp_template_new(const char *text, const char *base, struct verp_template **made,
                      struct err *err) {
    struct arena *arena = arena_new();
    struct verp_template *t = memory_zero(1, sizeof *t);
    struct address address;
    struct compiler c = {.made = t, .side = &t->local, .err = err, .column = 1};
    int rc = -1;
    if (base && !address_parse(bytes_of(base), arena, &address)) {
        err_set(err, ERR_CONFIG, "\"%s\" is not an address such as bounces@example.com", base);
        goto out;
    }
    c.base = base ? &address : NULL;
    if (compile(&c, text) < 0)
        goto out;
    t->base_local = base_local_of(t, c.base);
    *made = t;
    t = NULL;
    rc = 0;
out:
    verp_template_free(t);
    arena_free(arena);
    return rc;
}

static void free_side(struct side *side) {
    for (size_t i = 0; i < side->count; i++)
        free(side->parts[i].text);
}

void verp_template_free(struct verp_template *t) {
    if (!t)
        return;
    free_side(&t->local);
    free_side(&t->domain);
    free(t->base_local);
    free(t);
}

/* --- matching --- */

struct found {
    struct bytes taken[PART_KIND_COUNT];
    enum verp_coding coding[PART_KIND_COUNT];
};

/* How long the field is that ends where the text behind it stands first; where nothing is behind
 * that text, where it stands last. -1 where it does not stand there. */
static long length_to_next(const struct part *part, size_t count, struct bytes text) {
    if (count == 1)
        return (long)text.len;
    const char *next = part[1].text;
    if (count > 2)
        return bytes_find_ignore_case(text, next);
    return bytes_ends_ignore_case(text, next) ? (long)(text.len - strlen(next)) : -1;
}

/* How many characters of a domain stand here; Courier's have +HH among them. */
static size_t domain_length(struct bytes text, enum verp_coding coding) {
    size_t len = 0;
    for (;;) {
        if (len < text.len && address_is_domain_char(text.data[len]))
            len++;
        else if (coding == VERP_CODING_COURIER && text.len - len >= 3 && text.data[len] == '+' &&
                 ascii_hex_value(text.data[len + 1]) >= 0 &&
                 ascii_hex_value(text.data[len + 2]) >= 0)
            len += 3;
        else
            return len;
    }
}

static bool match_parts(const struct part *part, size_t count, struct bytes text,
                        struct found *found);

static bool take(const struct part *part, size_t count, struct bytes text, size_t len,
                 struct found *found) {
    if (!len || !match_parts(part + 1, count - 1, bytes_from(text, len), found))
        return false;
    found->taken[part->kind] = bytes_first(text, len);
    found->coding[part->kind] = part->coding;
    return true;
}

/* Only a local part is tried at several lengths, and a template has one of these, so the time is at
 * most the square of the address's length. */
static bool match_parts(const struct part *part, size_t count, struct bytes text,
                        struct found *found) {
    if (!count)
        return !text.len;
    long len;
    switch (part->kind) {
    case PART_TEXT:
        return bytes_starts_ignore_case(text, part->text) &&
               match_parts(part + 1, count - 1, bytes_from(text, strlen(part->text)), found);
    case PART_DOMAIN: return take(part, count, text, domain_length(text, part->coding), found);
    case PART_LOCAL:
        for (size_t i = text.len; i > 0; i--)
            if (take(part, count, text, i, found))
                return true;
        return false;
    default:
        len = length_to_next(part, count, text);
        return len > 0 && take(part, count, text, (size_t)len, found);
    }
}

static const char *read_found(const struct found *found, enum part_kind kind, struct arena *arena) {
    return verp_coding_read(found->coding[kind], found->taken[kind], arena);
}

bool verp_template_match(const struct verp_template *t, const struct address *address,
                         struct arena *arena, const char **campaign, struct address *recipient) {
    struct found found = {0};
    if (!match_parts(t->domain.parts, t->domain.count, bytes_of(address->domain), &found) ||
        !match_parts(t->local.parts, t->local.count, bytes_of(address->local), &found))
        return false;
    const char *domain = address_domain(bytes_of(read_found(&found, PART_DOMAIN, arena)), arena);
    if (!domain)
        return false;
    *recipient = (struct address){read_found(&found, PART_LOCAL, arena), domain};
    *campaign = NULL;
    if (found.taken[PART_CAMPAIGN].len) {
        /* The case of bare letters is what some relay made of it; that of escaped ones is not. */
        struct bytes *taken = &found.taken[PART_CAMPAIGN];
        *taken = bytes_of(ascii_lower_string(arena_bytes(arena, *taken)));
        *campaign = read_found(&found, PART_CAMPAIGN, arena);
    }
    return true;
}

bool verp_template_is_base(const struct verp_template *t, const struct address *address) {
    struct found found;
    return t->base_local && !ascii_compare(t->base_local, address->local) &&
           match_parts(t->domain.parts, t->domain.count, bytes_of(address->domain), &found);
}

/* --- writing --- */

static int write_side(const struct side *side, const char *campaign,
                      const struct address *recipient, struct buf *out, struct err *err) {
    const char *values[PART_KIND_COUNT] = {
        [PART_CAMPAIGN] = campaign,
        [PART_LOCAL] = recipient->local,
        [PART_DOMAIN] = recipient->domain,
    };
    for (size_t i = 0; i < side->count; i++) {
        const struct part *part = &side->parts[i];
        const char *behind = i + 1 < side->count ? side->parts[i + 1].text : NULL;
        if (part->kind == PART_TEXT)
            buf_add_string(out, part->text);
        else if (part->kind == PART_ANY)
            return err_set(err, ERR_DATA, "a pattern with {any} is for reading only");
        else if (!values[part->kind])
            return err_set(err, ERR_DATA, "the pattern needs a campaign");
        else
            verp_coding_write(part->coding, bytes_of(values[part->kind]), behind ? *behind : '\0',
                              out);
    }
    return 0;
}

static bool is_dot_string(struct bytes local) {
    return address_is_bare(local) && local.data[0] != '.' && local.data[local.len - 1] != '.' &&
           bytes_find(local, "..") < 0;
}

static bool is_ascii(struct bytes text) {
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] >= 0x80)
            return false;
    return true;
}

/* The last word on whether a pattern can carry something: it is read back. */
static bool reads_back(const struct verp_template *t, const struct address *made,
                       const char *campaign, const struct address *recipient, struct arena *arena) {
    const char *read_campaign;
    struct address read;
    return verp_template_match(t, made, arena, &read_campaign, &read) &&
           !strcmp(read.local, recipient->local) && !strcmp(read.domain, recipient->domain) &&
           (campaign ? read_campaign && !strcmp(read_campaign, campaign) : !read_campaign);
}

int verp_template_write(const struct verp_template *t, const char *campaign,
                        const struct address *recipient, struct arena *arena, const char **address,
                        struct err *err) {
    struct buf local = BUF_INIT, domain = BUF_INIT;
    struct address made;
    int rc = -1;
    if (!is_ascii(bytes_of(recipient->domain))) {
        err_set(err, ERR_DATA, "the domain must be written in ASCII (its A-label, xn--...)");
        goto out;
    }
    if (write_side(&t->local, campaign, recipient, &local, err) < 0 ||
        write_side(&t->domain, campaign, recipient, &domain, err) < 0)
        goto out;
    if (local.len > ADDRESS_LOCAL_PART_MAX) {
        err_set(err, ERR_DATA, "the local part would have %zu octets, %d are allowed", local.len,
                ADDRESS_LOCAL_PART_MAX);
        goto out;
    }
    made = (struct address){arena_bytes(arena, buf_bytes(&local)),
                            arena_bytes(arena, buf_bytes(&domain))};
    if (!is_ascii(buf_bytes(&local)) || !is_dot_string(buf_bytes(&local)) ||
        !reads_back(t, &made, campaign, recipient, arena)) {
        err_set(err, ERR_DATA, "the pattern cannot carry this");
        goto out;
    }
    *address = address_write(&made, arena);
    rc = 0;
out:
    buf_free(&local);
    buf_free(&domain);
    return rc;
}
