#include "cmd/verp_setup.h"

#include "cmd/base/memory.h"
#include "cmd/clock.h"
#include "cmd/database.h"
#include "cmd/verp_key_file.h"

#include <stdlib.h>

/* "preset address" or a template alone. */
static int add_pattern(struct verp *verp, const char *text, struct err *err) {
    struct bytes rest = bytes_trim(bytes_of(text));
    long blank = bytes_find_char(rest, ' ');
    struct buf pattern = BUF_INIT, base = BUF_INIT;
    buf_add_bytes(&pattern, blank < 0 ? rest : bytes_first(rest, (size_t)blank));
    if (blank >= 0)
        buf_add_bytes(&base, bytes_trim(bytes_from(rest, (size_t)blank)));
    int rc = verp_add_pattern(verp, pattern.data, blank < 0 ? NULL : base.data, err);
    if (rc != 0)
        err_prefix(err, "VERP pattern \"%s\"", text);
    buf_free(&pattern);
    buf_free(&base);
    return rc;
}

int verp_patterns_read(const char *const *patterns, struct verp **verp, struct err *err) {
    *verp = verp_new();
    for (size_t i = 0; patterns && patterns[i]; i++)
        if (add_pattern(*verp, patterns[i], err) != 0)
            return -1;
    return 0;
}

const char **verp_patterns_list(const struct invocation *invocation, const struct config *config) {
    unsigned given = invocation->counts[OPTION_VERP], count = 0;
    while (config && config->verp_patterns[count])
        count++;
    const char **patterns = memory_zero(given + count + 1, sizeof *patterns);
    for (unsigned i = 0; i < given + count; i++)
        patterns[i] =
            i < given ? invocation->values[OPTION_VERP][i] : config->verp_patterns[i - given];
    return patterns;
}

static int read_patterns(struct verp_setup *setup, const struct invocation *invocation,
                         struct err *err) {
    const char **patterns = verp_patterns_list(invocation, setup->config);
    bool any = *patterns;
    int rc = verp_patterns_read(patterns, &setup->verp, err);
    free(patterns);
    if (rc == 0 && !any)
        rc = err_set(err, ERR_CONFIG,
                     "%s: section verp has no patterns, which say what the addresses look like",
                     setup->config->path);
    return rc;
}

int verp_setup_open(struct verp_setup *setup, const struct invocation *invocation,
                    struct err *err) {
    *setup = (struct verp_setup){.today = clock_today()};
    if ((invocation_has(invocation, OPTION_CONFIG) || !invocation_has(invocation, OPTION_VERP)) &&
        database_config_read(invocation, &setup->config, err) != 0)
        return -1;
    if (read_patterns(setup, invocation, err) != 0)
        return -1;
    if (!setup->config || !setup->config->verp_key_file)
        return 0;
    setup->lifetime = (uint32_t)setup->config->verp_lifetime_days;
    return verp_key_file_read(setup->config->verp_key_file, &setup->keys, err);
}

void verp_setup_close(struct verp_setup *setup) {
    store_close(setup->store);
    verp_keys_free(setup->keys);
    verp_free(setup->verp);
    config_free(setup->config);
}

int verp_setup_connect(struct verp_setup *setup, struct err *err) {
    if (setup->store)
        return 0;
    if (!setup->config)
        return err_set(err, ERR_CONFIG,
                       "tokens are in the database, which the configuration names: --config FILE");
    if (database_open(setup->config, &setup->store, err) != 0)
        return -1;
    return database_prepare(setup->store, setup->config, true, err);
}
