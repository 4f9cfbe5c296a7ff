/*
 * verp: variable envelope return paths: addresses that carry campaign and recipient.
 *
 *     bounces+spring26-ada=example.net@news.example.com
 *
 * A pattern is a template of such an address: literal text and fields. What the fields take:
 *
 *     {campaign}   the campaign, in the coding below; up to the first place where the text behind
 *                  the field stands
 *     {recipient}  the recipient, its local part in the coding below, then `=` for its `@`, then
 *                  its domain. Domains have no `=`, so the last `=` splits.
 *     {local}      the recipient's local part as it is, up to the last place where the text behind
 *     {domain}     the field stands; and its domain: `{local}={domain}` is how most others do it
 *     {courier}    the recipient as Courier writes it: local=domain with @ : % ! + - [ ] as +HH
 *     {list}       a campaign as it is, without the coding: the name of a list, a mailing's number
 *     {tag}        a signature: verp_sign.h. Alone, without a recipient, it is a token: a table has
 *                  the recipient for it
 *     {any}        text to pass over, to the first place where the text behind the field stands
 *     {base} {host}  the local part and the domain of the address that the pattern hangs on
 *
 * Text must stand between two fields, and no letter, digit, `-`, `.` or `_` behind a domain, which
 * would take it along. Behind the template's @ only text, {host} and {any} may stand. Matching
 * ignores case.
 *
 * The coding of {campaign} and {recipient} writes an octet as `=` and two hexadecimal digits, in
 * either case. It is made to survive relays that change the case of addresses, and to leave as they
 * are the addresses that senders put together themselves without knowing of it:
 *
 *   - A campaign's a-z and 0-9 stand as they are, and so do `.` and `_` (escaped where the text
 *     behind the field begins with them, and a dot where two would meet); all else is escaped,
 *     capitals too. So a campaign has no bare `-`: in the pattern {campaign}-{recipient} the
 *     first `-` ends the campaign, whatever the recipient holds:
 *         campaign 26-Spring, to mary-jane@example.net:
 *         bounces+26=2d=53pring-mary-jane=example.net@news.example.com
 *     Senders who leave `-` bare in campaigns would have them cut at the first one and the rest
 *     counted to the recipient: they need another separator, {campaign}--{recipient}.
 *   - In a recipient's local part letters, digits, `_`, `+`, `-` and `.` stand as they are (of dots
 *     that meet, the second one is escaped).
 *   - An escape of an octet that the coding leaves as it is, of a control character, or one whose
 *     octets are not UTF-8, is not an escape but text: a+b=ada=example.net is a+b=ada@example.net.
 *
 * The campaign is given in lower case but for the escaped capitals. The recipient's local part
 * keeps the case in which it came; its domain is in lower case.
 */
#ifndef CLASSIFY_VERP_H
#define CLASSIFY_VERP_H

#include "classify/verp_sign.h"
#include "cmd/base/arena.h"
#include "cmd/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VERP_CAMPAIGN_MAX = 255, /* octets; a longer one is no name */
};

struct verp;

/* No patterns yet. */
struct verp *verp_new(void);
void verp_free(struct verp *verp); /* NULL is fine */

/* Adds a template, or the preset of that name. `base` is the address that {base} and {host} stand
 * for ("bounces@example.com"), which presets need; NULL for a template that is a whole address.
 * Patterns are tried in the order they were added. ERR_CONFIG with the pattern, the column (from
 * 1), what is wrong and what would be right. */
int verp_add_pattern(struct verp *verp, const char *pattern, const char *base, struct err *err);

/* The presets, for documentation and error messages; ends with a NULL name. */
struct verp_preset {
    const char *name;
    const char *template_text;
    const char *used_by; /* "Postfix XVERP, Exim" */
};
extern const struct verp_preset verp_presets[];

struct verp_match {
    const char *campaign;  /* NULL where the pattern has none */
    const char *recipient; /* "ada@example.net", as address_write() has it */
    const char *pattern;   /* as it was added; lives as long as `verp` */
    const char *tag;       /* NULL where the pattern has none; not checked */
    const char *domain;    /* of the VERP address: "news.example.com" */
};

/* Decodes an address after verp_unwrap(). False where no pattern matches or what it gives is no
 * address, for a token, and for Microsoft 365's `bounces+SRS=<hash>=<time>@tenant`, which stands
 * for an address that only Microsoft can look up. */
bool verp_decode(const struct verp *verp, const char *address, struct arena *arena,
                 struct verp_match *match);

/* The same for a token: gives pattern, tag and domain. Who looked up campaign and recipient sets
 * these and has a match as from verp_decode(). */
bool verp_decode_token(const struct verp *verp, const char *address, struct arena *arena,
                       struct verp_match *match);

/* Whether there are patterns for tokens. */
bool verp_has_tokens(const struct verp *verp);

/* Checks the signature of a match; see verp_tag_check(). */
enum verp_signature verp_check(const struct verp_keys *keys, const struct verp_match *match,
                               uint32_t today, uint32_t lifetime, struct arena *arena);

/* Makes the address that the first pattern without {tag} decodes to this campaign (NULL where the
 * pattern has none) and this recipient. verp_decode() of the result gives the campaign, and the
 * recipient in the form of address_normalise(). ERR_DATA where that cannot be had: a recipient that
 * is no address, a domain that is not ASCII (write its A-label), a local part above 64 octets, a
 * pattern with {any} or without coding for what the text holds; ERR_CONFIG where there is no such
 * pattern. */
int verp_encode(const struct verp *verp, const char *campaign, const char *recipient,
                struct arena *arena, const char **address, struct err *err);

/* The domain of the i-th pattern's addresses, in its one form; NULL where it has {any}. False where
 * there are not so many. */
bool verp_domain(const struct verp *verp, size_t i, const char **domain);

struct verp_signer {
    const struct verp_keys *keys;
    uint32_t day;          /* today, in days since 1970-01-01 UTC */
    size_t local_part_max; /* octets; 51 leaves room for what SRS adds, and 64 is the limit */
};

/* The same with a signature, by the first pattern with {tag} that can carry it; by one with {tag}
 * alone where that comes first or the others cannot. Then *token is the tag, and must be stored
 * with campaign and recipient before the mail goes out; it is the same for the same day and
 * subject. Otherwise *token is NULL. */
int verp_encode_signed(const struct verp *verp, const struct verp_signer *signer,
                       const char *campaign, const char *recipient, struct arena *arena,
                       const char **address, const char **token, struct err *err);

/* Whether an address is one that we send from: one that decodes, or the address that a pattern
 * hangs on (its base, or its text before the first field without the separator). */
bool verp_is_own(const struct verp *verp, const char *address, struct arena *arena);

/* Takes off every wrapper that forwarders put around a sender's address: SRS0 and SRS1 (with `=`,
 * `+` or `-` behind), Microsoft 365's `user+SRS=<hash>=<time>=<domain>=<local>`, BATV's `prvs=`,
 * SparkPost's `msprvs1=` and Barracuda's `btv1==`, in any case and any nesting. Returns `address`
 * itself where there is none. */
const char *verp_unwrap(const char *address, struct arena *arena);

#endif
