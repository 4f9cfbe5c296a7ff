#include "cmd/analysis.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "cmd/clock.h"
#include "cmd/embedded.h"
#include "cmd/file.h"
#include "cmd/verp_key_file.h"
#include "cmd/verp_setup.h"
#include "mime/frame.h"
#include "store/verp_token.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int compile_rules(struct analyst *analyst, const char *directory, struct err *err) {
    struct file_list own = {0};
    struct rules_file *files = NULL;
    int rc = -1;
    /* Only a folder that somebody has named must be there. */
    if (directory && !strcmp(directory, config_default_rules) && access(directory, F_OK) != 0)
        directory = NULL;
    if (directory && file_list_read(directory, ".rules", &own, err) != 0)
        goto out;
    size_t count = 0;
    while (embedded_rules[count].name)
        count++;
    files = memory_zero(count + own.count, sizeof *files);
    for (size_t i = 0; i < count; i++)
        files[i] = (struct rules_file){embedded_rules[i].name,
                                       {embedded_rules[i].data, embedded_rules[i].len}};
    for (size_t i = 0; i < own.count; i++)
        files[count + i] = (struct rules_file){own.files[i].path, buf_bytes(&own.files[i].text)};
    struct bytes compiled = {_binary_ruleset_start,
                             (size_t)(_binary_ruleset_end - _binary_ruleset_start)};
    rc = ruleset_compile_cached(files, count + own.count, compiled, &analyst->rules, err);
    if (rc == 0)
        analyst->scratch = ruleset_scratch_new(analyst->rules);
out:
    free(files);
    file_list_free(&own);
    return rc;
}

int analyst_open(struct analyst *analyst, const char *rules_directory,
                 const char *const *verp_patterns, struct err *err) {
    *analyst = (struct analyst){0};
    if (verp_patterns_read(verp_patterns, &analyst->verp, err) != 0)
        return -1;
    analyst->options.addresses.verp = analyst->verp;
    return compile_rules(analyst, rules_directory, err);
}

void analyst_close(struct analyst *analyst) {
    ruleset_scratch_free(analyst->scratch);
    ruleset_free(analyst->rules);
    verp_keys_free(analyst->keys);
    verp_free(analyst->verp);
    *analyst = (struct analyst){0};
}

int analyst_read_keys(struct analyst *analyst, const struct config *config, struct err *err) {
    analyst->options.required = (enum identify_required)config->require_signature;
    if (!config->verp_key_file)
        return analyst->options.required == IDENTIFY_REQUIRED_NO
                   ? 0
                   : err_set(err, ERR_CONFIG,
                             "%s: require_signature needs key_file, the keys to check with",
                             config->path);
    if (verp_key_file_read(config->verp_key_file, &analyst->keys, err) != 0)
        return -1;
    analyst->options.addresses.keys = analyst->keys;
    analyst->options.addresses.lifetime = (uint32_t)config->verp_lifetime_days;
    return 0;
}

/* Mail from disk has no INTERNALDATE. */
static int64_t arrival_of(const struct report *report) {
    int64_t now = (int64_t)time(NULL);
    return report && report->date > 0 && report->date < now ? report->date : now;
}

void analyst_read(const struct analyst *analyst, const struct worker_result *result,
                  int64_t received, struct arena *arena, struct analysis *analysis) {
    struct err err;
    *analysis = (struct analysis){0};
    if (result->failure)
        analysis->failure = arena_string(arena, result->failure);
    else if (report_frame_read(result->frame, arena, &analysis->report, &err) != 0)
        analysis->failure = arena_printf(arena, "the decoder answered nonsense: %s", err.text);
    if (analysis->failure)
        analysis->report = NULL;
    analysis->received = received ? received : arrival_of(analysis->report);
    if (!analysis->report)
        return;
    const char *const *tokens;
    analysis->token_count = sighting_tokens(analyst->verp, analysis->report, arena, &tokens);
    analysis->tokens = arena_alloc(arena, analysis->token_count * sizeof *analysis->tokens);
    for (size_t i = 0; i < analysis->token_count; i++)
        analysis->tokens[i].token = tokens[i];
}

int analyses_find_tokens(struct store *store, struct analysis *const *analyses, size_t count,
                         struct arena *arena, struct err *err) {
    size_t total = 0, next = 0;
    for (size_t i = 0; i < count; i++)
        total += analyses[i]->token_count;
    if (!total)
        return 0;
    struct store_verp_token *found = arena_alloc(arena, total * sizeof *found);
    for (size_t i = 0; i < count; i++)
        for (size_t t = 0; t < analyses[i]->token_count; t++)
            found[next++].token = analyses[i]->tokens[t].token;
    if (store_verp_tokens_find(store, found, total, arena, err) != 0)
        return -1;
    next = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t t = 0; t < analyses[i]->token_count; t++, next++) {
            analyses[i]->tokens[t].campaign = found[next].campaign;
            analyses[i]->tokens[t].recipient = found[next].recipient;
        }
    return 0;
}

void analyst_judge(const struct analyst *analyst, bool looked_up, struct arena *arena,
                   struct analysis *analysis) {
    struct identification who;
    if (analysis->failure)
        return;
    uint32_t today = (uint32_t)(analysis->received > 0 ? analysis->received / CLOCK_DAY : 0);
    identify_report(&analyst->options, analysis->report, today, analysis->tokens,
                    looked_up ? analysis->token_count : 0, arena, &who);
    if (who.conflict) {
        analysis->failure = who.conflict;
        return;
    }
    analysis->count = who.count ? who.count : 1;
    analysis->findings = arena_alloc(arena, analysis->count * sizeof *analysis->findings);
    analysis->findings[0].identity =
        (struct identity){.by = IDENTIFIED_BY_NOTHING, .signature = who.signature};
    for (size_t i = 0; i < analysis->count; i++) {
        struct finding *finding = &analysis->findings[i];
        if (who.count)
            finding->identity = who.identities[i];
        judge_recipient(analyst->rules, analyst->scratch, analysis->report,
                        finding->identity.recipient_group, arena, &finding->judgement);
    }
}
