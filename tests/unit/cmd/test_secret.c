/* Secrets: from a file, a command or a credential, and refused where others could read them. */
#include "cmd/secret.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = P_tmpdir "/nullsender-test-secret-XXXXXX";

static const char *write_file(const char *name, const char *text, mode_t mode) {
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
    return path;
}

static void the_first_line_is_the_secret(void **state) {
    (void)state;
    static const char *const texts[] = {"hunter2", "hunter2\n", "hunter2\r\n", "hunter2\nmore\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct config_secret source = {.file = write_file("password", texts[i], 0600)};
        struct err err;
        char *secret;
        assert_int_equal(secret_read("password", &source, &secret, &err), 0);
        assert_string_equal(secret, "hunter2");
        secret_free(secret);
    }
}

static void a_file_that_others_can_read_is_refused(void **state) {
    (void)state;
    static const mode_t modes[] = {0644, 0640, 0604, 0620, 0602};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct config_secret source = {.file = write_file("open", "hunter2\n", modes[i])};
        struct err err;
        char *secret;
        assert_int_equal(secret_read("password", &source, &secret, &err), -1);
        assert_int_equal(err.code, ERR_CONFIG);
        assert_non_null(strstr(err.text, "chmod 600"));
        assert_null(strstr(err.text, "hunter2"));
    }
}

static void an_empty_or_missing_file_is_an_error(void **state) {
    (void)state;
    struct config_secret sources[] = {{.file = write_file("empty", "\n", 0600)},
                                      {.file = "/nonexistent/password"}};
    for (size_t i = 0; i < 2; i++) {
        struct err err;
        char *secret;
        assert_int_equal(secret_read("password", &sources[i], &secret, &err), -1);
        assert_int_equal(err.code, ERR_NO_INPUT);
    }
}

static void a_command_prints_the_secret(void **state) {
    (void)state;
    struct config_secret source = {.command = "printf 'from the command\\nmore\\n'"};
    struct err err;
    char *secret;
    assert_int_equal(secret_read("password", &source, &secret, &err), 0);
    assert_string_equal(secret, "from the command");
    secret_free(secret);
}

static void a_command_that_fails_is_an_error_and_its_output_stays_unseen(void **state) {
    (void)state;
    struct config_secret source = {.command = "printf 'half a secret\\n'; exit 3"};
    struct err err;
    char *secret;
    assert_int_equal(secret_read("password", &source, &secret, &err), -1);
    assert_null(secret);
    assert_non_null(strstr(err.text, "status 3"));
}

static void a_credential_comes_from_systemds_folder(void **state) {
    (void)state;
    write_file("imap", "credential\n", 0440);
    struct config_secret source = {.credential = "imap"};
    struct err err;
    char *secret;
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_int_equal(secret_read("password", &source, &secret, &err), -1);
    assert_non_null(strstr(err.text, "LoadCredential=imap"));
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    assert_int_equal(secret_read("password", &source, &secret, &err), 0);
    assert_string_equal(secret, "credential");
    secret_free(secret);
}

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    char command[300];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_line_is_the_secret),
        cmocka_unit_test(a_file_that_others_can_read_is_refused),
        cmocka_unit_test(an_empty_or_missing_file_is_an_error),
        cmocka_unit_test(a_command_prints_the_secret),
        cmocka_unit_test(a_command_that_fails_is_an_error_and_its_output_stays_unseen),
        cmocka_unit_test(a_credential_comes_from_systemds_folder),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
