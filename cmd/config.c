#include "cmd/config.h"

#include "classify/address.h"
#include "classify/verp_sign.h"
#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"
#include "cmd/base/memory.h"
#include "cmd/file.h"
#include "cmd/log.h"
#include "cmd/mailbox_section.h"
#include "cmd/near.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    KEYS_MAX = 64,
    MAILBOXES_MAX = 1000, /* more in one file is surely a mistake of a generator */
};

const char config_default_path[] = "/etc/nullsender/nullsender.conf";
const char config_default_rules[] = "/etc/nullsender/rules.d";

#define IN_CONFIG(member) offsetof(struct config, member)
#define IN_MAILBOX(member) offsetof(struct config_mailbox, member)

const struct config_key config_keys[] = {
    {NULL, "workers", CONFIG_NUMBER, IN_CONFIG(workers), "0", 0, 256, NULL},
    {NULL, "state_directory", CONFIG_STRING, IN_CONFIG(state_directory), NULL, 0, 0, NULL},
    {"database", "conninfo", CONFIG_STRING, IN_CONFIG(conninfo), NULL, 0, 0, NULL},
    {"database", "password_file", CONFIG_STRING, IN_CONFIG(database_password.file), NULL, 0, 0,
     NULL},
    {"database", "password_command", CONFIG_STRING, IN_CONFIG(database_password.command), NULL, 0,
     0, NULL},
    {"database", "password_credential", CONFIG_STRING, IN_CONFIG(database_password.credential),
     NULL, 0, 0, NULL},
    {"database", "keep_raw", CONFIG_FLAG, IN_CONFIG(keep_raw), "true", 0, 0, NULL},
    {"database", "keep_raw_days", CONFIG_NUMBER, IN_CONFIG(keep_raw_days), "0", 0, 36500, NULL},
    {"database", "keep_events_days", CONFIG_NUMBER, IN_CONFIG(keep_events_days), "0", 0, 36500,
     NULL},
    {"database", "commit_messages", CONFIG_NUMBER, IN_CONFIG(commit_messages), "500", 1, 10000,
     NULL},
    {"database", "timeout", CONFIG_NUMBER, IN_CONFIG(database_timeout), "60", 1, 3600, NULL},
    {"mailbox", "provider", CONFIG_STRING, IN_MAILBOX(provider), NULL, 0, 0, NULL},
    {"mailbox", "host", CONFIG_STRING, IN_MAILBOX(host), NULL, 0, 0, NULL},
    {"mailbox", "port", CONFIG_NUMBER, IN_MAILBOX(port), "0", 0, 65535, NULL},
    {"mailbox", "tls", CONFIG_CHOICE, IN_MAILBOX(tls), "implicit", 0, 0, "implicit starttls none"},
    {"mailbox", "user", CONFIG_STRING, IN_MAILBOX(user), NULL, 0, 0, NULL},
    {"mailbox", "password_file", CONFIG_STRING, IN_MAILBOX(password.file), NULL, 0, 0, NULL},
    {"mailbox", "password_command", CONFIG_STRING, IN_MAILBOX(password.command), NULL, 0, 0, NULL},
    {"mailbox", "password_credential", CONFIG_STRING, IN_MAILBOX(password.credential), NULL, 0, 0,
     NULL},
    {"mailbox", "token_command", CONFIG_STRING, IN_MAILBOX(token_command), NULL, 0, 0, NULL},
    {"mailbox", "oauth_grant", CONFIG_CHOICE, IN_MAILBOX(oauth.grant), "none", 0, 0,
     "none refresh_token client_credentials"},
    {"mailbox", "oauth_client_id", CONFIG_STRING, IN_MAILBOX(oauth.client_id), NULL, 0, 0, NULL},
    {"mailbox", "oauth_client_secret_file", CONFIG_STRING, IN_MAILBOX(oauth.client_secret.file),
     NULL, 0, 0, NULL},
    {"mailbox", "oauth_client_secret_command", CONFIG_STRING,
     IN_MAILBOX(oauth.client_secret.command), NULL, 0, 0, NULL},
    {"mailbox", "oauth_client_secret_credential", CONFIG_STRING,
     IN_MAILBOX(oauth.client_secret.credential), NULL, 0, 0, NULL},
    {"mailbox", "oauth_refresh_token_file", CONFIG_STRING, IN_MAILBOX(oauth.refresh_token_file),
     NULL, 0, 0, NULL},
    {"mailbox", "oauth_token_endpoint", CONFIG_STRING, IN_MAILBOX(oauth.token_endpoint), NULL, 0, 0,
     NULL},
    {"mailbox", "oauth_tenant", CONFIG_STRING, IN_MAILBOX(oauth.tenant), NULL, 0, 0, NULL},
    {"mailbox", "oauth_scope", CONFIG_STRING, IN_MAILBOX(oauth.scope), NULL, 0, 0, NULL},
    {"mailbox", "oauth_ca_file", CONFIG_STRING, IN_MAILBOX(oauth.ca_file), NULL, 0, 0, NULL},
    {"mailbox", "ca_file", CONFIG_STRING, IN_MAILBOX(ca_file), NULL, 0, 0, NULL},
    {"mailbox", "folder", CONFIG_STRING, IN_MAILBOX(folder), "INBOX", 0, 0, NULL},
    {"mailbox", "after", CONFIG_CHOICE, IN_MAILBOX(after), "move", 0, 0, "move delete keep"},
    {"mailbox", "trash_folder", CONFIG_STRING, IN_MAILBOX(trash_folder), NULL, 0, 0, NULL},
    {"mailbox", "processed_folder", CONFIG_STRING, IN_MAILBOX(processed_folder), "Processed", 0, 0,
     NULL},
    {"mailbox", "quarantine_folder", CONFIG_STRING, IN_MAILBOX(quarantine_folder), "Quarantine", 0,
     0, NULL},
    {"mailbox", "recipient_header", CONFIG_STRING, IN_MAILBOX(recipient_header), NULL, 0, 0, NULL},
    {"mailbox", "recipient_header_instance", CONFIG_NUMBER, IN_MAILBOX(recipient_header_instance),
     "1", 1, 100, NULL},
    {"mailbox", "message_octets", CONFIG_NUMBER, IN_MAILBOX(message_octets), "262144", 4096,
     64 * 1024 * 1024, NULL},
    {"mailbox", "fetch_messages", CONFIG_NUMBER, IN_MAILBOX(fetch_messages), "0", 0, 10000, NULL},
    {"mailbox", "timeout", CONFIG_NUMBER, IN_MAILBOX(timeout), "60", 1, 3600, NULL},
    {"mailbox", "retries", CONFIG_NUMBER, IN_MAILBOX(retries), "3", 0, 100, NULL},
    {"verp", "patterns", CONFIG_LIST, IN_CONFIG(verp_patterns), NULL, 0, 0, NULL},
    {"verp", "campaign_header", CONFIG_STRING, IN_CONFIG(campaign_header), NULL, 0, 0, NULL},
    {"verp", "key_file", CONFIG_STRING, IN_CONFIG(verp_key_file), NULL, 0, 0, NULL},
    {"verp", "require_signature", CONFIG_CHOICE, IN_CONFIG(require_signature), "no", 0, 0,
     "no suppress yes"},
    {"verp", "lifetime_days", CONFIG_NUMBER, IN_CONFIG(verp_lifetime_days), "30", 1,
     VERP_TAG_LIFETIME_MAX, NULL},
    {"verp", "local_part_octets", CONFIG_NUMBER, IN_CONFIG(verp_local_part_octets), "64", 24,
     ADDRESS_LOCAL_PART_MAX, NULL},
    {"rules", "directory", CONFIG_STRING, IN_CONFIG(rules_directory), config_default_rules, 0, 0,
     NULL},
    {"policy", "strikes", CONFIG_NUMBER, IN_CONFIG(strikes), "5", 1, 1000, NULL},
    {"policy", "window_days", CONFIG_NUMBER, IN_CONFIG(window_days), "180", 1, 3650, NULL},
    {"policy", "minimum_span_days", CONFIG_NUMBER, IN_CONFIG(minimum_span_days), "0", 0, 3650,
     NULL},
    {"policy", "category_strikes", CONFIG_LIST, IN_CONFIG(category_strikes), NULL, 0, 0, NULL},
    {"policy", "expire", CONFIG_LIST, IN_CONFIG(expire), NULL, 0, 0, NULL},
    {"policy", "outage_recipients", CONFIG_NUMBER, IN_CONFIG(outage_recipients), "20", 0, 1000000,
     NULL},
    {"policy", "outage_share", CONFIG_NUMBER, IN_CONFIG(outage_share), "50", 1, 100, NULL},
    {"policy", "outage_window_hours", CONFIG_NUMBER, IN_CONFIG(outage_window_hours), "24", 1, 24,
     NULL},
    {"monitoring", "log_format", CONFIG_CHOICE, IN_CONFIG(log_format), "text", 0, 0,
     log_format_names},
    {"monitoring", "metrics_file", CONFIG_STRING, IN_CONFIG(metrics_file), NULL, 0, 0, NULL},
    {"monitoring", "ping_url", CONFIG_STRING, IN_CONFIG(ping_url), NULL, 0, 0, NULL},
    {.name = NULL},
};

/* libconfuse takes the end of the file for the end of every open section, so a file that was cut in
 * half would pass. A last line behind the text is known outside of sections only. */
static const char end_key[] = "end_of_configuration";
static const char end_line[] = "\nend_of_configuration = true\n";

/* libconfuse hands its error function nothing of the caller's, so the first error of the file that
 * is being read is kept here until config_read() returns. */
static struct {
    const char *path;
    struct err *err;
} reading;

static const char *section_of(cfg_t *cfg) {
    const char *name = cfg_name(cfg);
    return name && strcmp(name, "root") != 0 ? name : NULL;
}

static bool same_section(const char *a, const char *b) {
    return a == b || (a && b && !strcmp(a, b));
}

static void report_unknown_key(cfg_t *cfg, const char *name, char *text, size_t size) {
    const char *section = section_of(cfg);
    if (!strcmp(name, end_key)) {
        snprintf(text, size, "section '%s' is not closed: a '}' is missing", section);
        return;
    }
    struct near near = near_start(name);
    for (const struct config_key *k = config_keys; k->name; k++) {
        if (same_section(k->section, section))
            near_offer(&near, k->name);
        if (!section && k->section)
            near_offer(&near, k->section);
    }
    snprintf(text, size, "no key '%s' %s%s%s%s", name, section ? "in section '" : "here",
             section ? section : "", section ? "'" : "", near_question(&near, ""));
}

__attribute__((format(printf, 2, 0))) static void keep_first_error(cfg_t *cfg, const char *format,
                                                                   va_list ap) {
    if (!reading.err || reading.err->code)
        return;
    char text[512];
    if (strstr(format, "no such option '%s'") && !strstr(format, "%d"))
        report_unknown_key(cfg, va_arg(ap, const char *), text, sizeof text);
    else
        vsnprintf(text, sizeof text, format, ap);
    err_set(reading.err, ERR_CONFIG, "%s:%d: %s", reading.path, cfg->line, text);
}

static const struct config_key *key_of(cfg_t *cfg, const char *name) {
    for (const struct config_key *k = config_keys; k->name; k++)
        if (same_section(k->section, section_of(cfg)) && !strcmp(k->name, name))
            return k;
    return NULL;
}

int config_choice_index(const char *choices, const char *word) {
    struct bytes rest = bytes_of(choices);
    for (int i = 0; rest.len; i++) {
        long end = bytes_find_char(rest, ' ');
        struct bytes choice = end < 0 ? rest : bytes_first(rest, (size_t)end);
        if (bytes_equal(choice, bytes_of(word)))
            return i;
        rest = bytes_from(rest, choice.len + 1);
    }
    return -1;
}

static int check_value(cfg_t *cfg, cfg_opt_t *opt) {
    const struct config_key *key = key_of(cfg, cfg_opt_name(opt));
    unsigned last = cfg_opt_size(opt);
    if (!key || !last)
        return 0;
    if (key->type == CONFIG_NUMBER) {
        long n = cfg_opt_getnint(opt, last - 1);
        if (n >= key->min && n <= key->max)
            return 0;
        cfg_error(cfg, "%s = %ld: must be from %ld to %ld", key->name, n, key->min, key->max);
        return -1;
    }
    if (key->type == CONFIG_CHOICE &&
        config_choice_index(key->choices, cfg_opt_getnstr(opt, last - 1)) < 0) {
        cfg_error(cfg, "%s = \"%s\": must be one of: %s", key->name, cfg_opt_getnstr(opt, last - 1),
                  key->choices);
        return -1;
    }
    return 0;
}

static cfg_opt_t option_of(const struct config_key *key) {
    switch (key->type) {
    case CONFIG_NUMBER:
        return (cfg_opt_t)CFG_INT(key->name, strtol(key->initial, NULL, 10), CFGF_NONE);
    case CONFIG_FLAG:
        return (cfg_opt_t)CFG_BOOL(key->name, !strcmp(key->initial, "true") ? cfg_true : cfg_false,
                                   CFGF_NONE);
    case CONFIG_LIST: return (cfg_opt_t)CFG_STR_LIST(key->name, NULL, CFGF_NONE);
    case CONFIG_STRING:
    case CONFIG_CHOICE: break;
    }
    return (cfg_opt_t)CFG_STR(key->name, key->initial, CFGF_NONE);
}

/* libconfuse's option tables, made from the key table; it copies them. */
static cfg_t *new_parser(void) {
    static const char *const sections[] = {"database", "mailbox", "verp",
                                           "rules",    "policy",  "monitoring"};
    enum { SECTIONS = sizeof sections / sizeof *sections };
    cfg_opt_t keys[SECTIONS][KEYS_MAX];
    cfg_opt_t root[KEYS_MAX];
    size_t used = 0;
    for (const struct config_key *k = config_keys; k->name; k++)
        if (!k->section)
            root[used++] = option_of(k);
    for (size_t s = 0; s < SECTIONS; s++) {
        size_t count = 0;
        for (const struct config_key *k = config_keys; k->name; k++)
            if (same_section(k->section, sections[s]))
                keys[s][count++] = option_of(k);
        keys[s][count] = (cfg_opt_t)CFG_END();
        bool titled = !strcmp(sections[s], "mailbox");
        root[used++] =
            (cfg_opt_t)CFG_SEC(sections[s], keys[s],
                               titled ? CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES : CFGF_NONE);
    }
    root[used++] = (cfg_opt_t)CFG_BOOL(end_key, cfg_false, CFGF_NONE);
    root[used] = (cfg_opt_t)CFG_END();

    cfg_t *cfg = cfg_init(root, CFGF_NONE);
    if (!cfg)
        memory_fail();
    cfg_set_error_function(cfg, keep_first_error);
    for (const struct config_key *k = config_keys; k->name; k++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s%s", k->section ? k->section : "", k->section ? "|" : "",
                 k->name);
        cfg_set_validate_func(cfg, path, check_value);
    }
    cfg_set_validate_func(cfg, "mailbox", mailbox_section_check);
    return cfg;
}

static void take_value(const struct config_key *key, cfg_t *section, void *target) {
    void *place = (char *)target + key->offset;
    if (key->type == CONFIG_NUMBER) {
        *(long *)place = cfg_getint(section, key->name);
    } else if (key->type == CONFIG_FLAG) {
        *(bool *)place = cfg_getbool(section, key->name) == cfg_true;
    } else if (key->type == CONFIG_CHOICE) {
        *(int *)place = config_choice_index(key->choices, cfg_getstr(section, key->name));
    } else if (key->type == CONFIG_STRING) {
        const char *value = cfg_getstr(section, key->name);
        *(const char **)place = value && *value ? value : NULL;
    } else {
        unsigned count = cfg_size(section, key->name);
        const char **list = memory_zero(count + 1, sizeof *list);
        for (unsigned i = 0; i < count; i++)
            list[i] = cfg_getnstr(section, key->name, i);
        *(const char ***)place = list;
    }
}

static struct config *take_values(cfg_t *parsed, const char *path) {
    struct config *config = memory_zero(1, sizeof *config);
    config->path = path;
    config->parsed = parsed;
    config->mailbox_count = cfg_size(parsed, "mailbox");
    config->mailboxes = memory_zero(config->mailbox_count, sizeof *config->mailboxes);
    for (const struct config_key *k = config_keys; k->name; k++) {
        if (!same_section(k->section, "mailbox")) {
            take_value(k, k->section ? cfg_getsec(parsed, k->section) : parsed, config);
            continue;
        }
        for (unsigned i = 0; i < config->mailbox_count; i++)
            take_value(k, cfg_getnsec(parsed, "mailbox", i), &config->mailboxes[i]);
    }
    for (unsigned i = 0; i < config->mailbox_count; i++)
        config->mailboxes[i].name = cfg_title(cfg_getnsec(parsed, "mailbox", i));
    return config;
}

/* libconfuse would take a NUL for the end of the file. */
static int check_text(const char *path, struct bytes text, struct err *err) {
    struct bytes line;
    for (unsigned number = 1; bytes_next_line(&text, &line); number++)
        if (bytes_find_char(line, '\0') >= 0)
            return err_set(err, ERR_CONFIG,
                           "%s:%u: a NUL byte; a configuration is plain text, in UTF-8", path,
                           number);
    return 0;
}

static int cannot_read(const char *path, struct err *err) {
    if (access(path, F_OK) != 0 && errno == ENOENT)
        err_advise(err, "--config names another one, nullsender.conf(5) says what belongs there");
    else if (access(path, R_OK) != 0 && errno == EACCES)
        err_advise(err, "run it as the user who may read that: sudo -u nullsender nullsender ...");
    return err_prefix(err, "configuration file");
}

int config_read(const char *path, struct config **config, struct err *err) {
    *config = NULL;
    struct buf text = BUF_INIT;
    if (file_read(path, &text, err) != 0) {
        buf_free(&text);
        return cannot_read(path, err);
    }
    if (check_text(path, buf_bytes(&text), err) != 0) {
        buf_free(&text);
        return -1;
    }
    buf_add_string(&text, end_line);
    struct err first = {0};
    reading.path = path;
    reading.err = &first;
    cfg_t *parsed = new_parser();
    int rc = cfg_parse_buf(parsed, text.data);
    reading.err = NULL;
    buf_free(&text);
    if (rc != CFG_SUCCESS || first.code) {
        if (!first.code) /* libconfuse has no words for an empty key */
            err_set(&first, ERR_CONFIG, "%s:%d: neither a section nor KEY = VALUE", path,
                    parsed->line);
        cfg_free(parsed);
        *err = first;
        return -1;
    }
    *config = take_values(parsed, path);
    if ((*config)->mailbox_count <= MAILBOXES_MAX)
        return 0;
    config_free(*config);
    *config = NULL;
    return err_set(err, ERR_CONFIG, "%s: more than %d mailboxes", path, MAILBOXES_MAX);
}

void config_free(struct config *config) {
    if (!config)
        return;
    cfg_free(config->parsed);
    free(config->verp_patterns);
    free(config->category_strikes);
    free(config->expire);
    free(config->mailboxes);
    free(config);
}

bool config_is_set(const struct config *config, const struct config_key *key,
                   const struct config_mailbox *mailbox) {
    cfg_t *section = config->parsed;
    if (mailbox)
        section = cfg_getnsec(section, "mailbox", (unsigned)(mailbox - config->mailboxes));
    else if (key->section)
        section = cfg_getsec(section, key->section);
    return cfg_getopt(section, key->name)->flags & CFGF_MODIFIED;
}

const char *config_state_directory(const struct config *config) {
    if (config->state_directory)
        return config->state_directory;
    const char *of_unit = getenv("STATE_DIRECTORY");
    return of_unit && *of_unit ? of_unit : "/var/lib/nullsender";
}

const struct config_mailbox *config_mailbox_find(const struct config *config, const char *name) {
    for (size_t i = 0; i < config->mailbox_count; i++)
        if (!strcmp(config->mailboxes[i].name, name))
            return &config->mailboxes[i];
    return NULL;
}
