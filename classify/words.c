#include "classify/words.h"

#include "classify/codes.h"
#include "cmd/base/address_char.h"
#include "cmd/base/utf8.h"

#include <string.h>

enum {
    NAME_MAX_LENGTH = 255, /* RFC 5321 section 4.5.3.1.2 for domains; local parts are shorter */
};

void words_free(struct words *words) {
    buf_free(&words->text);
}

struct bytes words_source(const struct words *words, size_t from, size_t to) {
    if (from >= to || to > words->text.len)
        return bytes_first(words->source, 0);
    size_t start = words->origin[from];
    size_t end = to < words->text.len ? words->origin[to] : words->source.len;
    return bytes_trim(bytes_from(bytes_first(words->source, end), start));
}

/* What is put has as many bytes as what it stands for, or fewer: words_set has made the room. */
static void put(struct words *words, const char *data, size_t len, size_t origin) {
    for (size_t i = 0; i < len; i++) {
        words->origin[words->text.len] = (uint32_t)origin;
        words->text.data[words->text.len++] = data[i];
    }
}

/* Bytes that stand for themselves. */
static void put_as_it_is(struct words *words, struct bytes text, size_t origin) {
    for (size_t i = 0; i < text.len; i++)
        words->origin[words->text.len + i] = (uint32_t)(origin + i);
    memcpy(words->text.data + words->text.len, text.data, text.len);
    words->text.len += text.len;
}

static void put_space(struct words *words, size_t origin) {
    if (words->text.len && words->text.data[words->text.len - 1] != ' ')
        put(words, " ", 1, origin);
}

/* How many bytes at the start may stand in a word that holds a host name (ADDRESS_CHAR_DOMAIN) or
 * an address (ADDRESS_CHAR_BARE): `=`, `+` and `/` do in VERP addresses; for host names they end
 * the word. At most a name's longest length is looked at, since this is asked for at every word. */
static size_t span(struct bytes b, enum address_char least) {
    size_t n = 0;
    while (n < b.len && n < NAME_MAX_LENGTH && address_char(b.data[n]) >= least)
        n++;
    return n;
}

/* The names that mail servers live under when they do not live under a country's: without such a
 * list "does not exist.Please check" would be a host. */
static bool is_top_level(struct bytes label) {
    static const char *const names[] = {
        "com",  "net",  "org",  "edu",    "gov",  "mil",   "int",  "info",     "biz",
        "name", "pro",  "mobi", "asia",   "cat",  "coop",  "jobs", "arpa",     "local",
        "lan",  "corp", "home", "cloud",  "mail", "email", "zone", "example",  "test",
        "app",  "dev",  "xyz",  "online", "site", "shop",  "tech", "internal", "localdomain",
    };
    /* Two letters, in lower case: STOREDRV.OK is Exchange's, "sent.It" is a missing space. */
    if (label.len == 2)
        return label.data[0] >= 'a' && label.data[0] <= 'z' && label.data[1] >= 'a' &&
               label.data[1] <= 'z';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bytes_equal_ignore_case(label, names[i]))
            return true;
    return false;
}

static bool is_host(struct bytes name) {
    long dot = bytes_find_last_char(name, '.');
    if (dot <= 0 || !is_top_level(bytes_from(name, (size_t)dot + 1)))
        return false;
    return bytes_find(name, "..") < 0 && name.data[0] != '.';
}

/* The length of the address at the start of `text`, or 0. */
static size_t address_length(struct bytes text) {
    size_t local = span(text, ADDRESS_CHAR_BARE);
    if (!local || local >= text.len || text.data[local] != '@')
        return 0;
    size_t domain = span(bytes_from(text, local + 1), ADDRESS_CHAR_DOMAIN);
    while (domain && text.data[local + domain] == '.')
        domain--;
    return domain ? local + 1 + domain : 0;
}

/* The length of the word of letters and digits at the start of `text`, or 0 where it goes on with
 * what may make it part of an address or a host name. */
static size_t plain_word_length(struct bytes text) {
    size_t n = 0;
    while (n < text.len && address_char(text.data[n]) == ADDRESS_CHAR_ALPHANUMERIC)
        n++;
    bool goes_on = n < text.len && (text.data[n] == '@' || address_is_bare_char(text.data[n]));
    return goes_on ? 0 : n;
}

/* Whether no address and no host name begins behind this character. */
static bool is_inside_word(char c) {
    return address_is_bare_char(c) && c != '/' && c != '=' && c != '\'' && c != '`' && c != '#';
}

/* The length of what is left of a word that is neither, as far as it is ASCII. */
static size_t word_rest_length(struct bytes text) {
    size_t n = 0;
    while (n < text.len && (unsigned char)text.data[n] < 0x80 && is_inside_word(text.data[n]))
        n++;
    return n;
}

static struct bytes host_at(struct bytes text) {
    struct bytes name = bytes_first(text, span(text, ADDRESS_CHAR_DOMAIN));
    while (name.len && name.data[name.len - 1] == '.')
        name.len--;
    return is_host(name) ? name : bytes_first(name, 0);
}

/* Characters that stand for a plain one. */
static const char *plain_form(uint32_t c) {
    switch (c) {
    case 0x00A0: /* no-break space */
    case 0x202F:
    case 0x3000: return " ";
    case 0x2018:
    case 0x2019: return "'";
    case 0x201C:
    case 0x201D: return "\"";
    case 0x2010:
    case 0x2011:
    case 0x2013: return "-";
    case 0x00AD: /* soft hyphen, zero-width characters */
    case 0x200B:
    case 0xFEFF: return "";
    default: return NULL;
    }
}

void words_set(struct words *words, struct bytes source, words_host_known *known, void *context) {
    if (!words->text.data)
        words->text = (struct buf)BUF_INIT;
    buf_reset(&words->text);
    words->source = bytes_first(source, WORDS_MAX);
    buf_reserve(&words->text, words->source.len);
    struct bytes rest = codes_servers_words(words->source);
    struct bytes before = bytes_first(words->source, (size_t)(rest.data - words->source.data));
    rest = codes_skip(rest);
    for (size_t i = 0; i < before.len; i++) {
        struct bytes host = host_at(bytes_from(before, i));
        if (host.len)
            known(context, host);
        i += span(bytes_from(before, i), ADDRESS_CHAR_DOMAIN);
    }
    bool in_word = false;
    while (rest.len) {
        size_t origin = (size_t)(rest.data - words->source.data);
        size_t plain = in_word ? word_rest_length(rest) : plain_word_length(rest);
        if (plain) {
            put_as_it_is(words, bytes_first(rest, plain), origin);
            rest = bytes_from(rest, plain);
            continue;
        }
        if (!in_word && address_is_bare_char(rest.data[0])) {
            size_t address = address_length(rest);
            if (address) {
                put(words, "@", 1, origin);
                rest = bytes_from(rest, address);
                continue;
            }
            struct bytes host = host_at(rest);
            if (host.len && !known(context, host)) {
                put(words, "~", 1, origin);
                rest = bytes_from(rest, host.len);
                continue;
            }
        }
        if (ascii_is_space(rest.data[0])) {
            put_space(words, origin);
            rest = bytes_from(rest, 1);
            in_word = false;
            continue;
        }
        in_word = is_inside_word(rest.data[0]);
        struct bytes from = rest;
        uint32_t c;
        if (!utf8_next(&rest, &c)) {
            put(words, "?", 1, origin);
            continue;
        }
        const char *form = c < 0x80 ? NULL : plain_form(c);
        if (form && *form == ' ')
            put_space(words, origin);
        else if (form)
            put(words, form, strlen(form), origin);
        else if (c >= 0x20)
            put(words, from.data, from.len - rest.len, origin);
    }
    words->text.data[words->text.len] = '\0';
}
