#include "cmd/summary.h"

#include "cmd/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* On a terminal or with --verbose; cron mails whatever is printed. */
static bool is_talkative(void) {
    return log_is_on(LOG_LEVEL_INFO) || isatty(STDOUT_FILENO);
}

/* Only where there is something to see: all unsigned, without keys, is not. */
static void print_signatures(const struct pipeline_sums *sums) {
    uint64_t other = 0;
    for (enum verp_signature s = VERP_SIGNATURE_VALID + 1; s < VERP_SIGNATURE_COUNT; s++)
        other += sums->signatures[s];
    if (!other)
        return;
    printf("  signatures   ");
    for (enum verp_signature s = VERP_SIGNATURE_VALID; s < VERP_SIGNATURE_COUNT; s++)
        if (s == VERP_SIGNATURE_VALID || sums->signatures[s])
            printf("%s%s %" PRIu64, s == VERP_SIGNATURE_VALID ? "" : ", ", verp_signature_name(s),
                   sums->signatures[s]);
    putchar('\n');
}

void summary_print(const char *source, const struct pipeline_sums *sums, bool dry_run,
                   double seconds) {
    if (!is_talkative() && !dry_run)
        return;
    const struct store_run_sums *run = &sums->run;
    if (!run->fetched) {
        printf("%s: nothing new\n", source);
        return;
    }
    printf("%s: %" PRIu64 " fetched", source, run->fetched);
    if (dry_run)
        printf(" (dry run: nothing stored, nothing filed away)\n");
    else
        printf(" = %" PRIu64 " stored + %" PRIu64 " quarantined + %" PRIu64 " already known\n",
               run->stored, run->quarantined, run->already_known);
    printf("  verdicts     ");
    for (enum verdict v = VERDICT_COUNT; v-- > 0;)
        printf("%s%s %" PRIu64, v == VERDICT_COUNT - 1 ? "" : ", ", verdict_name(v),
               sums->verdicts[v]);
    printf("\n  messages     not a bounce %" PRIu64 ", nobody identified %" PRIu64 "\n",
           sums->not_a_bounce, sums->unmatched);
    if (sums->cut_lists)
        printf("  cut short    %" PRIu64 " within their lists of recipients: see the warnings\n",
               sums->cut_lists);
    print_signatures(sums);
    if (!dry_run)
        printf("  addresses    %" PRIu64 " newly suppressed, %" PRIu64
               " of them by repeated soft bounces\n",
               sums->suppressed, run->escalations);
    printf("  time         %.1f s, %.0f messages/s (waiting for mail %.1f s, for decoding %.1f s, "
           "for PostgreSQL %.1f s)\n",
           seconds, seconds > 0 ? (double)run->fetched / seconds : 0, sums->seconds_fetching,
           sums->seconds_decoding, sums->seconds_storing);
}

int summary_check(const struct store_run_sums *run, struct err *err) {
    if (run->fetched == run->stored + run->quarantined + run->already_known)
        return 0;
    return err_set(err, ERR_SOFTWARE,
                   "the sums do not add up: %" PRIu64 " fetched, %" PRIu64 " stored, %" PRIu64
                   " quarantined, %" PRIu64 " already known",
                   run->fetched, run->stored, run->quarantined, run->already_known);
}
