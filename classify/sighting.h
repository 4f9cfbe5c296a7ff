/*
 * sighting: the VERP addresses that stand in a report, decoded, and their signatures.
 *
 * Where an address stands says how far to trust it, unless it is signed: only who saw mail that
 * went to Ada knows an address with a valid signature for Ada, wherever in the report it stands. So
 * who forges a report with it can harm nobody but the one whose mail came to him.
 */
#ifndef CLASSIFY_SIGHTING_H
#define CLASSIFY_SIGHTING_H

#include "classify/verp.h"
#include "cmd/base/arena.h"
#include "mime/report.h"

#include <stddef.h>
#include <stdint.h>

/* With what addresses are read. */
struct sighting_options {
    const struct verp *verp;
    const struct verp_keys *keys; /* NULL: signatures are not checked */
    uint32_t lifetime;            /* of signatures, in days */
};

/* What the table of tokens has for one of them. */
struct sighting_token {
    const char *token;
    const char *campaign;  /* NULL for none */
    const char *recipient; /* NULL: the table does not have it */
};

enum sighting_place {
    SIGHTING_DELIVERY, /* what the report itself was sent to */
    SIGHTING_REPORTED, /* what a feedback report says of the original: Original-Mail-From */
    SIGHTING_ORIGINAL, /* the Return-Path inside of the returned original */
};

struct sighting {
    const char *address; /* as it was found */
    const char *header;  /* where: "Delivered-To" */
    enum sighting_place place;
    struct verp_match match; /* its recipient is NULL for a token that nobody knows */
    enum verp_signature signature;
};

/* The tokens in a report, each once, for whoever has the table. Returns their number; the array
 * lives in the arena. */
size_t sighting_tokens(const struct verp *verp, const struct report *report, struct arena *arena,
                       const char *const **tokens);

/* All that decodes, in order of trust: by place, then in the report's order. `today` is the day on
 * which the report came, in days since 1970-01-01 UTC. A token that is not among `tokens` is left
 * out. Returns their number; the array lives in the arena. */
size_t sightings_read(const struct sighting_options *options, const struct report *report,
                      uint32_t today, const struct sighting_token *tokens, size_t token_count,
                      struct arena *arena, struct sighting **sightings);

#endif
