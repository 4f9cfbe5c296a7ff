/*
 * address: an e-mail address (RFC 5321 Mailbox, RFC 6531 with UTF-8) taken apart, put together, and
 * brought into the one form under which it is counted.
 *
 * The local part belongs to its host, which alone knows whether Ada and ada are one (RFC 5321
 * section 2.4); so it is shown as it came. In practice they always are, and relays change the case
 * on the way: whatever is compared or counted is compared and counted by address_key().
 */
#ifndef CLASSIFY_ADDRESS_H
#define CLASSIFY_ADDRESS_H

#include "cmd/base/arena.h"
#include "cmd/base/bytes.h"

#include <stdbool.h>

enum {
    /* RFC 5321 section 4.5.3.1 allows 254; local parts of twice their 64 octets do travel, wrapped
     * by several forwarders. What is longer than this is no address. */
    ADDRESS_MAX = 1000,
    ADDRESS_LOCAL_PART_MAX = 64, /* RFC 5321 section 4.5.3.1.1: for those that we make */
};

struct address {
    const char *local;  /* its octets, without the quotes and backslashes of a quoted string */
    const char *domain; /* as address_domain() gives it */
};

/* Reads an address: `ada@example.net`, `<ada@example.net>`, `"ada b"@example.net`,
 * `@relay.example:ada@example.net` (the source route is dropped). False, with nothing changed,
 * where the text is none: no @, an empty half, a blank or another special character outside of
 * quotes, a control character, invalid UTF-8, a domain with an empty label. Double and final dots
 * in the local part are taken: docomo's and ezweb's users have them. The strings live in the arena.
 */
bool address_parse(struct bytes text, struct arena *arena, struct address *address);

/* The address as text; the local part is quoted where it is no dot-string (RFC 5321 section
 * 4.1.2), though double dots stay bare, as everybody writes them. */
const char *address_write(const struct address *address, struct arena *arena);

/* The same in the form of address_key(). */
const char *address_write_key(const struct address *address, struct arena *arena);

/* A domain in its one form: ASCII letters in lower case, no final dot. Domain literals
 * ("[192.0.2.1]") are domains. NULL where it is none. */
const char *address_domain(struct bytes domain, struct arena *arena);

/* The form for showing: parsed and written again, so the domain is in its one form and the case
 * of the local part is kept. NULL where the text is no address. */
const char *address_normalise(const char *text, struct arena *arena);

/* The form for comparing and counting: the same with the local part's ASCII letters in lower case
 * and the domain in A-labels (RFC 5890), so that both spellings of an IDN are one. NULL where the
 * text is no address. `text` may be NULL. */
const char *address_key(const char *text, struct arena *arena);

/* Whether a local part needs no quotes; double and final dots do not call for them. */
bool address_is_bare(struct bytes local);

/* Whether it is UTF-8 without control characters, which no address and no name holds. */
bool address_is_text(struct bytes text);

#endif
