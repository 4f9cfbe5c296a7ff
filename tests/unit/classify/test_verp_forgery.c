/*
 * Forged signatures, and true ones on their way through forwarders.
 *
 * NULLSENDER_FORGERIES says how many are forged; `make forgery` tries ten million.
 */
#include "random_verp.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FORGERIES = 200 * 1000,
    ROUNDS = 30 * 1000,
    TODAY = 20779,
    LIFETIME = 30,
};

#define KEY_K "k 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define KEY_B "b 1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100\n"
#define BASE "bounces@news.example.com"
#define ALPHABET "abcdefghijklmnopqrstuvwxyz234567"

struct fixture {
    struct verp *verp;
    struct verp_keys *keys;
    struct arena *arena;
    struct source source;
};

static int set_up(void **state) {
    static struct fixture f;
    struct err err;
    f = (struct fixture){.verp = verp_new(), .arena = arena_new(), .source = {20261122}};
    assert_int_equal(verp_keys_read(bytes_of(KEY_K KEY_B), &f.keys, &err), 0);
    assert_int_equal(verp_add_pattern(f.verp, "signed", BASE, &err), 0);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    verp_free(f->verp);
    verp_keys_free(f->keys);
    arena_free(f->arena);
    return 0;
}

static void change(struct source *source, char *tag, size_t from) {
    size_t at = from + next_random(source, (uint32_t)(VERP_TAG_LENGTH - from));
    const char *old = strchr(ALPHABET, tag[at]);
    tag[at] = ALPHABET[(size_t)(old - ALPHABET + 1 + next_random(source, 31)) % 32];
}

/* What somebody may try who has a valid tag for somebody else, and what one who has none. */
static void forge(struct fixture *f, int kind, const struct verp_signed *victim, char *tag) {
    const struct verp_signed own = {victim->campaign, "mallory@example.net", victim->domain};
    verp_tag_write(f->keys, TODAY, kind ? victim : &own, tag);
    switch (kind) {
    case 0: break;                             /* his own tag */
    case 1: change(&f->source, tag, 0); break; /* the true one, with one digit changed */
    case 2:                                    /* with several */
        change(&f->source, tag, 0);
        change(&f->source, tag, 3);
        break;
    default: /* key and day known (3), or nothing (4) */
        for (size_t i = kind == 3 ? 3 : 0; i < VERP_TAG_LENGTH; i++)
            tag[i] = ALPHABET[next_random(&f->source, 32)];
    }
}

static void no_forged_tag_is_accepted(void **state) {
    struct fixture *f = *state;
    const char *wanted = getenv("NULLSENDER_FORGERIES");
    long count = wanted ? atol(wanted) : FORGERIES, seen[VERP_SIGNATURE_COUNT] = {0};
    char recipient[64];
    for (long i = 0; i < count; i++) {
        snprintf(recipient, sizeof recipient, "user%ld@example.net", i);
        const struct verp_signed victim = {"spring26", recipient, "news.example.com"};
        char tag[VERP_TAG_LENGTH + 1], true_tag[VERP_TAG_LENGTH + 1];
        int kind = (int)(i % 5);
        forge(f, kind, &victim, tag);
        /* Two changes may undo each other. */
        verp_tag_write(f->keys, TODAY, &victim, true_tag);
        enum verp_signature found = verp_tag_check(f->keys, tag, &victim, TODAY, LIFETIME);
        seen[found]++;
        if (found == VERP_SIGNATURE_VALID && strcmp(tag, true_tag) != 0)
            fail_msg("%s was accepted for %s", tag, recipient);
        if (found == VERP_SIGNATURE_EXPIRED)
            fail_msg("%s was accepted for %s, and too old", tag, recipient);
    }
    assert_int_equal(seen[VERP_SIGNATURE_WRONG] + seen[VERP_SIGNATURE_UNKNOWN_KEY] +
                         seen[VERP_SIGNATURE_VALID],
                     count);
    assert_true(seen[VERP_SIGNATURE_VALID] < count / 1000);
    assert_true(seen[VERP_SIGNATURE_UNKNOWN_KEY] > 0);
    print_message("# %ld forged tags: %ld wrong, %ld of an unknown key, none accepted\n", count,
                  seen[VERP_SIGNATURE_WRONG], seen[VERP_SIGNATURE_UNKNOWN_KEY]);
}

static void assert_valid(struct fixture *f, const char *address, const char *campaign,
                         const char *key) {
    struct verp_match match;
    if (!verp_decode(f->verp, address, f->arena, &match))
        fail_msg("%s does not decode", address);
    assert_string_equal(match.campaign, campaign);
    assert_string_equal(address_key(match.recipient, f->arena), key);
    assert_int_equal(verp_check(f->keys, &match, TODAY, LIFETIME, f->arena), VERP_SIGNATURE_VALID);
}

static void signatures_stay_valid_through_all_wrappers(void **state) {
    struct fixture *f = *state;
    const struct verp_signer signer = {f->keys, TODAY, ADDRESS_LOCAL_PART_MAX};
    size_t longest = 0;
    long encoded = 0;
    for (int i = 0; i < ROUNDS; i++) {
        arena_reset(f->arena);
        const char *campaign = random_word(&f->source, f->arena);
        const char *recipient = random_recipient(&f->source, f->arena);
        const char *address, *token;
        struct err err;
        if (verp_encode_signed(f->verp, &signer, campaign, recipient, f->arena, &address, &token,
                               &err) != 0)
            continue;
        encoded++;
        size_t at = strcspn(address, "@");
        longest = at > longest ? at : longest;
        const char *key = address_key(recipient, f->arena);
        const char *forwarded = wrap_srs(address, f->arena);
        const char *const ways[] = {
            address,
            map_case(tolower, address, f->arena),
            map_case(toupper, address, f->arena),
            forwarded,
            map_case(tolower, forwarded, f->arena),
            wrap_srs(forwarded, f->arena),
            arena_printf(f->arena, "SRS1=Gg=f.example==Hh=7T=news.example.com=%.*s@g.example",
                         (int)at, address),
            arena_printf(f->arena, "prvs=0123456789=%s", address),
            arena_printf(f->arena, "btv1==0123456789a==%s", address),
            map_case(toupper, arena_printf(f->arena, "prvs=0123456789=%s", forwarded), f->arena),
        };
        for (size_t way = 0; way < sizeof ways / sizeof *ways; way++)
            assert_valid(f, ways[way], campaign, key);
    }
    assert_true(encoded > ROUNDS / 10);
    assert_int_equal(longest, ADDRESS_LOCAL_PART_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_forged_tag_is_accepted),
        cmocka_unit_test(signatures_stay_valid_through_all_wrappers),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
