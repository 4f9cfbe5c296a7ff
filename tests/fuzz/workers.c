/*
 * The parent of workers that say what they like: each message comes back once, in its turn, and an
 * answer never goes to another message.
 *
 * Each line of the input is what one worker says, the next line is its successor's:
 *
 *     g        the greeting
 *     0 to 9   the answer to the message of that number: a frame that holds this digit
 *     h        an answer to message 0 that has 100 octets: what follows belongs to it, or is
 * missing l        an answer that is longer than any frame t        half the head of an answer, and
 * the end of the worker
 *
 * All else is passed over. The first line says how many workers there are, 1 or 2.
 */
#include "cmd/base/buf.h"
#include "cmd/worker.h"
#include "cmd/worker_process.h"
#include "fuzz.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MESSAGES = 10,
    SAID_MAX = 16 * 1024, /* what one worker says fits into its socket: nobody reads yet */
};

static struct bytes script; /* of the workers that are still to be started */

static void say(int socket, const void *data, size_t len) {
    MUST(write(socket, data, len) == (ssize_t)len);
}

static void answer(int socket, uint64_t number, uint64_t length) {
    const struct worker_response response = {number, length};
    say(socket, &response, sizeof response);
}

/* Says the line of a worker. */
static void perform(int socket, struct bytes line) {
    static const struct worker_greeting greeting;
    for (size_t i = 0; i < line.len; i++) {
        char c = line.data[i];
        if (c == 'g') {
            say(socket, &greeting, sizeof greeting);
        } else if (ascii_is_digit(c)) {
            answer(socket, (uint64_t)(c - '0'), 1);
            say(socket, &c, 1);
        } else if (c == 'h') {
            answer(socket, 0, 100);
        } else if (c == 'l') {
            answer(socket, 0, UINT64_MAX);
        } else if (c == 't') {
            say(socket, "torn off", 8);
            return;
        }
    }
}

/* These take the place of cmd/worker_process.c and of the system calls about its processes: there
 * are none. The number of one is that of its end of the socket, and one more. */

void worker_settings_write(const struct report_options *options, size_t option_count,
                           unsigned seconds, struct buf *settings) {
    (void)options;
    (void)option_count;
    (void)seconds;
    (void)settings;
}

int worker_process_start(struct bytes settings, pid_t *pid, int *socket, struct err *err) {
    struct bytes line = bytes_of("g");
    int ends[2];
    (void)settings;
    (void)err;
    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    bytes_next_line(&script, &line);
    perform(ends[1], bytes_first(line, SAID_MAX / sizeof(struct worker_greeting)));
    shutdown(ends[1], SHUT_WR);
    *pid = ends[1] + 1;
    *socket = ends[0];
    return 0;
}

int kill(pid_t pid, int number) {
    MUST(number == SIGKILL);
    return close(pid - 1);
}

pid_t waitpid(pid_t pid, int *status, int options) {
    (void)options;
    *status = 0;
    return pid;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    return signal(SIGPIPE, SIG_IGN) == SIG_ERR; /* as cmd/main.c does */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct report_options none;
    struct worker_pool_options options = {.count = 1, .reports = &none, .report_count = 1};
    struct worker_pool *pool;
    struct worker_result result;
    struct err err = {0};
    struct bytes first = {0};
    size_t messages[MESSAGES], taken = 0;
    int found;
    script = fuzz_input(data, size);
    bytes_next_line(&script, &first);
    if (bytes_equal(first, bytes_of("2")))
        options.count = 2;
    MUST(worker_pool_start(&options, &pool, &err) == 0);
    for (size_t i = 0; i < MESSAGES; i++) {
        messages[i] = i;
        worker_pool_submit(
            pool, &(struct worker_job){.message = bytes_of("mail"), .context = &messages[i]});
    }
    while ((found = worker_pool_next(pool, true, &result, &err)) > 0) {
        MUST(taken < MESSAGES && result.job.context == &messages[taken]);
        MUST(!result.failure == !!result.frame.data);
        MUST(result.failure || result.frame.len != 1 ||
             result.frame.data[0] == (char)('0' + taken));
        taken++;
    }
    MUST(found == 0 ? taken == MESSAGES : err.code == ERR_OS);
    worker_pool_stop(pool);
    return 0;
}
