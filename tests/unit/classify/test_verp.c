#include "classify/verp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int make_arena(void **state) {
    *state = arena_new();
    return 0;
}

static int free_arena(void **state) {
    arena_free(*state);
    return 0;
}

static struct verp *verp_of(const char *pattern, const char *base) {
    struct verp *verp = verp_new();
    struct err err;
    assert_int_equal(verp_add_pattern(verp, pattern, base, &err), 0);
    return verp;
}

struct decoding {
    const char *pattern, *base;
    const char *address;
    const char *campaign;  /* NULL for none */
    const char *recipient; /* NULL: does not decode */
};

static void check_decodings(const struct decoding *cases, size_t count, struct arena *arena) {
    for (size_t i = 0; i < count; i++) {
        const struct decoding *c = &cases[i];
        struct verp *verp = verp_of(c->pattern, c->base);
        struct verp_match match;
        bool found = verp_decode(verp, c->address, arena, &match);
        if (found != (c->recipient != NULL))
            fail_msg("%s: %s", c->address, found ? match.recipient : "does not decode");
        if (found) {
            assert_string_equal(match.recipient, c->recipient);
            assert_string_equal(match.pattern, c->pattern);
            if (c->campaign) {
                assert_non_null(match.campaign);
                assert_string_equal(match.campaign, c->campaign);
            } else {
                assert_null(match.campaign);
            }
        }
        verp_free(verp);
    }
}

#define CHECK_DECODINGS(cases) check_decodings(cases, sizeof cases / sizeof *cases, *state)

static void each_preset_decodes_what_its_software_writes(void **state) {
    static const struct decoding cases[] = {
        {"nullsender", "bounces@news.example.com",
         "bounces+spring26-ada=example.net@news.example.com", "spring26", "ada@example.net"},
        {"xverp", "owner@lists.example", "owner+ada=example.net@lists.example", NULL,
         "ada@example.net"},
        {"xverp", "owner@lists.example", "owner+ada+x-y=example.net@lists.example", NULL,
         "ada+x-y@example.net"},
        {"xverp", "owner@lists.example", "\"owner+ada b=example.net\"@lists.example", NULL,
         "\"ada b\"@example.net"},
        {"xverp", "cats-request@lists.example", "cats-request+ada=example.net@lists.example", NULL,
         "ada@example.net"},
        {"mailman", "cats-bounces@lists.example", "cats-bounces+ada=example.net@lists.example",
         NULL, "ada@example.net"},
        {"mailman", "cats-bounces@lists.example", "cats-bounces+a=b=example.net@lists.example",
         NULL, "a=b@example.net"},
        {"qmail", "owner@lists.example", "owner-ada=example.net@lists.example", NULL,
         "ada@example.net"},
        {"qmail", "owner@lists.example", "owner-mary-jane=exam-ple.net@lists.example", NULL,
         "mary-jane@exam-ple.net"},
        {"ezmlm", "cats@lists.example", "cats-return-123-ada=example.net@lists.example", "123",
         "ada@example.net"},
        {"ezmlm", "cats@lists.example", "cats-return-7-mary-jane=example.net@lists.example", "7",
         "mary-jane@example.net"},
        {"courier", "owner@lists.example", "owner-ada=example.net@lists.example", NULL,
         "ada@example.net"},
        {"courier", "owner@lists.example", "owner-ada+2Bx+2dy=exam+2Dple.net@lists.example", NULL,
         "ada+x-y@exam-ple.net"},
        {"courier", "owner@lists.example", "owner-a+40b+25c+21=example.net@lists.example", NULL,
         "\"a@b%c!\"@example.net"},
        {"courier", "owner@lists.example", "owner-ada=+5B192.0.2.1+5D@lists.example", NULL,
         "ada@[192.0.2.1]"},
        {"courier", "owner@lists.example", "owner-ada+zz+41=example.net@lists.example", NULL,
         "ada+zz+41@example.net"},
        {"sympa", "bounce@lists.example", "bounce+ada==a==example.net==cats@lists.example", "cats",
         "ada@example.net"},
        {"sympa", "bounce@lists.example", "bounce+ada==a==example.net==cats==22@lists.example",
         "cats==22", "ada@example.net"},
        {"sympa", "bounce@lists.example", "bounce+a==a==b==a==example.net==cats@lists.example",
         "cats", "a==a==b@example.net"},
        {"sendgrid", "bounces@em.example.com",
         "bounces+45329440-6cd3-mary-jane=example.net@em.example.com", NULL,
         "mary-jane@example.net"},
        {"mailgun", "bounce@mg.example.com",
         "bounce+a1e0a8.be9e4a-mary-jane=example.net@mg.example.com", NULL,
         "mary-jane@example.net"},
    };
    CHECK_DECODINGS(cases);
}

#define OURS "bounces+{campaign}-{recipient}@news.example.com"
#define AT "@news.example.com"

static void our_own_scheme_reads_hostile_forms(void **state) {
    static const struct decoding cases[] = {
        /* Case: of the campaign it is the relays', of the local part it is kept. */
        {OURS, NULL, "BOUNCES+SPRING26-Ada.B=EXAMPLE.net@NEWS.example.COM.", "spring26",
         "Ada.B@example.net"},
        {OURS, NULL, "bounces+=53PRING-ada=example.net" AT, "Spring", "ada@example.net"},
        /* The first - ends the campaign, the last = the local part. */
        {OURS, NULL, "bounces+a-mary-jane=exam-ple.net" AT, "a", "mary-jane@exam-ple.net"},
        {OURS, NULL, "bounces+a--x=example.net" AT, "a", "-x@example.net"},
        {OURS, NULL, "bounces+spring-sale-ada=example.net" AT, "spring", "sale-ada@example.net"},
        {OURS, NULL, "bounces+spring=2dsale-ada=example.net" AT, "spring-sale", "ada@example.net"},
        {OURS, NULL, "bounces+a-b=c=d=example.net" AT, "a", "b=c=d@example.net"},
        {OURS, NULL, "bounces+a-==example.net" AT, "a", "=@example.net"},
        {OURS, NULL, "bounces+a-b+c+d=example.net" AT, "a", "b+c+d@example.net"},
        {OURS, NULL, "bounces+a-.b..c.=example.net" AT, "a", ".b..c.@example.net"},
        /* Escapes, and what only looks like one. */
        {OURS, NULL, "bounces+a-=22b=20c=22=example.net" AT, "a", "\"\\\"b c\\\"\"@example.net"},
        {OURS, NULL, "bounces+a-j=C3=b6rg=example.net" AT, "a", "j\xc3\xb6rg@example.net"},
        {OURS, NULL, "bounces+a-j=c3rg=example.net" AT, "a", "j=c3rg@example.net"},
        {OURS, NULL, "bounces+a-b=ad=example.net" AT, "a", "b=ad@example.net"},
        {OURS, NULL, "bounces+a-b=00=0a=7f=61=example.net" AT, "a", "b=00=0a=7f=61@example.net"},
        {OURS, NULL, "bounces+a=0a=1b-b=example.net" AT, "a=0a=1b", "b@example.net"},
        {OURS, NULL, "bounces+a-b=3=example.net" AT, "a", "b=3@example.net"},
        {OURS, NULL, "bounces+j\xc3\xb6-j\xc3\xb6rg=b\xc3\xbc.example" AT, "j\xc3\xb6",
         "j\xc3\xb6rg@b\xc3\xbc.example"},
        /* A local part of more than 64 octets: taken, though never made. */
        {OURS, NULL,
         "bounces+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbbbbbbb"
         "=example.net" AT,
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "bbbbbbbbbbbbbbbbbbbbbbbbbbb@example.net"},
        /* Wrapped. */
        {OURS, NULL,
         "prvs=0123456789=SRS0=HHHH=TT=news.example.com=bounces+a-ada=example.net@f.example", "a",
         "ada@example.net"},
        /* Not ours, or incomplete. */
        {OURS, NULL, "bounces" AT, NULL, NULL},
        {OURS, NULL, "bounces+" AT, NULL, NULL},
        {OURS, NULL, "bounces+a" AT, NULL, NULL},
        {OURS, NULL, "bounces+a-" AT, NULL, NULL},
        {OURS, NULL, "bounces+-ada=example.net" AT, NULL, NULL},
        {OURS, NULL, "bounces+a-ada" AT, NULL, NULL},
        {OURS, NULL, "bounces+a-=example.net" AT, NULL, NULL},
        {OURS, NULL, "bounces+a-ada=" AT, NULL, NULL},
        {OURS, NULL, "bounces+a-ada=example..net" AT, NULL, NULL},
        {OURS, NULL, "bounces+a-ada=example.net+x" AT, NULL, NULL},
        {OURS, NULL, "bounce+a-ada=example.net" AT, NULL, NULL},
        {OURS, NULL, "bounces+a-ada=example.net@example.com", NULL, NULL},
        {OURS, NULL, "bounces+a-ada=example.net", NULL, NULL},
        {OURS, NULL, "", NULL, NULL},
    };
    CHECK_DECODINGS(cases);
}

static void templates_take_what_their_fields_say(void **state) {
    static const struct decoding cases[] = {
        {"b-{campaign}--{recipient}@{any}", NULL, "b-spring-26--mary-jane=example.net@x.example",
         "spring-26", "mary-jane@example.net"},
        {"{recipient}+{campaign}@b.example.com", NULL, "ada+x=example.net+spring26@b.example.com",
         "spring26", "ada+x@example.net"},
        {"b-{domain}={local}@example.com", NULL, "b-exam-ple.net=a=b@example.com", NULL,
         "a=b@exam-ple.net"},
        {"b+{recipient}@{any}.example.com", NULL, "b+ada=example.net@x.y.example.com", NULL,
         "ada@example.net"},
        {"b+{recipient}@{any}.example.com", NULL, "b+ada=example.net@example.com", NULL, NULL},
        {"b+{recipient}@{any}.example.com", NULL, "b+ada=example.net@mail.example.com.example.com",
         NULL, "ada@example.net"},
        {"{base}.{any}+{recipient}@{host}", "b@example.com", "b.x.y+ada=example.net@example.com",
         NULL, "ada@example.net"},
        {"{BASE}+{Recipient}@{host}", "B@Example.com", "b+ada=example.net@example.com", NULL,
         "ada@example.net"},
    };
    CHECK_DECODINGS(cases);
}

static void microsofts_hash_is_never_taken_for_a_recipient(void **state) {
    static const struct decoding cases[] = {
        {"bounces+{recipient}@{any}", NULL, "bounces+SRS=44ldt=IX@contoso.example", NULL, NULL},
        {"bounces+{local}={domain}@{any}", NULL, "bounces+srs=44l/t=ix@contoso.example", NULL,
         NULL},
        {"bounces+{recipient}@{any}", NULL,
         "carol+SRS=44ldt=IX=news.example.com=bounces+ada=example.net@contoso.example", NULL,
         "ada@example.net"},
    };
    CHECK_DECODINGS(cases);
}

static void patterns_are_tried_in_their_order(void **state) {
    struct verp *verp = verp_new();
    struct verp_match match;
    struct err err;
    assert_false(verp_decode(verp, "b+x-ada=example.net@example.com", *state, &match));
    assert_int_equal(verp_add_pattern(verp, "nullsender", "b@example.com", &err), 0);
    assert_int_equal(verp_add_pattern(verp, "xverp", "b@example.com", &err), 0);
    assert_true(verp_decode(verp, "b+x-ada=example.net@example.com", *state, &match));
    assert_string_equal(match.pattern, "nullsender");
    assert_string_equal(match.recipient, "ada@example.net");
    assert_true(verp_decode(verp, "b+ada=example.net@example.com", *state, &match));
    assert_string_equal(match.pattern, "xverp");
    verp_free(verp);
}

static void what_we_send_from_is_our_own(void **state) {
    struct verp *verp = verp_of(OURS, NULL);
    struct err err;
    assert_int_equal(verp_add_pattern(verp, "qmail", "owner@lists.example", &err), 0);
    static const struct {
        const char *address;
        bool own;
    } cases[] = {
        {"bounces@news.example.com", true},
        {"Bounces@News.Example.com", true},
        {"bounces+a-ada=example.net@news.example.com", true},
        {"prvs=0123456789=bounces@news.example.com", true},
        {"owner@lists.example", true},
        {"bounces@lists.example", false},
        {"ada@news.example.com", false},
        {"bounces", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(verp_is_own(verp, cases[i].address, *state), cases[i].own);
    verp_free(verp);
}

static void wrong_templates_say_where_and_what_is_right(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *base, *words[2];
    } cases[] = {
        {"b+{recipent}@example.com", NULL, {"column 3:", "{recipient}"}},
        {"b+{recipient@example.com", NULL, {"column 3:", "`}`"}},
        {"b+recipient}@example.com", NULL, {"column 12:", "`{`"}},
        {"b+{campaign}{recipient}@example.com", NULL, {"column 13:", "text must stand between"}},
        {"b+{recipient}{campaign}@example.com", NULL, {"column 14:", "text must stand between"}},
        {"b+{recipient}-{campaign}@example.com", NULL, {"column 14:", "`+` or `=`"}},
        {"b+{recipient}+{local}@example.com", NULL, {"column 15:", "already"}},
        {"b+{campaign}-{list}-{recipient}@example.com", NULL, {"column 14:", "already"}},
        {"b+{campaign}@example.com", NULL, {"{recipient}", "{local} and {domain}"}},
        {"b+{local}@example.com", NULL, {"{recipient}", "{domain}"}},
        {"b+{recipient}", NULL, {"column 3:", "`@`"}},
        {"b+{recipient}@", NULL, {"column 14:", "a domain"}},
        {"b+{local}@{domain}@example.com", NULL, {"column 11:", "behind the `@`"}},
        {"b+{recipient}@x@example.com", NULL, {"column 16:", "second `@`"}},
        {"b+ {recipient}@example.com", NULL, {"column 3:", "local part"}},
        {"b+{recipient}@exam+ple.com", NULL, {"column 19:", "a domain"}},
        {"b+{recipient}@example.com.", NULL, {"column 26:", "no domain"}},
        {"b+{recipient}@example..com", NULL, {"column 26:", "no domain"}},
        {"b+{recipient}@ex\xe4mple.com", NULL, {"column 25:", "no domain"}},
        {"{base}+{recipient}@{host}", NULL, {"column 1:", "hangs on"}},
        {"b+{recipient}@{host}", "bounces", {"\"bounces\"", "bounces@example.com"}},
        {"nullsender", NULL, {"{base}+{campaign}", "bounces@example.com"}},
        {"nulsender", "b@example.com", {"xverp, mailman", "bounces+{campaign}"}},
        {"{any}-{any}-{any}-{any}-{any}-{any}-{any}-{any}-{any}-{any}-{any}-{any}-{any}-{any}-{any}-"
         "{any}-{recipient}@x.example",
         NULL,
         {"column 97:", "too many"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct verp *verp = verp_new();
        struct err err = {0};
        assert_int_equal(verp_add_pattern(verp, cases[i].pattern, cases[i].base, &err), -1);
        assert_int_equal(err.code, ERR_CONFIG);
        for (size_t j = 0; j < 2; j++)
            if (!strstr(err.text, cases[i].words[j]))
                fail_msg("%s: \"%s\" lacks %s", cases[i].pattern, err.text, cases[i].words[j]);
        verp_free(verp);
    }
}

static void every_preset_compiles(void **state) {
    (void)state;
    for (const struct verp_preset *preset = verp_presets; preset->name; preset++) {
        assert_non_null(preset->used_by);
        verp_free(verp_of(preset->name, "bounces@example.com"));
    }
}

static void an_address_of_a_kilobyte_takes_no_time_to_speak_of(void **state) {
    struct verp *verp = verp_of("b{any}={local}={domain}={any}={any}@{any}", NULL);
    char address[1000];
    memset(address, '=', sizeof address);
    memcpy(address, "b", 1);
    memcpy(address + sizeof address - sizeof "@x.example", "@x.example", sizeof "@x.example");
    struct verp_match match;
    for (int i = 0; i < 100; i++)
        assert_false(verp_decode(verp, address, *state, &match));
    verp_free(verp);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_preset_decodes_what_its_software_writes),
        cmocka_unit_test(our_own_scheme_reads_hostile_forms),
        cmocka_unit_test(templates_take_what_their_fields_say),
        cmocka_unit_test(microsofts_hash_is_never_taken_for_a_recipient),
        cmocka_unit_test(patterns_are_tried_in_their_order),
        cmocka_unit_test(what_we_send_from_is_our_own),
        cmocka_unit_test(wrong_templates_say_where_and_what_is_right),
        cmocka_unit_test(every_preset_compiles),
        cmocka_unit_test(an_address_of_a_kilobyte_takes_no_time_to_speak_of),
    };
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
