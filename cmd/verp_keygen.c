/* nullsender verp keygen: a new key, in a file of its own or on top of those in one. */
#include "cmd/command.h"
#include "cmd/config.h"
#include "cmd/database.h"
#include "cmd/verp_key_file.h"

#include <stdio.h>

static int print_others(const char *path, char id, struct err *err) {
    struct verp_keys *keys;
    if (verp_key_file_read(path, &keys, err) != 0)
        return -1;
    printf("accepted still:");
    for (const char *other = verp_keys_ids(keys); *other; other++)
        if (*other != id)
            printf(" %c", *other);
    printf("; remove a line once the last address that it signed has expired\n");
    verp_keys_free(keys);
    return 0;
}

int command_verp_keygen(const struct invocation *invocation, struct err *err) {
    struct config *config = NULL;
    const char *path = invocation->argument_count ? invocation->arguments[0] : NULL;
    bool add = invocation_has(invocation, OPTION_ADD);
    char id;
    int rc = -1;
    if (!path && database_config_read(invocation, &config, err) != 0)
        return -1;
    if (!path && !(path = config->verp_key_file))
        err_set(err, ERR_USAGE, "which FILE? %s sets no key_file in its section verp",
                config->path);
    else
        rc = add ? verp_key_file_add(path, &id, err) : verp_key_file_make(path, &id, err);
    if (rc == 0) {
        printf("key %c signs from now on: %s\n", id, path);
        if (add)
            rc = print_others(path, id, err);
    }
    config_free(config);
    return rc;
}
