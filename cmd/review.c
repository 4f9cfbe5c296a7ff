#include "cmd/review.h"
#include "cmd/json_line.h"

#include "classify/normalise.h"
#include "classify/rules.h"
#include "classify/rules_test.h"
#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "cmd/base/utf8.h"
#include "cmd/command.h"
#include "cmd/config.h"
#include "cmd/database.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_MAX = 500, /* bytes of an example: a diagnostic may have 16 kB */
    NAME_WORDS_MAX = 5,
    SLOTS = 4 * 8192, /* a power of 2, well above REVIEW_CLUSTERS_MAX */
    LIMIT_DEFAULT = 20,
};

struct review {
    struct arena *arena;
    struct review_cluster *clusters;
    size_t count;
    uint16_t slots[SLOTS]; /* a hash table: index into clusters + 1, or 0 */
    struct words words;
    struct buf normal;
    uint64_t total, left_out;
};

struct review *review_new(void) {
    struct review *review = memory_zero(1, sizeof *review);
    review->arena = arena_new();
    review->clusters = memory_zero(REVIEW_CLUSTERS_MAX, sizeof *review->clusters);
    review->normal = (struct buf)BUF_INIT;
    return review;
}

void review_free(struct review *review) {
    if (!review)
        return;
    arena_free(review->arena);
    words_free(&review->words);
    buf_free(&review->normal);
    free(review->clusters);
    free(review);
}

/* FNV-1a */
static uint32_t hash_of(const char *text) {
    uint32_t hash = 2166136261u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

static bool is_same_cause(const struct review_cluster *a, const struct review_cluster *b) {
    return a->kind == b->kind && a->is_subject == b->is_subject && !strcmp(a->normal, b->normal);
}

/* The slot that the cause has, or would have. */
static uint16_t *find_slot(struct review *review, const struct review_cluster *key) {
    uint32_t place = hash_of(key->normal);
    for (;; place++) {
        uint16_t *slot = &review->slots[place % SLOTS];
        if (!*slot || is_same_cause(&review->clusters[*slot - 1], key))
            return slot;
    }
}

/* The text's beginning, cut between characters. */
static const char *beginning(struct arena *arena, const char *text) {
    size_t len = strlen(text);
    if (len > TEXT_MAX) {
        len = TEXT_MAX;
        while (len && ((unsigned char)text[len] & 0xC0) == 0x80)
            len--;
    }
    return arena_bytes(arena, (struct bytes){text, len});
}

static struct review_cluster *add_cluster(struct review *review, const struct review_cluster *key,
                                          const struct store_unknown *unknown) {
    if (review->count == REVIEW_CLUSTERS_MAX)
        return NULL;
    struct arena *arena = review->arena;
    struct review_cluster *cluster = &review->clusters[review->count];
    *cluster = (struct review_cluster){
        .kind = key->kind,
        .normal = arena_string(arena, key->normal),
        .is_subject = key->is_subject,
        .text = beginning(arena, key->is_subject ? unknown->subject : unknown->diagnostic),
        .reply_code = unknown->reply_code,
        .status = arena_string(arena, unknown->status),
        .server = arena_string(arena, unknown->server),
        .message = arena_string(arena, unknown->message),
        .undetermined = unknown->undetermined,
    };
    snprintf(cluster->first, sizeof cluster->first, "%s", unknown->time);
    *find_slot(review, key) = (uint16_t)++review->count;
    return cluster;
}

/* The part before the last @, or NULL. */
static const char *local_part(const char *address, struct buf *out) {
    const char *at = strrchr(address, '@');
    if (!at)
        return NULL;
    buf_add(out, address, (size_t)(at - address));
    return out->data;
}

void review_add(struct review *review, const struct store_unknown *unknown) {
    struct buf local = BUF_INIT;
    bool is_subject = !*unknown->diagnostic;
    normalise(&review->words, bytes_of(is_subject ? unknown->subject : unknown->diagnostic),
              local_part(unknown->recipient, &local), &review->normal);
    buf_free(&local);
    const struct review_cluster key = {
        .kind = unknown->unmatched ? REVIEW_UNMATCHED : REVIEW_UNDETERMINED,
        .normal = review->normal.data,
        .is_subject = is_subject,
    };
    uint16_t found = *find_slot(review, &key);
    struct review_cluster *cluster =
        found ? &review->clusters[found - 1] : add_cluster(review, &key, unknown);
    review->total++;
    if (!cluster) {
        review->left_out++;
        return;
    }
    cluster->count++;
    /* Written so, times compare as text. */
    if (strcmp(unknown->time, cluster->first) < 0)
        snprintf(cluster->first, sizeof cluster->first, "%s", unknown->time);
    if (strcmp(unknown->time, cluster->last) > 0)
        snprintf(cluster->last, sizeof cluster->last, "%s", unknown->time);
}

static int compare_sizes(const void *a, const void *b) {
    const struct review_cluster *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    int order = strcmp(y->last, x->last);
    return order ? order : strcmp(x->normal, y->normal);
}

const struct review_cluster *review_clusters(struct review *review, size_t *count, uint64_t *total,
                                             uint64_t *left_out) {
    /* Sorting moves what the slots point to, so these are done. */
    memset(review->slots, 0, sizeof review->slots);
    qsort(review->clusters, review->count, sizeof *review->clusters, compare_sizes);
    *count = review->count;
    *total = review->total;
    *left_out = review->left_out;
    return review->clusters;
}

/* "review-house-policy", from the pattern's words; of other alphabets, a number made of them. */
static const char *rule_name(const char *pattern, struct arena *arena) {
    struct buf name = BUF_INIT;
    size_t words = 0;
    buf_add_string(&name, "review");
    for (const char *p = pattern; *p; p++) {
        bool belongs = ascii_is_alpha(*p), starts = p == pattern || !ascii_is_alpha(p[-1]);
        if (belongs && starts && words++ < NAME_WORDS_MAX)
            buf_add_char(&name, '-');
        if (belongs && words <= NAME_WORDS_MAX)
            buf_add_char(&name, *p);
    }
    /* More words than the name has: others may begin with the same ones. */
    if (!words || words > NAME_WORDS_MAX)
        buf_printf(&name, "-%04x", (unsigned)(hash_of(pattern) & 0xFFFF));
    const char *copy = arena_string(arena, name.data);
    buf_free(&name);
    return copy;
}

/* The text on one line, as a rule file takes it. */
static void add_line_of(struct buf *out, const char *text) {
    struct bytes rest = bytes_of(text), line;
    struct buf plain = BUF_INIT;
    while (bytes_next_line(&rest, &line)) {
        line = bytes_trim(line);
        if (plain.len && line.len)
            buf_add_char(&plain, ' ');
        buf_add_bytes(&plain, line);
    }
    utf8_add_visible(out, plain.data);
    buf_free(&plain);
}

/* Whether the stanza loads, decides its own example, and the diagnostic as it came as well. */
static bool is_good(const struct review_cluster *cluster, struct bytes stanza, const char *name,
                    struct arena *arena) {
    const struct rules_file file = {.name = "suggestion", .text = stanza};
    struct ruleset *rules = NULL;
    struct ruleset_scratch *scratch = NULL;
    struct err err;
    bool good = false;
    if (ruleset_compile(&file, 1, &rules, &err) == 0) {
        const struct rules_question question = {
            .text = cluster->text,
            .reply_code = cluster->reply_code,
            .status = *cluster->status ? cluster->status : NULL,
            .permanence =
                codes_permanence(cluster->reply_code, *cluster->status ? cluster->status : NULL),
        };
        struct rule_match match;
        scratch = ruleset_scratch_new(rules);
        good = ruleset_match(rules, scratch, &question, arena, &match) &&
               !strcmp(match.rule, name) && ruleset_test(rules, scratch, arena).finding_count == 0;
    }
    ruleset_scratch_free(scratch);
    ruleset_free(rules);
    return good;
}

const char *review_rule(const struct review_cluster *cluster, struct arena *arena) {
    struct buf pattern = BUF_INIT, stanza = BUF_INIT;
    const char *rule = NULL;
    if (!cluster->undetermined || cluster->is_subject ||
        !normalise_pattern(bytes_of(cluster->normal), &pattern))
        goto out;
    const char *name = rule_name(pattern.data, arena);
    buf_printf(&stanza,
               "phase    local\n\nrule     %s\ntext     %s\n"
               "# Say here what the words mean: hard user_unknown, block policy_rejected, ...\n"
               "verdict  soft undetermined\nexample  ",
               name, pattern.data);
    add_line_of(&stanza, cluster->text);
    buf_add_char(&stanza, '\n');
    if (is_good(cluster, buf_bytes(&stanza), name, arena))
        rule = arena_string(arena, stanza.data);
out:
    buf_free(&pattern);
    buf_free(&stanza);
    return rule;
}

static const char *const kind_names[] = {
    [REVIEW_UNDETERMINED] = "undetermined",
    [REVIEW_UNMATCHED] = "unmatched",
};

static void add_field(struct buf *out, const char *label, const char *value) {
    if (!*value)
        return;
    buf_printf(out, "    %-8s ", label);
    utf8_add_visible(out, value);
    buf_add_char(out, '\n');
}

static const char *advice(const struct review_cluster *cluster) {
    if (cluster->is_subject)
        return "No words of a server: `nullsender explain` on the mail tells what there is.";
    if (!cluster->undetermined)
        return "The words are understood, but nobody is named: compare the verp patterns with the "
               "address that the mail was sent to.";
    return "The words alone say too little for a rule.";
}

/* The stanza is indented, which a rule file does not mind. */
static void print_text(const struct review_cluster *cluster, const char *rule, struct buf *out) {
    buf_printf(out, "%llu %s, first %.10s, last %.10s\n", (unsigned long long)cluster->count,
               kind_names[cluster->kind], cluster->first, cluster->last);
    add_field(out, cluster->is_subject ? "subject" : "words", cluster->normal);
    add_field(out, "example", cluster->text);
    add_field(out, "status", cluster->status);
    add_field(out, "server", cluster->server);
    add_field(out, "message", cluster->message);
    if (rule) {
        struct bytes rest = bytes_of(rule), line;
        buf_add_char(out, '\n');
        while (bytes_next_line(&rest, &line)) {
            buf_add_string(out, line.len ? "    " : "");
            buf_add_bytes(out, line);
            buf_add_char(out, '\n');
        }
    } else {
        buf_printf(out, "    %s\n", advice(cluster));
    }
    buf_add_char(out, '\n');
}

static void print_json(const struct review_cluster *cluster, const char *rule, struct buf *out) {
    json_t *object = json_object();
    json_object_set_new(object, "kind", json_string(kind_names[cluster->kind]));
    json_object_set_new(object, "count", json_integer((json_int_t)cluster->count));
    json_object_set_new(object, "first", json_string(cluster->first));
    json_object_set_new(object, "last", json_string(cluster->last));
    json_object_set_new(object, cluster->is_subject ? "subject" : "words",
                        json_string(cluster->normal));
    json_object_set_new(object, "example", json_string(cluster->text));
    json_object_set_new(object, "reply_code",
                        cluster->reply_code ? json_integer(cluster->reply_code) : json_null());
    json_object_set_new(object, "status", json_string(cluster->status));
    json_object_set_new(object, "server", json_string(cluster->server));
    json_object_set_new(object, "message", json_string(cluster->message));
    json_object_set_new(object, "rule", rule ? json_string(rule) : json_null());
    json_line_add(out, object, JSON_COMPACT);
}

static int add_row(void *review, const struct store_unknown *unknown, struct err *err) {
    (void)err;
    review_add(review, unknown);
    return 0;
}

static int print_clusters(struct review *review, bool json, size_t limit, struct err *err) {
    size_t count;
    uint64_t total, left_out;
    struct arena *arena = arena_new();
    struct buf out = BUF_INIT;
    const struct review_cluster *clusters = review_clusters(review, &count, &total, &left_out);
    for (size_t i = 0; i < count && i < limit; i++) {
        const char *rule = review_rule(&clusters[i], arena);
        (json ? print_json : print_text)(&clusters[i], rule, &out);
        fwrite(out.data, 1, out.len, stdout);
        buf_reset(&out);
        arena_reset(arena);
    }
    if (!json)
        printf("%llu events that are not understood, of %zu kinds%s\n", (unsigned long long)total,
               count, left_out ? " and more" : "");
    buf_free(&out);
    arena_free(arena);
    return ferror(stdout) ? err_set_errno(err, ERR_IO, "standard output") : 0;
}

int command_review(const struct invocation *invocation, struct err *err) {
    struct store *store = NULL;
    struct review *review = review_new();
    unsigned json;
    long limit;
    int rc = -1;
    if (invocation_format(invocation, &json, err) != 0 ||
        invocation_number(invocation, OPTION_LIMIT, 1, LONG_MAX, LIMIT_DEFAULT, &limit, err) != 0 ||
        database_connect(invocation, &store, err) != 0 ||
        store_unknown_read(store, invocation_value(invocation, OPTION_SINCE, NULL), add_row, review,
                           err) != 0)
        goto out;
    rc = print_clusters(review, json, (size_t)limit, err);
out:
    review_free(review);
    store_close(store);
    return rc;
}
