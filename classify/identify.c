#include "classify/identify.h"

#include "classify/address.h"

#include <stdlib.h>
#include <string.h>

const char *identified_by_name(enum identified_by by) {
    static const char *const names[IDENTIFIED_BY_COUNT] = {
        [IDENTIFIED_BY_VERP] = "verp",
        [IDENTIFIED_BY_VERP_IN_ORIGINAL] = "verp_in_original",
        [IDENTIFIED_BY_ORIGINAL_RECIPIENT] = "original_recipient",
        [IDENTIFIED_BY_FINAL_RECIPIENT] = "final_recipient",
        [IDENTIFIED_BY_FEEDBACK] = "feedback",
        [IDENTIFIED_BY_ORIGINAL_TO] = "original_to",
        [IDENTIFIED_BY_FROM] = "from",
        [IDENTIFIED_BY_NOTHING] = "nothing",
    };
    return names[by];
}

const char *withheld_name(enum withheld withheld) {
    static const char *const names[] = {
        [WITHHELD_NOTHING] = NULL, [WITHHELD_STATE] = "state", [WITHHELD_ALL] = "all"};
    return names[withheld];
}

/* What may identify somebody where VERP does not, by the kind of report. */
static const struct evidence {
    bool groups, feedback, original_to, from;
} evidence_of[REPORT_KIND_COUNT] = {
    [REPORT_DELIVERY_STATUS] = {.groups = true, .original_to = true},
    [REPORT_FEEDBACK] = {.feedback = true, .original_to = true},
    [REPORT_DISPOSITION] = {.groups = true},
    [REPORT_AUTO_REPLY] = {.from = true},
    [REPORT_CHALLENGE] = {.from = true},
    [REPORT_UNSUBSCRIBE] = {.from = true},
};

/* The work on one report. */
struct search {
    const struct verp *verp;
    const struct report *report;
    struct arena *arena;
    struct identity *identities;
    size_t count;
};

static bool keys_equal(const char *a, const char *b) {
    return a && b && !strcmp(a, b);
}

/* How badly a delivery ended, 0 best. */
static int severity(const struct report_recipient *group) {
    static const int of_action[REPORT_ACTION_COUNT] = {
        [REPORT_ACTION_DELIVERED] = 0, [REPORT_ACTION_RELAYED] = 0, [REPORT_ACTION_EXPANDED] = 0,
        [REPORT_ACTION_DELAYED] = 1,   [REPORT_ACTION_NONE] = 2,    [REPORT_ACTION_FAILED] = 3,
    };
    static const int of_class[] = {[2] = 0, [4] = 1, [0] = 2, [5] = 3};
    const char *status = group->diagnostic_status ? group->diagnostic_status : group->status;
    int status_class = status ? status[0] - '0' : (int)(group->reply_code / 100);
    if (status_class != 2 && status_class != 4 && status_class != 5)
        status_class = 0;
    return of_action[group->action] * 4 + of_class[status_class];
}

static bool group_names(const struct report_recipient *group, const char *key,
                        struct arena *arena) {
    return keys_equal(address_key(group->original_recipient, arena), key) ||
           keys_equal(address_key(group->final_recipient, arena), key);
}

/* The mildest of the groups that name the address; where none does, of all. */
static const struct report_recipient *group_of(const struct report *report, const char *key,
                                               struct arena *arena) {
    const struct report_recipient *best = NULL;
    bool best_names = false;
    for (size_t i = 0; i < report->recipient_count; i++) {
        const struct report_recipient *group = &report->recipients[i];
        bool names = report->recipient_count > 1 && group_names(group, key, arena);
        if (!best || (names && !best_names) ||
            (names == best_names && severity(group) < severity(best))) {
            best = group;
            best_names = names;
        }
    }
    return best;
}

static struct bytes local_part(const char *key) {
    return bytes_first(bytes_of(key), (size_t)bytes_find_last_char(bytes_of(key), '@'));
}

/* Whether nobody can be meant by the address: it runs the mail, or a provider put it in the place
 * of the true one ("redacted@aol.com"; RFC 6590 leaves the word to them). */
static bool is_nobody(const struct search *s, const char *key, enum report_source source) {
    struct bytes local = local_part(key);
    if (bytes_equal_ignore_case(local, "mailer-daemon") ||
        bytes_starts_ignore_case(local, "redacted"))
        return true;
    if (bytes_equal_ignore_case(local, "postmaster") &&
        (source == REPORT_SOURCE_TEXT || (source != REPORT_SOURCE_STATUS_PART &&
                                          keys_equal(key, address_key(s->report->from, s->arena)))))
        return true;
    return verp_is_own(s->verp, key, s->arena);
}

/* Adds the address as a subject, where it can be one. There is room for it. */
static bool add_subject(struct search *s, const char *address, enum report_source source,
                        enum identified_by by, const char *found_in,
                        const struct report_recipient *group) {
    const char *key = address_key(address, s->arena);
    if (!key || is_nobody(s, key, source))
        return false;
    s->identities[s->count++] = (struct identity){
        .campaign = NULL,
        .recipient = address_normalise(address, s->arena),
        .key = key,
        .by = by,
        .found_in = found_in,
        .recipient_group = group,
    };
    return true;
}

static void add_groups(struct search *s) {
    static const char *const places[REPORT_SOURCE_COUNT] = {
        [REPORT_SOURCE_STATUS_PART] = "Final-Recipient",
        [REPORT_SOURCE_FORMAT] = "report",
        [REPORT_SOURCE_HEADER] = "header",
        [REPORT_SOURCE_TEXT] = "text",
    };
    for (size_t i = 0; i < s->report->recipient_count; i++) {
        const struct report_recipient *group = &s->report->recipients[i];
        if (!add_subject(s, group->original_recipient, group->source,
                         IDENTIFIED_BY_ORIGINAL_RECIPIENT, "Original-Recipient", group))
            add_subject(s, group->final_recipient, group->source, IDENTIFIED_BY_FINAL_RECIPIENT,
                        places[group->source], group);
    }
}

static void add_feedback(struct search *s) {
    const struct report_feedback *feedback = &s->report->feedback;
    if (!feedback->original_rcpt_to_count)
        return;
    const char *first = feedback->original_rcpt_to[0];
    const char *key = address_key(first, s->arena);
    for (size_t i = 1; i < feedback->original_rcpt_to_count; i++)
        if (!keys_equal(key, address_key(feedback->original_rcpt_to[i], s->arena)))
            return;
    add_subject(s, first, REPORT_SOURCE_FORMAT, IDENTIFIED_BY_FEEDBACK, "Original-Rcpt-To", NULL);
}

/* Whether the original went to a list or to its own sender, so that its To tells nothing. A list's
 * id is its address with a dot for the @ (RFC 2919 section 2). */
static bool to_is_no_recipient(const struct report_original *original, const char *key,
                               struct arena *arena) {
    struct bytes local = local_part(key);
    const char *as_list =
        arena_printf(arena, "%.*s.%s", (int)local.len, local.data, key + local.len + 1);
    return keys_equal(key, address_key(original->from, arena)) ||
           bytes_find_ignore_case(bytes_of(original->list_id), as_list) >= 0;
}

static void add_original_to(struct search *s) {
    const struct report *report = s->report;
    const struct report_original *original = &report->original;
    const char *key = original->to_count == 1 ? address_key(original->to, s->arena) : NULL;
    if (key && !to_is_no_recipient(original, key, s->arena))
        add_subject(s, original->to, REPORT_SOURCE_FORMAT, IDENTIFIED_BY_ORIGINAL_TO, "original To",
                    report->recipient_count == 1 ? report->recipients : NULL);
}

static int compare_keys(const void *a, const void *b) {
    const struct identity *const *x = a, *const *y = b;
    int order = strcmp((*x)->key, (*y)->key);
    if (order)
        return order;
    order = severity((*x)->recipient_group) - severity((*y)->recipient_group);
    return order ? order : (*x > *y) - (*x < *y);
}

/* Leaves of the subjects with the same key the one whose group is the mildest. By sorting, since a
 * report may name ten thousand. */
static void remove_repeated(struct search *s) {
    if (s->count < 2)
        return;
    struct identity **sorted = arena_alloc(s->arena, s->count * sizeof *sorted);
    for (size_t i = 0; i < s->count; i++)
        sorted[i] = &s->identities[i];
    qsort(sorted, s->count, sizeof *sorted, compare_keys);
    for (size_t i = s->count - 1; i > 0; i--)
        if (keys_equal(sorted[i]->key, sorted[i - 1]->key))
            sorted[i]->by = IDENTIFIED_BY_NOTHING;
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++)
        if (s->identities[i].by != IDENTIFIED_BY_NOTHING)
            s->identities[kept++] = s->identities[i];
    s->count = kept;
}

/* Who it is about by its own words. */
static void identify_by_evidence(struct search *s) {
    const struct evidence *use = &evidence_of[s->report->kind];
    size_t most = s->report->recipient_count + 1;
    s->identities = arena_alloc(s->arena, most * sizeof *s->identities);
    if (use->groups)
        add_groups(s);
    remove_repeated(s);
    if (!s->count && use->feedback)
        add_feedback(s);
    if (!s->count && use->original_to)
        add_original_to(s);
    if (!s->count && use->from)
        add_subject(s, s->report->from, REPORT_SOURCE_HEADER, IDENTIFIED_BY_FROM, "From", NULL);
}

static bool evidence_names(const struct search *s, const char *key) {
    struct search own = {.verp = s->verp, .report = s->report, .arena = s->arena};
    identify_by_evidence(&own);
    for (size_t i = 0; i < own.count; i++)
        if (keys_equal(own.identities[i].key, key))
            return true;
    return false;
}

static bool same_subject(const struct sighting *a, const struct sighting *b, struct arena *arena) {
    const char *mine = a->match.campaign, *theirs = b->match.campaign;
    return !strcmp(mine ? mine : "", theirs ? theirs : "") &&
           keys_equal(address_key(a->match.recipient, arena),
                      address_key(b->match.recipient, arena));
}

/* The address that tells whom the report is about, or NULL. */
static const struct sighting *choose(struct search *s, const struct sighting *sightings,
                                     size_t count, const char **conflict) {
    const struct sighting *valid = NULL, *first = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct sighting *one = &sightings[i];
        if (!first && one->match.recipient)
            first = one;
        if (one->signature != VERP_SIGNATURE_VALID)
            continue;
        if (!valid)
            valid = one;
        else if (!*conflict && !same_subject(valid, one, s->arena))
            *conflict = arena_printf(s->arena,
                                     "two addresses are signed for different mails: %s (%s) and %s "
                                     "(%s)",
                                     valid->address, valid->header, one->address, one->header);
    }
    return valid ? valid : first;
}

static void add_sighted(struct search *s, const struct sighting *chosen) {
    const struct verp_match *match = &chosen->match;
    struct identity *identity = arena_alloc(s->arena, sizeof *identity);
    *identity = (struct identity){
        .campaign = match->campaign,
        .recipient = match->recipient,
        .key = address_key(match->recipient, s->arena),
        .by = chosen->place == SIGHTING_DELIVERY ? IDENTIFIED_BY_VERP
                                                 : IDENTIFIED_BY_VERP_IN_ORIGINAL,
        .verp_address = chosen->address,
        .verp_pattern = match->pattern,
        .found_in = chosen->header,
        .signature = chosen->signature,
    };
    identity->recipient_group = group_of(s->report, identity->key, s->arena);
    if (chosen->place == SIGHTING_ORIGINAL && chosen->signature != VERP_SIGNATURE_VALID &&
        !evidence_names(s, identity->key))
        identity->withheld = WITHHELD_STATE;
    s->identities = identity;
    s->count = 1;
}

/* What became of the signature of a report that no VERP address identifies. */
static enum verp_signature signature_without(const struct identify_options *options,
                                             const struct sighting *sightings, size_t count) {
    if (!options->addresses.keys)
        return VERP_SIGNATURE_UNCHECKED;
    return count ? sightings[0].signature : VERP_SIGNATURE_UNSIGNED;
}

static void withhold(const struct identify_options *options, struct identity *identity) {
    static const enum withheld withheld_by[] = {
        [IDENTIFY_REQUIRED_NO] = WITHHELD_NOTHING,
        [IDENTIFY_REQUIRED_SUPPRESS] = WITHHELD_STATE,
        [IDENTIFY_REQUIRED_YES] = WITHHELD_ALL,
    };
    if (identity->signature != VERP_SIGNATURE_VALID &&
        identity->withheld < withheld_by[options->required])
        identity->withheld = withheld_by[options->required];
}

void identify_report(const struct identify_options *options, const struct report *report,
                     uint32_t today, const struct sighting_token *tokens, size_t token_count,
                     struct arena *arena, struct identification *found) {
    struct search s = {.verp = options->addresses.verp, .report = report, .arena = arena};
    struct sighting *sightings;
    *found = (struct identification){0};
    size_t count =
        sightings_read(&options->addresses, report, today, tokens, token_count, arena, &sightings);
    const struct sighting *chosen = choose(&s, sightings, count, &found->conflict);
    found->signature = chosen ? chosen->signature : signature_without(options, sightings, count);
    if (chosen)
        add_sighted(&s, chosen);
    else
        identify_by_evidence(&s);
    for (size_t i = 0; i < s.count; i++) {
        s.identities[i].signature = found->signature;
        withhold(options, &s.identities[i]);
    }
    found->identities = s.identities;
    found->count = s.count;
}
