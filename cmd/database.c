#include "cmd/database.h"

#include "classify/verdict.h"
#include "cmd/base/arena.h"
#include "cmd/base/memory.h"
#include "cmd/embedded.h"
#include "cmd/log.h"
#include "cmd/secret.h"
#include "cmd/verdict_word.h"
#include "store/delivery.h"
#include "store/migrate.h"
#include "store/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int database_config_read(const struct invocation *invocation, struct config **config,
                         struct err *err) {
    const char *path = invocation_value(invocation, OPTION_CONFIG, config_default_path);
    if (config_read(path, config, err) != 0)
        return -1;
    if (!invocation_has(invocation, OPTION_LOG_FORMAT))
        log_set_format((enum log_format)(*config)->log_format);
    return 0;
}

int database_open(const struct config *config, struct store **store, struct err *err) {
    if (!config->conninfo)
        return err_set(err, ERR_CONFIG,
                       "%s: section database lacks conninfo, which says how to reach PostgreSQL",
                       config->path);
    char *password = NULL;
    if (secret_read("password", &config->database_password, &password, err) != 0)
        return err_prefix(err, "database");
    struct store_options options = {
        .conninfo = config->conninfo,
        .password = password,
        .application_name = "nullsender",
        .connect_timeout = (unsigned)config->database_timeout,
        .answer_timeout = (unsigned)config->database_timeout,
    };
    int rc = store_open(&options, store, err);
    secret_free(password);
    return rc;
}

static struct store_migration *migrations(size_t *count) {
    *count = 0;
    while (embedded_migrations[*count].name)
        ++*count;
    struct store_migration *list = memory_zero(*count, sizeof *list);
    for (size_t i = 0; i < *count; i++)
        list[i] = (struct store_migration){embedded_migrations[i].name, embedded_migrations[i].data,
                                           embedded_migrations[i].len};
    return list;
}

static void report_migration(void *context, const char *name, const char *notice) {
    (void)context;
    if (name && (log_is_on(LOG_LEVEL_INFO) || isatty(STDOUT_FILENO)))
        printf("applied %s\n", name);
    else if (!name)
        log_warning("database: %s", notice);
}

static int set_categories(struct store *store, struct err *err) {
    struct store_category categories[CATEGORY_COUNT];
    for (enum category c = 0; c < CATEGORY_COUNT; c++) {
        const struct category_info *info = category_info(c);
        categories[c] = (struct store_category){info->name, verdict_name(info->verdict),
                                                fault_name(info->fault), info->description};
    }
    return store_categories_set(store, categories, CATEGORY_COUNT, err);
}

int database_migrate(struct store *store, bool dry_run, struct err *err) {
    size_t count, applied;
    struct store_migration *list = migrations(&count);
    int rc;
    if (dry_run) {
        rc = store_check_version(store, list, count, err);
    } else {
        rc = store_migrate(store, list, count, report_migration, NULL, &applied, err);
        if (rc == 0)
            rc = set_categories(store, err);
        if (rc == 0 && !applied && (log_is_on(LOG_LEVEL_INFO) || isatty(STDOUT_FILENO)))
            puts("the database is up to date");
    }
    free(list);
    return rc;
}

/* "mailbox_full 10", from the list `key`. */
static int read_category_number(const char *key, const char *text, unsigned min, unsigned max,
                                enum category *category, unsigned *number, struct err *err) {
    struct bytes rest = bytes_trim(bytes_of(text));
    long blank = bytes_find_char(rest, ' ');
    struct bytes name = bytes_first(rest, blank < 0 ? rest.len : (size_t)blank);
    struct arena *arena = arena_new();
    unsigned long value;
    int rc = 0;
    rest = bytes_trim(bytes_from(rest, name.len));
    if (category_word_read(arena_bytes(arena, name), category, err) != 0) {
        err->code = ERR_CONFIG;
        rc = err_prefix(err, "%s \"%s\"", key, text);
    } else if (!bytes_take_number(&rest, max, &value) || rest.len || value < min) {
        rc = err_set(err, ERR_CONFIG,
                     "%s \"%s\": must be a category, a blank and a number from %u to %u, such as "
                     "\"mailbox_full 10\"",
                     key, text, min, max);
    } else {
        *number = (unsigned)value;
    }
    arena_free(arena);
    return rc;
}

static int read_category_strikes(const char *text, struct store_category_strikes *strikes,
                                 struct err *err) {
    enum category category;
    if (read_category_number("category_strikes", text, 0, 1000, &category, &strikes->strikes,
                             err) != 0)
        return -1;
    strikes->category = category_info(category)->name;
    return 0;
}

/* Silence says nothing about an address that has never been one. */
static int read_expiry(const char *text, struct store_category_expiry *expiry, struct err *err) {
    enum category category;
    if (read_category_number("expire", text, 1, 36500, &category, &expiry->days, err) != 0)
        return -1;
    const struct category_info *info = category_info(category);
    if (category == CATEGORY_USER_UNKNOWN || category == CATEGORY_DOMAIN_UNKNOWN ||
        category == CATEGORY_ADDRESS_SYNTAX)
        return err_set(err, ERR_CONFIG, "expire \"%s\": what is %s does not come to life by itself",
                       text, info->name);
    if (info->verdict != VERDICT_HARD && !(info->verdict == VERDICT_SOFT && info->counted))
        return err_set(err, ERR_CONFIG, "expire \"%s\": %s makes no address hard", text,
                       info->name);
    expiry->category = info->name;
    return 0;
}

static int set_policy(struct store *store, const struct config *config, struct err *err) {
    bool recomputed;
    struct store_policy policy = {
        .strikes = (unsigned)config->strikes,
        .window_days = (unsigned)config->window_days,
        .min_span_days = (unsigned)config->minimum_span_days,
        .outage_share = (unsigned)config->outage_share,
        .outage_recipients = (unsigned)config->outage_recipients,
        .outage_window_hours = (unsigned)config->outage_window_hours,
    };
    while (config->category_strikes[policy.category_count])
        policy.category_count++;
    while (config->expire[policy.expiry_count])
        policy.expiry_count++;
    struct arena *arena = arena_new();
    struct store_category_strikes *categories =
        arena_alloc(arena, policy.category_count * sizeof *categories);
    struct store_category_expiry *expiries =
        arena_alloc(arena, policy.expiry_count * sizeof *expiries);
    policy.categories = categories;
    policy.expiries = expiries;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < policy.category_count; i++)
        rc = read_category_strikes(config->category_strikes[i], &categories[i], err);
    for (size_t i = 0; rc == 0 && i < policy.expiry_count; i++)
        rc = read_expiry(config->expire[i], &expiries[i], err);
    if (rc == 0)
        rc = store_policy_set(store, &policy, &recomputed, err);
    if (rc == 0 && recomputed)
        log_info("the policy has changed: the state of every address was computed anew");
    arena_free(arena);
    return rc;
}

int database_prepare(struct store *store, const struct config *config, bool dry_run,
                     struct err *err) {
    size_t count;
    uint64_t applied, ended;
    struct store_migration *list = migrations(&count);
    int rc = store_check_version(store, list, count, err);
    free(list);
    if (rc == 0 && !dry_run)
        rc = set_policy(store, config, err);
    if (rc == 0 && !dry_run)
        rc = store_deliveries_apply(store, &applied, err);
    if (rc == 0 && !dry_run)
        rc = store_expire(store, &ended, err);
    return rc;
}

int database_connect(const struct invocation *invocation, struct store **store, struct err *err) {
    struct config *config = NULL;
    int rc = -1;
    if (database_config_read(invocation, &config, err) == 0 &&
        database_open(config, store, err) == 0)
        rc = database_prepare(*store, config, true, err);
    config_free(config);
    return rc;
}
