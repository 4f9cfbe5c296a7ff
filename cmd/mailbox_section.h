/*
 * mailbox_section: a mailbox section of the configuration as a whole: its provider's presets, and
 * what must hold between its keys.
 */
#ifndef CMD_MAILBOX_SECTION_H
#define CMD_MAILBOX_SECTION_H

#include <confuse.h>

/* For cfg_set_validate_func(): called where a section ends. Fills in what the provider presets and
 * the section does not set itself, then checks. 0, or -1 with the problem reported by cfg_error().
 */
int mailbox_section_check(cfg_t *cfg, cfg_opt_t *opt);

#endif
