#include "cmd/base/arena.h"
#include "mime/charset.h"
#include "mime/charset_guess.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct text_case {
    const char *name, *label, *bytes, *text;
    size_t len; /* 0: up to the NUL */
};

static void check(struct charset_cache *cache, const struct text_case *cases, size_t count) {
    struct arena *arena = arena_new();
    for (size_t i = 0; i < count; i++) {
        bool known = false;
        struct bytes text = bytes_of(cases[i].bytes);
        if (cases[i].len)
            text.len = cases[i].len;
        const char *got = charset_text(cache, arena, bytes_of(cases[i].label), text, &known);
        if (strcmp(got, cases[i].text) != 0)
            fail_msg("%s labelled \"%s\": got \"%s\"", cases[i].name, cases[i].label, got);
        if (!known)
            fail_msg("%s: \"%s\" is not known", cases[i].name, cases[i].label);
    }
    arena_free(arena);
}

static void every_label_gives_its_text(void **state) {
    (void)state;
    static const struct text_case cases[] = {
        {"western", "iso-8859-1", "f\374r \304rger", "für Ärger", 0},
        {"windows_quotes_under_latin1", "ISO_8859-1", "\204sch\366n\223", "„schön“", 0},
        {"polish", "iso-8859-2", "\257\363\263\346", "Żółć", 0},
        {"polish_windows", "Windows-1250", "nieobecno\234\346", "nieobecność", 0},
        {"russian", "KOI8-R",
         "\360\311\323\330\315\317 \316\305 \304\317\323\324\301\327\314\305\316\317",
         "Письмо не доставлено", 0},
        {"russian_windows", "windows-1251", "\300\342\362\356\356\362\342\345\362", "Автоответ", 0},
        {"russian_by_another_name", "x-cp1251", "\300\342\362\356\356\362\342\345\362", "Автоответ",
         0},
        {"ukrainian", "koi8-u", "\367\246\304\320\317\327\246\304\330", "Відповідь", 0},
        {"russian_iso", "iso-8859-5", "\337\336\347\342\320", "почта", 0},
        {"russian_dos", "cp866", "\257\256\347\342\240", "почта", 0},
        {"greek", "iso-8859-7", "\341\360\357\365\363\337\341", "απουσία", 0},
        {"greek_windows", "windows-1253", "\341\360\357\365\363\337\341", "απουσία", 0},
        {"turkish", "iso-8859-9", "\335\347in \375\360\376", "İçin ığş", 0},
        {"turkish_windows", "windows-1254", "ula\376\375lam\375yor", "ulaşılamıyor", 0},
        {"hebrew_keeps_its_last_letter", "windows-1255", "\371\354\345\355", "שלום", 0},
        {"hebrew_logical", "iso-8859-8-i", "\371\354\345\355", "שלום", 0},
        {"arabic", "windows-1256", "\343\321\315\310\307", "مرحبا", 0},
        {"baltic", "windows-1257", "\302rpus", "Ārpus", 0},
        {"thai", "tis-620", "\265\315\272", "ตอบ", 0},
        {"japanese", "ISO-2022-JP", "\033$B<+F0JV\077.\033(B", "自動返信", 0},
        {"japanese_shift_jis", "Shift_JIS", "\216\251\223\256\225\324\220M\207@", "自動返信①", 0},
        {"japanese_euc", "EUC-JP", "\274\253\306\260\312\326\277\256", "自動返信", 0},
        {"japanese_of_windows", "windows-31j", "\202l\202k\201\134", "ＭＬ―", 0},
        {"korean", "euc-kr", "\300\332\265\277 \310\270\275\305", "자동 회신", 0},
        {"korean_of_microsoft", "ks_c_5601-1987", "\224\356 \300\332\265\277", "뷁 자동", 0},
        {"korean_seven_bit", "ISO-2022-KR", "\033$)C\016@Z5\077\017", "자동", 0},
        {"chinese", "gb2312", "\327\324\266\257\273\330\270\264", "自动回复", 0},
        {"chinese_beyond_gb2312", "GBK", "\237o\267\250\202\367\337f", "無法傳遞", 0},
        {"chinese_gb18030", "gb18030", "\315\313\320\305\2252\2026", "退信𠀀", 0},
        {"traditional_chinese", "Big5", "\246\333\260\312\246^\302\320", "自動回覆", 0},
        {"utf7", "UTF-7", "Zur+APw-ck +- sp+AOQ-ter", "Zurück + später", 0},
        {"utf7_of_old", "unicode-1-1-utf-7", "+AOk-", "é", 0},
        {"utf16", "utf-16", "\377\376\351\000", "é", sizeof "\377\376\351\000" - 1},
        {"vietnamese", "windows-1258", "ti\352\354ng", "tiếng", 0},
    };
    struct charset_cache *cache = charset_cache_new();
    check(cache, cases, sizeof cases / sizeof *cases);
    charset_cache_free(cache);
    /* Opened before or as needed: the texts are the same. */
    cache = charset_cache_new();
    charset_cache_fill(cache);
    check(cache, cases, sizeof cases / sizeof *cases);
    charset_cache_free(cache);
}

static void text_without_a_believable_label_is_read_as_what_it_looks_like(void **state) {
    (void)state;
    static const struct {
        const char *name, *bytes, *text;
    } cases[] = {
        {"japanese_shift_jis",
         "\203\201\201[\203\213\202\360\221\227\220M\202\305\202\253\202\334\202\271\202\361\202\305\202\265\202\275\201B\210\266\220\346\202\360\212m\224F\202\265\202\304\202\255\202\276\202\263\202\242\201B",
         "メールを送信できませんでした。宛先を確認してください。"},
        {"japanese_euc",
         "\245\341\241\274\245\353\244\362\301\367\277\256\244\307\244\255\244\336\244\273\244\363\244\307\244\267\244\277\241\243\260\270\300\350\244\362\263\316\307\247\244\267\244\306\244\257\244\300\244\265\244\244\241\243",
         "メールを送信できませんでした。宛先を確認してください。"},
        {"chinese",
         "\304\372\265\304\323\312\274\376\316\336\267\250\315\266\265\335\243\254\312\325\274\376\310\313\265\330\326\267\262\273\264\346\324\332\243\254\307\353\274\354\262\351\272\363\326\330\320\302\267\242\313\315\241\243",
         "您的邮件无法投递，收件人地址不存在，请检查后重新发送。"},
        {"traditional_chinese",
         "\261z\252\272\266l\245\363\265L\252k\266\307\273\274\241A\246\254\245\363\244H\246a\247}\244\243\246s\246b\241A\275\320\300\313\254d\253\341\255\253\267s\265o\260e\241C",
         "您的郵件無法傳遞，收件人地址不存在，請檢查後重新發送。"},
        {"korean",
         "\270\336\300\317\300\273 \300\374\264\336\307\317\301\366 \270\370\307\337\275\300\264\317\264\331. \271\336\264\302 \273\347\266\367\300\307 \301\326\274\322\270\246 \310\256\300\316\307\317\275\312\275\303\277\300.",
         "메일을 전달하지 못했습니다. 받는 사람의 주소를 확인하십시오."},
        {"russian_windows",
         "\302\340\370\345 \357\350\361\374\354\356 \355\345 \344\356\361\362\340\342\353\345\355\356. \317\360\356\342\345\360\374\362\345 \340\344\360\345\361 \357\356\353\363\367\340\362\345\353\377.",
         "Ваше письмо не доставлено. Проверьте адрес получателя."},
        {"russian_koi8",
         "\367\301\333\305 \320\311\323\330\315\317 \316\305 \304\317\323\324\301\327\314\305\316\317. \360\322\317\327\305\322\330\324\305 \301\304\322\305\323 \320\317\314\325\336\301\324\305\314\321.",
         "Ваше письмо не доставлено. Проверьте адрес получателя."},
        {"german",
         "Ihre Nachricht f\374r J\374rgen M\374ller lie\337 sich nicht \374bermitteln: gr\366\337er als m\366glich",
         "Ihre Nachricht für Jürgen Müller ließ sich nicht übermitteln: größer als möglich"},
        {"french",
         "La bo\356te \340 lettres a \351t\351 d\351plac\351e \340 l\222\351tranger, r\351essayez apr\350s l\222\351t\351",
         "La boîte à lettres a été déplacée à l’étranger, réessayez après l’été"},
        {"swedish",
         "Fr\345nvaro: p\345 m\345ndag \344r jag \345ter p\345 plats, d\344refter g\345r det b\344ttre",
         "Frånvaro: på måndag är jag åter på plats, därefter går det bättre"},
        {"short_turkish_looks_western", "\334bersee-B\374ro caf\351", "Übersee-Büro café"},
    };
    static const char *const labels[] = {"", "us-ascii", "utf-8", "unknown-8bit", "iso-8859-1"};
    struct charset_cache *cache = charset_cache_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t j = 0; j < sizeof labels / sizeof *labels; j++) {
            struct text_case one = {cases[i].name, labels[j], cases[i].bytes, cases[i].text, 0};
            check(cache, &one, 1);
        }
    charset_cache_free(cache);
}

static void labels_that_lie_lose_no_text(void **state) {
    (void)state;
    static const struct text_case cases[] = {
        {"utf8_labelled_western", "iso-8859-1", "f\303\274r", "für", 0},
        {"utf8_labelled_korean", "euc-kr", "\354\236\220\353\217\231", "자동", 0},
        {"utf8_labelled_seven_bit", "iso-2022-jp", "\345\244\226", "外", 0},
        {"escapes_labelled_ascii", "us-ascii", "\033$B<+F0\033(B ok", "自動 ok", 0},
        {"escapes_labelled_shift_jis", "shift_jis", "\033$B<+F0\033(B", "自動", 0},
        {"escapes_labelled_utf8", "utf-8", "\033$B<+F0\033(B", "自動", 0},
        {"western_labelled_utf8", "utf-8", "f\374r", "für", 0},
        {"a_character_cut_at_the_end", "big5", "\246\333\260", "自°", 0},
        {"a_byte_that_is_none", "gb2312", "\327\324\377\266\257", "自ÿ动", 0},
        {"nul", "iso-8859-1", "a\000b", "a b", 3},
        {"nothing", "iso-2022-jp", "", "", 0},
    };
    struct charset_cache *cache = charset_cache_new();
    check(cache, cases, sizeof cases / sizeof *cases);
    charset_cache_free(cache);
}

static void a_label_that_is_none_is_unknown_and_opens_nothing(void **state) {
    (void)state;
    static const char *const labels[] = {
        "x-none",
        "utf-8//TRANSLIT",
        "../../etc/passwd",
        "ebcdic-us",
        "iso-8859-1 windows-1251",
        "-",
        "a-name-that-is-much-longer-than-any-registered-charset-name",
    };
    struct charset_cache *cache = charset_cache_new();
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        bool known = true;
        const char *got = charset_text(cache, arena, bytes_of(labels[i]), bytes_of("\374"), &known);
        assert_string_equal(got, "ü");
        if (known)
            fail_msg("\"%s\" is known", labels[i]);
    }
    arena_free(arena);
    charset_cache_free(cache);
}

static void short_and_western_text_gives_no_guess(void **state) {
    (void)state;
    assert_null(charset_guess(bytes_of("")));
    assert_null(charset_guess(bytes_of("\304\343\272\303")));
    assert_null(charset_guess(bytes_of("caf\351, na\357ve, \374ber, gar\347on, \351t\351, l\340")));
    assert_null(charset_guess_escaped(bytes_of("\033[1mbold\033[0m")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_label_gives_its_text),
        cmocka_unit_test(text_without_a_believable_label_is_read_as_what_it_looks_like),
        cmocka_unit_test(labels_that_lie_lose_no_text),
        cmocka_unit_test(a_label_that_is_none_is_unknown_and_opens_nothing),
        cmocka_unit_test(short_and_western_text_gives_no_guess),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
