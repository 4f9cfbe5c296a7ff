/*
 * provider: what `provider = "..."` in a mailbox section presets. A key that the section sets
 * itself goes before.
 *
 * The README shows the table, and a test compares the two.
 */
#ifndef CMD_PROVIDER_H
#define CMD_PROVIDER_H

struct provider_preset {
    const char *provider;
    const char *key; /* of config_keys, section "mailbox" */
    const char *value;
    const char *grant; /* only under this oauth_grant; NULL: always */
};

extern const struct provider_preset provider_presets[]; /* ends with a NULL provider */
extern const char provider_names[];                     /* "gmail, microsoft365, ..." */

#endif
