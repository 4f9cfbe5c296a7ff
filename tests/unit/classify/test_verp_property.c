#include "random_verp.h"

#include <ctype.h>

enum {
    ROUNDS = 20 * 1000, /* for each of the patterns below */
};

static void assert_decodes(const struct verp *verp, const char *address, const char *campaign,
                           const char *key, struct arena *arena) {
    struct verp_match match;
    assert_true(verp_decode(verp, address, arena, &match));
    assert_string_equal(match.campaign, campaign);
    assert_string_equal(address_key(match.recipient, arena), key);
}

static const char *const patterns[] = {
    "bounces+{campaign}-{recipient}@news.example.com", "b+{campaign}.{recipient}@news.example.com",
    "b-{recipient}+{campaign}@news.example.com",       "{campaign}__{recipient}@news.example.com",
    "{recipient}={campaign}@news.example.com",
};

static void what_is_encoded_decodes_to_the_same(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    struct source source = {20261122};
    size_t encoded = 0;
    for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
        struct verp *verp = verp_new();
        struct err err;
        assert_int_equal(verp_add_pattern(verp, patterns[p], NULL, &err), 0);
        for (int i = 0; i < ROUNDS; i++) {
            arena_reset(arena);
            const char *campaign = random_word(&source, arena);
            const char *recipient = random_recipient(&source, arena), *address;
            struct verp_match match;
            if (verp_encode(verp, campaign, recipient, arena, &address, &err) < 0) {
                assert_int_equal(err.code, ERR_DATA);
                continue;
            }
            encoded++;
            assert_true(verp_decode(verp, address, arena, &match));
            assert_string_equal(match.campaign, campaign);
            assert_string_equal(match.recipient, recipient);

            assert_true(strcspn(address, "@") <= ADDRESS_LOCAL_PART_MAX);
            for (const char *c = address; *c; c++)
                assert_true(isalnum((unsigned char)*c) || strchr("=+-._@", *c));

            const char *key = address_key(recipient, arena);
            assert_decodes(verp, map_case(tolower, address, arena), campaign, key, arena);
            assert_decodes(verp, map_case(toupper, address, arena), campaign, key, arena);
            const char *forwarded = wrap_srs(address, arena);
            assert_decodes(verp, forwarded, campaign, key, arena);
            assert_decodes(verp, wrap_srs(forwarded, arena), campaign, key, arena);
            assert_decodes(verp, arena_printf(arena, "prvs=0123456789=%s", address), campaign, key,
                           arena);
        }
        verp_free(verp);
    }
    /* Most of what is refused is too long. */
    assert_true(encoded > ROUNDS * 2);
    arena_free(arena);
}

static void two_subjects_never_share_an_address(void **state) {
    (void)state;
    /* All campaigns and local parts of up to three of the characters that could be confused. */
    static const char alphabet[] = "a=-+.2";
    enum { LETTERS = sizeof alphabet - 1, WORDS = LETTERS + LETTERS * LETTERS };
    char words[WORDS][3] = {{0}};
    size_t count = 0;
    for (size_t i = 0; i < LETTERS; i++) {
        words[count++][0] = alphabet[i];
        for (size_t j = 0; j < LETTERS; j++) {
            words[count][0] = alphabet[i];
            words[count++][1] = alphabet[j];
        }
    }
    struct verp *verp = verp_new();
    struct arena *arena = arena_new();
    struct err err;
    assert_int_equal(verp_add_pattern(verp, patterns[0], NULL, &err), 0);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            const char *address;
            struct verp_match match;
            arena_reset(arena);
            const char *recipient = arena_printf(arena, "%s@example.net", words[j]);
            assert_int_equal(verp_encode(verp, words[i], recipient, arena, &address, &err), 0);
            assert_true(verp_decode(verp, address, arena, &match));
            assert_string_equal(match.campaign, words[i]);
            assert_string_equal(match.recipient, recipient);
        }
    }
    verp_free(verp);
    arena_free(arena);
}

static void garbage_decodes_to_an_address_or_not_at_all(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *base;
    } all[] = {
        {"nullsender", "b@x.example"},    {"sympa", "b@x.example"},
        {"courier", "b@x.example"},       {"{any}{host}+{recipient}@{any}", "b@x.example"},
        {"{local}={domain}@{any}", NULL},
    };
    static const char *const starts[] = {
        "", "b+", "b-", "SRS0=", "srs1+", "prvs=", "btv1==", "c+SRS="};
    struct source source = {4711};
    struct arena *arena = arena_new();
    struct verp *verp = verp_new();
    struct err err;
    size_t decoded = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_int_equal(verp_add_pattern(verp, all[i].pattern, all[i].base, &err), 0);
    for (int i = 0; i < ROUNDS; i++) {
        arena_reset(arena);
        struct verp_match match, again;
        const char *address = arena_printf(
            arena, "%s%s=%s=a=%s@x.example", starts[next_random(&source, 8)],
            random_word(&source, arena), random_word(&source, arena), random_word(&source, arena));
        if (!verp_decode(verp, address, arena, &match))
            continue;
        decoded++;
        assert_string_equal(address_normalise(match.recipient, arena), match.recipient);
        assert_true(verp_decode(verp, address, arena, &again));
        assert_string_equal(again.recipient, match.recipient);
    }
    assert_true(decoded > ROUNDS / 100);
    verp_free(verp);
    arena_free(arena);
}

static void what_cannot_be_carried_is_refused_with_the_reason(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *campaign, *recipient, *word;
        enum err_code code;
    } cases[] = {
        {"b+{campaign}-{recipient}@x.example", "a", "ada", "not an address", ERR_DATA},
        {"b+{campaign}-{recipient}@x.example", NULL, "ada@example.net", "campaign", ERR_DATA},
        {"b+{campaign}-{recipient}@x.example", "", "ada@example.net", "1 to 255", ERR_DATA},
        {"b+{campaign}-{recipient}@x.example", "a\nb", "ada@example.net", "control", ERR_DATA},
        {"b+{campaign}-{recipient}@x.example", "a\xff", "ada@example.net", "UTF-8", ERR_DATA},
        {"b+{recipient}@x.example", "a", "ada@example.net", "cannot carry", ERR_DATA},
        {"b+{campaign}-{recipient}@x.example", "a", "ada@b\xc3\xbc.example", "xn--", ERR_DATA},
        {"b+{campaign}-{recipient}@x.example", "a", "ada@[192.0.2.1]", "cannot carry", ERR_DATA},
        {"b+{local}={domain}@x.example", NULL, "\"a b\"@example.net", "cannot carry", ERR_DATA},
        {"b+{local}={domain}@x.example", NULL, "a..b@example.net", "cannot carry", ERR_DATA},
        {"b+{list}-{local}={domain}@x.example", "a-b", "ada@example.net", "cannot carry", ERR_DATA},
        {"prvs={campaign}={recipient}@x.example", "a", "ada@example.net", "cannot carry", ERR_DATA},
        {"b+{any}-{recipient}@x.example", NULL, "ada@example.net", "{any}", ERR_DATA},
        {"b+{recipient}@{any}", NULL, "ada@example.net", "{any}", ERR_DATA},
        {"b+{campaign}-{recipient}@x.example", "a",
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.net", "66 octets", ERR_DATA},
    };
    struct arena *arena = arena_new();
    const char *address;
    struct err err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct verp *verp = verp_new();
        assert_int_equal(verp_add_pattern(verp, cases[i].pattern, NULL, &err), 0);
        assert_int_equal(
            verp_encode(verp, cases[i].campaign, cases[i].recipient, arena, &address, &err), -1);
        assert_int_equal(err.code, cases[i].code);
        if (!strstr(err.text, cases[i].word))
            fail_msg("%s: \"%s\" lacks \"%s\"", cases[i].recipient, err.text, cases[i].word);
        verp_free(verp);
    }
    struct verp *none = verp_new();
    assert_int_equal(verp_encode(none, "a", "ada@example.net", arena, &address, &err), -1);
    assert_int_equal(err.code, ERR_CONFIG);
    verp_free(none);
    arena_free(arena);
}

static void the_written_form_is_the_documented_one(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *base, *campaign, *recipient, *address;
    } cases[] = {
        {"nullsender", "bounces@news.example.com", "spring26", "ada@example.net",
         "bounces+spring26-ada=example.net@news.example.com"},
        {"nullsender", "bounces@news.example.com", "26-Spring", "mary-jane@Example.net",
         "bounces+26=2d=53pring-mary-jane=example.net@news.example.com"},
        {"nullsender", "b@news.example.com", "a.b_c", "Ada+x@example.net",
         "b+a.b_c-Ada+x=example.net@news.example.com"},
        {"nullsender", "b@news.example.com", "..", "a..b@example.net",
         "b+.=2e-a.=2eb=example.net@news.example.com"},
        {"nullsender", "b@news.example.com", "a", "\"a b\"@example.net",
         "b+a-a=20b=example.net@news.example.com"},
        {"{campaign}.{recipient}@x.example", NULL, "v1.2", "o'b@example.net",
         "v1=2e2.o=27b=example.net@x.example"},
        {"{campaign}_{recipient}@x.example", NULL, "v1_2", "a_b@example.net",
         "v1=5f2_a_b=example.net@x.example"},
        {"xverp", "owner@lists.example", NULL, "Ada+x@example.net",
         "owner+Ada+x=example.net@lists.example"},
        {"courier", "owner@lists.example", NULL, "a+b@exam-ple.net",
         "owner-a+2bb=exam+2dple.net@lists.example"},
        {"sympa", "bounce@lists.example", "cats", "ada@example.net",
         "bounce+ada==a==example.net==cats@lists.example"},
        {"ezmlm", "cats@lists.example", "12", "ada@example.net",
         "cats-return-12-ada=example.net@lists.example"},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct verp *verp = verp_new();
        const char *address;
        struct err err;
        assert_int_equal(verp_add_pattern(verp, cases[i].pattern, cases[i].base, &err), 0);
        if (verp_encode(verp, cases[i].campaign, cases[i].recipient, arena, &address, &err) < 0)
            fail_msg("%s", err.text);
        assert_string_equal(address, cases[i].address);
        verp_free(verp);
    }
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_decodes_to_the_same),
        cmocka_unit_test(two_subjects_never_share_an_address),
        cmocka_unit_test(garbage_decodes_to_an_address_or_not_at_all),
        cmocka_unit_test(what_cannot_be_carried_is_refused_with_the_reason),
        cmocka_unit_test(the_written_form_is_the_documented_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
