#include "classify/address.h"

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

static bool is_control(char c) {
    return (unsigned char)c < 0x20 || c == 0x7f;
}

bool address_is_domain_char(char c) {
    return ascii_is_alpha(c) || ascii_is_digit(c) || c == '-' || c == '.' || c == '_' ||
           is_above_ascii(c);
}

/* atext (RFC 5322 section 3.2.3, RFC 6532) and the dot. */
static bool is_bare_char(char c) {
    return ascii_is_alpha(c) || ascii_is_digit(c) || is_above_ascii(c) ||
           (c && strchr("!#$%&'*+-/=?^_`{|}~.", c));
}

bool address_is_bare(struct bytes local) {
    for (size_t i = 0; i < local.len; i++)
        if (!is_bare_char(local.data[i]))
            return false;
    return local.len > 0;
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
    bool ascii = true;
    for (size_t i = 0; i < text.len; i++) {
        if (is_control(text.data[i]))
            return false;
        if (is_above_ascii(text.data[i]))
            ascii = false;
    }
    return ascii || utf8_is_valid(text);
}

const char *address_domain(struct bytes domain, struct arena *arena) {
    if (!address_is_text(domain))
        return NULL;
    if (domain.len > 2 && domain.data[0] == '[' && domain.data[domain.len - 1] == ']') {
        for (size_t i = 1; i < domain.len - 1; i++)
            if (!ascii_is_alpha(domain.data[i]) && !ascii_is_digit(domain.data[i]) &&
                !strchr(".:-", domain.data[i]))
                return NULL;
        return domain.len > DOMAIN_MAX ? NULL : ascii_lower_string(arena_bytes(arena, domain));
    }
    if (domain.len && domain.data[domain.len - 1] == '.')
        domain.len--;
    if (!domain.len || domain.len > DOMAIN_MAX || domain.data[0] == '.' ||
        domain.data[domain.len - 1] == '.' || bytes_find(domain, "..") >= 0)
        return NULL;
    for (size_t i = 0; i < domain.len; i++)
        if (!address_is_domain_char(domain.data[i]))
            return NULL;
    return ascii_lower_string(arena_bytes(arena, domain));
}

bool address_parse(struct bytes text, struct arena *arena, struct address *address) {
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
    if (at < 1 || text.len > ADDRESS_MAX || !address_is_text(text))
        return false;
    struct bytes local = bytes_first(text, (size_t)at);
    const char *octets = NULL;
    if (local.data[0] == '"')
        octets = unquote(local, arena);
    else if (address_is_bare(local))
        octets = arena_bytes(arena, local);
    const char *domain = address_domain(bytes_from(text, (size_t)at + 1), arena);
    if (!octets || !*octets || !domain)
        return false;
    *address = (struct address){octets, domain};
    return true;
}

const char *address_write(const struct address *address, struct arena *arena) {
    if (address_is_bare(bytes_of(address->local))) {
        char *text = arena_alloc(arena, strlen(address->local) + strlen(address->domain) + 2);
        stpcpy(stpcpy(stpcpy(text, address->local), "@"), address->domain);
        return text;
    }
    struct buf quoted = BUF_INIT;
    for (const char *p = address->local; *p; p++) {
        if (*p == '"' || *p == '\\')
            buf_add_char(&quoted, '\\');
        buf_add_char(&quoted, *p);
    }
    const char *text = arena_printf(arena, "\"%s\"@%s", quoted.data, address->domain);
    buf_free(&quoted);
    return text;
}

const char *address_normalise(const char *text, struct arena *arena) {
    struct address address;
    return address_parse(bytes_of(text), arena, &address) ? address_write(&address, arena) : NULL;
}

/* The domain as the DNS knows it (RFC 5891 section 5, lookup): A-labels. What is no valid IDN stays
 * as it is. */
static const char *domain_in_ascii(const char *domain, struct arena *arena) {
    uint8_t *ascii = NULL;
    const char *p = domain;
    while (*p && !is_above_ascii(*p))
        p++;
    if (!*p)
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
    struct address key = {
        ascii_lower_string(arena_string(arena, address->local)),
        domain_in_ascii(address->domain, arena),
    };
    return address_write(&key, arena);
}

const char *address_key(const char *text, struct arena *arena) {
    struct address address;
    return address_parse(bytes_of(text), arena, &address) ? address_write_key(&address, arena)
                                                          : NULL;
}
