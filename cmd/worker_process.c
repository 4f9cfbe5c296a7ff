#include "cmd/worker_process.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "mime/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    MEMORY_MAX = 1024 * 1024 * 1024, /* address space; a 64 MB message needs some 200 MB */
    READ_CHUNK = 64 * 1024,
};

static bool write_all(int fd, struct bytes rest) {
    while (rest.len) {
        ssize_t n = write(fd, rest.data, rest.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        rest = bytes_from(rest, (size_t)n);
    }
    return true;
}

static void confine(int socket) {
    /* Everything but the socket and stderr, where a sanitizer or a failed allocation speaks. */
    dup2(socket, STDIN_FILENO);
    int null = open("/dev/null", O_WRONLY);
    if (null >= 0)
        dup2(null, STDOUT_FILENO);
    close_range(STDERR_FILENO + 1, ~0u, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
#if !defined(__SANITIZE_ADDRESS__)
    setrlimit(RLIMIT_AS, &(struct rlimit){MEMORY_MAX, MEMORY_MAX});
#endif
    /* Handlers of the parent are not for here; and the parent decides when to leave. */
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

/* Reads messages until the parent closes, and answers each. Many small messages cost one read and
 * one write together: what is there is answered before more is awaited. */
_Noreturn static void serve(const struct report_options *given, size_t option_count,
                            struct charset_cache *charsets) {
    struct buf input = BUF_INIT, output = BUF_INIT, frame = BUF_INIT;
    struct arena *arena = arena_new();
    struct report_options *options = memory_zero(option_count, sizeof *options);
    for (size_t i = 0; i < option_count; i++) {
        options[i] = given[i];
        options[i].charsets = charsets;
    }
    size_t used = 0;
    for (;;) {
        struct worker_request request;
        while (input.len - used >= sizeof request) {
            memcpy(&request, input.data + used, sizeof request);
            if (input.len - used - sizeof request < request.length)
                break;
            struct bytes message = {input.data + used + sizeof request, request.length};
            report_frame_write(
                report_read(message, request.truncated, &options[request.option], arena), &frame);
            struct worker_response response = {request.number, (uint32_t)frame.len, 0};
            buf_add(&output, &response, sizeof response);
            buf_add_bytes(&output, buf_bytes(&frame));
            buf_reset(&frame);
            arena_reset(arena);
            used += sizeof request + request.length;
            if (output.len >= READ_CHUNK) {
                if (!write_all(STDIN_FILENO, buf_bytes(&output)))
                    _exit(0);
                buf_reset(&output);
            }
        }
        buf_remove_first(&input, used);
        used = 0;
        if (!write_all(STDIN_FILENO, buf_bytes(&output)))
            _exit(0);
        buf_reset(&output);
        buf_reserve(&input, READ_CHUNK);
        ssize_t n = read(STDIN_FILENO, input.data + input.len, READ_CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(0);
        input.len += (size_t)n;
    }
}

_Noreturn void worker_process_run(int socket, const struct report_options *options,
                                  size_t option_count, struct charset_cache *charsets) {
    confine(socket);
    serve(options, option_count, charsets);
}
