#include "cmd/analysis.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "cmd/embedded.h"
#include "cmd/file.h"
#include "cmd/verp_setup.h"
#include "mime/frame.h"

#include <stdlib.h>
#include <string.h>
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
    return compile_rules(analyst, rules_directory, err);
}

void analyst_close(struct analyst *analyst) {
    ruleset_scratch_free(analyst->scratch);
    ruleset_free(analyst->rules);
    verp_free(analyst->verp);
    *analyst = (struct analyst){0};
}

void analyst_judge(const struct analyst *analyst, const struct worker_result *result,
                   struct arena *arena, struct analysis *analysis) {
    struct err err;
    *analysis = (struct analysis){0};
    if (result->failure) {
        analysis->failure = arena_string(arena, result->failure);
        return;
    }
    if (report_frame_read(result->frame, arena, &analysis->report, &err) != 0) {
        analysis->failure = arena_printf(arena, "the decoder answered nonsense: %s", err.text);
        return;
    }
    struct identity *identities;
    size_t count = identify_report(analyst->verp, analysis->report, arena, &identities);
    analysis->count = count ? count : 1;
    analysis->findings = arena_alloc(arena, analysis->count * sizeof *analysis->findings);
    if (!count)
        analysis->findings[0].identity.by = IDENTIFIED_BY_NOTHING;
    for (size_t i = 0; i < analysis->count; i++) {
        struct finding *finding = &analysis->findings[i];
        if (count)
            finding->identity = identities[i];
        judge_recipient(analyst->rules, analyst->scratch, analysis->report,
                        finding->identity.recipient_group, arena, &finding->judgement);
    }
}
