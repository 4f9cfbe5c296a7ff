#include "mime/charset.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "cmd/base/utf8.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_MAX_LENGTH = 40, /* no registered charset name is longer (RFC 2978 section 2.3) */
    OPEN_MAX = 64,        /* charsets that one process meets; later ones count as unknown */
};

#define NO_DESCRIPTOR ((iconv_t)-1)

struct entry {
    char name[NAME_MAX_LENGTH + 1]; /* lower case */
    iconv_t descriptor;             /* NO_DESCRIPTOR: iconv does not know the name */
};

struct charset_cache {
    struct entry entries[OPEN_MAX];
    size_t count;
};

/* Labels that software writes, and what it means by them. The WHATWG encoding standard reads them
 * so too: the right-hand charsets are supersets of what the labels promise. */
static const struct {
    const char *label, *charset;
} aliases[] = {
    {"iso-8859-1", "windows-1252"},
    {"latin1", "windows-1252"},
    {"iso-8859-9", "windows-1254"},
    {"gb2312", "gb18030"},
    {"gbk", "gb18030"},
    {"gb_2312-80", "gb18030"},
    {"x-gbk", "gb18030"},
    {"ks_c_5601-1987", "cp949"},
    {"ks_c_5601", "cp949"},
    {"euc-kr", "cp949"},
    {"shift_jis", "cp932"},
    {"shift-jis", "cp932"},
    {"sjis", "cp932"},
    {"x-sjis", "cp932"},
    {"windows-31j", "cp932"},
    {"iso-2022-jp", "iso-2022-jp-3"},
    {"tis-620", "cp874"},
    {"windows-874", "cp874"},
    {"x-mac-roman", "macintosh"},
    {"unicode-1-1-utf-7", "utf-7"},
    {"big5", "big5-hkscs"},
    {"x-big5", "big5-hkscs"},
    {"cp-850", "cp850"},
    {"x-windows-1251", "windows-1251"},
    {"koi8", "koi8-r"},
    {"win-1251", "windows-1251"},
};

/* What mail commonly uses, beside the aliases above. */
static const char *const common[] = {
    "iso-8859-2",   "iso-8859-3",   "iso-8859-4",   "iso-8859-5",   "iso-8859-7",   "iso-8859-8",
    "iso-8859-10",  "iso-8859-13",  "iso-8859-14",  "iso-8859-15",  "windows-1250", "windows-1253",
    "windows-1255", "windows-1256", "windows-1257", "windows-1258", "koi8-u",       "euc-jp",
    "iso-2022-kr",  "hz-gb-2312",   "utf-16",       "cp437",        "euc-tw",
};

/* Plain UTF-8 and its subset: nothing to convert. */
static const char *const unicode[] = {"", "utf-8", "utf8", "us-ascii", "ascii", "unknown-8bit"};

struct charset_cache *charset_cache_new(void) {
    return memory_zero(1, sizeof(struct charset_cache));
}

void charset_cache_free(struct charset_cache *cache) {
    if (!cache)
        return;
    for (size_t i = 0; i < cache->count; i++)
        if (cache->entries[i].descriptor != NO_DESCRIPTOR)
            iconv_close(cache->entries[i].descriptor);
    free(cache);
}

static iconv_t descriptor(struct charset_cache *cache, const char *label) {
    for (size_t i = 0; i < cache->count; i++)
        if (!strcmp(cache->entries[i].name, label))
            return cache->entries[i].descriptor;
    if (cache->count == OPEN_MAX)
        return NO_DESCRIPTOR;
    const char *charset = label;
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (!strcmp(aliases[i].label, label))
            charset = aliases[i].charset;
    struct entry *entry = &cache->entries[cache->count++];
    memcpy(entry->name, label, strlen(label) + 1);
    entry->descriptor = iconv_open("UTF-8", charset);
    return entry->descriptor;
}

void charset_cache_fill(struct charset_cache *cache) {
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        descriptor(cache, aliases[i].label);
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        descriptor(cache, common[i]);
}

static bool is_unicode(const char *label) {
    for (size_t i = 0; i < sizeof unicode / sizeof *unicode; i++)
        if (!strcmp(unicode[i], label))
            return true;
    return false;
}

/* These look like ASCII and so like valid UTF-8: the label is all there is to go by. */
static bool is_seven_bit(const char *label) {
    return !strncmp(label, "iso-2022", 8) || !strcmp(label, "utf-7") ||
           !strcmp(label, "hz-gb-2312") || !strcmp(label, "unicode-1-1-utf-7");
}

static bool is_ascii(struct bytes text) {
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] >= 0x80)
            return false;
    return true;
}

static char *convert(iconv_t cd, struct arena *arena, struct bytes text) {
    struct buf out = BUF_INIT;
    char *in = (char *)(uintptr_t)text.data; /* iconv takes char ** and does not write */
    size_t left = text.len;
    iconv(cd, NULL, NULL, NULL, NULL);
    while (left) {
        buf_reserve(&out, left * 2 + 16);
        char *to = out.data + out.len;
        size_t room = out.room - out.len - 1;
        size_t result = iconv(cd, &in, &left, &to, &room);
        out.len = (size_t)(to - out.data);
        if (result != (size_t)-1 || errno == E2BIG)
            continue;
        /* EILSEQ or EINVAL: one byte as what 8-bit mail mostly is, then on. */
        char *byte = utf8_clean(arena, (struct bytes){in, 1});
        buf_add_string(&out, byte);
        in++;
        left--;
    }
    char *result = utf8_clean(arena, buf_bytes(&out));
    buf_free(&out);
    return result;
}

char *charset_text(struct charset_cache *cache, struct arena *arena, struct bytes charset,
                   struct bytes text, bool *known) {
    char label[NAME_MAX_LENGTH + 1] = "";
    if (charset.len <= NAME_MAX_LENGTH && charset.len) {
        memcpy(label, charset.data, charset.len);
        label[strnlen(label, charset.len)] = '\0';
        ascii_lower_string(label);
    }
    if (known)
        *known = true;
    /* Japanese systems of old leave the label out. */
    if (is_unicode(label) && (bytes_find(text, "\x1b$B") >= 0 || bytes_find(text, "\x1b$@") >= 0))
        memcpy(label, "iso-2022-jp", sizeof "iso-2022-jp");
    if (is_unicode(label) && charset.len <= NAME_MAX_LENGTH)
        return utf8_clean(arena, text);
    bool ambiguous = is_seven_bit(label) && is_ascii(text);
    if (!ambiguous && utf8_is_valid(text))
        return utf8_clean(arena, text);
    iconv_t cd = charset.len > NAME_MAX_LENGTH ? NO_DESCRIPTOR : descriptor(cache, label);
    if (cd == NO_DESCRIPTOR) {
        if (known)
            *known = false;
        return utf8_clean(arena, text);
    }
    return convert(cd, arena, text);
}
