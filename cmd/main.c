/* nullsender: the way in. Everything else is behind the command table. */
#include "cmd/command.h"
#include "cmd/isolation.h"
#include "cmd/log.h"
#include "cmd/worker_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static int set_log_format(const struct invocation *invocation, struct err *err) {
    unsigned format;
    if (invocation_choice(invocation, OPTION_LOG_FORMAT, log_format_names, &format, err) != 0)
        return -1;
    log_set_format((enum log_format)format);
    return 0;
}

static int run(int argc, char **argv, struct err *err) {
    struct invocation invocation;
    int rc = invocation_parse(argc, argv, &invocation, err);
    if (rc == 0 && invocation_has(&invocation, OPTION_VERSION)) {
        puts("nullsender " VERSION);
    } else if (rc == 0 && invocation_has(&invocation, OPTION_HELP)) {
        if (invocation.command)
            command_print_help(invocation.command, stdout);
        else
            command_print_overview(stdout);
    } else if (rc == 0) {
        if (invocation.counts[OPTION_VERBOSE])
            log_set_level(invocation.counts[OPTION_VERBOSE] > 1 ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
        log_set_field(LOG_FIELD_COMMAND, invocation.command->name);
        rc = set_log_format(&invocation, err);
        if (rc == 0)
            rc = invocation.command->run(&invocation, err);
    }
    invocation_free(&invocation);
    if (rc == 0 && (fflush(stdout) || ferror(stdout)))
        rc = err_set_errno(err, ERR_IO, "standard output");
    return rc;
}

/* Whoever reads our output has had enough: `nullsender parse ... | head`. */
static bool reader_is_gone(void) {
    struct pollfd output = {STDOUT_FILENO, POLLOUT, 0};
    return poll(&output, 1, 0) == 1 && (output.revents & POLLERR);
}

/* Where one of the first three is closed, the next connection would take its place, and an error
 * message would go to a server. */
static void open_standard_files(void) {
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = open("/dev/null", O_RDWR);
    close(fd);
}

int main(int argc, char **argv) {
    worker_process_main(argc, argv);
    isolation_hide_secrets();
    open_standard_files();
    /* A peer that closes shows as EPIPE where it was written to. */
    signal(SIGPIPE, SIG_IGN);
    struct err err = {0};
    if (run(argc, argv, &err) == 0)
        return 0;
    if (err.code == ERR_IO && reader_is_gone())
        return 128 + SIGPIPE;
    int code = err.code ? (int)err.code : ERR_SOFTWARE;
    log_set_field_number(LOG_FIELD_EXIT_CODE, (unsigned long)code);
    log_error("%s", err.text);
    return code;
}
