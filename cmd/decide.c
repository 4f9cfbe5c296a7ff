/* nullsender suppress and reinstate: what people decide about addresses. */
#include "classify/address.h"
#include "cmd/base/arena.h"
#include "cmd/command.h"
#include "cmd/database.h"
#include "cmd/file.h"
#include "cmd/story.h"
#include "cmd/verdict_word.h"
#include "store/operator.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Addresses from the command line and from --file, in their normal form. */
struct addresses {
    struct arena *arena;
    const char **keys;
    size_t count;
};

static int add_address(struct addresses *addresses, struct bytes text, const char *where,
                       struct err *err) {
    const char *word = arena_bytes(addresses->arena, text);
    const char *key = address_key(word, addresses->arena);
    if (!key)
        return err_set(err, ERR_DATA, "%s: '%s' is no address", where, word);
    addresses->keys =
        arena_grow(addresses->arena, addresses->keys, addresses->count, sizeof *addresses->keys);
    addresses->keys[addresses->count++] = key;
    return 0;
}

/* One address a line; empty lines and those that begin with # are passed over. */
static int add_file(struct addresses *addresses, const char *path, struct err *err) {
    struct buf text = BUF_INIT;
    struct bytes rest, line;
    char where[512];
    int rc = file_read(path, &text, err);
    rest = buf_bytes(&text);
    for (unsigned number = 1; rc == 0 && bytes_next_line(&rest, &line); number++) {
        line = bytes_trim(line);
        snprintf(where, sizeof where, "%s:%u", path, number);
        if (line.len && line.data[0] != '#')
            rc = add_address(addresses, line, where, err);
    }
    buf_free(&text);
    return rc;
}

static int read_selection(const struct invocation *invocation, struct addresses *addresses,
                          struct store_selection *selection, struct err *err) {
    const char *file = invocation_value(invocation, OPTION_FILE, NULL);
    for (int i = 0; i < invocation->argument_count; i++)
        if (add_address(addresses, bytes_of(invocation->arguments[i]), "address", err) != 0)
            return -1;
    if (file && add_file(addresses, file, err) != 0)
        return -1;
    *selection = (struct store_selection){
        .keys = addresses->keys,
        .key_count = addresses->count,
        .category = invocation_value(invocation, OPTION_CATEGORY, NULL),
        .since = invocation_value(invocation, OPTION_SINCE, NULL),
        .until = invocation_value(invocation, OPTION_UNTIL, NULL),
    };
    enum category category;
    if (selection->category && category_word_read(selection->category, &category, err) != 0)
        return -1;
    const char *domain = invocation_value(invocation, OPTION_DOMAIN, NULL);
    if (domain) {
        const char *key =
            address_key(arena_printf(addresses->arena, "x@%s", domain), addresses->arena);
        if (!key)
            return err_set(err, ERR_USAGE, "--domain: '%s' is no domain", domain);
        selection->domain = key + 2;
    }
    bool by_rest = selection->domain || selection->category || selection->since || selection->until;
    if (addresses->count && by_rest)
        return err_set(err, ERR_USAGE,
                       "either addresses or a choice by --domain, --category, --since and --until");
    if (!addresses->count && !by_rest)
        return err_set(err, ERR_USAGE,
                       "which addresses? Name them, or give --file, --domain, --category, --since "
                       "or --until");
    return 0;
}

/* Who is at the keyboard, also behind sudo. */
static const char *operator_name(void) {
    const char *name = getenv("SUDO_USER");
    if (name)
        return name;
    struct passwd *user = getpwuid(getuid());
    return user ? user->pw_name : "unknown";
}

static int decide(const struct invocation *invocation, enum store_decision decision,
                  struct err *err) {
    bool dry_run = invocation_has(invocation, OPTION_DRY_RUN);
    bool reinstate = decision == STORE_REINSTATE;
    const char *reason = invocation_value(invocation, OPTION_REASON, NULL);
    struct addresses addresses = {.arena = arena_new()};
    struct store_selection selection;
    struct store_decision_result result;
    struct store *store = NULL;
    int rc = -1;
    if (!reason || !*reason) {
        err_set(err, ERR_USAGE, "--reason is missing: whoever asks later will want to know why");
        goto out;
    }
    if (read_selection(invocation, &addresses, &selection, err) != 0 ||
        database_connect(invocation, &store, err) != 0 ||
        store_decide(store, decision, &selection, operator_name(), reason, dry_run, &result, err) !=
            0)
        goto out;
    if (reinstate && addresses.count == 1 && result.unknown) {
        rc = story_unknown(store, addresses.keys[0], err);
        goto out;
    }
    printf("%zu %s %s%s\n", result.chosen, result.chosen == 1 ? "address" : "addresses",
           reinstate ? "reinstated" : "suppressed",
           dry_run ? " (dry run: nothing is changed)" : "");
    if (reinstate && result.unknown)
        printf("%zu of the given addresses are unknown here\n", result.unknown);
    rc = result.chosen ? 0 : err_set(err, ERR_NOT_FOUND, "no address fits");
out:
    store_close(store);
    arena_free(addresses.arena);
    return rc;
}

int command_suppress(const struct invocation *invocation, struct err *err) {
    return decide(invocation, STORE_SUPPRESS, err);
}

int command_reinstate(const struct invocation *invocation, struct err *err) {
    return decide(invocation, STORE_REINSTATE, err);
}
