#include "classify/sighting.h"

#include "classify/address.h"

#include <string.h>

/* An address of the report that may be a VERP address. */
struct place {
    const char *address, *header;
    enum sighting_place place;
};

/* All of them, in order of trust. */
static size_t read_places(const struct report *report, struct arena *arena, struct place **places) {
    size_t count = 0;
    struct place *found = arena_alloc(arena, (report->candidate_count + 1) * sizeof *found);
    for (enum sighting_place place = SIGHTING_DELIVERY; place <= SIGHTING_ORIGINAL; place++) {
        if (place == SIGHTING_REPORTED && report->feedback.original_mail_from)
            found[count++] =
                (struct place){report->feedback.original_mail_from, "Original-Mail-From", place};
        for (size_t i = 0; place != SIGHTING_REPORTED && i < report->candidate_count; i++) {
            const struct report_candidate *candidate = &report->candidates[i];
            if (candidate->address && candidate->inside_original == (place == SIGHTING_ORIGINAL))
                found[count++] = (struct place){candidate->address, candidate->header, place};
        }
    }
    *places = found;
    return count;
}

size_t sighting_tokens(const struct verp *verp, const struct report *report, struct arena *arena,
                       const char *const **tokens) {
    const char **found = NULL;
    size_t count = 0;
    struct place *places;
    struct verp_match match;
    size_t place_count = verp_has_tokens(verp) ? read_places(report, arena, &places) : 0;
    for (size_t i = 0; i < place_count; i++) {
        if (!verp_decode_token(verp, places[i].address, arena, &match))
            continue;
        size_t same = 0;
        while (same < count && strcmp(found[same], match.tag) != 0)
            same++;
        if (same < count)
            continue;
        found = arena_grow(arena, found, count, sizeof *found);
        found[count++] = match.tag;
    }
    *tokens = found;
    return count;
}

static const struct sighting_token *find_token(const struct sighting_token *tokens, size_t count,
                                               const char *token) {
    for (size_t i = 0; i < count; i++)
        if (!strcmp(tokens[i].token, token))
            return &tokens[i];
    return NULL;
}

/* What an address says, and of whom; false where it is no VERP address or nobody knows its token.
 */
static bool read_address(const struct sighting_options *options, const char *address,
                         uint32_t today, const struct sighting_token *tokens, size_t token_count,
                         struct arena *arena, struct sighting *s) {
    *s = (struct sighting){.signature = VERP_SIGNATURE_UNCHECKED};
    if (!verp_decode(options->verp, address, arena, &s->match)) {
        if (!token_count || !verp_decode_token(options->verp, address, arena, &s->match))
            return false;
        const struct sighting_token *known = find_token(tokens, token_count, s->match.tag);
        if (!known)
            return false;
        s->match.campaign = known->campaign;
        s->match.recipient = known->recipient;
    }
    if (options->keys)
        s->signature = s->match.recipient
                           ? verp_check(options->keys, &s->match, today, options->lifetime, arena)
                           : VERP_SIGNATURE_UNKNOWN_TOKEN;
    return true;
}

size_t sightings_read(const struct sighting_options *options, const struct report *report,
                      uint32_t today, const struct sighting_token *tokens, size_t token_count,
                      struct arena *arena, struct sighting **sightings) {
    struct sighting *found = NULL, s = {0};
    size_t count = 0;
    bool is_verp = false;
    struct place *places;
    size_t place_count = read_places(report, arena, &places);
    for (size_t i = 0; i < place_count; i++) {
        /* Delivered-To, Received and To mostly name the same address. */
        if (!i || strcmp(places[i].address, places[i - 1].address) != 0)
            is_verp =
                read_address(options, places[i].address, today, tokens, token_count, arena, &s);
        if (!is_verp)
            continue;
        s.address = places[i].address;
        s.header = places[i].header;
        s.place = places[i].place;
        found = arena_grow(arena, found, count, sizeof *found);
        found[count++] = s;
    }
    *sightings = found;
    return count;
}
