/*
 * A mail, to its report, through the frame that takes the report from a worker to its parent.
 *
 * A mail that does not end with a line end counts as cut by the fetch limit.
 *
 * With NULLSENDER_FUZZ_FRAMES=DIR the frames of the mails are written to that folder, where they
 * are seeds for frame.c.
 */
#include "cmd/base/buf.h"
#include "fuzz.h"
#include "mime/charset.h"
#include "mime/frame.h"
#include "mime/read.h"

#include <sanitizer/allocator_interface.h>
#include <string.h>

enum {
    FILLED_MAX = 64 * 1024, /* larger blocks may come straight from mmap, and calloc trusts in that
                               they are zeroes */
};

/* What fresh memory holds. */
static int fill = 0;

static void fill_block(const volatile void *block, size_t size) {
    if (fill != 0 && size <= FILLED_MAX)
        memset((void *)(uintptr_t)block, fill, size);
}

static void ignore_block(const volatile void *block) {
    (void)block;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    return __sanitizer_install_malloc_and_free_hooks(fill_block, ignore_block) > 0 ? 0 : 1;
}

static void write_seed(struct bytes frame) {
    const char *folder = getenv("NULLSENDER_FUZZ_FRAMES");
    static unsigned number;
    char path[4096];
    if (!folder)
        return;
    snprintf(path, sizeof path, "%s/%u", folder, ++number);
    FILE *file = fopen(path, "wb");
    MUST(file && fwrite(frame.data, 1, frame.len, file) == frame.len);
    fclose(file);
}

/* Reads the mail where fresh memory holds `filling`, and writes the report's frame. */
static void read_mail(struct bytes mail, int filling, struct charset_cache *charsets,
                      struct arena *arena, struct buf *frame) {
    const struct report_options options = {
        .recipient_header = "X-Envelope-To", .campaign_header = "X-Campaign", .charsets = charsets};
    bool truncated = mail.len && mail.data[mail.len - 1] != '\n';
    fill = filling;
    report_frame_write(report_read(mail, truncated, &options, arena), frame);
    fill = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes mail = fuzz_input(data, size);
    struct arena *arena = arena_new();
    struct charset_cache *charsets = charset_cache_new();
    struct buf frame = BUF_INIT, again = BUF_INIT;
    struct report *report;
    struct err err;

    /* The same bytes give the same report, whatever memory held and however charsets are kept. */
    read_mail(mail, 0xA5, charsets, arena, &frame);
    read_mail(mail, 0x5A, NULL, arena, &again);
    MUST(bytes_equal(buf_bytes(&frame), buf_bytes(&again)));
    read_mail(mail, 0xA5, charsets, arena, &again);
    MUST(again.len == 2 * frame.len && !memcmp(again.data + frame.len, frame.data, frame.len));

    /* The parent takes every report that a worker makes, and has it as it was. */
    MUST(report_frame_read(buf_bytes(&frame), arena, &report, &err) == 0);
    buf_reset(&again);
    report_frame_write(report, &again);
    MUST(bytes_equal(buf_bytes(&frame), buf_bytes(&again)));
    write_seed(buf_bytes(&frame));

    buf_free(&again);
    buf_free(&frame);
    charset_cache_free(charsets);
    arena_free(arena);
    return 0;
}
