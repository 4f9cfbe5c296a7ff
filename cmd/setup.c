#include "cmd/setup.h"

#include "cmd/verp_setup.h"

#include <stdlib.h>

static int read_config(struct setup *setup, const struct invocation *invocation, struct err *err) {
    *setup = (struct setup){0};
    const char *path = invocation_value(invocation, OPTION_CONFIG, NULL);
    if (path && config_read(path, &setup->config, err) != 0)
        return -1;
    const struct config *config = setup->config;
    if (config) {
        setup->report_options.campaign_header = config->campaign_header;
        if (config->mailbox_count) {
            setup->report_options.recipient_header = config->mailboxes[0].recipient_header;
            setup->report_options.recipient_header_instance =
                (unsigned)config->mailboxes[0].recipient_header_instance;
        }
    }
    return 0;
}

static int open_analyst(struct setup *setup, const struct invocation *invocation, struct err *err) {
    const struct config *config = setup->config;
    const char *rules =
        invocation_value(invocation, OPTION_RULES, config ? config->rules_directory : NULL);
    const char **patterns = verp_patterns_list(invocation, config);
    int rc = analyst_open(&setup->analyst, rules, patterns, err);
    free(patterns);
    return rc;
}

int setup_for_rules(struct setup *setup, const struct invocation *invocation, struct err *err) {
    return read_config(setup, invocation, err) ? -1 : open_analyst(setup, invocation, err);
}

int setup_for_mails(struct setup *setup, const struct invocation *invocation, unsigned workers,
                    struct err *err) {
    const struct worker_pool_options options = {workers, &setup->report_options, 1, 0};
    if (read_config(setup, invocation, err) != 0 ||
        worker_pool_start(&options, &setup->pool, err) != 0 ||
        /* While the workers start. */
        open_analyst(setup, invocation, err) != 0)
        return -1;
    return setup->config ? analyst_read_keys(&setup->analyst, setup->config, err) : 0;
}

void setup_close(struct setup *setup) {
    worker_pool_stop(setup->pool);
    analyst_close(&setup->analyst);
    config_free(setup->config);
}
