#include "classify/base32.h"
#include "classify/verp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY_K "k 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define KEY_7 "7 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFffffffffffffffffffffffffffffffff\n"

enum {
    TODAY = 20779, /* 2026-11-22 */
    LIFETIME = 30,
};

static struct verp_keys *keys_of(const char *text) {
    struct verp_keys *keys;
    struct err err;
    assert_int_equal(verp_keys_read(bytes_of(text), &keys, &err), 0);
    return keys;
}

/* What the tests share. */
struct fixture {
    struct arena *arena;
    struct verp_keys *keys; /* k signs, 7 verifies */
    struct verp *verp;      /* signed, token, nullsender */
    struct verp_signer signer;
};

static int set_up(void **state) {
    static const char *const presets[] = {"signed", "token", "nullsender"};
    static struct fixture fixture;
    struct err err;
    fixture.arena = arena_new();
    fixture.keys = keys_of(KEY_K KEY_7);
    fixture.verp = verp_new();
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        if (verp_add_pattern(fixture.verp, presets[i], "bounces@news.example.com", &err) < 0)
            return -1;
    fixture.signer = (struct verp_signer){fixture.keys, TODAY, 64};
    *state = &fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    arena_free(f->arena);
    verp_keys_free(f->keys);
    verp_free(f->verp);
    return 0;
}

static void base32_is_rfc_4648s(void **state) {
    (void)state;
    static const struct {
        const char *octets, *digits;
    } cases[] = {{"fooba", "mzxw6ytb"}, {"\xff\xff\xff\xff\xff", "77777777"}, {"", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char digits[9] = "";
        base32_write((const unsigned char *)cases[i].octets, strlen(cases[i].octets), digits);
        assert_string_equal(digits, cases[i].digits);
    }
    for (unsigned value = 0; value < BASE32_DIGITS; value++)
        assert_int_equal(base32_value(base32_digit(value)), value);
    assert_int_equal(base32_value('Q'), base32_value('q'));
    for (const char *c = "0189-=@[`{\x80"; *c; c++)
        assert_int_equal(base32_value(*c), -1);
    assert_int_equal(base32_value('\0'), -1);
}

/* Computed by another implementation (Python's hmac and base64). */
static void tags_are_those_of_the_test_vectors(void **state) {
    struct fixture *f = *state;
    char long_campaign[VERP_CAMPAIGN_MAX + 1] = "";
    memset(long_campaign, 'a', VERP_CAMPAIGN_MAX);
    const struct {
        const char *key;
        uint32_t day;
        struct verp_signed what;
        const char *tag;
    } cases[] = {
        {KEY_K, TODAY, {"spring26", "ada@example.net", "news.example.com"}, "kjloonl6stgfyi7xfhq"},
        {KEY_K, 20480, {NULL, "ada@example.net", "news.example.com"}, "kaaa7h6msddipe5ro2j"},
        {KEY_7, 1, {"26-Spring", "j\xc3\xb6rg@example.net", "b.example"}, "7abvyok47csbzq7ldbi"},
        {KEY_7, 21503, {long_campaign, "\"a b\"@example.net", "b.example"}, "7774a4oqiibguas2sd3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct verp_keys *keys = keys_of(cases[i].key);
        char tag[VERP_TAG_LENGTH + 1];
        verp_tag_write(keys, cases[i].day, &cases[i].what, tag);
        assert_string_equal(tag, cases[i].tag);
        assert_int_equal(verp_tag_check(f->keys, tag, &cases[i].what, cases[i].day, LIFETIME),
                         VERP_SIGNATURE_VALID);
        verp_keys_free(keys);
    }
}

static void a_signed_address_decodes_and_checks(void **state) {
    struct fixture *f = *state;
    const char *address, *token;
    struct verp_match match;
    struct err err;
    assert_int_equal(verp_encode_signed(f->verp, &f->signer, "spring26", "Ada@example.net",
                                        f->arena, &address, &token, &err),
                     0);
    assert_string_equal(address,
                        "bounces+spring26-Ada=example.net+kjloonl6stgfyi7xfhq@news.example.com");
    assert_null(token);
    static const char *const ways[] = {
        "bounces+spring26-Ada=example.net+kjloonl6stgfyi7xfhq@news.example.com",
        "bounces+spring26-ada=example.net+kjloonl6stgfyi7xfhq@news.example.com",
        "BOUNCES+SPRING26-ADA=EXAMPLE.NET+KJLOONL6STGFYI7XFHQ@NEWS.EXAMPLE.COM",
        "prvs=0123456789=bounces+spring26-Ada=example.net+kjloonl6stgfyi7xfhq@news.example.com",
        "SRS0=HHHH=TT=news.example.com=bounces+spring26-Ada=example.net+kjloonl6stgfyi7xfhq@f."
        "example",
        "SRS1=GGGG=f.example==HHHH=TT=News.Example.com=bounces+spring26-Ada=example.net+"
        "kjloonl6stgfyi7xfhq@g.example",
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        assert_true(verp_decode(f->verp, ways[i], f->arena, &match));
        assert_string_equal(match.pattern, "signed");
        assert_string_equal(match.campaign, "spring26");
        assert_string_equal(match.tag, "kjloonl6stgfyi7xfhq");
        assert_string_equal(match.domain, "news.example.com");
        assert_int_equal(verp_check(f->keys, &match, TODAY, LIFETIME, f->arena),
                         VERP_SIGNATURE_VALID);
    }
}

static void an_address_that_does_not_fit_is_a_token(void **state) {
    struct fixture *f = *state;
    const char *address, *token, *again;
    struct verp_match match;
    struct err err;
    static const struct {
        const char *campaign, *recipient;
        size_t local_part_max;
    } cases[] = {
        {"spring26", "ada.king-noel.countess.of.lovelace@example.net", 64},
        {"spring26", "ada@example.net", 51},
        {"spring26", "ada@b\xc3\xbc.example", 64},
        {NULL, "ada@example.net", 64},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct verp_signer signer = {f->keys, TODAY, cases[i].local_part_max};
        assert_int_equal(verp_encode_signed(f->verp, &signer, cases[i].campaign, cases[i].recipient,
                                            f->arena, &address, &token, &err),
                         0);
        assert_non_null(token);
        assert_int_equal(strcspn(address, "@"), strlen("bounces+") + VERP_TAG_LENGTH);
        assert_int_equal(verp_encode_signed(f->verp, &signer, cases[i].campaign, cases[i].recipient,
                                            f->arena, &address, &again, &err),
                         0);
        assert_string_equal(again, token);

        assert_false(verp_decode(f->verp, address, f->arena, &match));
        assert_true(verp_is_own(f->verp, address, f->arena));
        assert_true(verp_decode_token(f->verp, address, f->arena, &match));
        assert_string_equal(match.tag, token);
        assert_string_equal(match.pattern, "token");
        assert_null(match.recipient);
        assert_int_equal(verp_check(f->keys, &match, TODAY, LIFETIME, f->arena),
                         VERP_SIGNATURE_WRONG);
        match.campaign = cases[i].campaign;
        match.recipient = cases[i].recipient;
        assert_int_equal(verp_check(f->keys, &match, TODAY, LIFETIME, f->arena),
                         VERP_SIGNATURE_VALID);
        match.recipient = "bob@example.net";
        assert_int_equal(verp_check(f->keys, &match, TODAY, LIFETIME, f->arena),
                         VERP_SIGNATURE_WRONG);
    }
}

static void signed_and_unsigned_addresses_are_never_taken_for_each_other(void **state) {
    struct fixture *f = *state;
    static const char *const orders[][3] = {{"nullsender", "token", "signed"},
                                            {"signed", "token", "nullsender"}};
    for (size_t i = 0; i < 2; i++) {
        struct verp *verp = verp_new();
        struct verp_match match;
        struct err err;
        for (size_t j = 0; j < 3; j++)
            assert_int_equal(verp_add_pattern(verp, orders[i][j], "bounces@news.example.com", &err),
                             0);
        assert_true(verp_decode(
            verp, "bounces+spring26-ada=example.net+kjloonl6stgfyi7xfhq@news.example.com", f->arena,
            &match));
        assert_string_equal(match.pattern, "signed");
        assert_true(verp_decode(verp, "bounces+spring26-ada=example.net@news.example.com", f->arena,
                                &match));
        assert_string_equal(match.pattern, "nullsender");
        assert_int_equal(verp_check(f->keys, &match, TODAY, LIFETIME, f->arena),
                         VERP_SIGNATURE_UNSIGNED);
        /* One digit short, one too many, and one that is none. */
        assert_false(verp_decode(
            verp, "bounces+spring26-ada=example.net+kjloonl6stgfyi7xfh@news.example.com", f->arena,
            &match));
        assert_false(verp_decode(
            verp, "bounces+spring26-ada=example.net+kjloonl6stgfyi7xfhqq@news.example.com",
            f->arena, &match));
        assert_false(verp_decode(
            verp, "bounces+spring26-ada=example.net+kjloonl6stgfyi7xfh1@news.example.com", f->arena,
            &match));
        verp_free(verp);
    }
}

static const struct verp_signed subject = {"spring26", "ada@example.net", "news.example.com"};
#define TAG "kjloonl6stgfyi7xfhq"

static void a_tag_holds_for_its_subject_alone(void **state) {
    struct fixture *f = *state;
    static const struct verp_signed others[] = {
        {"spring27", "ada@example.net", "news.example.com"},
        {NULL, "ada@example.net", "news.example.com"},
        {"spring26", "bda@example.net", "news.example.com"},
        {"spring26", "ada@example.ne", "news.example.com"},
        {"spring26", "ada@example.net", "news.example.org"},
        {"spring2", "6ada@example.net", "news.example.com"},
        {"spring26a", "da@example.net", "news.example.com"},
        {"spring26", "ada@example.netn", "ews.example.com"},
    };
    assert_int_equal(verp_tag_check(f->keys, TAG, &subject, TODAY, LIFETIME), VERP_SIGNATURE_VALID);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(verp_tag_check(f->keys, TAG, &others[i], TODAY, LIFETIME),
                         VERP_SIGNATURE_WRONG);
}

static void a_tag_with_any_digit_changed_is_not_valid(void **state) {
    struct fixture *f = *state;
    for (size_t i = 0; i < VERP_TAG_LENGTH; i++) {
        for (unsigned value = 0; value < BASE32_DIGITS; value++) {
            char tag[] = TAG;
            if (tag[i] == base32_digit(value))
                continue;
            tag[i] = base32_digit(value);
            enum verp_signature expected =
                i == 0 && tag[i] != '7' ? VERP_SIGNATURE_UNKNOWN_KEY : VERP_SIGNATURE_WRONG;
            assert_int_equal(verp_tag_check(f->keys, tag, &subject, TODAY, LIFETIME), expected);
        }
    }
    static const char *const malformed[] = {
        "", "k", TAG "q", "kjl0onl6stgfyi7xfhq", "kjloonl6stgfyi7xfh=", "kjloonl6stgfyi7xfh\xc3"};
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++)
        assert_int_equal(verp_tag_check(f->keys, malformed[i], &subject, TODAY, LIFETIME),
                         VERP_SIGNATURE_WRONG);
    assert_int_equal(verp_tag_check(f->keys, NULL, &subject, TODAY, LIFETIME),
                     VERP_SIGNATURE_UNSIGNED);
}

static void a_tag_is_good_for_its_lifetime(void **state) {
    struct fixture *f = *state;
    static const struct {
        uint32_t made, today, lifetime;
        enum verp_signature expected;
    } cases[] = {
        {TODAY, TODAY, 30, VERP_SIGNATURE_VALID},
        {TODAY + 1, TODAY, 30, VERP_SIGNATURE_VALID},
        {TODAY + 2, TODAY, 30, VERP_SIGNATURE_WRONG},
        {TODAY - 30, TODAY, 30, VERP_SIGNATURE_VALID},
        {TODAY - 31, TODAY, 30, VERP_SIGNATURE_EXPIRED},
        {TODAY, TODAY, 0, VERP_SIGNATURE_VALID},
        {TODAY - 1, TODAY, 0, VERP_SIGNATURE_EXPIRED},
        {TODAY - 1000, TODAY, VERP_TAG_LIFETIME_MAX, VERP_SIGNATURE_VALID},
        {TODAY - 1022, TODAY, 30, VERP_SIGNATURE_EXPIRED},
        {TODAY - 1023, TODAY, VERP_TAG_LIFETIME_MAX, VERP_SIGNATURE_WRONG},
        {TODAY - 1024, TODAY, VERP_TAG_LIFETIME_MAX, VERP_SIGNATURE_WRONG},
        {20479, 20480, 30, VERP_SIGNATURE_VALID},
        {20480, 20479, 30, VERP_SIGNATURE_VALID},
        {0, 0, 30, VERP_SIGNATURE_VALID},
        {1000, 10, 30, VERP_SIGNATURE_WRONG},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char tag[VERP_TAG_LENGTH + 1];
        verp_tag_write(f->keys, cases[i].made, &subject, tag);
        enum verp_signature found =
            verp_tag_check(f->keys, tag, &subject, cases[i].today, cases[i].lifetime);
        if (found != cases[i].expected)
            fail_msg("case %zu: %s", i, verp_signature_name(found));
    }
}

static void keys_rotate(void **state) {
    (void)state;
    struct verp_keys *before = keys_of(KEY_K), *during = keys_of("# new\n\n" KEY_7 KEY_K),
                     *after = keys_of(KEY_7);
    char old_tag[VERP_TAG_LENGTH + 1], new_tag[VERP_TAG_LENGTH + 1];
    verp_tag_write(before, TODAY, &subject, old_tag);
    verp_tag_write(during, TODAY, &subject, new_tag);
    assert_int_equal(old_tag[0], 'k');
    assert_int_equal(new_tag[0], '7');
    assert_int_equal(verp_tag_check(during, old_tag, &subject, TODAY, 30), VERP_SIGNATURE_VALID);
    assert_int_equal(verp_tag_check(during, new_tag, &subject, TODAY, 30), VERP_SIGNATURE_VALID);
    assert_int_equal(verp_tag_check(after, old_tag, &subject, TODAY, 30),
                     VERP_SIGNATURE_UNKNOWN_KEY);
    assert_int_equal(verp_tag_check(after, new_tag, &subject, TODAY, 30), VERP_SIGNATURE_VALID);
    verp_keys_free(before);
    verp_keys_free(during);
    verp_keys_free(after);

    struct verp_keys *impostor =
        keys_of("k 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1e");
    assert_int_equal(verp_tag_check(impostor, old_tag, &subject, TODAY, 30), VERP_SIGNATURE_WRONG);
    verp_keys_free(impostor);
}

static void what_cannot_be_signed_is_refused_with_the_reason(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *pattern, *campaign, *recipient, *word;
        enum err_code code;
    } cases[] = {
        {"b+{recipient}+{tag}@{any}", NULL, "ada@example.net", "{any}", ERR_DATA},
        {"b+{recipient}+{tag}@x.example", NULL, "ada", "not an address", ERR_DATA},
        {"b+{campaign}-{recipient}+{tag}@x.example", NULL, "ada@example.net", "campaign", ERR_DATA},
        {"b+{campaign}-{recipient}+{tag}@x.example", "", "ada@example.net", "1 to 255", ERR_DATA},
        {"b+{campaign}-{recipient}@x.example", "a", "ada@example.net", "{tag}", ERR_CONFIG},
        {"b+{campaign}-{recipient}+{tag}@x.example", "a",
         "ada.king-noel.countess.of.lovelace@example.net", "octets", ERR_DATA},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct verp *verp = verp_new();
        const char *address, *token;
        struct err err;
        assert_int_equal(verp_add_pattern(verp, cases[i].pattern, NULL, &err), 0);
        assert_int_equal(verp_encode_signed(verp, &f->signer, cases[i].campaign, cases[i].recipient,
                                            f->arena, &address, &token, &err),
                         -1);
        assert_int_equal(err.code, cases[i].code);
        if (!strstr(err.text, cases[i].word))
            fail_msg("\"%s\" lacks \"%s\"", err.text, cases[i].word);
        verp_free(verp);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base32_is_rfc_4648s),
        cmocka_unit_test(tags_are_those_of_the_test_vectors),
        cmocka_unit_test(a_signed_address_decodes_and_checks),
        cmocka_unit_test(an_address_that_does_not_fit_is_a_token),
        cmocka_unit_test(signed_and_unsigned_addresses_are_never_taken_for_each_other),
        cmocka_unit_test(a_tag_holds_for_its_subject_alone),
        cmocka_unit_test(a_tag_with_any_digit_changed_is_not_valid),
        cmocka_unit_test(a_tag_is_good_for_its_lifetime),
        cmocka_unit_test(keys_rotate),
        cmocka_unit_test(what_cannot_be_signed_is_refused_with_the_reason),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
