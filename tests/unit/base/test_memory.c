#include "cmd/base/memory.h"

#include "cmd/base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void no_bytes_are_memory_too(void **state) {
    (void)state;
    free(memory_alloc(0));
    free(memory_zero(0, 8));
    free(memory_zero(8, 0));
    void *p = memory_resize(NULL, 0);
    assert_non_null(p);
    free(memory_resize(p, 0));
}

static void zeroed_memory_is_zero(void **state) {
    (void)state;
    unsigned char *p = memory_zero(100, 3);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(p[i], 0);
    free(p);
}

static void a_string_is_a_copy(void **state) {
    (void)state;
    char text[] = "bounces";
    char *copy = memory_string(text);
    text[0] = 'x';
    assert_string_equal(copy, "bounces");
    free(copy);
}

/* What a process says and how it ends when `take` finds no memory. */
static int run_without_memory(void (*take)(void), char *said, size_t size) {
    int pipe_ends[2];
    assert_int_equal(pipe(pipe_ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(pipe_ends[1], STDERR_FILENO);
        take();
        _exit(0);
    }
    close(pipe_ends[1]);
    size_t len = 0;
    ssize_t more;
    while (len + 1 < size && (more = read(pipe_ends[0], said + len, size - 1 - len)) > 0)
        len += (size_t)more;
    said[len] = '\0';
    close(pipe_ends[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* More than any machine has, through a volatile that keeps the compiler from noticing. */
static volatile size_t far_too_much = SIZE_MAX / 4;

static void take_alloc(void) {
    free(memory_alloc(far_too_much));
}

static void take_zero(void) {
    free(memory_zero(far_too_much, 16));
}

static void take_resize(void) {
    free(memory_resize(NULL, far_too_much));
}

static void without_memory_the_process_ends_with_a_clear_line(void **state) {
    (void)state;
    void (*const takes[])(void) = {take_alloc, take_zero, take_resize, memory_fail};
    for (size_t i = 0; i < sizeof takes / sizeof *takes; i++) {
        char said[4096];
        assert_int_equal(run_without_memory(takes[i], said, sizeof said), ERR_OS);
        /* AddressSanitizer has a warning of its own before it. */
        assert_non_null(strstr(said, "nullsender: out of memory\n"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_bytes_are_memory_too),
        cmocka_unit_test(zeroed_memory_is_zero),
        cmocka_unit_test(a_string_is_a_copy),
        cmocka_unit_test(without_memory_the_process_ends_with_a_clear_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
