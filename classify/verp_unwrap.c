#include "classify/verp_unwrap.h"

#include "classify/verp.h"

#include <string.h>

enum {
    WRAPPER_TAG_MAX = 32, /* hashes, time stamps and BATV tags have 2 to 14 characters */
};

/* Takes the word before the separator off `*rest`, and the separator. False where there is no
 * separator or no word before it. */
static bool take_word(struct bytes *rest, const char *separator, struct bytes *word) {
    long end = bytes_find(*rest, separator);
    if (end < 1)
        return false;
    *word = bytes_first(*rest, (size_t)end);
    *rest = bytes_from(*rest, (size_t)end + strlen(separator));
    return true;
}

static bool is_tag(struct bytes word) {
    for (size_t i = 0; i < word.len; i++)
        if (!ascii_is_alpha(word.data[i]) && !ascii_is_digit(word.data[i]))
            return false;
    return word.len > 0 && word.len <= WRAPPER_TAG_MAX;
}

/* SRS hashes are base64. */
static bool is_hash(struct bytes word) {
    for (size_t i = 0; i < word.len; i++)
        if (!ascii_is_alpha(word.data[i]) && !ascii_is_digit(word.data[i]) &&
            !strchr("+/._-", word.data[i]))
            return false;
    return word.len > 0 && word.len <= WRAPPER_TAG_MAX;
}

static bool is_srs_separator(struct bytes rest) {
    return rest.len && strchr("=+-", rest.data[0]);
}

/* "<hash>=<time>=<domain>=<local>": the address that was rewritten. */
static bool read_srs_path(struct bytes rest, struct arena *arena, struct address *address) {
    struct bytes hash, time, domain;
    if (!take_word(&rest, "=", &hash) || !is_hash(hash) || !take_word(&rest, "=", &time) ||
        !is_tag(time) || !take_word(&rest, "=", &domain) || !rest.len)
        return false;
    const char *host = address_domain(domain, arena);
    if (!host)
        return false;
    *address = (struct address){arena_bytes(arena, rest), host};
    return true;
}

static bool unwrap_srs0(struct bytes rest, struct arena *arena, struct address *address) {
    return is_srs_separator(rest) && read_srs_path(bytes_from(rest, 1), arena, address);
}

/* "SRS1=<hash>=<first forwarder>=<what stood behind SRS0 there>". */
static bool unwrap_srs1(struct bytes rest, struct arena *arena, struct address *address) {
    if (!is_srs_separator(rest))
        return false;
    rest = bytes_from(rest, 1);
    struct bytes hash, forwarder;
    if (!take_word(&rest, "=", &hash) || !is_hash(hash) || !take_word(&rest, "=", &forwarder) ||
        !is_srs_separator(rest))
        return false;
    const char *host = address_domain(forwarder, arena);
    if (!host)
        return false;
    *address = (struct address){
        arena_printf(arena, "SRS0%.*s", (int)rest.len, rest.data),
        host,
    };
    return true;
}

/* "<tag>=<local>", the domain stays. */
static bool unwrap_batv(struct bytes rest, struct arena *arena, struct address *address) {
    struct bytes tag;
    if (!take_word(&rest, "=", &tag) || !is_tag(tag) || !rest.len)
        return false;
    address->local = arena_bytes(arena, rest);
    return true;
}

static bool unwrap_barracuda(struct bytes rest, struct arena *arena, struct address *address) {
    struct bytes tag;
    if (!take_word(&rest, "==", &tag) || !is_tag(tag) || !rest.len)
        return false;
    address->local = arena_bytes(arena, rest);
    return true;
}

static const struct {
    const char *prefix;
    bool (*unwrap)(struct bytes rest, struct arena *arena, struct address *address);
} wrappers[] = {
    {"SRS0", unwrap_srs0},       /* https://www.libsrs2.org/srs/srs.pdf */
    {"SRS1", unwrap_srs1},       /* the same, forwarded again */
    {"prvs=", unwrap_batv},      /* draft-levine-smtp-batv-01 */
    {"msprvs1=", unwrap_batv},   /* SparkPost and other users of Momentum */
    {"btv1==", unwrap_barracuda} /* Barracuda */
};

/* Microsoft 365 puts the forwarding mailbox in front: "user+SRS=". What stands behind that, or
 * nothing. */
static struct bytes after_microsoft_mark(struct bytes local) {
    long mark = bytes_find_ignore_case(local, "+SRS=");
    return mark < 1 ? (struct bytes){NULL, 0} : bytes_from(local, (size_t)mark + strlen("+SRS="));
}

static bool unwrap_once(struct arena *arena, struct address *address) {
    struct bytes local = bytes_of(address->local);
    for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++)
        if (bytes_starts_ignore_case(local, wrappers[i].prefix))
            return wrappers[i].unwrap(bytes_from(local, strlen(wrappers[i].prefix)), arena,
                                      address);
    return read_srs_path(after_microsoft_mark(local), arena, address);
}

bool verp_unwrap_address(struct arena *arena, struct address *address) {
    bool unwrapped = false;
    while (unwrap_once(arena, address))
        unwrapped = true;
    return unwrapped;
}

bool verp_is_microsoft_hash(const struct address *address) {
    struct bytes rest = after_microsoft_mark(bytes_of(address->local)), hash;
    return take_word(&rest, "=", &hash) && is_hash(hash) && is_tag(rest);
}

const char *verp_unwrap(const char *text, struct arena *arena) {
    struct address address;
    if (!address_parse(bytes_of(text), arena, &address) || !verp_unwrap_address(arena, &address))
        return text;
    return address_write(&address, arena);
}
