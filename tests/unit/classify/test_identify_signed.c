/* Who a report is about where addresses are signed, and what may follow from it. */
#include "classify/identify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum {
    TODAY = 20779,
    LIFETIME = 30,
};

#define KEY_K "k 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define KEY_B "b 1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100\n"
#define BASE "bounces@news.example.com"
#define UNSIGNED_OF(local) "bounces+spring26-" local "=example.net@news.example.com"

struct fixture {
    struct verp *verp;
    struct verp_keys *keys, *others;
    struct arena *arena;
};

static int set_up(void **state) {
    static struct fixture f;
    struct err err;
    f.verp = verp_new();
    f.arena = arena_new();
    assert_int_equal(verp_keys_read(bytes_of(KEY_K), &f.keys, &err), 0);
    assert_int_equal(verp_keys_read(bytes_of(KEY_B), &f.others, &err), 0);
    static const char *const presets[] = {"signed", "token", "nullsender"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(verp_add_pattern(f.verp, presets[i], BASE, &err), 0);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    verp_free(f->verp);
    verp_keys_free(f->keys);
    verp_keys_free(f->others);
    arena_free(f->arena);
    return 0;
}

static const char *encode(const struct fixture *f, const struct verp_keys *keys, uint32_t day,
                          const char *campaign, const char *recipient) {
    const char *address, *token;
    struct err err;
    const struct verp_signer signer = {keys, day, 64};
    if (verp_encode_signed(f->verp, &signer, campaign, recipient, f->arena, &address, &token,
                           &err) != 0)
        fail_msg("%s", err.text);
    return address;
}

static const char *signed_for(const struct fixture *f, const char *recipient) {
    return encode(f, f->keys, TODAY, "spring26", recipient);
}

static struct identification identify(const struct fixture *f, enum identify_required required,
                                      const struct report *report,
                                      const struct sighting_token *tokens, size_t count) {
    const struct identify_options options = {{f->verp, f->keys, LIFETIME}, required};
    struct identification found;
    identify_report(&options, report, TODAY, tokens, count, f->arena, &found);
    return found;
}

static struct report bounce_to(struct report_candidate *candidates, size_t count) {
    return (struct report){
        .kind = REPORT_DELIVERY_STATUS, .candidates = candidates, .candidate_count = count};
}

static void each_outcome_withholds_what_is_required(void **state) {
    const struct fixture *f = *state;
    char wrong[128];
    strcpy(wrong, signed_for(f, "ada@example.net"));
    memcpy(strstr(wrong, "ada"), "bob", 3);
    const struct {
        const char *address;
        enum verp_signature signature;
    } cases[] = {
        {signed_for(f, "ada@example.net"), VERP_SIGNATURE_VALID},
        {UNSIGNED_OF("ada"), VERP_SIGNATURE_UNSIGNED},
        {wrong, VERP_SIGNATURE_WRONG},
        {encode(f, f->keys, TODAY - LIFETIME - 1, "spring26", "ada@example.net"),
         VERP_SIGNATURE_EXPIRED},
        {encode(f, f->others, TODAY, "spring26", "ada@example.net"), VERP_SIGNATURE_UNKNOWN_KEY},
    };
    static const enum withheld withheld[] = {WITHHELD_NOTHING, WITHHELD_STATE, WITHHELD_ALL};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (enum identify_required r = IDENTIFY_REQUIRED_NO; r <= IDENTIFY_REQUIRED_YES; r++) {
            struct report_candidate to[] = {{"Delivered-To", 1, false, cases[i].address}};
            struct report report = bounce_to(to, 1);
            struct identification found = identify(f, r, &report, NULL, 0);
            assert_int_equal(found.count, 1);
            assert_int_equal(found.identities->signature, cases[i].signature);
            assert_int_equal(found.identities->withheld, cases[i].signature == VERP_SIGNATURE_VALID
                                                             ? WITHHELD_NOTHING
                                                             : withheld[r]);
        }
    }
}

static void what_is_known_from_elsewhere_is_unsigned(void **state) {
    const struct fixture *f = *state;
    struct report_recipient groups[] = {{.final_recipient = "ada@example.net"},
                                        {.final_recipient = "bob@example.net"}};
    struct report_candidate to[] = {{"Delivered-To", 1, false, BASE}};
    struct report report = bounce_to(to, 1);
    report.recipients = groups;
    report.recipient_count = 2;
    struct identification found = identify(f, IDENTIFY_REQUIRED_SUPPRESS, &report, NULL, 0);
    assert_int_equal(found.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(found.identities[i].by, IDENTIFIED_BY_FINAL_RECIPIENT);
        assert_int_equal(found.identities[i].signature, VERP_SIGNATURE_UNSIGNED);
        assert_int_equal(found.identities[i].withheld, WITHHELD_STATE);
    }
}

static void a_valid_signature_counts_wherever_it_stands(void **state) {
    const struct fixture *f = *state;
    struct report_candidate candidates[] = {
        {"Delivered-To", 1, false, UNSIGNED_OF("mallory")},
        {"Return-Path", 1, true, signed_for(f, "ada@example.net")},
    };
    struct report report = bounce_to(candidates, 2);
    struct identification found = identify(f, IDENTIFY_REQUIRED_YES, &report, NULL, 0);
    assert_string_equal(found.identities->key, "ada@example.net");
    assert_int_equal(found.identities->by, IDENTIFIED_BY_VERP_IN_ORIGINAL);
    assert_int_equal(found.identities->withheld, WITHHELD_NOTHING);
    assert_null(found.conflict);
}

static void two_valid_signatures_for_different_mails_are_a_conflict(void **state) {
    const struct fixture *f = *state;
    const char *ada = signed_for(f, "ada@example.net");
    const struct {
        const char *other;
        bool conflict;
    } cases[] = {
        {signed_for(f, "ADA@example.net"), false},
        {encode(f, f->keys, TODAY - 1, "spring26", "ada@example.net"), false},
        {signed_for(f, "bob@example.net"), true},
        {encode(f, f->keys, TODAY, "spring27", "ada@example.net"), true},
        {encode(f, f->keys, TODAY - LIFETIME - 1, "spring26", "bob@example.net"), false},
        {encode(f, f->others, TODAY, "spring26", "bob@example.net"), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int inside = 0; inside < 2; inside++) {
            struct report_candidate candidates[] = {{"Delivered-To", 1, false, ada},
                                                    {"To", 1, inside, cases[i].other}};
            struct report report = bounce_to(candidates, 2);
            struct identification found = identify(f, IDENTIFY_REQUIRED_NO, &report, NULL, 0);
            assert_int_equal(found.conflict != NULL, cases[i].conflict);
            assert_string_equal(found.identities->key, "ada@example.net");
        }
    }
}

static void a_return_path_inside_never_suppresses_alone(void **state) {
    const struct fixture *f = *state;
    struct report_recipient ada = {.final_recipient = "ada@example.net"};
    struct report_recipient target = {.final_recipient = "ada@forwarded.example"};
    const struct {
        struct report_recipient *group;
        const char *original_to;
        enum withheld expected;
    } cases[] = {
        {NULL, NULL, WITHHELD_STATE},
        {&target, NULL, WITHHELD_STATE},
        {&ada, NULL, WITHHELD_NOTHING},
        {NULL, "ada@example.net", WITHHELD_NOTHING},
        {NULL, "bob@example.net", WITHHELD_STATE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct report_candidate candidates[] = {{"Delivered-To", 1, false, BASE},
                                                {"Return-Path", 1, true, UNSIGNED_OF("ada")}};
        struct report report = bounce_to(candidates, 2);
        report.recipients = cases[i].group;
        report.recipient_count = cases[i].group != NULL;
        report.original.to = cases[i].original_to;
        report.original.to_count = cases[i].original_to != NULL;
        struct identification found = identify(f, IDENTIFY_REQUIRED_NO, &report, NULL, 0);
        assert_string_equal(found.identities->key, "ada@example.net");
        assert_int_equal(found.identities->by, IDENTIFIED_BY_VERP_IN_ORIGINAL);
        assert_int_equal(found.identities->withheld, cases[i].expected);
    }
}

static void tokens_are_asked_for_once_and_resolved(void **state) {
    const struct fixture *f = *state;
    const char *long_one = "ada.king-noel.countess.of.lovelace@analytical-engine.example";
    const char *address = signed_for(f, long_one);
    struct report_candidate candidates[] = {
        {"Delivered-To", 1, false, address},
        {"To", 1, false, address},
        {"Return-Path", 1, true, address},
    };
    struct report report = bounce_to(candidates, 3);
    const char *const *tokens;
    assert_int_equal(sighting_tokens(f->verp, &report, f->arena, &tokens), 1);
    assert_int_equal(strlen(tokens[0]), VERP_TAG_LENGTH);

    struct sighting_token known = {tokens[0], "spring26", long_one};
    struct identification found = identify(f, IDENTIFY_REQUIRED_YES, &report, &known, 1);
    assert_string_equal(found.identities->key, long_one);
    assert_string_equal(found.identities->campaign, "spring26");
    assert_int_equal(found.identities->by, IDENTIFIED_BY_VERP);
    assert_int_equal(found.identities->signature, VERP_SIGNATURE_VALID);
    assert_int_equal(found.identities->withheld, WITHHELD_NOTHING);

    /* Somebody changed the table. */
    known.recipient = "bob@example.net";
    found = identify(f, IDENTIFY_REQUIRED_YES, &report, &known, 1);
    assert_int_equal(found.identities->signature, VERP_SIGNATURE_WRONG);

    known.recipient = NULL;
    found = identify(f, IDENTIFY_REQUIRED_YES, &report, &known, 1);
    assert_int_equal(found.count, 0);
    assert_int_equal(found.signature, VERP_SIGNATURE_UNKNOWN_TOKEN);

    struct report_recipient group = {.final_recipient = "ada@example.net"};
    report.recipients = &group;
    report.recipient_count = 1;
    found = identify(f, IDENTIFY_REQUIRED_YES, &report, &known, 1);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.identities->by, IDENTIFIED_BY_FINAL_RECIPIENT);
    assert_int_equal(found.identities->signature, VERP_SIGNATURE_UNKNOWN_TOKEN);
    assert_int_equal(found.identities->withheld, WITHHELD_ALL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_outcome_withholds_what_is_required),
        cmocka_unit_test(what_is_known_from_elsewhere_is_unsigned),
        cmocka_unit_test(a_valid_signature_counts_wherever_it_stands),
        cmocka_unit_test(two_valid_signatures_for_different_mails_are_a_conflict),
        cmocka_unit_test(a_return_path_inside_never_suppresses_alone),
        cmocka_unit_test(tokens_are_asked_for_once_and_resolved),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
