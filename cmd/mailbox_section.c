#include "cmd/mailbox_section.h"

#include "cmd/base/buf.h"
#include "cmd/near.h"
#include "cmd/provider.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_set(cfg_t *section, const char *key) {
    const char *value = cfg_getstr(section, key);
    return value && *value;
}

static bool is(cfg_t *section, const char *key, const char *value) {
    return is_set(section, key) && !strcmp(cfg_getstr(section, key), value);
}

static unsigned count_set(cfg_t *section, const char *const *keys) {
    unsigned count = 0;
    for (; *keys; keys++)
        count += is_set(section, *keys);
    return count;
}

static void preset(cfg_t *section, const char *key, const char *value) {
    cfg_opt_t *opt = cfg_getopt(section, key);
    if (opt->flags & CFGF_MODIFIED) /* the section has it */
        return;
    if (opt->type == CFGT_INT)
        cfg_opt_setnint(opt, strtol(value, NULL, 10), 0);
    else
        cfg_opt_setnstr(opt, value, 0);
}

/* False where there is no such provider, with the words for it. */
static bool apply_provider(cfg_t *section, struct buf *problem) {
    if (!is_set(section, "provider"))
        return true;
    const char *name = cfg_getstr(section, "provider");
    struct near near = near_start(name);
    bool known = false;
    for (const struct provider_preset *p = provider_presets; p->provider; p++) {
        near_offer(&near, p->provider);
        if (strcmp(p->provider, name) != 0)
            continue;
        known = true;
        if (!p->grant || is(section, "oauth_grant", p->grant))
            preset(section, p->key, p->value);
    }
    if (!known)
        buf_printf(problem, "no provider '%s', there are: %s%s", name, provider_names,
                   near_question(&near, ""));
    return known;
}

static const char *const client_secrets[] = {"oauth_client_secret_file",
                                             "oauth_client_secret_command",
                                             "oauth_client_secret_credential", NULL};

static void check_oauth(cfg_t *section, struct buf *problem) {
    bool refresh = is(section, "oauth_grant", "refresh_token");
    const char *endpoint = cfg_getstr(section, "oauth_token_endpoint");
    if (!is_set(section, "oauth_client_id"))
        buf_add_string(problem, "oauth_client_id is missing");
    else if (!endpoint || !*endpoint)
        buf_add_string(problem, "oauth_token_endpoint is missing (or a provider that has one)");
    else if (strstr(endpoint, "{tenant}") && !is_set(section, "oauth_tenant"))
        buf_add_string(problem, "oauth_tenant is missing, the Directory ID of the organisation");
    else if (refresh && !is_set(section, "oauth_refresh_token_file"))
        buf_add_string(problem, "oauth_refresh_token_file is missing");
    else if (!refresh && is_set(section, "oauth_refresh_token_file"))
        buf_add_string(problem, "oauth_refresh_token_file is for oauth_grant = \"refresh_token\"");
    else if (count_set(section, client_secrets) > 1)
        buf_add_string(problem, "needs at most one of oauth_client_secret_file, "
                                "oauth_client_secret_command, oauth_client_secret_credential");
    else if (!refresh && !count_set(section, client_secrets))
        buf_add_string(problem, "client credentials need an oauth_client_secret_file, "
                                "oauth_client_secret_command or oauth_client_secret_credential");
}

static void check_login(cfg_t *section, struct buf *problem) {
    static const char *const others[] = {"password_file", "password_command", "password_credential",
                                         "token_command", NULL};
    static const char *const clients[] = {"oauth_client_id", "oauth_refresh_token_file", NULL};
    bool grant = !is(section, "oauth_grant", "none");
    if (!grant && count_set(section, clients) + count_set(section, client_secrets))
        buf_add_string(problem, "oauth_grant is missing: refresh_token or client_credentials");
    else if (count_set(section, others) + grant != 1)
        buf_add_string(problem, "needs exactly one of password_file, password_command, "
                                "password_credential, token_command, oauth_grant");
    else if (grant)
        check_oauth(section, problem);
}

static void check_section(cfg_t *section, struct buf *problem) {
    const char *title = cfg_title(section), *folder = cfg_getstr(section, "folder");
    if (!title || !*title)
        buf_add_string(problem, "needs a name: mailbox \"bounces\" { ... }");
    else if (!is_set(section, "host"))
        buf_add_string(problem, "host is missing");
    else if (!is_set(section, "user"))
        buf_add_string(problem, "user is missing");
    else if (is(section, "processed_folder", folder) || is(section, "quarantine_folder", folder) ||
             is(section, "trash_folder", folder))
        buf_add_string(problem, "processed_folder, quarantine_folder and trash_folder must differ "
                                "from folder");
    else
        check_login(section, problem);
}

int mailbox_section_check(cfg_t *cfg, cfg_opt_t *opt) {
    cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
    const char *title = cfg_title(section);
    struct buf problem = BUF_INIT;
    if (apply_provider(section, &problem))
        check_section(section, &problem);
    int rc = problem.len ? -1 : 0;
    if (problem.len)
        cfg_error(cfg, "mailbox \"%s\": %s", title ? title : "", problem.data);
    buf_free(&problem);
    return rc;
}
