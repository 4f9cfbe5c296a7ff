/* nullsender check: everything that a run needs, tried for real. */
#include "cmd/check.h"

#include "cmd/command.h"
#include "cmd/database.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* `only`: of the mailboxes this one; NULL: all. */
static void check_all(struct check_list *list, const char *only, const struct config *config) {
    struct store *store = NULL;
    check_config(list, config);
    check_rules(list, config);
    check_workers(list);
    check_verp(list, config);
    check_database(list, config, &store);
    for (size_t i = 0; i < config->mailbox_count; i++)
        if (!only || !strcmp(only, config->mailboxes[i].name))
            check_mailbox(list, config, &config->mailboxes[i], store);
    store_close(store);
}

static void print(const struct check_list *list, bool json) {
    struct buf out = BUF_INIT;
    if (json)
        check_json_add(&out, list);
    else
        check_text_add(&out, list, isatty(STDOUT_FILENO));
    fputs(out.data, stdout);
    buf_free(&out);
}

/* Prints the list, and fails as the worst that is in it. */
static int conclude(const struct check_list *list, bool json, struct err *err) {
    size_t failed = check_count(list, CHECK_FAIL), warnings = check_count(list, CHECK_WARNING);
    print(list, json);
    if (!failed)
        return 0;
    return err_set(err, check_code(list), "%zu check%s failed, %zu warning%s", failed,
                   failed == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
}

int command_check(const struct invocation *invocation, struct err *err) {
    const char *only = invocation_value(invocation, OPTION_CHECK_MAILBOX, NULL);
    unsigned json;
    if (invocation_format(invocation, &json, err) != 0)
        return -1;
    struct check_list *list = check_list_new();
    struct config *config = NULL;
    struct err unread = {0};
    int rc;
    if (database_config_read(invocation, &config, &unread) != 0) {
        check_section(list, "configuration");
        check_error(list, "file", NULL, &unread);
        rc = conclude(list, json, err);
    } else if (only && !config_mailbox_find(config, only)) {
        rc = err_set(err, ERR_USAGE, "no mailbox '%s' in %s", only, config->path);
    } else {
        check_all(list, only, config);
        rc = conclude(list, json, err);
    }
    check_list_free(list);
    config_free(config);
    return rc;
}
