#include "classify/verp.h"

#include "classify/address.h"
#include "classify/verp_fit.h"
#include "classify/verp_template.h"
#include "classify/verp_unwrap.h"
#include "cmd/base/buf.h"
#include "cmd/base/memory.h"

#include <stdlib.h>
#include <string.h>

const struct verp_preset verp_presets[] = {
    {"nullsender", "{base}+{campaign}-{recipient}@{host}", "nullsender"},
    {"signed", "{base}+{campaign}-{recipient}+{tag}@{host}", "nullsender, signed"},
    {"token", "{base}+{tag}@{host}", "nullsender, where signed is too long"},
    {"xverp", "{base}+{local}={domain}@{host}", "Postfix XVERP, Exim's list-request+"},
    {"mailman", "{base}+{local}={domain}@{host}", "Mailman 2 and 3; base is list-bounces@"},
    {"qmail", "{base}-{local}={domain}@{host}", "qmail's owner-@host-@[]"},
    {"ezmlm", "{base}-return-{list}-{local}={domain}@{host}",
     "ezmlm; campaign is the message number"},
    {"courier", "{base}-{courier}@{host}", "Courier"},
    {"sympa", "{base}+{local}==a=={domain}=={list}@{host}", "Sympa; campaign is the list"},
    {"sendgrid", "{base}+{any}-{any}-{local}={domain}@{host}", "SendGrid"},
    {"mailgun", "{base}+{any}-{local}={domain}@{host}", "Mailgun"},
    {NULL, NULL, NULL},
};

struct pattern {
    char *text; /* as it was added */
    struct verp_template *compiled;
};

struct verp {
    struct pattern *patterns;
    size_t count;
};

struct verp *verp_new(void) {
    return memory_zero(1, sizeof(struct verp));
}

void verp_free(struct verp *verp) {
    if (!verp)
        return;
    for (size_t i = 0; i < verp->count; i++) {
        free(verp->patterns[i].text);
        verp_template_free(verp->patterns[i].compiled);
    }
    free(verp->patterns);
    free(verp);
}

static const struct verp_preset *find_preset(const char *name) {
    for (const struct verp_preset *preset = verp_presets; preset->name; preset++)
        if (!ascii_compare(preset->name, name))
            return preset;
    return NULL;
}

static int no_such_preset(const char *name, struct err *err) {
    struct buf names = BUF_INIT;
    for (const struct verp_preset *preset = verp_presets; preset->name; preset++)
        buf_printf(&names, "%s%s", preset == verp_presets ? "" : ", ", preset->name);
    err_set(err, ERR_CONFIG,
            "\"%s\" is neither one of %s, nor a template such as "
            "bounces+{campaign}-{recipient}@example.com",
            name, names.data);
    buf_free(&names);
    return -1;
}

int verp_add_pattern(struct verp *verp, const char *pattern, const char *base, struct err *err) {
    const struct verp_preset *preset = find_preset(pattern);
    if (!preset && !strpbrk(pattern, "{}@"))
        return no_such_preset(pattern, err);
    if (preset && !base)
        return err_set(err, ERR_CONFIG,
                       "the preset %s (%s) needs the address that it hangs on, such as "
                       "bounces@example.com",
                       preset->name, preset->template_text);
    struct verp_template *compiled;
    if (verp_template_new(preset ? preset->template_text : pattern, base, &compiled, err) < 0)
        return -1;
    verp->patterns = memory_resize(verp->patterns, (verp->count + 1) * sizeof *verp->patterns);
    verp->patterns[verp->count++] = (struct pattern){memory_string(pattern), compiled};
    return 0;
}

/* Reads an address, without what forwarders have wrapped around it. */
static bool read_address(const char *text, struct arena *arena, struct address *address) {
    if (!address_parse(bytes_of(text), arena, address))
        return false;
    verp_unwrap_address(arena, address);
    return true;
}

/* Decodes by the patterns that have a recipient, or by those that have none. */
static bool decode(const struct verp *verp, const struct address *address, bool token,
                   struct arena *arena, struct verp_match *match) {
    if (verp_is_microsoft_hash(address))
        return false;
    for (size_t i = 0; i < verp->count; i++) {
        const struct pattern *pattern = &verp->patterns[i];
        struct verp_content content;
        if (pattern->compiled->has[VERP_PART_LOCAL] == token ||
            !verp_fit_read(pattern->compiled, address, arena, &content))
            continue;
        *match = (struct verp_match){
            .campaign = content.campaign,
            .recipient = token ? NULL : address_write(&content.recipient, arena),
            .pattern = pattern->text,
            .tag = content.tag,
            .domain = address->domain,
        };
        return true;
    }
    return false;
}

bool verp_decode(const struct verp *verp, const char *text, struct arena *arena,
                 struct verp_match *match) {
    struct address address;
    return read_address(text, arena, &address) && decode(verp, &address, false, arena, match);
}

bool verp_decode_token(const struct verp *verp, const char *text, struct arena *arena,
                       struct verp_match *match) {
    struct address address;
    return read_address(text, arena, &address) && decode(verp, &address, true, arena, match);
}

bool verp_has_tokens(const struct verp *verp) {
    for (size_t i = 0; i < verp->count; i++)
        if (!verp->patterns[i].compiled->has[VERP_PART_LOCAL])
            return true;
    return false;
}

bool verp_is_own(const struct verp *verp, const char *text, struct arena *arena) {
    struct address address;
    struct verp_match match;
    if (!read_address(text, arena, &address))
        return false;
    for (size_t i = 0; i < verp->count; i++)
        if (verp_fit_is_base(verp->patterns[i].compiled, &address))
            return true;
    return decode(verp, &address, false, arena, &match) ||
           decode(verp, &address, true, arena, &match);
}

enum verp_signature verp_check(const struct verp_keys *keys, const struct verp_match *match,
                               uint32_t today, uint32_t lifetime, struct arena *arena) {
    struct verp_signed what = {
        .campaign = match->campaign,
        .recipient = address_key(match->recipient, arena),
        .domain = match->domain,
    };
    return verp_tag_check(keys, match->tag, &what, today, lifetime);
}

bool verp_domain(const struct verp *verp, size_t i, const char **domain) {
    if (i >= verp->count)
        return false;
    *domain = verp->patterns[i].compiled->host;
    return true;
}

/* What is asked to be encoded, read. */
static int read_content(const char *campaign, const char *recipient, struct arena *arena,
                        struct verp_content *content, struct err *err) {
    struct bytes name = bytes_of(campaign);
    *content = (struct verp_content){.campaign = campaign};
    if (!address_parse(bytes_of(recipient), arena, &content->recipient))
        return err_set(err, ERR_DATA, "\"%s\" is not an address", recipient);
    if (campaign && (!name.len || name.len > VERP_CAMPAIGN_MAX || !address_is_text(name)))
        return err_set(err, ERR_DATA,
                       "a campaign's name is 1 to %d octets of UTF-8 without control characters",
                       VERP_CAMPAIGN_MAX);
    return 0;
}

int verp_encode(const struct verp *verp, const char *campaign, const char *recipient,
                struct arena *arena, const char **address, struct err *err) {
    struct verp_content content;
    if (read_content(campaign, recipient, arena, &content, err) < 0)
        return -1;
    for (size_t i = 0; i < verp->count; i++) {
        const struct verp_template *t = verp->patterns[i].compiled;
        if (t->has[VERP_PART_TAG])
            continue;
        if (verp_fit_write(t, &content, arena, address, err) < 0)
            return err_prefix(err, "VERP address for \"%s\"", recipient);
        return 0;
    }
    return err_set(err, ERR_CONFIG, "no VERP pattern without {tag} is configured");
}

/* Encodes by one pattern with {tag}. */
static int encode_signed(const struct verp_template *t, const struct verp_signer *signer,
                         const struct verp_content *all, struct arena *arena, const char **address,
                         const char **token, struct err *err) {
    struct verp_signed what = {
        .campaign = all->campaign,
        .recipient = address_write_key(&all->recipient, arena),
        .domain = t->host,
    };
    if (!what.domain)
        return err_set(err, ERR_DATA, "a pattern with {any} is for reading only");
    char *tag = arena_alloc(arena, VERP_TAG_LENGTH + 1);
    verp_tag_write(signer->keys, signer->day, &what, tag);
    bool is_token = !t->has[VERP_PART_LOCAL];
    struct verp_content content = is_token ? (struct verp_content){0} : *all;
    content.tag = tag;
    if (verp_fit_write(t, &content, arena, address, err) < 0)
        return -1;
    if (strcspn(*address, "@") > signer->local_part_max)
        return err_set(err, ERR_DATA, "the local part would have %zu octets, %zu are allowed",
                       strcspn(*address, "@"), signer->local_part_max);
    *token = is_token ? tag : NULL;
    return 0;
}

int verp_encode_signed(const struct verp *verp, const struct verp_signer *signer,
                       const char *campaign, const char *recipient, struct arena *arena,
                       const char **address, const char **token, struct err *err) {
    struct verp_content content;
    if (read_content(campaign, recipient, arena, &content, err) < 0)
        return -1;
    int rc = 1; /* no pattern was tried yet */
    for (size_t i = 0; i < verp->count && rc != 0; i++)
        if (verp->patterns[i].compiled->has[VERP_PART_TAG])
            rc = encode_signed(verp->patterns[i].compiled, signer, &content, arena, address, token,
                               err);
    if (rc > 0)
        return err_set(err, ERR_CONFIG, "no VERP pattern with {tag} is configured");
    if (rc < 0)
        return err_prefix(err, "signed VERP address for \"%s\"", recipient);
    return 0;
}
