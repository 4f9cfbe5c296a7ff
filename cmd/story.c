#include "cmd/story.h"

#include "classify/address.h"
#include "cmd/base/arena.h"
#include "cmd/base/buf.h"
#include "cmd/base/utf8.h"
#include "cmd/database.h"
#include "cmd/near.h"
#include "store/operator.h"
#include "store/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NEIGHBOURS_MAX = 2000,
    INDENT = 25, /* behind the time */
};

static void add_line(struct buf *out, const char *label, const char *value) {
    if (!value || !*value)
        return;
    buf_printf(out, "%*s%s ", INDENT, "", label);
    utf8_add_visible(out, value);
    buf_add_char(out, '\n');
}

static void print_entry(void *context, const struct store_story_entry *entry) {
    struct buf *out = context;
    buf_printf(out, "%s  ", entry->time);
    if (entry->verdict)
        buf_printf(out, "%s %s", entry->verdict, entry->category);
    else
        buf_add_string(out, entry->what);
    if (entry->campaign) {
        buf_add_string(out, ", campaign ");
        utf8_add_visible(out, entry->campaign);
    }
    buf_add_char(out, '\n');
    add_line(out, "->", entry->effect);
    add_line(out, entry->verdict ? "said:" : "why:",
             entry->diagnostic ? entry->diagnostic : entry->reason);
    add_line(out, "rule:", entry->rule);
    add_line(out, entry->verdict ? "message:" : "by:", entry->message);
}

static void print_state(const char *key, const struct store_story_state *state, struct buf *out) {
    buf_add_char(out, '\n');
    utf8_add_visible(out, key);
    buf_printf(out, " is %s", state->state);
    if (*state->since)
        buf_printf(out, " since %s", state->since);
    if (*state->reason) {
        buf_add_string(out, ": ");
        utf8_add_visible(out, state->reason);
    }
    buf_add_char(out, '\n');
    if (*state->expires)
        buf_printf(out, "It ends by itself on %s, as the policy says (expire).\n", state->expires);
    if (!strcmp(state->state, "soft"))
        buf_printf(out,
                   "%u more soft bounces, each on another day, would make it hard; a proof of "
                   "life starts the count anew.\n",
                   state->strikes_to_hard);
    else if (state->escalated)
        buf_add_string(out, "A proof of life (a row in bounce.delivery, a success notice) or "
                            "`nullsender reinstate` lifts it.\n");
    else if (strcmp(state->state, "active") != 0)
        buf_add_string(out, *state->expires
                                ? "`nullsender reinstate` lifts it before.\n"
                                : "Only `nullsender reinstate` lifts it: silence does not.\n");
}

int story_unknown(struct store *store, const char *key, struct err *err) {
    char **neighbours;
    size_t count;
    struct near near = near_start(key);
    if (store_recipient_neighbours(store, key, NEIGHBOURS_MAX, &neighbours, &count, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        near_offer(&near, neighbours[i]);
    err_set(err, ERR_NOT_FOUND, "nothing is known of '%s'%s", key, near_question(&near, ""));
    for (size_t i = 0; i < count; i++)
        free(neighbours[i]);
    free(neighbours);
    return -1;
}

int story_print(const struct invocation *invocation, const char *address, struct err *err) {
    struct arena *arena = arena_new();
    struct buf out = BUF_INIT;
    struct store *store = NULL;
    struct store_story_state state;
    int rc = -1;
    const char *key = address_key(address, arena);
    if (!key) {
        err_set(err, ERR_USAGE, "'%s' is neither a file nor an address", address);
        goto out;
    }
    if (database_connect(invocation, &store, err) != 0 ||
        store_story_read(store, key, print_entry, &out, &state, err) != 0)
        goto out;
    if (!state.known && !out.len) {
        rc = story_unknown(store, key, err);
        goto out;
    }
    if (state.known)
        print_state(key, &state, &out);
    fwrite(out.data, 1, out.len, stdout);
    rc = 0;
out:
    store_close(store);
    buf_free(&out);
    arena_free(arena);
    return rc;
}
