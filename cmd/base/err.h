/*
 * err: what went wrong, in words for the person who runs the program.
 *
 * A function that can fail takes a caller-owned `struct err *` as its last argument and returns
 * 0 or -1. The lowest layer says what happened (`err_set`), each layer above says what it was
 * doing (`err_prefix`): "mailbox bounces: UID 4711: server closed the connection".
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/* The kinds of failure; the values are the exit codes of sysexits(3). */
enum err_code {
    ERR_NONE = 0,
    ERR_NOT_FOUND = 1, /* what was asked for does not exist, as grep(1) says it */
    ERR_USAGE = 64,    /* the command line is wrong */
    ERR_DATA = 65,     /* input cannot be used as it is */
    ERR_NO_INPUT = 66, /* an input file cannot be read */
    ERR_NO_HOST = 68,  /* a host name does not resolve */
    ERR_UNAVAILABLE =
        69,            /* a service refuses, for good: TLS that does not verify, no such folder */
    ERR_SOFTWARE = 70, /* a bug of ours */
    ERR_OS = 71,       /* fork, pipe, memory */
    ERR_CANNOT_CREATE = 73, /* an output file cannot be written */
    ERR_IO = 74,            /* reading or writing failed half-way */
    ERR_TEMPORARY = 75,     /* the next run may succeed: a server is down, a connection was lost */
    ERR_PROTOCOL = 76,      /* a server does not speak its protocol */
    ERR_PERMISSION = 77,    /* a password or a privilege is missing */
    ERR_CONFIG = 78,        /* the configuration is wrong */
};

enum {
    ERR_TEXT_MAX = 1024, /* a terminal screen of words; longer texts are cut */
};

struct err {
    enum err_code code;
    unsigned retry_after;    /* seconds that the other side asks us to wait before we try again;
                                0: it did not say */
    char text[ERR_TEXT_MAX]; /* one line, no final newline; may hold bytes from outside */
};

/* Sets code and text, replacing what stood there; retry_after becomes 0. Always returns -1, for
 * `return err_set(...)`. `err` may be NULL where the caller does not want to know. */
int err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with ": " and the text of the current errno at the end. */
int err_set_errno(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts `format` and ": " before the text that is there; keeps the code. Always returns -1. */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "; " and `advice`, what to do about it, behind the text; keeps the code. Always returns -1.
 */
int err_advise(struct err *err, const char *advice);

#endif
