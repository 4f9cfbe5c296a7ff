/*
 * judge FILE...: what `nullsender parse` does with each mail, in one process without workers, so
 * that callgrind sees all of it and nothing of the system's.
 */
#include "cmd/analysis.h"
#include "cmd/file.h"
#include "mime/charset.h"
#include "mime/frame.h"

#include <stdio.h>

struct judge {
    struct analyst analyst;
    struct report_options options;
    struct arena *decoding, *judging; /* the worker's and the parent's */
    struct buf frame;
    size_t findings;
};

static int judge_mail(void *context, const char *path, struct bytes mail, struct err *err) {
    struct judge *judge = context;
    struct analysis analysis;
    (void)path;
    (void)err;
    report_frame_write(report_read(mail, false, &judge->options, judge->decoding), &judge->frame);
    const struct worker_result result = {.frame = buf_bytes(&judge->frame)};
    analyst_read(&judge->analyst, &result, 0, judge->judging, &analysis);
    analyst_judge(&judge->analyst, false, judge->judging, &analysis);
    judge->findings += analysis.count;
    buf_reset(&judge->frame);
    arena_reset(judge->decoding);
    arena_reset(judge->judging);
    return 0;
}

int main(int argc, char **argv) {
    struct judge judge = {
        .decoding = arena_new(),
        .judging = arena_new(),
        .frame = BUF_INIT,
    };
    struct err err;
    judge.options.charsets = charset_cache_new();
    int rc = analyst_open(&judge.analyst, NULL, NULL, &err);
    for (int i = 1; rc == 0 && i < argc; i++)
        rc = file_mails(argv[i], judge_mail, &judge, &err);
    if (rc == 0)
        printf("%zu\n", judge.findings);
    else
        fprintf(stderr, "judge: %s\n", err.text);
    analyst_close(&judge.analyst);
    charset_cache_free(judge.options.charsets);
    arena_free(judge.decoding);
    arena_free(judge.judging);
    buf_free(&judge.frame);
    return rc ? 1 : 0;
}
