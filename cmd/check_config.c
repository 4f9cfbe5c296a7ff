/* The parts of `nullsender check` that need nobody else: the configuration file and the rules. */
#include "cmd/analysis.h"
#include "cmd/base/buf.h"
#include "cmd/check.h"
#include "cmd/file.h"
#include "store/conninfo.h"

#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void add_owner(struct buf *out, uid_t uid) {
    const struct passwd *entry = getpwuid(uid);
    if (entry)
        buf_add_string(out, entry->pw_name);
    else
        buf_printf(out, "user %lu", (unsigned long)uid);
}

static bool holds_password(const char *conninfo) {
    struct buf masked = BUF_INIT;
    bool parses = store_conninfo_add_masked(&masked, conninfo);
    bool differs = parses && strcmp(masked.data, conninfo) != 0;
    buf_free(&masked);
    return differs;
}

/* Who may write the file says what is run here: password_command, for one. */
static void check_file(struct check_list *list, const struct config *config) {
    struct stat st;
    struct buf owner = BUF_INIT;
    unsigned mode = 0;
    if (stat(config->path, &st) != 0) {
        check_warning(list, "file", NULL, "%s is read from something that is no file",
                      config->path);
        return;
    }
    mode = (unsigned)(st.st_mode & 0777);
    add_owner(&owner, st.st_uid);
    bool others_write = S_ISREG(st.st_mode) && (st.st_mode & S_IWOTH);
    bool stranger = st.st_uid != 0 && st.st_uid != geteuid();
    if (others_write)
        check_fail(list, ERR_CONFIG, "file", "chmod o-w it: it names commands that are run",
                   "%s can be written by everybody (mode %03o)", config->path, mode);
    else if (stranger)
        check_fail(list, ERR_CONFIG, "file",
                   "chown it to root or to the user that runs nullsender: it names commands that "
                   "are run",
                   "%s belongs to %s", config->path, owner.data);
    else
        check_ok(list, "file", "%s, owned by %s, mode %03o", config->path, owner.data, mode);
    if (config->conninfo && holds_password(config->conninfo)) {
        if (st.st_mode & S_IROTH)
            check_fail(list, ERR_CONFIG, "secrets",
                       "move it to ~/.pgpass or a password_file, or chmod o-r the file",
                       "conninfo holds a password, and everybody can read %s (mode %03o)",
                       config->path, mode);
        else
            check_warning(list, "secrets", "move it to ~/.pgpass or a password_file",
                          "conninfo holds a password");
    }
    buf_free(&owner);
}

void check_config(struct check_list *list, const struct config *config) {
    check_section(list, "configuration");
    check_file(list, config);
    if (!config->mailbox_count)
        check_fail(list, ERR_CONFIG, "mailboxes", "add a mailbox section",
                   "there is none, so there is nothing to fetch");
    else
        check_ok(list, "mailboxes", "%zu", config->mailbox_count);
}

static void check_own_rules(struct check_list *list, const char *directory) {
    struct file_list own = {0};
    struct err err = {0};
    if (!directory || access(directory, F_OK) != 0) /* one that had to be there failed before */
        check_ok(list, "your own", "none%s%s", directory ? ": no folder " : "",
                 directory ? directory : "");
    else if (file_list_read(directory, ".rules", &own, &err) != 0)
        check_error(list, "your own", NULL, &err);
    else
        check_ok(list, "your own", "%zu file%s in %s, which come%s first", own.count,
                 own.count == 1 ? "" : "s", directory, own.count == 1 ? "s" : "");
    file_list_free(&own);
}

void check_rules(struct check_list *list, const struct config *config) {
    check_section(list, "rules");
    struct analyst analyst;
    struct err err = {0};
    if (analyst_open(&analyst, config->rules_directory, NULL, &err) != 0) {
        check_error(list, "compile", NULL, &err);
    } else {
        check_ok(list, "compile", "%zu rules with %zu patterns, version %s",
                 ruleset_rule_count(analyst.rules), ruleset_pattern_count(analyst.rules),
                 ruleset_version(analyst.rules));
        check_own_rules(list, config->rules_directory);
    }
    analyst_close(&analyst);
}
