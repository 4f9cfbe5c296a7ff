#include "mime/auto_reply_phrases.h"
#include "mime/kind_text.h"
#include "tests/unit/mime/mail_cases.h"

#include <stdlib.h>

/* Bytes of 0x80 and above are octal: the mails are in the charsets that they name. */
struct simple_mail {
    const char *name, *subject, *fields, *charset, *encoding, *body;
};

static void check_kind(const struct simple_mail *mails, size_t count, enum report_kind kind) {
    struct buf mail = BUF_INIT;
    for (size_t i = 0; i < count; i++) {
        buf_reset(&mail);
        buf_printf(&mail,
                   "From: Ada <ada@example.net>\nTo: news@example.com\nSubject: %s\n%s"
                   "MIME-Version: 1.0\nContent-Type: text/plain; charset=%s\n"
                   "Content-Transfer-Encoding: %s\n\n%s\n",
                   mails[i].subject, mails[i].fields, mails[i].charset, mails[i].encoding,
                   mails[i].body);
        struct mail_case one = {mails[i].name, mail.data, kind, "", ""};
        check_cases(&one, 1);
    }
    buf_free(&mail);
}

#define CHECK_KIND(mails, kind) check_kind(mails, sizeof mails / sizeof *mails, kind)

static void automatic_replies_are_known_in_every_language(void **state) {
    (void)state;
    static const struct simple_mail mails[] = {
        {"en", "Automatic reply: Spring", "", "us-ascii", "8bit", "I am away."},
        {"en_old_exchange", "Out of Office AutoReply: Spring", "", "us-ascii", "8bit",
         "Back on Monday."},
        {"en_behind_the_subject", "Re: Spring (auto-reply)", "In-Reply-To: <s1@example.com>\n",
         "us-ascii", "8bit", "Hello."},
        {"en_ticket_system", "[example.net #77] AutoReply: Spring", "", "us-ascii", "8bit",
         "Hello."},
        {"en_yahoo", "Yahoo! Auto Response", "", "us-ascii", "8bit", "Hello."},
        {"en_body", "Spring", "", "us-ascii", "8bit",
         "Hello,\n\nI will be out of the\noffice until 3 June."},
        {"en_left", "Spring", "", "us-ascii", "8bit", "Please note that Ada no longer works here."},
        {"en_notes", "AUTO: Ada Byron is out of the office (returning 3 June)", "", "us-ascii",
         "8bit", "I am out."},
        {"de", "=?iso-8859-1?B?QWJ3ZXNlbmhlaXRzbm90aXo6IEZy/GhsaW5n?=", "", "iso-8859-1",
         "quoted-printable", "Ich bin bis 3. Juni nicht im B=FCro."},
        {"de_umlaut", "=?iso-8859-15?B?RnL8aGxpbmc=?=", "", "iso-8859-15", "8bit",
         "Guten Tag, ich bin au\337er Haus und am Montag wieder erreichbar."},
        {"fr", "=?windows-1252?B?UslQT05TRSBBVVRPTUFUSVFVRSA6IFByaW50ZW1wcw==?=", "",
         "windows-1252", "8bit", "Bonjour, je suis en cong\351."},
        {"fr_without_accents", "Reponse automatique: Printemps", "", "us-ascii", "8bit", "..."},
        {"es", "=?iso-8859-1?B?UmVzcHVlc3RhIGF1dG9t4XRpY2E6IFByaW1hdmVyYQ==?=", "", "iso-8859-1",
         "8bit", "Estoy de viaje."},
        {"es_left", "Primavera", "", "utf-8", "8bit",
         "Le informamos que Ada ya no trabaja en la empresa."},
        {"it", "Primavera", "", "utf-8", "base64",
         "U29ubyBmdW9yaSB1ZmZpY2lvIGZpbm8gYSBsdW5lZMOsLg=="},
        {"pt", "=?utf-8?B?UmVzcG9zdGEgYXV0b23DoXRpY2E6IFByaW1hdmVyYQ==?=", "", "utf-8", "8bit",
         "Voltarei em junho."},
        {"pt_body", "Primavera", "", "iso-8859-1", "8bit",
         "Ol\341! Estarei de f\351rias at\351 3 de junho."},
        {"nl", "Automatisch antwoord: Lente", "", "us-ascii", "8bit", "Terug op maandag."},
        {"nl_left", "Lente", "", "us-ascii", "8bit", "Ada is niet meer werkzaam bij ons bedrijf."},
        {"sv", "=?iso-8859-1?B?RnLlbnZhcm86IFblcg==?=", "", "iso-8859-1", "8bit",
         "\305ter p\345 m\345ndag."},
        {"da", "=?utf-8?B?VsOlcg==?=", "", "utf-8", "8bit",
         "Tak for din mail. Jeg er p\303\245 ferie til 3. juni."},
        {"no", "=?iso-8859-1?B?RnJhduZyc21lbGRpbmc=?=", "", "iso-8859-1", "8bit",
         "Tilbake mandag."},
        {"fi", "=?iso-8859-15?B?QXV0b21hYXR0aW5lbiB2YXN0YXVzOiBLZXbkdA==?=", "", "iso-8859-15",
         "8bit", "Palaan maanantaina."},
        {"pl", "=?iso-8859-2?B?T2Rwb3dpZWS8IGF1dG9tYXR5Y3puYTogV2lvc25h?=", "", "iso-8859-2",
         "8bit", "Wracam w poniedzia\263ek."},
        {"pl_body", "Wiosna", "", "windows-1250", "8bit",
         "Dzie\361 dobry, jestem nieobecna w biurze."},
        {"cs", "=?windows-1250?B?QXV0b21hdGlja+Egb2Rwb3bs7zogSmFybw==?=", "", "windows-1250",
         "8bit", "Vr\341t\355m se v pond\354l\355."},
        {"sk", "=?utf-8?B?QXV0b21hdGlja8OhIG9kcG92ZcSPOiBKYXI=?=", "", "utf-8", "8bit",
         "Vr\303\241tim sa."},
        {"hu", "=?iso-8859-2?B?QXV0b21hdGlrdXMgduFsYXN6OiBUYXZhc3o=?=", "", "iso-8859-2", "8bit",
         "H\351tf\365n."},
        {"ro", "=?utf-8?B?UsSDc3B1bnMgYXV0b21hdDogUHJpbcSDdmFyYQ==?=", "", "utf-8", "8bit",
         "Luni."},
        {"ru", "=?koi8-r?B?4dfUz83B1MnexdPLycogz9TXxdQ6IPfF087B?=", "", "koi8-r", "base64",
         "98XSztXT2CDXINDPzsXExczYzsnLLg=="},
        {"ru_upper_case", "=?windows-1251?B?wsXRzcA=?=", "", "windows-1251", "8bit",
         "\307\304\320\300\302\321\322\302\323\311\322\305! \337 \302 \316\322\317\323\321\312\305 \304\316 3 \310\336\315\337."},
        {"ru_without_a_label", "Spring", "", "us-ascii", "8bit",
         "\372\304\322\301\327\323\324\327\325\312\324\305! \341\304\301 \302\317\314\330\333\305 \316\305 \322\301\302\317\324\301\305\324 \327 \313\317\315\320\301\316\311\311."},
        {"uk", "=?koi8-u?B?4dfUz83B1MnezsEg16bE0M/XpsTYOiD3xdPOwQ==?=", "", "koi8-u", "8bit",
         "..."},
        {"bg", "=?windows-1251?B?wOLy7uzg8uj35e0g7vLj7uLu8Dogz/Du6+Xy?=", "", "windows-1251",
         "8bit", "..."},
        {"el", "=?iso-8859-7?B?wdXUz8zB1McgwdDBzdTH08c6ILbt7+nu5w==?=", "", "iso-8859-7", "8bit",
         "..."},
        {"tr", "=?iso-8859-9?B?T3RvbWF0aWsgeWFu/XQ6IEJhaGFy?=", "", "iso-8859-9", "8bit",
         "Pazartesi."},
        {"tr_body", "Bahar", "", "windows-1254", "8bit", "\336u anda ofis d\375\376\375nday\375m."},
        {"lv_without_diacritics", "Arpus biroja: Pavasaris", "", "us-ascii", "8bit", "..."},
        {"lt", "Automatinis atsakymas: Pavasaris", "", "utf-8", "8bit", "..."},
        {"et", "Automaatvastus: Kevad", "", "us-ascii", "8bit", "..."},
        {"hr", "=?windows-1250?B?QXV0b21hdHNraSBvZGdvdm9yOiBQcm9samXmZQ==?=", "", "windows-1250",
         "8bit", "..."},
        {"he", "=?windows-1255?B?7vLw5CDg5ejl7ujpOiDg4enh?=", "", "windows-1255", "8bit", "..."},
        {"ar", "=?windows-1256?B?0c8gyuHex8btOiDRyO3a?=", "", "windows-1256", "8bit", "..."},
        {"ja", "=?iso-2022-jp?B?GyRCPCtGMDF+RXobKEI6IBskQj1VGyhC?=", "", "iso-2022-jp", "7bit",
         "\033$BMh=5La$j$^$9!#\033(B"},
        {"ja_shift_jis", "=?shift_jis?B?j3SCzIKokm2C54K5?=", "", "shift_jis", "8bit",
         "\220\275\202\311\220\134\202\265\226\363\202\262\202\264\202\242\202\334\202\271\202\361\202\252\201A\225s\215\335\202\311\202\265\202\304\202\250\202\350\202\334\202\267\201B"},
        {"ja_euc_left", "=?euc-jp?B?vdWkzqSqw86k6aS7?=", "", "euc-jp", "base64",
         "uqO37sv2pPKk4qTBpN6kt6TGwuC/pqSkpL+kt6TepLekv6Gj"},
        {"zh", "=?gb2312?B?19S2r7TwuLQ6ILS6zOw=?=", "", "gb2312", "8bit", "\320\273\320\273"},
        {"zh_traditional", "=?big5?B?ptuwyqZewtChR6xLpNE=?=", "", "big5", "8bit",
         "\301\302\301\302"},
        {"zh_left", "=?gb18030?B?tLrM7A==?=", "", "gb18030", "8bit",
         "\304\372\272\303\243\254\325\305\310\375\322\321\300\353\326\260\243\254\307\353\301\252\317\265\300\356\313\304\241\243"},
        {"ko", "=?euc-kr?B?wNq1vyDIuL3FOiC6vQ==?=", "", "euc-kr", "8bit",
         "\277\371\277\344\300\317"},
        {"ko_body", "=?ks_c_5601-1987?B?ur0=?=", "", "ks_c_5601-1987", "8bit",
         "\276\310\263\347\307\317\274\274\277\344. \307\366\300\347 \310\336\260\241 \301\337\300\324\264\317\264\331."},
        {"vi", "=?utf-8?B?VHLhuqMgbOG7nWkgdOG7sSDEkeG7mW5nOiBYdcOibg==?=", "", "utf-8", "8bit",
         "..."},
        {"th", "=?tis-620?B?tc26ocXRus3RteK5wdG11DogxLTZ?=", "", "tis-620", "8bit", "..."},
        {"id", "Balasan otomatis: Musim", "", "us-ascii", "8bit", "..."},
        {"full_width_letters", "=?utf-8?B?77yh77y177y077yv77yN77yy77yl77yw77ys77y5?=", "", "utf-8",
         "8bit", "..."},
        {"decomposed_accents", "=?utf-8?B?UmXMgXBvbnNlIGF1dG9tYXRpcXVlOiBh?=", "", "utf-8", "8bit",
         "..."},
        {"thanks_from_the_null_sender", "Thank you for your e-mail", "Return-Path: <>\n",
         "us-ascii", "8bit", "I shall answer soon."},
        {"ticket_received", "[Ticket#77] Spring", "", "us-ascii", "8bit",
         "We have received your request.\nPlease do not reply to this email."},
        {"ticket_received_de", "Ihre Anfrage [77]", "", "us-ascii", "8bit",
         "Ihre Anfrage ist bei uns eingegangen.\nDiese E-Mail wurde automatisch erstellt."},
        {"ticket_received_ja", "=?iso-2022-jp?B?GyRCPHVJVRsoQg==?=", "", "iso-2022-jp", "8bit",
         "\033$B$*Ld$$9g$o$;$\042$j$,$H$&$4$6$$$^$9!#\033(B\n\033$B$3$N%a!<%k$O<+F0Aw\077.$5$l$F$$$^$9!#\033(B"},
    };
    CHECK_KIND(mails, REPORT_AUTO_REPLY);
}

static void header_fields_are_enough(void **state) {
    (void)state;
    static const struct simple_mail mails[] = {
        {"rfc3834", "Re: Spring", "Auto-Submitted: auto-replied\n", "us-ascii", "8bit", "Ok."},
        {"rfc3834_with_parameters", "Re: Spring",
         "Auto-Submitted: Auto-Replied; owner-email=\"ada@example.net\"\n", "us-ascii", "8bit",
         "Ok."},
        {"sieve", "Re: Spring", "Auto-Submitted: auto-replied (vacation)\n", "us-ascii", "8bit",
         "Ok."},
        {"generated_and_answering", "Re: Spring",
         "Auto-Submitted: auto-generated\nIn-Reply-To: <s1@example.com>\n", "us-ascii", "8bit",
         "Ok."},
        {"x_autoreply", "Re: Spring", "X-Autoreply: yes\n", "us-ascii", "8bit", "Ok."},
        {"x_autorespond", "Re: Spring", "X-Autorespond: Spring\n", "us-ascii", "8bit", "Ok."},
        {"precedence", "Re: Spring", "Precedence: auto_reply\n", "us-ascii", "8bit", "Ok."},
        {"exchange", "Re: Spring", "X-Auto-Response-Suppress: All\nIn-Reply-To: <s1@example.com>\n",
         "us-ascii", "8bit", "Ok."},
        {"exchange_rule", "Re: Spring", "X-MS-Exchange-Inbox-Rules-Loop: ada@example.net\n",
         "us-ascii", "8bit", "Ok."},
        {"communigate", "Re: Spring", "X-Autogenerated: Reply\n", "us-ascii", "8bit", "Ok."},
        {"qmail_autoresponder", "Re: Spring", "Delivered-To: Autoresponder\n", "us-ascii", "8bit",
         "Ok."},
        {"vacation", "Re: Spring", "X-Mailer: vacation 1.2\n", "us-ascii", "8bit", "Ok."},
        {"in_a_list_reply", "Re: Spring",
         "Auto-Submitted: auto-replied\nList-Id: <x.example.com>\n", "us-ascii", "8bit", "Ok."},
        {"null_sender", "Spring", "Return-Path: <>\nPrecedence: junk\n", "us-ascii", "8bit", "Ok."},
        {"icloud", "Spring", "X-Apple-Action: VACATION\n", "us-ascii", "8bit", "Ok."},
    };
    CHECK_KIND(mails, REPORT_AUTO_REPLY);
}

static void people_and_newsletters_are_none(void **state) {
    (void)state;
    static const struct simple_mail mails[] = {
        {"a_person_answers", "Re: Spring", "In-Reply-To: <s1@example.com>\n", "us-ascii", "8bit",
         "I will be out of the office until Monday, but yes!\n\n> Shall we meet\077"},
        {"a_person_answers_without_a_quote", "Re: Spring", "In-Reply-To: <s1@example.com>\n",
         "us-ascii", "8bit", "I will be out of the office until Monday, but yes!"},
        {"a_person_answers_an_auto_reply", "Re: Automatic reply: Spring",
         "In-Reply-To: <s1@example.com>\n", "us-ascii", "8bit", "Thanks, have a nice holiday."},
        {"a_person_answers_an_auto_reply_in_chinese", "=?gb2312?B?u9i4tDog19S2r7vYuLQ6ILS6zOw=?=",
         "In-Reply-To: <s1@example.com>\n", "gb2312", "8bit", "\320\273\320\273"},
        {"a_person_forwards_an_auto_reply", "Fwd: Automatic reply: Spring", "", "us-ascii", "8bit",
         "See below."},
        {"a_person_quotes_one", "Question", "", "us-ascii", "8bit",
         "Why do I get this\077\n\n> This is an automated reply.\n> I am out of the office."},
        {"a_person_thanks", "Your newsletter", "", "us-ascii", "8bit",
         "Thank you for your message, I liked it."},
        {"a_newsletter", "Out of office: ten beaches",
         "List-Unsubscribe: <https://example.org/u>\n", "us-ascii", "8bit",
         "I am on vacation, are you\077"},
        {"a_list_post", "Automatic reply handling", "List-Id: <x.example.org>\n", "us-ascii",
         "8bit", "I am out of the office until Monday"},
        {"a_word_inside_another", "Autorotation", "", "us-ascii", "8bit",
         "Panautoreply is no word."},
        {"holiday_advertisement", "Vacation in Spain", "", "us-ascii", "8bit",
         "Book your vacation now"},
        {"an_order", "Your order 77", "", "us-ascii", "8bit",
         "Thank you for your order. This is an automated message, do not reply to this."},
        {"generated_and_answering_nobody", "Backup finished", "Auto-Submitted: auto-generated\n",
         "us-ascii", "8bit", "All is well."},
        {"passed_on_by_a_rule", "Spring", "X-MS-Exchange-Inbox-Rules-Loop: bob@example.net\n",
         "us-ascii", "8bit", "Hello"},
        {"a_question_about_them", "How do I write an auto-reply?", "", "us-ascii", "8bit",
         "Please tell me."},
        {"a_person_says_no", "Re: Spring", "Auto-Submitted: no\n", "us-ascii", "8bit",
         "Nein, danke."},
    };
    CHECK_KIND(mails, REPORT_ORDINARY);
}

static void a_bounce_that_calls_itself_auto_replied_is_a_bounce(void **state) {
    (void)state;
    static const struct mail_case cases[] = {
        {"postfix",
         "Auto-Submitted: auto-replied\n" REPORT
         "Final-Recipient: rfc822; ada@example.net\nAction: failed\n"
         "Status: 5.1.1\n" RETURNED,
         REPORT_DELIVERY_STATUS, "rfc3464", "ada@example.net failed 5.1.1 0"},
        {"in_words",
         "From: Mail Delivery System <mailer-daemon@mx.example.com>\n"
         "Subject: Undelivered Mail\nAuto-Submitted: auto-replied\nPrecedence: bulk\n\n"
         "Your message could not be delivered. This is an automated response.\n\n"
         "<ada@example.net>: 550 5.1.1 Ada no longer works here\n",
         REPORT_DELIVERY_STATUS, NULL, "ada@example.net failed 5.1.1 550"},
    };
    CHECK_CASES(cases);
}

/* An auto-reply of a mailbox that is called postmaster is one. */
static void a_postmaster_can_be_on_holiday(void **state) {
    (void)state;
    static const struct mail_case cases[] = {
        {"out_of_office",
         "From: postmaster@example.net\nSubject: Automatic reply: Spring\n\nI am away.\n",
         REPORT_AUTO_REPLY, "", ""},
        {"ticket",
         "Return-Path: <>\nFrom: postmaster@example.net\nSubject: [77]\n\n"
         "We have received your request.\n",
         REPORT_AUTO_REPLY, "", ""},
    };
    CHECK_CASES(cases);
}

/* Compared are folded texts: a phrase that folding changes would never be found. */
static void phrases_are_as_folding_leaves_them(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    for (size_t i = 0; i < auto_reply_phrase_rows; i++) {
        const char *phrases = auto_reply_phrases[i].phrases;
        struct bytes folded = kind_text_fold(arena, bytes_of(phrases), strlen(phrases));
        if (!bytes_equal(folded, bytes_of(phrases)))
            fail_msg("%s: \"%s\"", auto_reply_phrases[i].language, phrases);
        if (strstr(phrases, "||") || !*phrases || phrases[strlen(phrases) - 1] == '|')
            fail_msg("%s: an empty phrase in \"%s\"", auto_reply_phrases[i].language, phrases);
        if (bytes_equal(bytes_of("|"), bytes_first(bytes_of(phrases), 1)))
            fail_msg("%s: an empty phrase first", auto_reply_phrases[i].language);
    }
    arena_free(arena);
}

/* The look-up indexes as many phrases of a place as kind_phrase.h can take. */
static void the_last_phrase_of_each_place_is_found(void **state) {
    (void)state;
    for (size_t i = 0; i < auto_reply_phrase_rows; i++) {
        const struct kind_phrases *row = &auto_reply_phrases[i];
        const char *last = strrchr(row->phrases, '|');
        struct bytes text = bytes_of(last ? last + 1 : row->phrases), found;
        struct phrase_search in;
        phrase_search_begin(&in, text);
        if (!kind_phrase_find(auto_reply_phrases, auto_reply_phrase_rows, row->place, &in, &found))
            fail_msg("%s: \"%s\" is not found", row->language, text.data);
    }
}

static void folding_makes_texts_alike(void **state) {
    (void)state;
    static const struct {
        const char *text, *folded;
    } cases[] = {
        {"Abwesenheit", "abwesenheit"},
        {"RÉPONSE  Automatique\u00a0:\r\n", "reponse automatique : "},
        {"Re\u0301ponse", "reponse"},
        {"ŁÓDŹ İstanbul ığ ß Æ", "lodz istanbul ig s a"},
        {"АВТООТВЕТ Ёлка", "автоответ елка"},
        {"Άδεια ΟΔΌΣ λόγος", "αδεια οδοσ λογοσ"},
        {"ＡＢＣ　１", "abc 1"},
        {"I\u2019m \u201caway\u201d \u2013 a\u00adway", "i'm \"away\" - away"},
        {"不在です", "不在です"},
        {"", ""},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes got = kind_text_fold(arena, bytes_of(cases[i].text), strlen(cases[i].text));
        if (!bytes_equal(got, bytes_of(cases[i].folded)))
            fail_msg("\"%s\" gives \"%.*s\"", cases[i].text, (int)got.len, got.data);
    }
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(automatic_replies_are_known_in_every_language),
        cmocka_unit_test(header_fields_are_enough),
        cmocka_unit_test(people_and_newsletters_are_none),
        cmocka_unit_test(a_bounce_that_calls_itself_auto_replied_is_a_bounce),
        cmocka_unit_test(a_postmaster_can_be_on_holiday),
        cmocka_unit_test(phrases_are_as_folding_leaves_them),
        cmocka_unit_test(the_last_phrase_of_each_place_is_found),
        cmocka_unit_test(folding_makes_texts_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
