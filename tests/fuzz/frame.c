/*
 * The bytes that a worker gives its parent, where the worker is in the hands of who sent the mail:
 * as the parent takes them, up to the verdicts.
 */
#include "mime/frame.h"
#include "cmd/analysis.h"
#include "cmd/base/buf.h"
#include "fuzz.h"

static struct analyst analyst;

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    static const char *const patterns[] = {"bounces+{campaign}-{recipient}@news.example.com", NULL};
    struct err err;
    (void)argc;
    (void)argv;
    MUST(analyst_open(&analyst, NULL, patterns, &err) == 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct worker_result result = {.frame = fuzz_input(data, size)};
    struct arena *arena = arena_new();
    struct buf written = BUF_INIT;
    struct analysis analysis;
    analyst_read(&analyst, &result, 1, arena, &analysis);
    analyst_judge(&analyst, true, arena, &analysis);
    MUST(!analysis.failure == !!analysis.report);
    if (analysis.report) {
        /* There is one frame for a report. */
        report_frame_write(analysis.report, &written);
        MUST(bytes_equal(buf_bytes(&written), result.frame));
        MUST(analysis.count > 0);
        for (size_t i = 0; i < analysis.count; i++) {
            const struct finding *finding = &analysis.findings[i];
            MUST(finding->judgement.rule);
            MUST(!finding->identity.recipient == !finding->identity.key);
        }
    } else {
        MUST(*analysis.failure);
    }
    buf_free(&written);
    arena_free(arena);
    return 0;
}
