/*
 * script: an IMAP server on loopback that says what a test tells it to say.
 *
 *     struct script_line lines[] = {{"SELECT \"INBOX\"", "* 2 EXISTS\r\nTAG OK done\r\n"}, {0}};
 *     struct script *script = script_start((struct script_options){.lines = lines});
 *     struct imap *imap = script_open(script, &err);
 *     ...
 *     imap_close(imap);
 *     script_end(script);
 *
 * It answers the login by itself, and each command with the next line's answer; "TAG " at the start
 * of an answer's line becomes the command's own tag. Tags of our own reader are N1, N2, ..., N1
 * being the CAPABILITY behind the login, so that answers to pipelined commands can name them. A
 * command that the script does not expect ends the connection, and the test.
 */
#ifndef TESTS_IMAP_SCRIPT_H
#define TESTS_IMAP_SCRIPT_H

#include "cmd/base/buf.h"
#include "imap/mailbox.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct script_line {
    const char *command; /* how the client's line starts behind its tag; NULL ends the script */
    const char *answer;
};

struct script_options {
    const struct script_line *lines;
    const char *capabilities; /* behind the login; NULL: all that we use */
    const char *greeting; /* NULL: the script's lines begin behind the login; else it starts with
                             this greeting, and the lines hold the login as well */
    size_t cut;           /* closes after so many octets; 0: never */
    size_t piece;         /* sends so many octets at a time; 0: all at once */
    size_t slow_after;    /* from so many octets on, sends one every `slow_milliseconds` */
    unsigned slow_milliseconds; /* 0: never */
};

struct script {
    struct script_options options;
    int listener;
    unsigned port;
    pthread_t thread;
    size_t sent;
    char unexpected[256]; /* the command that the script has no line for */
    char received[65536]; /* all that came, for tests of what must not come */
};

/* Sends, within the limits of the options. False when the connection is to be closed. */
static inline bool script_send(struct script *script, int fd, const char *data, size_t len) {
    while (len > 0) {
        size_t piece = script->options.piece != 0 ? script->options.piece : len;
        if (piece > len)
            piece = len;
        if (script->options.cut != 0 && script->sent + piece > script->options.cut)
            piece = script->options.cut - script->sent;
        if (piece == 0)
            return false;
        if (script->options.slow_milliseconds != 0 && script->sent >= script->options.slow_after) {
            piece = 1;
            poll(NULL, 0, (int)script->options.slow_milliseconds);
        }
        ssize_t sent = send(fd, data, piece, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        script->sent += (size_t)sent;
        data += sent;
        len -= (size_t)sent;
    }
    return script->options.cut == 0 || script->sent < script->options.cut;
}

/* Sends an answer with "TAG " replaced, in one packet. */
static inline bool script_answer(struct script *script, int fd, const char *tag,
                                 const char *answer) {
    struct buf text = BUF_INIT;
    while (answer != NULL && *answer != '\0') {
        const char *end = strchr(answer, '\n');
        size_t len = end != NULL ? (size_t)(end - answer) + 1 : strlen(answer);
        bool tagged = strncmp(answer, "TAG ", 4) == 0 || strncmp(answer, "TAG\r", 4) == 0;
        buf_add_string(&text, tagged ? tag : "");
        buf_add(&text, answer + (tagged ? 3 : 0), len - (tagged ? 3 : 0));
        answer += len;
    }
    bool sent = script_send(script, fd, text.data, text.len);
    buf_free(&text);
    return sent;
}

/* One line of the client, without its line end. False at the end of the connection. */
static inline bool script_read_line(struct script *script, int fd, char *line, size_t room) {
    size_t len = 0;
    for (char c; read(fd, &c, 1) == 1;) {
        size_t used = strlen(script->received);
        if (used + 1 < sizeof script->received)
            script->received[used] = c;
        if (c == '\n') {
            line[len > 0 && line[len - 1] == '\r' ? len - 1 : len] = '\0';
            return true;
        }
        if (len + 1 < room)
            line[len++] = c;
    }
    return false;
}

static const struct script_line script_login[] = {
    {"CAPABILITY", "* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\nTAG OK done\r\n"},
    {"AUTHENTICATE PLAIN ", "TAG OK logged in\r\n"},
    {NULL, NULL},
};

static inline void script_talk(struct script *script, int fd) {
    const struct script_options *options = &script->options;
    char line[16384], capabilities[256];
    snprintf(capabilities, sizeof capabilities, "* CAPABILITY IMAP4rev1 %s\r\nTAG OK done\r\n",
             options->capabilities != NULL ? options->capabilities : "ESEARCH MOVE UIDPLUS");
    const struct script_line behind_login[] = {{"CAPABILITY", capabilities}, {NULL, NULL}};
    const struct script_line *const phases[] = {script_login, behind_login, options->lines};
    size_t phase = options->greeting != NULL ? 2 : 0;
    const struct script_line *next = phases[phase];
    if (!script_answer(script, fd, "*",
                       options->greeting != NULL ? options->greeting : "* OK ready\r\n"))
        return;
    while (script_read_line(script, fd, line, sizeof line)) {
        char *command = strchr(line, ' ');
        if (command != NULL)
            *command++ = '\0';
        else
            command = line; /* DONE, which ends IDLE, has no tag */
        while (next->command == NULL && phase < 2)
            next = phases[++phase];
        if (next->command == NULL && strcmp(command, "LOGOUT") == 0) {
            script_answer(script, fd, line, "* BYE see you\r\nTAG OK done\r\n");
            return;
        }
        if (next->command == NULL || strncmp(command, next->command, strlen(next->command)) != 0) {
            if (strcmp(command, "LOGOUT") != 0)
                snprintf(script->unexpected, sizeof script->unexpected, "%.120s (wanted: %.100s)",
                         command, next->command != NULL ? next->command : "nothing more");
            return;
        }
        if (!script_answer(script, fd, line, next->answer))
            return;
        next++;
    }
}

static inline void *script_main(void *argument) {
    struct script *script = argument;
    int fd = accept(script->listener, NULL, NULL);
    int on = 1;
    if (fd < 0)
        return NULL;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    script_talk(script, fd);
    /* Lets the client read all that was sent, which a close with unread bytes would throw away. */
    shutdown(fd, SHUT_WR);
    for (char rest[4096]; read(fd, rest, sizeof rest) > 0;)
        ;
    close(fd);
    return NULL;
}

static inline struct script *script_start(struct script_options options) {
    struct script *script = calloc(1, sizeof *script);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    assert_non_null(script);
    script->options = options;
    script->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(script->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(script->listener, 1), 0);
    assert_int_equal(getsockname(script->listener, (struct sockaddr *)&address, &len), 0);
    script->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&script->thread, NULL, script_main, script), 0);
    return script;
}

static inline struct imap_options script_imap_options(const struct script *script) {
    return (struct imap_options){.host = "127.0.0.1",
                                 .port = script->port,
                                 .tls = IMAP_TLS_NONE,
                                 .user = "bounces",
                                 .password = "open sesame",
                                 .connect_timeout = 5,
                                 .idle_timeout = 5};
}

static inline struct imap *script_open(const struct script *script, struct err *err) {
    struct imap_options options = script_imap_options(script);
    return imap_open(&options, err);
}

/* Waits for the server, after imap_close(); the test fails on a command that was not expected,
 * unless `anything` may have been sent: a TLS handshake is no line, nor is what broke off. */
static inline void script_end_after(struct script *script, bool anything) {
    char unexpected[sizeof script->unexpected];
    shutdown(script->listener, SHUT_RDWR);
    pthread_join(script->thread, NULL);
    close(script->listener);
    memcpy(unexpected, script->unexpected, sizeof unexpected);
    free(script);
    if (unexpected[0] != '\0' && !anything)
        fail_msg("the client sent: %s", unexpected);
}

static inline void script_end(struct script *script) {
    script_end_after(script, false);
}

#endif
