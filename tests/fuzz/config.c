/* The configuration file. */
#include "cmd/config.h"
#include "fuzz.h"

#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* That every value is within what the table of keys allows. */
static void check_values(const struct config_key *key, const void *values) {
    const char *place = (const char *)values + key->offset;
    if (key->type == CONFIG_NUMBER)
        MUST(*(const long *)place >= key->min && *(const long *)place <= key->max);
    else if (key->type == CONFIG_CHOICE)
        MUST(*(const int *)place >= 0);
    else if (key->type == CONFIG_LIST)
        MUST(*(const char **const *)place);
}

static void check_config(const struct config *config) {
    for (const struct config_key *key = config_keys; key->name; key++) {
        bool of_mailbox = key->section && !strcmp(key->section, "mailbox");
        if (!of_mailbox)
            check_values(key, config);
        for (size_t i = 0; of_mailbox && i < config->mailbox_count; i++)
            check_values(key, &config->mailboxes[i]);
    }
    for (size_t i = 0; i < config->mailbox_count; i++) {
        const struct config_mailbox *mailbox = &config->mailboxes[i];
        MUST(mailbox->name && *mailbox->name && mailbox->host && mailbox->user && mailbox->folder);
        MUST(config_mailbox_find(config, mailbox->name) == mailbox);
    }
}

/* "PATH:LINE: what is wrong". */
static void check_words(const struct err *err, const char *path) {
    struct bytes words = bytes_of(err->text);
    unsigned long line;
    MUST(err->code == ERR_CONFIG);
    MUST(bytes_starts_ignore_case(words, path));
    words = bytes_from(words, strlen(path));
    MUST(bytes_starts_ignore_case(words, ":"));
    words = bytes_from(words, 1);
    MUST(bytes_take_number(&words, INT_MAX, &line) && line > 0);
    MUST(bytes_starts_ignore_case(words, ": ") && words.len > 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct config *config;
    struct err err = {0};
    char path[64];
    int fd = memfd_create("config", MFD_CLOEXEC);
    struct bytes text = fuzz_input(data, size);
    MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (config_read(path, &config, &err) == 0) {
        MUST(bytes_find_char(text, '\0') < 0);
        check_config(config);
        config_free(config);
    } else {
        MUST(!config);
        check_words(&err, path);
    }
    close(fd);
    return 0;
}
