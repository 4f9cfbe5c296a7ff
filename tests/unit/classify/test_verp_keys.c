#include "classify/verp_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define KEY_K "k 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define KEY_7 "7 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFffffffffffffffffffffffffffffffff\n"

/* RFC 4231 section 4.3 has a shorter key; a key's zeros at the end do not change an HMAC. */
static void the_mac_is_hmac_sha_256(void **state) {
    (void)state;
    static const unsigned char expected[] = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e,
                                             0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7,
                                             0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83,
                                             0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43};
    struct verp_keys *keys;
    struct err err;
    unsigned char mac[32];
    const char *jefe = "j 4a65666500000000000000000000000000000000000000000000000000000000";
    assert_int_equal(verp_keys_read(bytes_of(jefe), &keys, &err), 0);
    assert_int_equal(verp_keys_signing_id(keys), 'j');
    for (int i = 0; i < 2; i++) {
        assert_true(verp_keys_hmac(keys, 'j', bytes_of("what do ya want for nothing?"), mac));
        assert_memory_equal(mac, expected, sizeof expected);
    }
    assert_false(verp_keys_hmac(keys, 'k', bytes_of("what do ya want for nothing?"), mac));
    verp_keys_free(keys);
}

static void a_made_key_reads_back(void **state) {
    (void)state;
    unsigned char octets[VERP_KEY_SIZE];
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (unsigned char)i;
    struct buf line = BUF_INIT;
    struct err err;
    assert_int_equal(verp_key_write('k', octets, &line, &err), 0);
    assert_string_equal(line.data, KEY_K);
    struct verp_keys *keys;
    assert_int_equal(verp_keys_read(buf_bytes(&line), &keys, &err), 0);
    assert_int_equal(verp_keys_signing_id(keys), 'k');
    verp_keys_free(keys);
    assert_int_equal(verp_key_write('K', octets, &line, &err), -1);
    assert_int_equal(verp_key_write('1', octets, &line, &err), -1);
    buf_free(&line);
}

static void a_wrong_key_file_is_refused_without_showing_keys(void **state) {
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "no key"},
        {"# nothing\n", "no key"},
        {"\n" KEY_K "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "line 3:"},
        {"kk 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "line 1:"},
        {"K 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "a-z and 2-7"},
        {"k", "a-z and 2-7"},
        {"k 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1", "64"},
        {"k 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00", "64"},
        {"k 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1g", "64"},
        {KEY_K KEY_7 KEY_K, "line 3: a second key"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct verp_keys *keys;
        struct err err = {0};
        assert_int_equal(verp_keys_read(bytes_of(cases[i].text), &keys, &err), -1);
        assert_int_equal(err.code, ERR_CONFIG);
        if (!strstr(err.text, cases[i].words))
            fail_msg("\"%s\" lacks \"%s\"", err.text, cases[i].words);
        assert_null(strstr(err.text, "0405"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mac_is_hmac_sha_256),
        cmocka_unit_test(a_made_key_reads_back),
        cmocka_unit_test(a_wrong_key_file_is_refused_without_showing_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
