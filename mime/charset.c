#include "mime/charset.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "cmd/base/utf8.h"
#include "mime/charset_guess.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A charset, by the name that iconv has for it, and the labels that mean it, each without its
 * punctuation and between spaces. Where a label is used for more than it promises, the charset is
 * the larger one, as in the WHATWG encoding standard. What is not here is not opened: a label comes
 * from outside, and iconv_open looks for files. */
static const struct charset {
    const char *name, *labels;
} charsets[] = {
    {"windows-1252", " windows1252 cp1252 win1252 xcp1252 iso88591 iso885911987 latin1 l1 88591 "
                     "ibm819 cp819 ansi iso8859 xansi "},
    {"iso-8859-2", " iso88592 iso885921987 latin2 l2 88592 "},
    {"iso-8859-3", " iso88593 latin3 "},
    {"iso-8859-4", " iso88594 latin4 "},
    {"iso-8859-5", " iso88595 cyrillic 88595 "},
    {"iso-8859-6", " iso88596 iso88596i iso88596e arabic "},
    {"iso-8859-7", " iso88597 greek 88597 "},
    {"iso-8859-8", " iso88598 iso88598i iso88598e hebrew logical visual "},
    {"iso-8859-10", " iso885910 latin6 "},
    {"iso-8859-13", " iso885913 latin7 "},
    {"iso-8859-14", " iso885914 latin8 "},
    {"iso-8859-15", " iso885915 latin9 latin0 885915 "},
    {"iso-8859-16", " iso885916 latin10 "},
    {"windows-1250", " windows1250 cp1250 win1250 xcp1250 "},
    {"windows-1251", " windows1251 cp1251 win1251 xcp1251 xwindows1251 win "},
    {"windows-1253", " windows1253 cp1253 win1253 xcp1253 "},
    {"windows-1254", " windows1254 cp1254 win1254 xcp1254 iso88599 iso885991989 latin5 l5 88599 "},
    {"windows-1255", " windows1255 cp1255 win1255 xcp1255 "},
    {"windows-1256", " windows1256 cp1256 win1256 xcp1256 "},
    {"windows-1257", " windows1257 cp1257 win1257 xcp1257 "},
    {"windows-1258", " windows1258 cp1258 win1258 xcp1258 "},
    {"koi8-r", " koi8r koi8 koi xkoi8r "},
    {"koi8-u", " koi8u koi8ru "},
    {"cp866", " cp866 ibm866 866 xcp866 "},
    {"cp437", " cp437 ibm437 437 "},
    {"cp850", " cp850 ibm850 850 "},
    {"cp852", " cp852 ibm852 852 "},
    {"macintosh", " macintosh mac macroman xmacroman "},
    {"maccyrillic", " maccyrillic xmaccyrillic xmacukrainian "},
    {"cp874", " cp874 windows874 tis620 iso885911 "},
    {"viscii", " viscii "},
    {"iso-2022-jp-3", " iso2022jp iso2022jp1 iso2022jp2 iso2022jp3 iso2022jp2004 iso2022jpms jis "
                      "csiso2022jp cp50220 cp50221 "},
    {"iso-2022-kr", " iso2022kr csiso2022kr "},
    {"iso-2022-cn", " iso2022cn iso2022cnext "},
    {"cp932", " cp932 shiftjis sjis xsjis windows31j mskanji csshiftjis shiftjisx0213 ms932 "},
    {"eucjp-ms", " eucjp xeucjp eucjpms ujis cp51932 extendedunixcodepackedformatforjapanese "},
    {"cp949",
     " cp949 euckr ksc56011987 ksc5601 ksc56011989 ksc56011992 korean ms949 uhc windows949 "
     "kseuckr cseuckr "},
    {"johab", " johab cp1361 "},
    {"gb18030", " gb18030 gbk gb2312 gb231280 euccn xgbk cp936 ms936 csgb2312 chinese windows936 "
                "xeuccn "},
    {"big5-hkscs", " big5 big5hkscs xbig5 cp950 ms950 csbig5 cnbig5 big5eten xxbig5 "},
    {"euc-tw", " euctw xeuctw "},
    {"utf-7", " utf7 unicode11utf7 csunicode11utf7 xunicode20utf7 "},
    {"utf-16", " utf16 ucs2 unicode iso10646ucs2 "},
    {"utf-16le", " utf16le "},
    {"utf-16be", " utf16be "},
};

enum {
    CHARSET_COUNT = sizeof charsets / sizeof *charsets,
    DEFAULT_OF_MAILERS = 0, /* what those write that know of no other */
    LABEL_MAX_LENGTH = 40,  /* no registered charset name is longer (RFC 2978 section 2.3) */
};

/* UTF-8, and labels that only say that nobody set one: what the bytes look like decides. */
static const char unlabelled[] =
    " utf8 unicode11utf8 utf8mb4 cp65001 usascii ascii ansix341968 iso646us "
    "unknown8bit unknown default xunknown 8bit binary none ";

/* Looks like ASCII and so like valid UTF-8: the label is all there is to go by. */
static const char seven_bit[] = " iso-2022-jp-3 iso-2022-kr iso-2022-cn utf-7 ";

#define NO_DESCRIPTOR ((iconv_t)-1)

struct charset_cache {
    struct {
        bool tried;
        iconv_t descriptor; /* NO_DESCRIPTOR: this system's iconv does not have it */
    } entries[CHARSET_COUNT];
};

struct charset_cache *charset_cache_new(void) {
    return memory_zero(1, sizeof(struct charset_cache));
}

void charset_cache_free(struct charset_cache *cache) {
    if (!cache)
        return;
    for (size_t i = 0; i < CHARSET_COUNT; i++)
        if (cache->entries[i].tried && cache->entries[i].descriptor != NO_DESCRIPTOR)
            iconv_close(cache->entries[i].descriptor);
    free(cache);
}

static iconv_t descriptor(struct charset_cache *cache, const struct charset *charset) {
    size_t i = (size_t)(charset - charsets);
    if (!cache->entries[i].tried)
        cache->entries[i].descriptor = iconv_open("UTF-8", charset->name);
    cache->entries[i].tried = true;
    return cache->entries[i].descriptor;
}

void charset_cache_fill(struct charset_cache *cache) {
    for (size_t i = 0; i < CHARSET_COUNT; i++)
        descriptor(cache, &charsets[i]);
}

/* " iso88591 " of "ISO_8859-1": between spaces, as the lists above have it. */
struct label {
    char text[LABEL_MAX_LENGTH + 3];
};

static struct label label_of(struct bytes name) {
    struct label label = {" "};
    size_t len = 1;
    for (size_t i = 0; i < name.len && len <= LABEL_MAX_LENGTH; i++)
        if (ascii_is_alpha(name.data[i]) || ascii_is_digit(name.data[i]))
            label.text[len++] = ascii_lower(name.data[i]);
    label.text[len] = ' ';
    return label;
}

static const struct charset *charset_of_label(struct label label) {
    for (size_t i = 0; i < CHARSET_COUNT; i++)
        if (strstr(charsets[i].labels, label.text))
            return &charsets[i];
    return NULL;
}

static const struct charset *charset_of_name(const char *name) {
    return name ? charset_of_label(label_of(bytes_of(name))) : NULL;
}

static bool is_seven_bit(const struct charset *charset) {
    return charset && strstr(seven_bit, charset->name);
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
    bool flushed = false;
    iconv(cd, NULL, NULL, NULL, NULL);
    while (!flushed) {
        buf_reserve(&out, left * 2 + 16);
        char *to = out.data + out.len;
        size_t room = out.room - out.len - 1;
        /* At the end, what a composing charset (windows-1258, Big5-HKSCS) keeps back. */
        flushed = !left;
        size_t result = iconv(cd, left ? &in : NULL, left ? &left : NULL, &to, &room);
        out.len = (size_t)(to - out.data);
        if (result != (size_t)-1 || errno == E2BIG || !left)
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

char *charset_text(struct charset_cache *cache, struct arena *arena, struct bytes name,
                   struct bytes text, bool *known) {
    struct label label = label_of(name);
    bool none = !name.len || strstr(unlabelled, label.text);
    const struct charset *charset = none ? NULL : charset_of_label(label);
    if (known)
        *known = none || charset;
    if (!is_seven_bit(charset) || !is_ascii(text)) {
        const struct charset *escaped = charset_of_name(charset_guess_escaped(text));
        char *copy = escaped ? NULL : utf8_copy(arena, text);
        if (copy)
            return copy;
        if (escaped)
            charset = escaped;
        else if (!charset || is_seven_bit(charset) || charset == &charsets[DEFAULT_OF_MAILERS])
            charset = charset_of_name(charset_guess(text));
    }
    iconv_t cd = charset ? descriptor(cache, charset) : NO_DESCRIPTOR;
    return cd == NO_DESCRIPTOR ? utf8_clean(arena, text) : convert(cd, arena, text);
}
