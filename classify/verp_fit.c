#include "classify/verp_fit.h"

#include "classify/verp_sign.h"
#include "classify/verp_unwrap.h"
#include "cmd/base/address_char.h"
#include "cmd/base/buf.h"

#include <string.h>

enum {
    TYPICAL_OCTETS = 120, /* of an address that is made: nearly all take one allocation */
};

struct found {
    struct bytes taken[VERP_PART_KIND_COUNT];
    enum verp_coding coding[VERP_PART_KIND_COUNT];
};

/* How long the field is that ends where the text behind it stands first; where nothing is behind
 * that text, where it stands last. -1 where it does not stand there. */
static long length_to_next(const struct verp_part *part, size_t count, struct bytes text) {
    if (count == 1)
        return (long)text.len;
    const char *next = part[1].text;
    if (count > 2)
        return bytes_find_ignore_case(text, next);
    return bytes_ends_ignore_case(text, next) ? (long)(text.len - part[1].length) : -1;
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

static bool match_parts(const struct verp_part *part, size_t count, struct bytes text,
                        struct found *found);

static bool take(const struct verp_part *part, size_t count, struct bytes text, size_t len,
                 struct found *found) {
    if (!len || !match_parts(part + 1, count - 1, bytes_from(text, len), found))
        return false;
    found->taken[part->kind] = bytes_first(text, len);
    found->coding[part->kind] = part->coding;
    return true;
}

/* Whether the text behind the part stands here. */
static bool next_stands(const struct verp_part *part, size_t count, struct bytes text) {
    return count == 1 ? !text.len : bytes_starts_ignore_case(text, part[1].text);
}

/* Only a local part is tried at several lengths, and a template has one of these, so the time is at
 * most the square of the address's length. */
static bool match_parts(const struct verp_part *part, size_t count, struct bytes text,
                        struct found *found) {
    if (!count)
        return !text.len;
    long len;
    switch (part->kind) {
    case VERP_PART_TEXT:
        return bytes_starts_ignore_case(text, part->text) &&
               match_parts(part + 1, count - 1, bytes_from(text, part->length), found);
    case VERP_PART_DOMAIN: return take(part, count, text, domain_length(text, part->coding), found);
    case VERP_PART_LOCAL:
        for (size_t i = text.len; i > 0; i--)
            if (next_stands(part, count, bytes_from(text, i)) && take(part, count, text, i, found))
                return true;
        return false;
    case VERP_PART_TAG:
        return verp_tag_is_one(bytes_first(text, VERP_TAG_LENGTH)) &&
               take(part, count, text, VERP_TAG_LENGTH, found);
    default:
        len = length_to_next(part, count, text);
        return len > 0 && take(part, count, text, (size_t)len, found);
    }
}

static const char *read_field(const struct found *found, enum verp_part_kind kind,
                              struct arena *arena) {
    struct bytes taken = found->taken[kind];
    return taken.len ? verp_coding_read(found->coding[kind], taken, arena) : NULL;
}

/* The case of bare letters is what some relay made of it; that of escaped ones is not. */
static void fold_case(struct bytes *taken, struct arena *arena) {
    *taken = bytes_of(ascii_lower_string(arena_bytes(arena, *taken)));
}

bool verp_fit_read(const struct verp_template *t, const struct address *address,
                   struct arena *arena, struct verp_content *content) {
    struct found found = {0};
    if (!match_parts(t->domain.parts, t->domain.count, bytes_of(address->domain), &found) ||
        !match_parts(t->local.parts, t->local.count, bytes_of(address->local), &found))
        return false;
    fold_case(&found.taken[VERP_PART_CAMPAIGN], arena);
    fold_case(&found.taken[VERP_PART_TAG], arena);
    const char *domain = read_field(&found, VERP_PART_DOMAIN, arena);
    if (domain && !(domain = address_domain(bytes_of(domain), arena)))
        return false;
    *content = (struct verp_content){
        .campaign = read_field(&found, VERP_PART_CAMPAIGN, arena),
        .recipient = {read_field(&found, VERP_PART_LOCAL, arena), domain},
        .tag = read_field(&found, VERP_PART_TAG, arena),
    };
    return true;
}

bool verp_fit_is_base(const struct verp_template *t, const struct address *address) {
    struct found found;
    return t->base_local && !ascii_compare(t->base_local, address->local) &&
           match_parts(t->domain.parts, t->domain.count, bytes_of(address->domain), &found);
}

static int write_side(const struct verp_side *side, const struct verp_content *content,
                      struct buf *out, struct err *err) {
    const char *values[VERP_PART_KIND_COUNT] = {
        [VERP_PART_CAMPAIGN] = content->campaign,
        [VERP_PART_LOCAL] = content->recipient.local,
        [VERP_PART_DOMAIN] = content->recipient.domain,
        [VERP_PART_TAG] = content->tag,
    };
    for (size_t i = 0; i < side->count; i++) {
        const struct verp_part *part = &side->parts[i];
        const char *behind = i + 1 < side->count ? side->parts[i + 1].text : NULL;
        if (part->kind == VERP_PART_TEXT)
            buf_add(out, part->text, part->length);
        else if (part->kind == VERP_PART_ANY)
            return err_set(err, ERR_DATA, "a pattern with {any} is for reading only");
        else if (!values[part->kind])
            return err_set(err, ERR_DATA, "the pattern needs a %s",
                           part->kind == VERP_PART_TAG ? "signature" : "campaign");
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

static bool same(const char *a, const char *b) {
    return a && b ? !strcmp(a, b) : a == b;
}

/* The last word on whether a pattern can carry something: it is read back, as verp_decode() does.
 * An address that looks like a forwarder's work would be unwrapped. */
static bool reads_back(const struct verp_template *t, const char *text,
                       const struct verp_content *content, struct arena *arena) {
    struct address address;
    struct verp_content read;
    return address_parse(bytes_of(text), arena, &address) &&
           !verp_unwrap_address(arena, &address) && !verp_is_microsoft_hash(&address) &&
           verp_fit_read(t, &address, arena, &read) && same(read.campaign, content->campaign) &&
           same(read.recipient.local, content->recipient.local) &&
           same(read.recipient.domain, content->recipient.domain) && same(read.tag, content->tag);
}

int verp_fit_write(const struct verp_template *t, const struct verp_content *content,
                   struct arena *arena, const char **address, struct err *err) {
    struct buf made = BUF_INIT;
    struct bytes local;
    int rc = -1;
    if (!is_ascii(bytes_of(content->recipient.domain))) {
        err_set(err, ERR_DATA, "the domain must be written in ASCII (its A-label, xn--...)");
        goto out;
    }
    buf_reserve(&made, TYPICAL_OCTETS);
    if (write_side(&t->local, content, &made, err) < 0)
        goto out;
    size_t local_len = made.len;
    buf_add_char(&made, '@');
    if (write_side(&t->domain, content, &made, err) < 0)
        goto out;
    if (local_len > ADDRESS_LOCAL_PART_MAX) {
        err_set(err, ERR_DATA, "the local part would have %zu octets, %d are allowed", local_len,
                ADDRESS_LOCAL_PART_MAX);
        goto out;
    }
    local = bytes_first(buf_bytes(&made), local_len);
    *address = arena_bytes(arena, buf_bytes(&made));
    if (!is_ascii(local) || !is_dot_string(local) || !reads_back(t, *address, content, arena)) {
        err_set(err, ERR_DATA, "the pattern cannot carry this");
        goto out;
    }
    rc = 0;
out:
    buf_free(&made);
    return rc;
}
