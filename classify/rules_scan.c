#include "classify/rules_scan.h"

#include "cmd/base/memory.h"

#include <hs.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One match of a pattern is enough to know, and finding where a match starts (SOM_LEFTMOST) would
 * make compiling ten times slower: rule_scan_start asks again for the one rule that decides. */
enum { PATTERN_FLAGS = HS_FLAG_CASELESS | HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH };

/* What is compiled here is loaded by every x86-64 processor, and not only by those that have the
 * vector instructions of this one: a package is built elsewhere than it runs. It still scans with
 * what the processor has. */
static const hs_platform_info_t any_processor = {.tune = HS_TUNE_FAMILY_GENERIC};

enum {
    /* So many words of a match are gone back one by one, each for a scan of its own; nearly all
     * matches are shorter. Then the stretch doubles, so that a text made to be slow is not. */
    EXACT_WORDS = 16,
};

struct rule_database {
    hs_database_t *hs; /* NULL without patterns */
    size_t count;
    uint8_t key[SHA256_DIGEST_SIZE];
    bool from_cache;
};

struct match_place {
    uint32_t scan; /* the number of the scan that found it */
    uint32_t to;
};

struct rule_scan {
    hs_scratch_t *hs;
    struct match_place *places; /* one for each pattern */
    size_t count;
    uint32_t number; /* of the last scan; counting saves clearing the places */
};

/* The bytes behind the bracket that closes the one the text begins with. */
static struct bytes behind_bracket(struct bytes regex) {
    int depth = 0;
    for (size_t i = 0; i < regex.len; i++) {
        if (regex.data[i] == '\\')
            i++;
        else if (regex.data[i] == '(')
            depth++;
        else if (regex.data[i] == ')' && --depth == 0)
            return bytes_from(regex, i + 1);
    }
    return bytes_first(regex, 0);
}

/* Whether all that the pattern can match begins with a letter or a digit. */
static bool begins_with_word(struct bytes regex) {
    if (!regex.len)
        return false;
    char c = regex.data[0];
    if (c != '(')
        return (ascii_is_alpha(c) || ascii_is_digit(c)) &&
               (regex.len < 2 || !strchr("?*{", regex.data[1]));
    struct bytes behind = behind_bracket(regex);
    int depth = 0;
    for (size_t i = 0; i < regex.len - behind.len; i++) {
        c = regex.data[i];
        if (c == '\\')
            i++;
        else if (c == '(' || (c == '|' && depth == 1)) {
            depth += c == '(';
            if (depth == 1 && !begins_with_word(bytes_from(regex, i + 1)))
                return false;
        } else if (c == ')') {
            depth--;
        }
    }
    bool optional = behind.len && strchr("?*{", behind.data[0]);
    return !optional || begins_with_word(bytes_from(behind, 1));
}

/* A pattern as the engine takes it. One that begins with a letter or a digit begins at the start of
 * a word: "unknown user" is not found in "superunknown user", unless a "*" stands before it; its
 * end is open: "exceed" finds "exceeded". " ... " stands for up to six words of the same sentence.
 */
static char *expression(struct arena *arena, const char *regex) {
    struct buf b = BUF_INIT;
    struct bytes rest = bytes_of(regex);
    long gap;
    if (*regex == '*')
        rest = bytes_from(rest, 1);
    else if (begins_with_word(rest))
        buf_add_string(&b, "\\b");
    while ((gap = bytes_find(rest, " ... ")) >= 0) {
        buf_add_bytes(&b, bytes_first(rest, (size_t)gap));
        buf_add_string(&b, "( \\S*[^ .]){0,6} ");
        rest = bytes_from(rest, (size_t)gap + strlen(" ... "));
    }
    buf_add_bytes(&b, rest);
    char *made = arena_bytes(arena, buf_bytes(&b));
    buf_free(&b);
    return made;
}

/* Letters beyond ASCII are caseless and whole in UTF-8 mode only, which costs the ASCII patterns,
 * nearly all, twice the time to compile. */
static unsigned flags_for(const char *regex) {
    for (; *regex; regex++)
        if ((unsigned char)*regex >= 0x80)
            return PATTERN_FLAGS | HS_FLAG_UTF8;
    return PATTERN_FLAGS;
}

/* What a cache must have been made of: these expressions, these flags, this library. */
static void make_key(const char *const *expressions, size_t count, uint8_t *key) {
    struct sha256_ctx sha;
    sha256_init(&sha);
    const char *version = hs_version();
    unsigned flags = PATTERN_FLAGS;
    sha256_update(&sha, strlen(version) + 1, (const uint8_t *)version);
    sha256_update(&sha, sizeof flags, (const uint8_t *)&flags);
    for (size_t i = 0; i < count; i++)
        sha256_update(&sha, strlen(expressions[i]) + 1, (const uint8_t *)expressions[i]);
    sha256_digest(&sha, SHA256_DIGEST_SIZE, key);
}

/* A cache is the key, the SHA-256 of what follows, and the engine's serialised database. The engine
 * checks its version, its platform and part of the bytes itself. */
enum { CACHE_HEADER = 2 * SHA256_DIGEST_SIZE };

static void hash_bytes(struct bytes bytes, uint8_t *digest) {
    struct sha256_ctx sha;
    sha256_init(&sha);
    sha256_update(&sha, bytes.len, (const uint8_t *)bytes.data);
    sha256_digest(&sha, SHA256_DIGEST_SIZE, digest);
}

static bool load(struct rule_database *database, struct bytes cache) {
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct bytes serialized = bytes_from(cache, CACHE_HEADER);
    if (!serialized.len || memcmp(cache.data, database->key, sizeof database->key) != 0)
        return false;
    hash_bytes(serialized, digest);
    database->from_cache =
        !memcmp(cache.data + sizeof database->key, digest, sizeof digest) &&
        hs_deserialize_database(serialized.data, serialized.len, &database->hs) == HS_SUCCESS;
    return database->from_cache;
}

static int compile(struct rule_database *database, const struct rule_pattern *patterns,
                   const char *const *expressions, struct arena *arena, struct err *err) {
    size_t count = database->count;
    unsigned *flags = arena_alloc(arena, count * sizeof *flags);
    unsigned *ids = arena_alloc(arena, count * sizeof *ids);
    for (size_t i = 0; i < count; i++) {
        flags[i] = flags_for(expressions[i]);
        ids[i] = (unsigned)i;
    }
    hs_compile_error_t *error = NULL;
    hs_error_t rc = hs_compile_multi(expressions, flags, ids, (unsigned)count, HS_MODE_BLOCK,
                                     &any_processor, &database->hs, &error);
    if (rc == HS_SUCCESS)
        return 0;
    if (!error)
        return err_set(err, ERR_SOFTWARE, "compiling the rules' patterns failed (%d)", rc);
    if (error->expression >= 0 && (size_t)error->expression < count) {
        const struct rule_pattern *bad = &patterns[error->expression];
        err_set(err, ERR_CONFIG, "%s:%u: bad pattern \"%s\": %s", bad->file, bad->line, bad->regex,
                error->message);
    } else {
        err_set(err, ERR_CONFIG, "the rules' patterns do not compile: %s", error->message);
    }
    hs_free_compile_error(error);
    return -1;
}

int rule_database_new(const struct rule_pattern *patterns, size_t count, struct bytes cache,
                      struct rule_database **database, struct err *err) {
    struct rule_database *made = memory_zero(1, sizeof *made);
    struct arena *arena = arena_new();
    int rc = 0;
    made->count = count;
    const char **expressions = arena_alloc(arena, count * sizeof *expressions);
    for (size_t i = 0; i < count; i++)
        expressions[i] = expression(arena, patterns[i].regex);
    make_key(expressions, count, made->key);
    if (count && !load(made, cache))
        rc = compile(made, patterns, expressions, arena, err);
    arena_free(arena);
    if (rc) {
        rule_database_free(made);
        return -1;
    }
    *database = made;
    return 0;
}

void rule_database_free(struct rule_database *database) {
    if (!database)
        return;
    hs_free_database(database->hs);
    free(database);
}

bool rule_database_is_from_cache(const struct rule_database *database) {
    return database->from_cache;
}

int rule_database_write(const struct rule_database *database, struct buf *out, struct err *err) {
    char *bytes;
    size_t len;
    if (!database->hs)
        return 0;
    if (hs_serialize_database(database->hs, &bytes, &len) != HS_SUCCESS)
        return err_set(err, ERR_SOFTWARE, "the compiled rules cannot be serialised");
    uint8_t digest[SHA256_DIGEST_SIZE];
    hash_bytes((struct bytes){bytes, len}, digest);
    buf_add(out, database->key, sizeof database->key);
    buf_add(out, digest, sizeof digest);
    buf_add(out, bytes, len);
    free(bytes);
    return 0;
}

struct rule_scan *rule_scan_new(const struct rule_database *database) {
    struct rule_scan *scan = memory_zero(1, sizeof *scan);
    scan->count = database->count;
    scan->places = memory_zero(database->count, sizeof *scan->places);
    if (database->hs && hs_alloc_scratch(database->hs, &scan->hs) != HS_SUCCESS)
        memory_fail();
    return scan;
}

void rule_scan_free(struct rule_scan *scan) {
    if (!scan)
        return;
    hs_free_scratch(scan->hs);
    free(scan->places);
    free(scan);
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                    void *context) {
    (void)from;
    (void)flags;
    struct rule_scan *scan = context;
    scan->places[id] = (struct match_place){scan->number, (uint32_t)to};
    return 0;
}

static void run(struct rule_scan *scan, const struct rule_database *database, struct bytes text) {
    if (++scan->number == 0) {
        memset(scan->places, 0, scan->count * sizeof *scan->places);
        scan->number = 1;
    }
    if (database->hs && text.len)
        hs_scan(database->hs, text.data, (unsigned)text.len, 0, scan->hs, on_match, scan);
}

void rule_scan_text(struct rule_scan *scan, const struct rule_database *database,
                    struct bytes text) {
    run(scan, database, text);
}

bool rule_scan_found(const struct rule_scan *scan, struct pattern_span span, struct rule_hit *hit) {
    for (size_t i = span.first; i < span.first + span.count; i++)
        if (scan->places[i].scan == scan->number && scan->number) {
            *hit = (struct rule_hit){i, scan->places[i].to};
            return true;
        }
    return false;
}

/* Where the word begins that ends before `at`. */
static size_t word_before(struct bytes text, size_t at) {
    if (at > 0)
        at--;
    while (at > 0 && text.data[at - 1] != ' ')
        at--;
    return at;
}

size_t rule_scan_start(struct rule_scan *scan, const struct rule_database *database,
                       struct bytes text, struct rule_hit hit) {
    size_t from = hit.to;
    for (unsigned tries = 0; from > 0; tries++) {
        from = word_before(text, from);
        if (tries >= EXACT_WORDS) {
            size_t stretch = hit.to - from;
            from = word_before(text, from > stretch ? from - stretch : 0);
        }
        run(scan, database, bytes_from(bytes_first(text, hit.to), from));
        if (scan->places[hit.pattern].scan == scan->number)
            break;
    }
    return from;
}
