/*
 * VERP addresses, encoded and decoded: through wrappers, through relays that change the case, and
 * with signatures.
 *
 * Lines of the input: pattern, base (an empty line: none), campaign, recipient, and an address to
 * decode.
 */
#include "classify/verp.h"
#include "classify/address.h"
#include "fuzz.h"

#include <ctype.h>
#include <string.h>

enum {
    TODAY = 20779,
    LIFETIME = 30,
};

/* The key's octets do not matter, but there has to be one. */
static struct verp_keys *new_keys(void) {
    static const char text[] =
        "k 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
    struct verp_keys *keys;
    struct err err;
    MUST(verp_keys_read(bytes_of(text), &keys, &err) == 0);
    return keys;
}

static const char *map_case(int (*map)(int), const char *text, struct arena *arena) {
    char *copy = arena_string(arena, text);
    for (char *p = copy; *p; p++)
        if ((unsigned char)*p < 0x80)
            *p = (char)map((unsigned char)*p);
    return copy;
}

static bool same(const char *a, const char *b) {
    return a == b || (a && b && !strcmp(a, b));
}

/* Whatever decodes gives an address, and gives it twice. */
static void check_decoding(const struct verp *verp, const char *address, struct arena *arena) {
    struct verp_match match, again;
    const char *bare = verp_unwrap(address, arena);
    MUST(same(verp_unwrap(bare, arena), bare));
    verp_is_own(verp, address, arena);
    if (verp_decode_token(verp, address, arena, &match))
        MUST(match.tag && !match.recipient);
    if (!verp_decode(verp, address, arena, &match))
        return;
    MUST(match.pattern && match.domain);
    MUST(same(address_normalise(match.recipient, arena), match.recipient));
    MUST(verp_decode(verp, bare, arena, &again));
    MUST(same(match.recipient, again.recipient) && same(match.campaign, again.campaign) &&
         same(match.tag, again.tag));
    MUST(verp_is_own(verp, address, arena));
}

static void check_match(const struct verp *verp, const char *address, const char *campaign,
                        const char *recipient, struct arena *arena, struct verp_match *match) {
    MUST(verp_decode(verp, address, arena, match));
    MUST(same(match->campaign, campaign));
    MUST(same(address_key(match->recipient, arena), address_key(recipient, arena)));
}

/* That forwarders keep it whole. */
static void check_wrapped(const struct verp *verp, const char *address, const char *campaign,
                          const char *recipient, struct arena *arena) {
    struct verp_match match;
    struct bytes text = bytes_of(address);
    size_t at = (size_t)bytes_find_last_char(text, '@');
    if (*address == '"' || address[at + 1] == '[')
        return; /* neither can stand in another local part without quotes */
    const char *srs = arena_printf(arena, "SRS0=Hh+/=7T=%s=%.*s@forward.example", address + at + 1,
                                   (int)at, address);
    check_match(verp, srs, campaign, recipient, arena, &match);
    check_match(verp, arena_printf(arena, "prvs=0123456789=%s", address), campaign, recipient,
                arena, &match);
}

static void check_encoding(const struct verp *verp, const char *campaign, const char *recipient,
                           struct arena *arena) {
    const char *address;
    struct verp_match match;
    struct err err = {0};
    if (verp_encode(verp, campaign, recipient, arena, &address, &err) < 0) {
        MUST(err.code == ERR_DATA || err.code == ERR_CONFIG);
        return;
    }
    MUST(strcspn(address, "@") <= ADDRESS_LOCAL_PART_MAX);
    check_match(verp, address, campaign, recipient, arena, &match);
    MUST(same(match.recipient, address_normalise(recipient, arena)));
    check_wrapped(verp, address, campaign, recipient, arena);
}

static void check_signing(const struct verp *verp, const char *campaign, const char *recipient,
                          struct arena *arena) {
    struct verp_keys *keys = new_keys();
    struct verp_signer signer = {keys, TODAY, ADDRESS_LOCAL_PART_MAX};
    const char *address, *token;
    struct verp_match match;
    struct err err = {0};
    if (verp_encode_signed(verp, &signer, campaign, recipient, arena, &address, &token, &err) < 0) {
        MUST(err.code == ERR_DATA || err.code == ERR_CONFIG);
        goto out;
    }
    if (token) {
        MUST(verp_decode_token(verp, address, arena, &match));
        MUST(same(match.tag, token));
        match.campaign = campaign;
        match.recipient = recipient;
    } else {
        check_match(verp, address, campaign, recipient, arena, &match);
        check_wrapped(verp, address, campaign, recipient, arena);
    }
    MUST(verp_check(keys, &match, TODAY, LIFETIME, arena) == VERP_SIGNATURE_VALID);
    MUST(verp_check(keys, &match, TODAY + LIFETIME + 1, LIFETIME, arena) == VERP_SIGNATURE_EXPIRED);
    match.recipient = arena_printf(arena, "x%s", match.recipient);
    MUST(verp_check(keys, &match, TODAY, LIFETIME, arena) != VERP_SIGNATURE_VALID);
out:
    verp_keys_free(keys);
}

/* The shipped patterns keep campaign and recipient whatever becomes of the case. */
static void check_case(const char *campaign, const char *recipient, struct arena *arena) {
    static const char *const presets[] = {"nullsender", "signed"};
    struct verp_keys *keys = new_keys();
    struct verp_signer signer = {keys, TODAY, ADDRESS_LOCAL_PART_MAX};
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
        struct verp *verp = verp_new();
        const char *address, *token;
        struct verp_match match;
        struct err err;
        MUST(verp_add_pattern(verp, presets[i], "bounces@news.example.com", &err) == 0);
        int rc = i == 0 ? verp_encode(verp, campaign, recipient, arena, &address, &err)
                        : verp_encode_signed(verp, &signer, campaign, recipient, arena, &address,
                                             &token, &err);
        if (rc == 0) {
            check_match(verp, map_case(toupper, address, arena), campaign, recipient, arena,
                        &match);
            check_match(verp, map_case(tolower, address, arena), campaign, recipient, arena,
                        &match);
            check_wrapped(verp, address, campaign, recipient, arena);
        }
        verp_free(verp);
    }
    verp_keys_free(keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes rest = fuzz_input(data, size);
    struct arena *arena = arena_new();
    struct verp *verp = verp_new();
    struct err err = {0};
    const char *pattern = fuzz_next_line(&rest, arena);
    const char *base = fuzz_next_line(&rest, arena);
    const char *campaign = fuzz_next_line(&rest, arena);
    const char *recipient = fuzz_next_line(&rest, arena);
    const char *address = fuzz_next_line(&rest, arena);
    if (verp_add_pattern(verp, pattern, *base ? base : NULL, &err) < 0)
        MUST(err.code == ERR_CONFIG && err.text[0]);
    check_decoding(verp, address, arena);
    check_encoding(verp, campaign, recipient, arena);
    check_encoding(verp, NULL, recipient, arena);
    check_signing(verp, campaign, recipient, arena);
    check_case(campaign, recipient, arena);
    verp_free(verp);
    arena_free(arena);
    return 0;
}
