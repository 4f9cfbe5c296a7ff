#include "cmd/worker_process.h"

#include "cmd/base/memory.h"
#include "mime/charset.h"
#include "mime/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    READ_CHUNK = 64 * 1024,
    ROOM_KEPT = 1024 * 1024, /* for the next messages */
};

/* What ps(1) shows, and how a started process knows what it is. */
static char worker_name[] = "nullsender: worker";

/* All of its environment. timegm(3) looks at the time zone, whose file a worker cannot read, and
 * the same mail means the same everywhere. */
static char worker_zone[] = "TZ=UTC0";

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

static bool read_all(int fd, void *data, size_t len) {
    for (size_t got = 0; got < len;) {
        ssize_t n = read(fd, (char *)data + got, len - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    return true;
}

/* NULL and "" are the same here: no header field is named so. */
static void add_text(struct buf *out, const char *text) {
    buf_add(out, text ? text : "", (text ? strlen(text) : 0) + 1);
}

static const char *take_text(struct bytes *rest) {
    const char *text = rest->data;
    long end = bytes_find_char(*rest, '\0');
    if (end < 0)
        _exit(ERR_SOFTWARE);
    *rest = bytes_from(*rest, (size_t)end + 1);
    return *text ? text : NULL;
}

void worker_settings_write(const struct report_options *options, size_t option_count,
                           unsigned seconds, struct buf *settings) {
    struct buf body = BUF_INIT;
    for (size_t i = 0; i < option_count; i++) {
        uint32_t instance = options[i].recipient_header_instance;
        buf_add(&body, &instance, sizeof instance);
        add_text(&body, options[i].recipient_header);
        add_text(&body, options[i].campaign_header);
    }
    const struct worker_settings head = {body.len, seconds, (uint32_t)option_count};
    buf_add(settings, &head, sizeof head);
    buf_add_bytes(settings, buf_bytes(&body));
    buf_free(&body);
}

/* They stay for the life of the process. */
static struct report_options *settings_read(struct worker_settings *settings) {
    if (!read_all(STDIN_FILENO, settings, sizeof *settings))
        _exit(0);
    char *body = memory_alloc(settings->length);
    if (!read_all(STDIN_FILENO, body, settings->length))
        _exit(0);
    struct bytes rest = {body, settings->length};
    struct charset_cache *charsets = charset_cache_new();
    charset_cache_fill(charsets);
    struct report_options *options = memory_zero(settings->option_count, sizeof *options);
    for (size_t i = 0; i < settings->option_count; i++) {
        uint32_t instance;
        if (rest.len < sizeof instance)
            _exit(ERR_SOFTWARE);
        memcpy(&instance, rest.data, sizeof instance);
        rest = bytes_from(rest, sizeof instance);
        options[i].recipient_header_instance = instance;
        options[i].recipient_header = take_text(&rest);
        options[i].campaign_header = take_text(&rest);
        options[i].charsets = charsets;
    }
    return options;
}

int worker_process_start(struct bytes settings, pid_t *pid, int *socket, struct err *err) {
    char *const arguments[] = {worker_name, NULL}, *const environment[] = {worker_zone, NULL};
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return err_set_errno(err, ERR_OS, "worker process: socketpair");
    sigset_t every, none;
    sigfillset(&every);
    sigemptyset(&none);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDIN_FILENO);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    /* What a decoder that was taken over writes must not reach a terminal or the mail of cron. */
    if (!ISOLATION_SANITIZED)
        posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigdefault(&attributes, &every);
    posix_spawnattr_setsigmask(&attributes, &none);
    /* The very program that is running, also where its file has been replaced meanwhile. */
    int rc = posix_spawn(pid, "/proc/self/exe", &files, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    close(ends[1]);
    if (rc != 0) {
        close(ends[0]);
        errno = rc;
        return err_set_errno(err, ERR_OS, "worker process: /proc/self/exe cannot be started");
    }
    /* One that dies here is found dead where its greeting is awaited. */
    write_all(ends[0], settings);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *socket = ends[0];
    return 0;
}

/* Reads messages until the parent closes, and answers each. Many small messages cost one read and
 * one write together: what is there is answered before more is awaited. */
_Noreturn static void serve(const struct worker_settings *settings,
                            const struct report_options *options) {
    struct buf input = BUF_INIT, output = BUF_INIT, frame = BUF_INIT;
    struct arena *arena = arena_new();
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
            struct worker_response response = {request.number, frame.len};
            buf_add(&output, &response, sizeof response);
            buf_add_bytes(&output, buf_bytes(&frame));
            buf_shrink(&frame, ROOM_KEPT);
            arena_reset(arena);
            used += sizeof request + request.length;
            if (output.len >= READ_CHUNK) {
                if (!write_all(STDIN_FILENO, buf_bytes(&output)))
                    _exit(0);
                buf_shrink(&output, ROOM_KEPT);
            }
        }
        buf_remove_first(&input, used);
        used = 0;
        if (!write_all(STDIN_FILENO, buf_bytes(&output)))
            _exit(0);
        buf_shrink(&output, ROOM_KEPT);
        if (!input.len)
            buf_shrink(&input, ROOM_KEPT);
        buf_reserve(&input, READ_CHUNK);
        ssize_t n = read(STDIN_FILENO, input.data + input.len, READ_CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(0);
        input.len += (size_t)n;
        /* For all that came together: if they take longer, each gets its time alone, from the
         * process that replaces this one. */
        isolation_grant_seconds(settings->seconds);
    }
}

void worker_process_main(int argc, char **argv) {
    if (argc != 1 || strcmp(argv[0], worker_name) != 0)
        return;
    /* A crash is told by its signal; AddressSanitizer makes it an exit. */
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    /* The parent decides when to leave: also where both are interrupted at a terminal. */
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    struct worker_settings settings;
    const struct report_options *options = settings_read(&settings);
    tzset();
    struct worker_greeting greeting;
    isolation_enter(&greeting.isolation);
    if (!write_all(STDIN_FILENO, (struct bytes){(const char *)&greeting, sizeof greeting}))
        _exit(0);
    serve(&settings, options);
}
