/*
 * read_bytes URL USER PASSWORD CA: all messages of the folder in one FETCH, thrown away: what the
 * server and the line cost, and nothing else. The URL is imaps://HOST:PORT. Prints how many bytes
 * came.
 */
#include <curl/curl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK = 64 * 1024, TAIL = 256 };

static int wait_for(CURL *curl, short events) {
    curl_socket_t fd;
    if (curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK)
        return -1;
    return poll(&(struct pollfd){fd, events, 0}, 1, 60000) > 0 ? 0 : -1;
}

static int say(CURL *curl, const char *line) {
    size_t len = strlen(line), sent = 0, n;
    while (sent < len) {
        CURLcode rc = curl_easy_send(curl, line + sent, len - sent, &n);
        if (rc == CURLE_AGAIN ? wait_for(curl, POLLOUT) != 0 : rc != CURLE_OK)
            return -1;
        sent += rc == CURLE_OK ? n : 0;
    }
    return 0;
}

/* Reads up to the line that begins with `end`, which no message of ours has. */
static int read_until(CURL *curl, const char *end, size_t *total) {
    static char room[TAIL + CHUNK + 1];
    size_t kept = 0, n;
    for (;;) {
        CURLcode rc = curl_easy_recv(curl, room + kept, CHUNK, &n);
        if (rc == CURLE_AGAIN && wait_for(curl, POLLIN) == 0)
            continue;
        if (rc != CURLE_OK || n == 0)
            return -1;
        *total += n;
        kept += n;
        size_t tail = kept < TAIL ? kept : TAIL;
        memmove(room, room + kept - tail, tail);
        kept = tail;
        if (memmem(room, kept, end, strlen(end)) && room[kept - 1] == '\n')
            return 0;
    }
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: read_bytes URL USER PASSWORD CA\n");
        return 64;
    }
    size_t greeting = 0, total = 0;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, argv[1]);
    curl_easy_setopt(curl, CURLOPT_USERNAME, argv[2]);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, argv[3]);
    curl_easy_setopt(curl, CURLOPT_CAINFO, argv[4]);
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    bool done = curl_easy_perform(curl) == CURLE_OK && say(curl, "B1 EXAMINE INBOX\r\n") == 0 &&
                read_until(curl, "B1 OK", &greeting) == 0 &&
                say(curl, "B2 UID FETCH 1:* (UID INTERNALDATE RFC822.SIZE BODY.PEEK[])\r\n") == 0 &&
                read_until(curl, "B2 OK", &total) == 0;
    curl_easy_cleanup(curl);
    if (!done) {
        fprintf(stderr, "read_bytes: the mailbox could not be read\n");
        return 1;
    }
    printf("%zu\n", total);
    return 0;
}
