/* nullsender verp decode and verp check: what an address carries, and whether we made it. */
#include "classify/address.h"
#include "cmd/base/utf8.h"
#include "cmd/clock.h"
#include "cmd/json_line.h"
#include "cmd/verp_setup.h"
#include "store/verp_token.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    DATE_SIZE = 16,
    LABEL_WIDTH = 11,
};

/* All that is found out about one address. */
struct look {
    const char *address;
    const char *bare; /* without the wrappers; `address` itself where there are none */
    bool matches;
    bool is_token;
    struct verp_match match;
    struct verp_tag tag; /* key_id 0: there is none */
    char date[DATE_SIZE];
    const char *outcome; /* "valid", ..., "no_match" */
    char *why;           /* in words */
};

static void date_of(uint32_t day, char date[DATE_SIZE]) {
    time_t seconds = (time_t)day * CLOCK_DAY;
    struct tm tm;
    strftime(date, DATE_SIZE, "%Y-%m-%d", gmtime_r(&seconds, &tm));
}

static int find_token(struct verp_setup *setup, struct arena *arena, struct look *look,
                      struct err *err) {
    struct store_verp_token token = {.token = look->match.tag};
    if (verp_setup_connect(setup, err) != 0 ||
        store_verp_tokens_find(setup->store, &token, 1, arena, err) != 0)
        return -1;
    look->match.campaign = token.campaign;
    look->match.recipient = token.recipient;
    return 0;
}

static int look_at(struct verp_setup *setup, const char *address, struct arena *arena,
                   struct look *look, struct err *err) {
    *look = (struct look){.address = address, .bare = verp_unwrap(address, arena)};
    look->matches = verp_decode(setup->verp, address, arena, &look->match);
    if (!look->matches)
        look->is_token = look->matches =
            verp_decode_token(setup->verp, address, arena, &look->match);
    if (look->is_token && find_token(setup, arena, look, err) != 0)
        return -1;
    if (look->matches && verp_tag_read(look->match.tag, setup->today, &look->tag))
        date_of(look->tag.day, look->date);
    return 0;
}

/* The domain of another pattern for which the address would be one of ours, or NULL. */
static const char *right_domain(const struct verp_setup *setup, const struct look *look,
                                struct arena *arena) {
    struct address address;
    struct verp_match match;
    const char *domain;
    if (!address_parse(bytes_of(look->bare), arena, &address))
        return NULL;
    for (size_t i = 0; verp_domain(setup->verp, i, &domain); i++) {
        if (!domain || !strcmp(domain, address.domain))
            continue;
        const struct address moved = {address.local, domain};
        if (verp_decode(setup->verp, address_write(&moved, arena), arena, &match) &&
            (!match.tag ||
             (setup->keys && verp_check(setup->keys, &match, setup->today, setup->lifetime,
                                        arena) == VERP_SIGNATURE_VALID)))
            return domain;
    }
    return NULL;
}

static void judge(const struct verp_setup *setup, struct arena *arena, struct look *look) {
    const struct verp_match *match = &look->match;
    enum verp_signature signature = VERP_SIGNATURE_UNKNOWN_TOKEN;
    const char *domain;
    long age = (long)setup->today - (long)look->tag.day;
    if (!look->matches) {
        look->outcome = "no_match";
        domain = right_domain(setup, look, arena);
        look->why = domain ? arena_printf(arena, "the wrong domain: ours would end in @%s", domain)
                           : arena_printf(arena, "fits no pattern of the configuration");
        return;
    }
    if (!look->is_token || match->recipient)
        signature = verp_check(setup->keys, match, setup->today, setup->lifetime, arena);
    look->outcome = verp_signature_name(signature);
    switch (signature) {
    case VERP_SIGNATURE_VALID:
        look->why = arena_printf(arena, "made %s with key %c for %s", look->date, look->tag.key_id,
                                 match->recipient);
        break;
    case VERP_SIGNATURE_UNSIGNED:
        look->why = arena_printf(arena, "the pattern %s has no signature", match->pattern);
        break;
    case VERP_SIGNATURE_WRONG:
        domain = right_domain(setup, look, arena);
        look->why = domain ? arena_printf(arena, "its signature is one for the domain %s", domain)
                           : arena_printf(arena,
                                          "not what key %c signs for this campaign, recipient and "
                                          "domain: forged, or changed on the way",
                                          look->tag.key_id);
        break;
    case VERP_SIGNATURE_EXPIRED:
        look->why = arena_printf(arena, "made %s, %ld days ago; signatures are good for %" PRIu32,
                                 look->date, age, setup->lifetime);
        break;
    case VERP_SIGNATURE_UNKNOWN_KEY:
        look->why = arena_printf(arena, "no key %c among %s: removed, or never there",
                                 look->tag.key_id, verp_keys_ids(setup->keys));
        break;
    case VERP_SIGNATURE_UNKNOWN_TOKEN:
    case VERP_SIGNATURE_UNCHECKED:
    case VERP_SIGNATURE_COUNT:
        look->why = arena_printf(arena, "the database does not have this token: never made, or "
                                        "pruned");
    }
}

static void add_row(struct buf *out, const char *label, const char *value) {
    if (!value || !*value)
        return;
    buf_printf(out, "  %-*s", LABEL_WIDTH, label);
    utf8_add_visible(out, value);
    buf_add_char(out, '\n');
}

static void set(json_t *object, const char *key, const char *value) {
    if (value && *value)
        json_object_set_new(object, key, json_string(value));
}

static void print_content(const struct look *look, bool json, struct buf *out) {
    const struct verp_match *match = &look->match;
    const char key[] = {look->tag.key_id, '\0'};
    const struct {
        const char *name, *value;
    } rows[] = {
        {"campaign", match->campaign},
        {"recipient", match->recipient},
        {"pattern", match->pattern},
        {"domain", match->domain},
        {"token", look->is_token ? match->tag : NULL},
        {"key", key},
        {"day", look->date},
        {"inside", look->bare != look->address ? look->bare : NULL},
    };
    json_t *object = json ? json_object() : NULL;
    if (json)
        set(object, "address", look->address);
    utf8_add_visible(out, json ? "" : look->address);
    if (!json)
        buf_add_char(out, '\n');
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (json)
            set(object, rows[i].name, rows[i].value);
        else
            add_row(out, rows[i].name, rows[i].value);
    }
    if (json)
        json_line_add(out, object, JSON_COMPACT);
    else if (!look->matches)
        buf_add_string(out, "  fits no pattern of the configuration\n");
    else if (look->is_token && !match->recipient)
        buf_add_string(out, "  the database does not have this token\n");
}

static void print_outcome(const struct look *look, bool json, struct buf *out) {
    if (json) {
        json_t *object = json_object();
        set(object, "address", look->address);
        set(object, "outcome", look->outcome);
        set(object, "why", look->why);
        json_line_add(out, object, JSON_COMPACT);
        return;
    }
    buf_printf(out, "%-13s  ", look->outcome);
    utf8_add_visible(out, look->address);
    buf_add_string(out, ": ");
    utf8_add_visible(out, look->why);
    buf_add_char(out, '\n');
}

static int each_address(const struct invocation *invocation, bool check, struct err *err) {
    struct verp_setup setup;
    struct arena *arena = arena_new();
    struct buf out = BUF_INIT;
    unsigned json;
    int rc = verp_setup_open(&setup, invocation, err), bad = 0;
    if (rc == 0)
        rc = invocation_format(invocation, &json, err);
    if (rc == 0 && check && !setup.keys)
        rc = err_set(err, ERR_CONFIG,
                     "there is no key to check with: set key_file in section verp of the "
                     "configuration");
    for (int i = 0; rc == 0 && i < invocation->argument_count; i++) {
        struct look look;
        rc = look_at(&setup, invocation->arguments[i], arena, &look, err);
        if (rc != 0)
            break;
        if (check)
            judge(&setup, arena, &look);
        (check ? print_outcome : print_content)(&look, json, &out);
        bad += check ? strcmp(look.outcome, "valid") != 0 : !look.match.recipient;
        fwrite(out.data, 1, out.len, stdout);
        buf_reset(&out);
        arena_reset(arena);
    }
    if (rc == 0 && bad)
        rc = err_set(err, ERR_NOT_FOUND, "%d of %d address%s %s", bad, invocation->argument_count,
                     invocation->argument_count == 1 ? "" : "es",
                     check ? "not valid" : "not decoded");
    verp_setup_close(&setup);
    arena_free(arena);
    buf_free(&out);
    return rc;
}

int command_verp_decode(const struct invocation *invocation, struct err *err) {
    return each_address(invocation, false, err);
}

int command_verp_check(const struct invocation *invocation, struct err *err) {
    return each_address(invocation, true, err);
}
