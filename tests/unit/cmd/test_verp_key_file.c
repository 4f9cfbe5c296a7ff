/* The file of VERP keys: made and added to without ever losing a key, and refused where it is not
 * kept secret. */
#include "cmd/verp_key_file.h"

#include "cmd/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define KEY_K "k 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

struct fixture {
    char folder[64];
    char path[128];
};

static struct fixture fixture;

static int set_up(void **state) {
    snprintf(fixture.folder, sizeof fixture.folder, "/tmp/nullsender-keys-XXXXXX");
    assert_non_null(mkdtemp(fixture.folder));
    snprintf(fixture.path, sizeof fixture.path, "%s/keys", fixture.folder);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    char fresh[160];
    snprintf(fresh, sizeof fresh, "%s.new", fixture.path);
    unlink(fresh);
    unlink(fixture.path);
    return rmdir(fixture.folder);
}

static void put(const char *text, mode_t mode) {
    FILE *file = fopen(fixture.path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(fixture.path, mode), 0);
}

static void get(char text[1024]) {
    FILE *file = fopen(fixture.path, "r");
    assert_non_null(file);
    text[fread(text, 1, 1023, file)] = '\0';
    fclose(file);
}

static unsigned mode_of(const char *path) {
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (unsigned)st.st_mode & 0777;
}

static void a_made_file_has_one_key_and_is_secret(void **state) {
    (void)state;
    struct verp_keys *keys;
    struct err err;
    char id, before[1024], after[1024];
    umask(0);
    assert_int_equal(verp_key_file_make(fixture.path, &id, &err), 0);
    assert_int_equal(mode_of(fixture.path), 0600);
    assert_int_equal(verp_key_file_read(fixture.path, &keys, &err), 0);
    assert_int_equal(verp_keys_signing_id(keys), id);
    assert_int_equal(strlen(verp_keys_ids(keys)), 1);
    verp_keys_free(keys);
    get(before);
    assert_int_equal(verp_key_file_make(fixture.path, &id, &err), -1);
    assert_int_equal(err.code, ERR_CANNOT_CREATE);
    get(after);
    assert_string_equal(before, after);
}

static void an_added_key_signs_and_the_others_stay(void **state) {
    (void)state;
    struct verp_keys *keys;
    struct err err;
    char id, text[1024];
    put("# ours\n\n" KEY_K "# the end\n", 0600);
    assert_int_equal(verp_key_file_add(fixture.path, &id, &err), 0);
    assert_int_equal(id, 'l');
    assert_int_equal(mode_of(fixture.path), 0600);
    get(text);
    assert_non_null(strstr(text, "# ours\n\nl "));
    assert_non_null(strstr(text, "\n" KEY_K "# the end\n"));
    for (int i = 2; i < 32; i++)
        assert_int_equal(verp_key_file_add(fixture.path, &id, &err), 0);
    assert_int_equal(verp_key_file_read(fixture.path, &keys, &err), 0);
    assert_string_equal(verp_keys_ids(keys), "jihgfedcba765432zyxwvutsrqponmlk");
    verp_keys_free(keys);
    assert_int_equal(verp_key_file_add(fixture.path, &id, &err), -1);
    assert_int_equal(err.code, ERR_DATA);
}

static void a_file_that_is_no_secret_or_no_key_file_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        mode_t mode;
        const char *words;
    } cases[] = {
        {KEY_K, 0640, "chmod 600"},
        {KEY_K, 0604, "chmod 600"},
        {KEY_K, 0620, "chmod 600"},
        {"", 0600, "no key"},
        {"k 00\n", 0600, "line 1: a key has 64 hexadecimal digits"},
        {KEY_K "a 0000000000000000000000000000000000000000000000000000000000000000\n", 0600,
         "key a does not come from a random source"},
        {"a deadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef\n", 0600,
         "key a does not come from a random source"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct verp_keys *keys;
        struct err err;
        char id, text[1024];
        put(cases[i].text, cases[i].mode);
        assert_int_equal(verp_key_file_read(fixture.path, &keys, &err), -1);
        assert_int_equal(err.code, ERR_CONFIG);
        if (!strstr(err.text, cases[i].words))
            fail_msg("\"%s\" lacks \"%s\"", err.text, cases[i].words);
        assert_null(keys);
        assert_int_equal(verp_key_file_add(fixture.path, &id, &err), -1);
        get(text);
        assert_string_equal(text, cases[i].text);
    }
    struct verp_keys *keys;
    struct err err;
    unlink(fixture.path);
    assert_int_equal(verp_key_file_read(fixture.path, &keys, &err), -1);
    assert_int_equal(err.code, ERR_NO_INPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_made_file_has_one_key_and_is_secret, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_added_key_signs_and_the_others_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_no_secret_or_no_key_file_is_refused, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
