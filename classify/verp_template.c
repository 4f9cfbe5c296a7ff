#include "classify/verp_template.h"

#include "classify/address.h"
#include "cmd/base/address_char.h"
#include "cmd/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* The fields. A recipient's field is two parts with "=" between them. */
static const struct field {
    const char *name;
    bool has_kind[VERP_PART_KIND_COUNT];
    enum verp_coding coding;
} fields[] = {
    {"campaign", {[VERP_PART_CAMPAIGN] = true}, VERP_CODING_CAMPAIGN},
    {"list", {[VERP_PART_CAMPAIGN] = true}, VERP_CODING_NONE},
    {"recipient", {[VERP_PART_LOCAL] = true, [VERP_PART_DOMAIN] = true}, VERP_CODING_LOCAL},
    {"courier", {[VERP_PART_LOCAL] = true, [VERP_PART_DOMAIN] = true}, VERP_CODING_COURIER},
    {"local", {[VERP_PART_LOCAL] = true}, VERP_CODING_NONE},
    {"domain", {[VERP_PART_DOMAIN] = true}, VERP_CODING_NONE},
    {"tag", {[VERP_PART_TAG] = true}, VERP_CODING_NONE},
    {"any", {[VERP_PART_ANY] = true}, VERP_CODING_NONE},
};

static const char field_names[] = "{campaign}, {recipient}, {local}, {domain}, {courier}, {list}, "
                                  "{tag}, {any}, {base} and {host}";

/* The work on one template. */
struct compiler {
    struct verp_template *made;
    struct verp_side *side;     /* the one that is being filled */
    const struct address *base; /* NULL for none */
    struct arena *arena;
    size_t column; /* of what is being read */
    struct err *err;
};

static int complain(struct compiler *c, const char *what) {
    return err_set(c->err, ERR_CONFIG, "column %zu: %s", c->column, what);
}

static struct verp_part *last_part(struct verp_side *side) {
    return side->count ? &side->parts[side->count - 1] : NULL;
}

static int add_part(struct compiler *c, struct verp_part part) {
    if (c->side->count == VERP_PARTS_MAX)
        return complain(c, "the pattern has too many fields");
    c->side->parts[c->side->count++] = part;
    return 0;
}

static int add_text(struct compiler *c, const char *text, size_t len) {
    struct verp_part *last = last_part(c->side);
    if (last && last->kind == VERP_PART_DOMAIN && address_is_domain_char(text[0]))
        return complain(c, "the text behind a domain must begin with a character that no domain "
                           "has, such as `+` or `=`");
    if (!last || last->kind != VERP_PART_TEXT) {
        if (add_part(c, (struct verp_part){.kind = VERP_PART_TEXT}) < 0)
            return -1;
        last = last_part(c->side);
    }
    last->text = memory_resize(last->text, last->length + len + 1);
    memcpy(last->text + last->length, text, len);
    last->length += len;
    last->text[last->length] = '\0';
    return 0;
}

static int add_field(struct compiler *c, const struct field *field) {
    struct verp_part *last = last_part(c->side);
    if (last && last->kind != VERP_PART_TEXT)
        return complain(c, "text must stand between two fields, such as `-` or `=`");
    if (c->side == &c->made->domain && !field->has_kind[VERP_PART_ANY])
        return complain(c, "behind the `@` only text, {host} and {any} may stand");
    for (enum verp_part_kind kind = VERP_PART_TEXT; kind < VERP_PART_KIND_COUNT; kind++) {
        if (!field->has_kind[kind])
            continue;
        if (c->made->has[kind] && kind != VERP_PART_ANY)
            return complain(c, "the pattern has this field already");
        c->made->has[kind] = true;
        if (kind == VERP_PART_DOMAIN && field->has_kind[VERP_PART_LOCAL] && add_text(c, "=", 1) < 0)
            return -1;
        if (add_part(c, (struct verp_part){.kind = kind, .coding = field->coding}) < 0)
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

/* Keeps the domain of the template's addresses, which have theirs in its one form. False where it
 * is none. */
static bool take_host(struct compiler *c) {
    const struct verp_side *side = &c->made->domain;
    const char *text = side->parts[0].text;
    if (side->count > 1 || !text)
        return true;
    const char *domain = address_domain(bytes_of(text), c->arena);
    if (!domain || ascii_compare(domain, text))
        return false;
    c->made->host = memory_string(domain);
    return true;
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
    if (!take_host(c))
        return complain(c, "what stands behind the `@` is no domain such as news.example.com");
    const bool *has = c->made->has;
    bool complete = has[VERP_PART_LOCAL] && has[VERP_PART_DOMAIN];
    bool token = has[VERP_PART_TAG] && !has[VERP_PART_LOCAL] && !has[VERP_PART_DOMAIN] &&
                 !has[VERP_PART_CAMPAIGN];
    if (!complete && !token)
        return complain(c, "the pattern names no recipient: it needs {recipient}, or {local} and "
                           "{domain}, or {tag} alone");
    return 0;
}

/* "bounces" of "bounces+{campaign}-{recipient}": what a mailbox without plus-addressing is called.
 */
static char *base_local_of(const struct verp_template *t, const struct address *base) {
    if (base)
        return memory_string(base->local);
    if (t->local.parts[0].kind != VERP_PART_TEXT)
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
    struct compiler c = {.made = t, .side = &t->local, .arena = arena, .err = err, .column = 1};
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

static void free_side(struct verp_side *side) {
    for (size_t i = 0; i < side->count; i++)
        free(side->parts[i].text);
}

void verp_template_free(struct verp_template *t) {
    if (!t)
        return;
    free_side(&t->local);
    free_side(&t->domain);
    free(t->base_local);
    free(t->host);
    free(t);
}
