#include "classify/rules_scan.h"

#include "cmd/base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* So many words of a match are gone back one by one, each for a scan of its own; nearly all
     * matches are shorter. Then the stretch doubles, so that a text made to be slow is not. */
    EXACT_WORDS = 16,
};

struct match_place {
    uint32_t scan; /* the number of the scan that found it */
    uint32_t to;
};

struct rule_scan {
    hs_scratch_t *hs;
    const size_t *slots;        /* the database's */
    struct match_place *places; /* one for each slot */
    size_t count;
    uint32_t number; /* of the last scan; counting saves clearing the places */
};

struct rule_scan *rule_scan_new(const struct rule_database *database) {
    struct rule_scan *scan = memory_zero(1, sizeof *scan);
    scan->slots = database->slots;
    scan->count = database->loaded_count + database->compiled_count;
    scan->places = memory_zero(scan->count, sizeof *scan->places);
    /* One scratch, large enough for both. */
    if ((database->loaded && hs_alloc_scratch(database->loaded, &scan->hs) != HS_SUCCESS) ||
        (database->compiled && hs_alloc_scratch(database->compiled, &scan->hs) != HS_SUCCESS))
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

/* Forgets what was found before. */
static void begin(struct rule_scan *scan) {
    if (++scan->number == 0) {
        memset(scan->places, 0, scan->count * sizeof *scan->places);
        scan->number = 1;
    }
}

static void run(struct rule_scan *scan, const hs_database_t *hs, struct bytes text) {
    if (hs && text.len)
        hs_scan(hs, text.data, (unsigned)text.len, 0, scan->hs, on_match, scan);
}

void rule_scan_text(struct rule_scan *scan, const struct rule_database *database,
                    struct bytes text) {
    begin(scan);
    run(scan, database->loaded, text);
    run(scan, database->compiled, text);
}

static bool found_in_slot(const struct rule_scan *scan, size_t slot) {
    return scan->places[slot].scan == scan->number && scan->number;
}

bool rule_scan_found(const struct rule_scan *scan, struct pattern_span span, struct rule_hit *hit) {
    for (size_t i = span.first; i < span.first + span.count; i++)
        if (found_in_slot(scan, scan->slots[i])) {
            *hit = (struct rule_hit){i, scan->places[scan->slots[i]].to};
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
    size_t from = hit.to, slot = database->slots[hit.pattern];
    const hs_database_t *hs = slot < database->loaded_count ? database->loaded : database->compiled;
    for (unsigned tries = 0; from > 0; tries++) {
        from = word_before(text, from);
        if (tries >= EXACT_WORDS) {
            size_t stretch = hit.to - from;
            from = word_before(text, from > stretch ? from - stretch : 0);
        }
        begin(scan);
        run(scan, hs, bytes_from(bytes_first(text, hit.to), from));
        if (found_in_slot(scan, slot))
            break;
    }
    return from;
}
