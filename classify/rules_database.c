#include "classify/rules_database.h"

#include "cmd/base/memory.h"

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

/* Patterns as the engine takes them. */
struct expressions {
    const char **texts;
    size_t count;
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

/* A cache is a digest of what the database was made of, the number of expressions, these with a NUL
 * behind each, and the engine's serialised database, whose bytes the engine checks itself (CRC). A
 * digest of those two megabytes would be most of what starting the program costs. */
static void make_digest(struct bytes expressions, uint8_t digest[SHA256_DIGEST_SIZE]) {
    struct sha256_ctx sha;
    sha256_init(&sha);
    const char *version = hs_version();
    unsigned flags = PATTERN_FLAGS;
    sha256_update(&sha, strlen(version) + 1, (const uint8_t *)version);
    sha256_update(&sha, sizeof flags, (const uint8_t *)&flags);
    sha256_update(&sha, expressions.len, (const uint8_t *)expressions.data);
    sha256_digest(&sha, SHA256_DIGEST_SIZE, digest);
}

/* The cache's expressions, and behind them in *serialized its database. False where it is none. */
static bool read_cache(struct bytes cache, struct arena *arena, struct expressions *expressions,
                       struct bytes *serialized) {
    uint8_t digest[SHA256_DIGEST_SIZE];
    uint32_t count;
    struct bytes rest = bytes_from(cache, sizeof digest);
    const struct bytes all = bytes_from(rest, sizeof count);
    if (rest.len < sizeof count)
        return false;
    memcpy(&count, rest.data, sizeof count);
    rest = all;
    for (uint32_t i = 0; i < count; i++) {
        long end = bytes_find_char(rest, '\0');
        if (end < 0)
            return false;
        expressions->texts =
            arena_grow(arena, expressions->texts, expressions->count, sizeof *expressions->texts);
        expressions->texts[expressions->count++] = rest.data;
        rest = bytes_from(rest, (size_t)end + 1);
    }
    make_digest(bytes_first(all, all.len - rest.len), digest);
    *serialized = rest;
    return !memcmp(cache.data, digest, sizeof digest);
}

static int compare_texts(const void *left, const void *right) {
    return strcmp(**(const char *const *const *)left, **(const char *const *const *)right);
}

/* Gives each pattern that the cache holds its slot there, and the others ones behind those. Returns
 * how many the cache holds. */
static size_t assign_slots(struct rule_database *database, const struct expressions *wanted,
                           const struct expressions *cached, struct arena *arena) {
    const char ***sorted = arena_alloc(arena, cached->count * sizeof *sorted);
    size_t found = 0;
    for (size_t i = 0; i < cached->count; i++)
        sorted[i] = &cached->texts[i];
    if (cached->count)
        qsort(sorted, cached->count, sizeof *sorted, compare_texts);
    for (size_t i = 0; i < wanted->count; i++) {
        const char **text = &wanted->texts[i];
        const char ***same =
            cached->count ? bsearch(&text, sorted, cached->count, sizeof *sorted, compare_texts)
                          : NULL;
        found += same != NULL;
        database->slots[i] =
            same ? (size_t)(*same - cached->texts) : cached->count + database->compiled_count++;
    }
    database->loaded_count = cached->count;
    return found;
}

/* Loads the cache if it holds any of these patterns. */
static void load(struct rule_database *database, const struct expressions *wanted,
                 struct bytes cache, struct arena *arena) {
    struct expressions cached = {0};
    struct bytes serialized;
    if (read_cache(cache, arena, &cached, &serialized) && serialized.len &&
        assign_slots(database, wanted, &cached, arena) > 0 &&
        hs_deserialize_database(serialized.data, serialized.len, &database->loaded) == HS_SUCCESS)
        return;
    database->compiled_count = 0;
    assign_slots(database, wanted, &(struct expressions){0}, arena);
}

/* Compiles those that were not loaded. */
static int compile(struct rule_database *database, const struct rule_pattern *patterns,
                   const struct expressions *wanted, struct arena *arena, struct err *err) {
    size_t count = 0;
    const char **texts = arena_alloc(arena, database->compiled_count * sizeof *texts);
    unsigned *flags = arena_alloc(arena, database->compiled_count * sizeof *flags);
    unsigned *ids = arena_alloc(arena, database->compiled_count * sizeof *ids);
    const struct rule_pattern **sources =
        arena_alloc(arena, database->compiled_count * sizeof(struct rule_pattern *));
    for (size_t i = 0; i < wanted->count; i++) {
        if (database->slots[i] < database->loaded_count)
            continue;
        sources[count] = &patterns[i];
        texts[count] = wanted->texts[i];
        flags[count] = flags_for(wanted->texts[i]);
        ids[count++] = (unsigned)database->slots[i];
    }
    hs_compile_error_t *error = NULL;
    hs_error_t rc = hs_compile_multi(texts, flags, ids, (unsigned)count, HS_MODE_BLOCK,
                                     &any_processor, &database->compiled, &error);
    if (rc == HS_SUCCESS)
        return 0;
    if (!error)
        return err_set(err, ERR_SOFTWARE, "compiling the rules' patterns failed (%d)", rc);
    if (error->expression >= 0 && (size_t)error->expression < count) {
        const struct rule_pattern *bad = sources[error->expression];
        err_set(err, ERR_CONFIG, "%s:%u: bad pattern \"%s\": %s", bad->file, bad->line, bad->regex,
                error->message);
    } else {
        err_set(err, ERR_CONFIG, "the rules' patterns do not compile: %s", error->message);
    }
    hs_free_compile_error(error);
    return -1;
}

static struct expressions make_expressions(const struct rule_pattern *patterns, size_t count,
                                           struct arena *arena) {
    struct expressions made = {arena_alloc(arena, count * sizeof(char *)), count};
    for (size_t i = 0; i < count; i++)
        made.texts[i] = expression(arena, patterns[i].regex);
    return made;
}

int rule_database_new(const struct rule_pattern *patterns, size_t count, struct bytes cache,
                      struct rule_database **database, struct err *err) {
    struct rule_database *made = memory_zero(1, sizeof *made);
    struct arena *arena = arena_new();
    int rc = 0;
    struct expressions wanted = make_expressions(patterns, count, arena);
    made->slots = memory_zero(count, sizeof *made->slots);
    load(made, &wanted, cache, arena);
    if (made->compiled_count)
        rc = compile(made, patterns, &wanted, arena, err);
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
    hs_free_database(database->loaded);
    hs_free_database(database->compiled);
    free(database->slots);
    free(database);
}

int rule_database_write(const struct rule_database *database, const struct rule_pattern *patterns,
                        struct buf *out, struct err *err) {
    char *serialized;
    size_t len;
    if (!database->compiled)
        return 0;
    if (database->loaded)
        return err_set(err, ERR_SOFTWARE, "a cache is made of rules that were compiled as a whole");
    if (hs_serialize_database(database->compiled, &serialized, &len) != HS_SUCCESS)
        return err_set(err, ERR_SOFTWARE, "the compiled rules cannot be serialised");
    struct arena *arena = arena_new();
    struct buf expressions = BUF_INIT;
    uint8_t digest[SHA256_DIGEST_SIZE];
    uint32_t count = (uint32_t)database->compiled_count;
    struct expressions all = make_expressions(patterns, count, arena);
    for (size_t i = 0; i < count; i++)
        buf_add(&expressions, all.texts[i], strlen(all.texts[i]) + 1);
    make_digest(buf_bytes(&expressions), digest);
    buf_add(out, digest, sizeof digest);
    buf_add(out, &count, sizeof count);
    buf_add_bytes(out, buf_bytes(&expressions));
    buf_add(out, serialized, len);
    buf_free(&expressions);
    arena_free(arena);
    free(serialized);
    return 0;
}
