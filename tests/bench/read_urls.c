/*
 * read_urls URL USER PASSWORD CA COUNT: the first COUNT messages the way libcurl has it: a URL a
 * message, on one connection. The URL is imaps://HOST:PORT. Prints how many messages and bytes
 * came.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

static size_t count_bytes(char *data, size_t size, size_t count, void *context) {
    (void)data;
    *(size_t *)context += size * count;
    return size * count;
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: read_urls URL USER PASSWORD CA COUNT\n");
        return 64;
    }
    size_t bytes = 0;
    long count = strtol(argv[5], NULL, 10);
    CURLcode rc = CURLE_OK;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_USERNAME, argv[2]);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, argv[3]);
    curl_easy_setopt(curl, CURLOPT_CAINFO, argv[4]);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, count_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &bytes);
    for (long i = 1; rc == CURLE_OK && i <= count; i++) {
        char url[256];
        snprintf(url, sizeof url, "%s/INBOX;MAILINDEX=%ld", argv[1], i);
        curl_easy_setopt(curl, CURLOPT_URL, url);
        rc = curl_easy_perform(curl);
    }
    curl_easy_cleanup(curl);
    if (rc != CURLE_OK) {
        fprintf(stderr, "read_urls: %s\n", curl_easy_strerror(rc));
        return 1;
    }
    printf("%ld %zu\n", count, bytes);
    return 0;
}
