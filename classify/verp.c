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
    {"nullsender", "{base}+{campaign}-{recipient}@{host}", "nullsender verp encode"},
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

static bool decode(const struct verp *verp, const struct address *address, struct arena *arena,
                   struct verp_match *match) {
    if (verp_is_microsoft_hash(address))
        return false;
    for (size_t i = 0; i < verp->count; i++) {
        const char *campaign;
        struct address recipient;
        if (!verp_fit_read(verp->patterns[i].compiled, address, arena, &campaign, &recipient))
            continue;
        *match =
            (struct verp_match){campaign, address_write(&recipient, arena), verp->patterns[i].text};
        return true;
    }
    return false;
}

bool verp_decode(const struct verp *verp, const char *text, struct arena *arena,
                 struct verp_match *match) {
    struct address address;
    if (!address_parse(bytes_of(text), arena, &address))
        return false;
    verp_unwrap_address(arena, &address);
    return decode(verp, &address, arena, match);
}

int verp_encode(const struct verp *verp, const char *campaign, const char *recipient,
                struct arena *arena, const char **address, struct err *err) {
    struct address to;
    if (!verp->count)
        return err_set(err, ERR_CONFIG, "no VERP pattern is configured");
    if (!address_parse(bytes_of(recipient), arena, &to))
        return err_set(err, ERR_DATA, "\"%s\" is not an address", recipient);
    if (verp_fit_write(verp->patterns[0].compiled, campaign, &to, arena, address, err) < 0)
        return err_prefix(err, "VERP address for \"%s\"", recipient);
    return 0;
}

bool verp_is_own(const struct verp *verp, const char *text, struct arena *arena) {
    struct address address;
    struct verp_match match;
    if (!address_parse(bytes_of(text), arena, &address))
        return false;
    verp_unwrap_address(arena, &address);
    for (size_t i = 0; i < verp->count; i++)
        if (verp_fit_is_base(verp->patterns[i].compiled, &address))
            return true;
    return decode(verp, &address, arena, &match);
}
