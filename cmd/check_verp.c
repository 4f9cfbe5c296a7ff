/* The part of `nullsender check` that makes VERP addresses and reads them again. */
#include "classify/verp.h"
#include "cmd/base/arena.h"
#include "cmd/check.h"
#include "cmd/clock.h"
#include "cmd/verp_key_file.h"
#include "cmd/verp_setup.h"

#include <string.h>

static const char campaign[] = "spring26", recipient[] = "ada@example.net";

/* What the patterns are tried with. */
struct trial {
    struct check_list *list;
    const struct config *config;
    struct verp_keys *keys; /* NULL: addresses are not signed */
    struct arena *arena;
};

static int encode(const struct trial *trial, const struct verp *verp, const char **address,
                  const char **token, struct err *err) {
    *token = NULL;
    if (!trial->keys)
        return verp_encode(verp, campaign, recipient, trial->arena, address, err);
    const struct verp_signer signer = {
        .keys = trial->keys,
        .day = clock_today(),
        .local_part_max = (size_t)trial->config->verp_local_part_octets,
    };
    return verp_encode_signed(verp, &signer, campaign, recipient, trial->arena, address, token,
                              err);
}

/* What reading the address gives: "spring26, ada@example.net"; or why it does not. */
static bool decode(const struct trial *trial, const struct verp *verp, const char *address,
                   const char **text) {
    struct verp_match match;
    if (!verp_decode(verp, address, trial->arena, &match) ||
        strcmp(match.recipient, recipient) != 0) {
        *text = arena_printf(trial->arena, "%s does not read back", address);
        return false;
    }
    const char *signature = "";
    if (match.tag && trial->keys) {
        enum verp_signature found =
            verp_check(trial->keys, &match, clock_today(),
                       (uint32_t)trial->config->verp_lifetime_days, trial->arena);
        if (found != VERP_SIGNATURE_VALID) {
            *text = arena_printf(trial->arena, "the signature of %s does not hold: %s", address,
                                 verp_signature_name(found));
            return false;
        }
        signature = ", signed";
    }
    *text = arena_printf(trial->arena, "%s: %s%s%s%s", address, match.campaign ? campaign : "",
                         match.campaign ? " to " : "", recipient, signature);
    return true;
}

/* There and back again, for one pattern alone. */
static void try_pattern(const struct trial *trial, const char *pattern) {
    const char *const only[] = {pattern, NULL};
    struct verp *verp = NULL;
    struct err err = {0};
    const char *address, *token, *text;
    if (verp_patterns_read(only, &verp, &err) != 0) {
        check_error(trial->list, "pattern", NULL, &err);
    } else {
        check_ok(trial->list, "pattern", "%s", pattern);
        if (encode(trial, verp, &address, &token, &err) != 0)
            check_ok(trial->list, "example", "none: it reads addresses and makes none");
        else if (token)
            check_ok(trial->list, "example", "%s (a token: the database has the recipient)",
                     address);
        else if (decode(trial, verp, address, &text))
            check_ok(trial->list, "example", "%s", text);
        else
            check_fail(trial->list, ERR_SOFTWARE, "example", NULL, "%s", text);
    }
    verp_free(verp);
}

static void read_keys(struct trial *trial) {
    const char *path = trial->config->verp_key_file;
    struct err err = {0};
    if (!path)
        return;
    if (verp_key_file_read(path, &trial->keys, &err) != 0)
        check_error(trial->list, "keys", NULL, &err);
    else
        check_ok(trial->list, "keys", "%s: %zu, of which %c signs", path,
                 strlen(verp_keys_ids(trial->keys)), verp_keys_signing_id(trial->keys));
}

void check_verp(struct check_list *list, const struct config *config) {
    struct trial trial = {.list = list, .config = config, .arena = arena_new()};
    check_section(list, "verp");
    read_keys(&trial);
    for (const char *const *p = config->verp_patterns; *p; p++)
        try_pattern(&trial, *p);
    if (!*config->verp_patterns)
        check_warning(list, "pattern",
                      "give the patterns of your envelope senders in the section verp",
                      "there is none: recipients are known only where a report names them");
    verp_keys_free(trial.keys);
    arena_free(trial.arena);
}
