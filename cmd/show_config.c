/* nullsender config: the settings in force, in the syntax of the file. */
#include "cmd/base/buf.h"
#include "cmd/base/utf8.h"
#include "cmd/command.h"
#include "cmd/config.h"
#include "cmd/database.h"
#include "cmd/near.h"
#include "cmd/ping.h"
#include "cmd/provider.h"
#include "store/conninfo.h"

#include <stdio.h>
#include <string.h>

enum {
    COMMENT_COLUMN = 48, /* where "# default" stands, if the value leaves room */
    INDENT = 4,
};

/* Keys whose value may hold a secret. The function appends what may be shown of it; false where
 * nothing may. */
static const struct {
    const char *section, *key;
    bool (*mask)(struct buf *out, const char *value);
} masks[] = {
    {"database", "conninfo", store_conninfo_add_masked},
    {"monitoring", "ping_url", ping_url_add_masked},
};

/* The keys that were asked for. */
struct filter {
    char **words; /* "policy", "policy.strikes" or "strikes" */
    int count;    /* 0: all keys */
};

static bool word_fits(const char *word, const struct config_key *key) {
    const char *dot = strchr(word, '.');
    if (!dot)
        return !strcmp(word, key->name) || (key->section && !strcmp(word, key->section));
    size_t section = (size_t)(dot - word);
    return key->section && strlen(key->section) == section &&
           !strncmp(word, key->section, section) && !strcmp(dot + 1, key->name);
}

static bool is_wanted(const struct filter *filter, const struct config_key *key) {
    for (int i = 0; i < filter->count; i++)
        if (word_fits(filter->words[i], key))
            return true;
    return !filter->count;
}

static int check_words(const struct filter *filter, struct err *err) {
    for (int i = 0; i < filter->count; i++) {
        struct near near = near_start(filter->words[i]);
        bool known = false;
        for (const struct config_key *k = config_keys; k->name; k++) {
            known = known || word_fits(filter->words[i], k);
            near_offer(&near, k->name);
            if (k->section)
                near_offer(&near, k->section);
        }
        if (!known)
            return err_set(err, ERR_USAGE, "no key or section '%s'%s", filter->words[i],
                           near_question(&near, "; 'nullsender config' prints them all"));
    }
    return 0;
}

/* A string as libconfuse reads it, where ${NAME} would be a variable of the environment. */
static void add_string(struct buf *out, const char *text) {
    buf_add_char(out, '"');
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < ' ' || c == 0x7f) {
            buf_printf(out, "\\x%02x", c);
            continue;
        }
        if (c == '"' || c == '\\' || c == '$')
            buf_add_char(out, '\\');
        buf_add_char(out, *p);
    }
    buf_add_char(out, '"');
}

static void add_list(struct buf *out, const char *const *list) {
    buf_add_char(out, '{');
    for (size_t i = 0; list[i]; i++) {
        buf_add_string(out, i ? ", " : " ");
        add_string(out, list[i]);
    }
    buf_add_string(out, *list ? " }" : "}");
}

static void add_choice(struct buf *out, const char *choices, int index) {
    while (index--)
        choices += strcspn(choices, " ") + 1;
    buf_printf(out, "\"%.*s\"", (int)strcspn(choices, " "), choices);
}

static void add_shown(struct buf *out, const struct config_key *key, const char *text) {
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        if (!key->section || strcmp(masks[i].section, key->section) != 0 ||
            strcmp(masks[i].key, key->name) != 0)
            continue;
        if (!masks[i].mask(out, text))
            buf_add_string(out, "*****");
        return;
    }
    buf_add_string(out, text);
}

/* Appends the value; false where the key has none. */
static bool add_value(struct buf *out, const struct config_key *key, const void *values) {
    const void *place = (const char *)values + key->offset;
    switch (key->type) {
    case CONFIG_NUMBER: buf_printf(out, "%ld", *(const long *)place); return true;
    case CONFIG_FLAG: buf_add_string(out, *(const bool *)place ? "true" : "false"); return true;
    case CONFIG_CHOICE: add_choice(out, key->choices, *(const int *)place); return true;
    case CONFIG_LIST: add_list(out, *(const char *const *const *)place); return true;
    case CONFIG_STRING: break;
    }
    const char *text = *(const char *const *)place;
    if (!text)
        return false;
    struct buf shown = BUF_INIT;
    add_shown(&shown, key, text);
    add_string(out, shown.data);
    buf_free(&shown);
    return true;
}

/* Whether this is what the mailbox's provider presets. */
static bool is_preset(const struct config_key *key, const struct config_mailbox *mailbox) {
    if (!mailbox || !mailbox->provider)
        return false;
    for (const struct provider_preset *p = provider_presets; p->provider; p++) {
        if (strcmp(p->provider, mailbox->provider) != 0 || strcmp(p->key, key->name) != 0)
            continue;
        struct buf value = BUF_INIT, preset = BUF_INIT;
        add_value(&value, key, mailbox);
        if (key->type == CONFIG_NUMBER)
            buf_add_string(&preset, p->value);
        else
            add_string(&preset, p->value);
        bool same = !strcmp(value.data, preset.data);
        buf_free(&value);
        buf_free(&preset);
        if (same)
            return true;
    }
    return false;
}

/* Appends the line of one key; nothing where it has no value. */
static void add_key(struct buf *out, const struct config *config, const struct config_key *key,
                    const struct config_mailbox *mailbox) {
    struct buf line = BUF_INIT;
    buf_printf(&line, "%*s%s = ", key->section ? INDENT : 0, "", key->name);
    if (add_value(&line, key, mailbox ? (const void *)mailbox : (const void *)config)) {
        const char *comment = is_preset(key, mailbox)                ? "# by the provider"
                              : !config_is_set(config, key, mailbox) ? "# default"
                                                                     : NULL;
        if (comment)
            buf_printf(&line, "%*s%s",
                       line.len < COMMENT_COLUMN ? (int)(COMMENT_COLUMN - line.len) : 2, "",
                       comment);
        utf8_add_visible(out, line.data);
        buf_add_char(out, '\n');
    }
    buf_free(&line);
}

static void add_section(struct buf *out, const struct config *config, const struct filter *filter,
                        const char *section, const struct config_mailbox *mailbox) {
    struct buf keys = BUF_INIT;
    for (const struct config_key *k = config_keys; k->name; k++)
        if (k->section && !strcmp(k->section, section) && is_wanted(filter, k))
            add_key(&keys, config, k, mailbox);
    if (keys.len) {
        buf_printf(out, "%s%s ", out->len ? "\n" : "", section);
        if (mailbox) {
            add_string(out, mailbox->name);
            buf_add_char(out, ' ');
        }
        buf_printf(out, "{\n%s}\n", keys.data);
    }
    buf_free(&keys);
}

static void add_config(struct buf *out, const struct config *config, const struct filter *filter) {
    for (const struct config_key *k = config_keys; k->name; k++)
        if (!k->section && is_wanted(filter, k))
            add_key(out, config, k, NULL);
    const char *section = "";
    for (const struct config_key *k = config_keys; k->name; k++) {
        if (!k->section || !strcmp(k->section, section))
            continue;
        section = k->section;
        if (strcmp(section, "mailbox") != 0)
            add_section(out, config, filter, section, NULL);
        else
            for (size_t i = 0; i < config->mailbox_count; i++)
                add_section(out, config, filter, section, &config->mailboxes[i]);
    }
}

int command_config(const struct invocation *invocation, struct err *err) {
    const struct filter filter = {invocation->arguments, invocation->argument_count};
    struct config *config = NULL;
    if (check_words(&filter, err) != 0 || database_config_read(invocation, &config, err) != 0)
        return -1;
    struct buf out = BUF_INIT;
    add_config(&out, config, &filter);
    if (!filter.count)
        printf("# %s and the defaults of nullsender " VERSION "\n\n", config->path);
    fputs(out.data, stdout);
    buf_free(&out);
    config_free(config);
    return 0;
}
