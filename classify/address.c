#include "classify/address.h"

#include "cmd/base/address_char.h"
#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "cmd/base/utf8.h"

#include <idn2.h>
#include <string.h>

enum {
    DOMAIN_MAX = 255, /* RFC 1035 section 2.3.4; UTF-8 forms are shorter than their A-labels */
};

static bool is_above_ascii(char c) {
    return (unsigned char)c >= 0x80;
}

/* The lowest of its octets. */
static enum address_char lowest(struct bytes text) {
    enum address_char least = ADDRESS_CHAR_ALPHANUMERIC;
    for (size_t i = 0; i < text.len; i++)
        if (address_char(text.data[i]) < least)
            least = address_char(text.data[i]);
    return least;
}

bool address_is_bare(struct bytes local) {
    return local.len > 0 && lowest(local) >= ADDRESS_CHAR_BARE;
}

/* Takes `"..."` apart. NULL where the quotes do not close at the end. */
static const char *unquote(struct bytes quoted, struct arena *arena) {
    if (quoted.len < 2 || quoted.data[quoted.len - 1] != '"')
        return NULL;
    char *text = arena_alloc(arena, quoted.len);
    size_t len = 0;
    for (size_t i = 1; i < quoted.len - 1; i++) {
        char c = quoted.data[i];
        if (c == '"')
            return NULL;
        if (c == '\\') {
            if (i + 2 == quoted.len)
                return NULL;
            c = quoted.data[++i];
        }
        text[len++] = c;
    }
    return text;
}

bool address_is_text(struct bytes text) {
    return lowest(text) >= ADDRESS_CHAR_TEXT && utf8_is_valid(text);
}

/* What stands between the brackets of a domain literal. */
static bool is_literal(struct bytes text) {
    for (size_t i = 0; i < text.len; i++)
        if (address_char(text.data[i]) != ADDRESS_CHAR_ALPHANUMERIC && text.data[i] != '.' &&
            text.data[i] != ':' && text.data[i] != '-')
            return false;
    return text.len > 0;
}

/* Whether it is labels with a dot between them. */
static bool is_name(struct bytes text) {
    char before = '.';
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (address_char(c) < ADDRESS_CHAR_DOMAIN || (c == '.' && before == '.'))
            return false;
        before = c;
    }
    return before != '.' && utf8_is_valid(text);
}

/* Whether it is a domain; takes its final dot off. */
static bool is_domain(struct bytes *domain) {
    if (domain->len > 2 && domain->data[0] == '[' && domain->data[domain->len - 1] == ']')
        return domain->len <= DOMAIN_MAX &&
               is_literal((struct bytes){domain->data + 1, domain->len - 2});
    if (domain->len && domain->data[domain->len - 1] == '.')
        domain->len--;
    return domain->len <= DOMAIN_MAX && is_name(*domain);
}

const char *address_domain(struct bytes domain, struct arena *arena) {
    return is_domain(&domain) ? ascii_lower_string(arena_bytes(arena, domain)) : NULL;
}

/* An address as it is written: `local` may be quoted. */
struct halves {
    struct bytes local, domain;
};

static bool split(struct bytes text, struct halves *halves) {
    text = bytes_trim(text);
    if (text.len > 2 && text.data[0] == '<' && text.data[text.len - 1] == '>')
        text = (struct bytes){text.data + 1, text.len - 2};
    if (text.len && text.data[0] == '@') { /* RFC 5321 section 4.1.1.3: source routes are ignored */
        long colon = bytes_find_char(text, ':');
        if (colon < 0)
            return false;
        text = bytes_from(text, (size_t)colon + 1);
    }
    long at = bytes_find_last_char(text, '@');
    if (at < 1 || text.len > ADDRESS_MAX)
        return false;
    halves->local = bytes_first(text, (size_t)at);
    halves->domain = bytes_from(text, (size_t)at + 1);
    bool quoted = halves->local.data[0] == '"';
    return (quoted ? address_is_text(halves->local)
                   : address_is_bare(halves->local) && utf8_is_valid(halves->local)) &&
           is_domain(&halves->domain);
}

bool address_parse(struct bytes text, struct arena *arena, struct address *address) {
    struct halves halves;
    if (!split(text, &halves))
        return false;
    const char *octets = halves.local.data[0] == '"' ? unquote(halves.local, arena)
                                                     : arena_bytes(arena, halves.local);
    if (!octets || !*octets)
        return false;
    const char *domain = ascii_lower_string(arena_bytes(arena, halves.domain));
    *address = (struct address){octets, domain};
    return true;
}

static char *write_address(const char *local, const char *domain, struct arena *arena) {
    struct bytes octets = bytes_of(local);
    if (address_is_bare(octets)) {
        size_t domain_size = strlen(domain) + 1;
        char *text = arena_alloc(arena, octets.len + 1 + domain_size);
        memcpy(text, local, octets.len);
        text[octets.len] = '@';
        memcpy(text + octets.len + 1, domain, domain_size);
        return text;
    }
    struct buf quoted = BUF_INIT;
    for (const char *p = local; *p; p++) {
        if (*p == '"' || *p == '\\')
            buf_add_char(&quoted, '\\');
        buf_add_char(&quoted, *p);
    }
    char *text = arena_printf(arena, "\"%s\"@%s", quoted.data, domain);
    buf_free(&quoted);
    return text;
}

const char *address_write(const struct address *address, struct arena *arena) {
    return write_address(address->local, address->domain, arena);
}

const char *address_normalise(const char *text, struct arena *arena) {
    struct address address;
    return address_parse(bytes_of(text), arena, &address) ? address_write(&address, arena) : NULL;
}

static bool is_ascii(struct bytes text) {
    for (size_t i = 0; i < text.len; i++)
        if (is_above_ascii(text.data[i]))
            return false;
    return true;
}

/* The domain as the DNS knows it (RFC 5891 section 5, lookup): A-labels. What is no valid IDN stays
 * as it is. */
static const char *domain_in_ascii(const char *domain, struct arena *arena) {
    uint8_t *ascii = NULL;
    if (is_ascii(bytes_of(domain)))
        return domain;
    int rc = idn2_lookup_u8((const uint8_t *)domain, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc == IDN2_MALLOC)
        memory_fail();
    if (rc == IDN2_OK)
        domain = ascii_lower_string(arena_string(arena, (const char *)ascii));
    idn2_free(ascii);
    return domain;
}

const char *address_write_key(const struct address *address, struct arena *arena) {
    /* The domain is in lower case already. */
    return ascii_lower_string(
        write_address(address->local, domain_in_ascii(address->domain, arena), arena));
}

const char *address_key(const char *text, struct arena *arena) {
    struct halves halves;
    struct address address;
    if (!split(bytes_of(text), &halves))
        return NULL;
    /* Nearly all: the key is what stands there, in lower case. */
    if (halves.local.data[0] != '"' && is_ascii(halves.domain))
        return ascii_lower_string(arena_bytes(
            arena, (struct bytes){halves.local.data, halves.local.len + 1 + halves.domain.len}));
    return address_parse(bytes_of(text), arena, &address) ? address_write_key(&address, arena)
                                                          : NULL;
}
