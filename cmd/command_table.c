#include "cmd/command.h"

#define TAKES(option) (UINT64_C(1) << OPTION_##option)

const uint64_t command_common_options =
    TAKES(CONFIG) | TAKES(LOG_FORMAT) | TAKES(VERBOSE) | TAKES(HELP) | TAKES(VERSION);

const struct option_info option_table[OPTION_COUNT] = {
    [OPTION_CONFIG] = {"config", 'c', "FILE",
                       "configuration file (default /etc/nullsender/nullsender.conf)"},
    [OPTION_LOG_FORMAT] = {"log-format", 0, "WHERE",
                           "text, json, journal or syslog (default: as the configuration says)"},
    [OPTION_VERBOSE] = {"verbose", 'v', NULL, "a line a message; twice: the IMAP conversation too"},
    [OPTION_HELP] = {"help", 'h', NULL, "this text"},
    [OPTION_VERSION] = {"version", 'V', NULL, "the program's version"},
    [OPTION_ADD] = {"add", 0, NULL, "put a new key on top of those in the file"},
    [OPTION_APPLY] = {"apply", 0, NULL, "write what is shown"},
    [OPTION_CAMPAIGN] = {"campaign", 0, "NAME", "those about this campaign"},
    [OPTION_CATEGORY] = {"category", 'C', "CATEGORY",
                         "those with this reason, such as user_unknown"},
    [OPTION_CHECK_MAILBOX] = {"mailbox", 0, "NAME", "of the mailboxes only this one"},
    [OPTION_DOMAIN] = {"domain", 'd', "DOMAIN", "those of this domain"},
    [OPTION_DRY_RUN] = {"dry-run", 'n', NULL, "show what would be done, and change nothing"},
    [OPTION_FILE] = {"file", 'F', "FILE", "addresses, one a line; - is standard input"},
    [OPTION_FORMAT] = {"format", 'f', "FORMAT", NULL}, /* each command's own formats */
    [OPTION_HOST] = {"host", 'H', "HOST",
                     "the server that said it, whose provider's rules then apply"},
    [OPTION_LIMIT] = {"limit", 'l', "N", "do no more than N messages of each mailbox, or rows"},
    [OPTION_MAILBOX] = {"mailbox", 0, "NAME", "those that were first met in this mailbox"},
    [OPTION_MESSAGE] = {"message", 0, "ID", "this message, by its id in bounce.message"},
    [OPTION_OUTPUT] = {"output", 'o', "FILE", "write there instead of to standard output"},
    [OPTION_QUARANTINED] = {"quarantined", 0, NULL, "those that could not be decoded"},
    [OPTION_REASON] = {"reason", 'R', "TEXT", "why, for whoever asks later; must be given"},
    [OPTION_RECIPIENT] = {"recipient", 0, "ADDRESS", "those about this address"},
    [OPTION_REPORT_CATEGORY] = {"category", 0, NULL, "the table by reason"},
    [OPTION_REPORT_DAY] = {"day", 0, NULL, "the table by day (UTC)"},
    [OPTION_REPORT_DOMAIN] = {"domain", 0, NULL, "the table by recipients' domain"},
    [OPTION_REPORT_RECIPIENT] = {"recipient", 0, NULL, "a line a recipient; needs a CAMPAIGN"},
    [OPTION_RULE] = {"rule", 0, "ID", "those that this rule decided"},
    [OPTION_RULES] = {"rules", 'r', "DIR",
                      "read further rule files, DIR/*.rules; they come before the built-in ones"},
    [OPTION_SENT] = {"sent", 0, "N", "how many mails were sent; must be given"},
    [OPTION_SINCE] = {"since", 's', "TIME",
                      "from this time on: 2026-11-22, '2026-11-22 14:30 UTC'"},
    [OPTION_UNDETERMINED] = {"undetermined", 0, NULL, "those whose reason is not known"},
    [OPTION_UNDO] = {"undo", 0, "RUN", "bring back what this run changed; \"last\" is the latest"},
    [OPTION_UNMATCHED] = {"unmatched", 0, NULL, "those that name nobody"},
    [OPTION_UNTIL] = {"until", 'u', "TIME", "before this time"},
    [OPTION_VERDICT] = {"verdict", 0, "VERDICT", "those with this verdict, such as hard"},
    [OPTION_VERP] = {"verp", 'p', "PATTERN",
                     "a VERP pattern, as in the configuration; may be given more than once"},
    [OPTION_WATCH] = {"watch", 0, NULL, "stay connected, and read each message as it comes"},
    [OPTION_WORKERS] = {"workers", 'w', "N", "worker processes (default: cores less one)"},
};

const struct command command_table[] = {
    {
        .name = "fetch",
        .arguments = "[MAILBOX...]",
        .arguments_max = -1,
        .summary = "read the bounce mailboxes, write the verdicts to the database",
        .description =
            "Reads every mailbox of the configuration (or those named), works out who each bounce\n"
            "is about and why, commits to PostgreSQL in batches and only then files each message\n"
            "away. Silent under cron unless something is wrong. A mailbox that another run is\n"
            "working on is left alone.\n"
            "\n"
            "With --watch it stays connected and reads each message as it comes (IDLE; every 10 s\n"
            "where the server has none), until SIGTERM, SIGINT or SIGHUP. Servers that go away are\n"
            "waited for, a minute without a word; a refused password ends it. Other runs may work\n"
            "beside it. See nullsender-watch.service.",
        .options = TAKES(DRY_RUN) | TAKES(LIMIT) | TAKES(WATCH) | TAKES(WORKERS),
        .run = command_fetch,
    },
    {
        .name = "import",
        .arguments = "FILE|DIR|MBOX|- ...",
        .arguments_min = 1,
        .arguments_max = -1,
        .summary = "put mails from disk through the same way as fetch",
        .description =
            "Reads mails from files, mbox files, directories (recursively) or standard input and\n"
            "writes the verdicts to the database: an archive of old bounces, say. A mail that the\n"
            "database has, from wherever it came, is recognised by its bytes and not counted\n"
            "again. The files are left as they are.",
        .options = TAKES(DRY_RUN) | TAKES(WORKERS),
        .run = command_import,
    },
    {
        .name = "migrate",
        .arguments = "",
        .summary = "create the database schema, or bring it up to date",
        .description =
            "Applies the migrations that the database lacks, each in a transaction of its own.\n"
            "Running it again changes nothing. A database that is newer than the program is left\n"
            "alone.",
        .options = TAKES(DRY_RUN),
        .run = command_migrate,
    },
    {
        .name = "check",
        .arguments = "",
        .summary = "try the whole configuration for real, and say what is wrong",
        .description =
            "Looks at the configuration file, the rules and the VERP patterns, logs in to the\n"
            "database and the mailboxes, and says a line about each thing that a run needs: ok,\n"
            "warning or FAIL, and what to do. Nothing is changed anywhere. All of it is tried, even\n"
            "where something fails.\n"
            "\n"
            "JSON is one object. Exit code 0 where nothing failed, warnings or not; else that of the\n"
            "first failure, where one that may be gone at the next try (75) gives way to one that\n"
            "will not.",
        .options = TAKES(CHECK_MAILBOX) | TAKES(FORMAT),
        .formats = "text json",
        .run = command_check,
    },
    {
        .name = "config",
        .arguments = "[SECTION|KEY...]",
        .arguments_max = -1,
        .summary = "print the settings in force, defaults included",
        .description =
            "Prints the configuration as the program understands it, in the syntax of the file; what\n"
            "the file does not say is marked as a default, or as what the provider presets. Passwords\n"
            "are not shown. Words choose sections or keys:\n"
            "\n"
            "  nullsender config policy\n"
            "  nullsender config database.conninfo workers",
        .run = command_config,
    },
    {
        .name = "parse",
        .arguments = "FILE|DIR|MBOX|- ...",
        .arguments_min = 1,
        .arguments_max = -1,
        .summary = "decode and judge mails from files, without mailbox and database",
        .description =
            "Reads mails from files, mbox files, directories (recursively) or standard input, and\n"
            "prints what fetch would have found. Needs no configuration; with --config it takes\n"
            "VERP patterns and rules from there.\n"
            "\n"
            "JSON is a line a recipient, TSV a line a message: path, recipients, verdict, category,\n"
            "enhanced status; where a mail has several recipients, each column is a list with commas.",
        .options = TAKES(FORMAT) | TAKES(RULES) | TAKES(VERP) | TAKES(WORKERS),
        .formats = "json tsv",
        .run = command_parse,
    },
    {
        .name = "explain",
        .arguments = "FILE|-|ADDRESS",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = "tell in words what a mail says, or why an address is as it is",
        .description =
            "Of a mail: what was found where, who it is about, which rule decided and on which\n"
            "words. Needs no configuration; with --config it takes VERP patterns and rules from\n"
            "there.\n"
            "\n"
            "Of an address (a word with @ that is no file): all that the ledger has about it, in\n"
            "order, what each entry did, and what would lift its state.",
        .options = TAKES(RULES) | TAKES(VERP),
        .run = command_explain,
    },
    {
        .name = "suppress",
        .arguments = "[ADDRESS...]",
        .arguments_max = -1,
        .summary = "put addresses onto the suppression list by hand",
        .description =
            "Suppresses the addresses that are named, listed in --file, or chosen by --domain,\n"
            "--category, --since and --until among those that the ledger knows. The decision is an\n"
            "entry of the ledger, with who and why; `reinstate` takes it back.",
        .options = TAKES(REASON) | TAKES(FILE) | TAKES(DOMAIN) | TAKES(CATEGORY) | TAKES(SINCE) |
                   TAKES(UNTIL) | TAKES(DRY_RUN),
        .run = command_suppress,
    },
    {
        .name = "reinstate",
        .arguments = "[ADDRESS...]",
        .arguments_max = -1,
        .summary = "lift what is held against addresses",
        .description =
            "Lifts all that was held against the addresses up to now: hard bounces, complaints,\n"
            "strikes, decisions by hand. They are named, listed in --file, or chosen among the\n"
            "suppressed ones by --domain, --category, --since and --until, which undoes an incident:\n"
            "\n"
            "  nullsender reinstate --domain example.net --category user_unknown --dry-run \\\n"
            "      --since '2026-11-20 08:00 UTC' --reason 'their directory was down'",
        .options = TAKES(REASON) | TAKES(FILE) | TAKES(DOMAIN) | TAKES(CATEGORY) | TAKES(SINCE) |
                   TAKES(UNTIL) | TAKES(DRY_RUN),
        .run = command_reinstate,
    },
    {
        .name = "export",
        .arguments = "",
        .summary = "write the suppression list for other programs",
        .description =
            "Writes every suppressed address, or, with --since, every change of the list after that\n"
            "time, oldest first: keep the last `time` and ask for what came after it.\n"
            "\n"
            "CSV has the addresses as they are. For a spreadsheet, which takes -ada@example.net for a\n"
            "formula, ask for `spreadsheet`: the same with an apostrophe before such an address. JSON\n"
            "is a line an address.",
        .options = TAKES(SINCE) | TAKES(FORMAT),
        .formats = "csv spreadsheet json",
        .run = command_export,
    },
    {
        .name = "report",
        .arguments = "[CAMPAIGN]",
        .arguments_max = 1,
        .summary = "show how the campaigns did, or one of them",
        .description =
            "Shows a line a campaign, or one campaign with its bounces by day, reason and domain.\n"
            "'' names the bounces of which nobody knows the campaign. Each recipient counts once for\n"
            "a campaign, as the heaviest of what came back. --category, --domain, --day and\n"
            "--recipient choose single tables.\n"
            "\n"
            "CSV is one table, safe to open in a spreadsheet: a cell that it would take for a formula\n"
            "gets an apostrophe in front. HTML is a page with charts and tables that is one file and\n"
            "needs nothing else:\n"
            "\n"
            "  nullsender report spring26 --format html --output spring26.html",
        .options = TAKES(REPORT_CATEGORY) | TAKES(REPORT_DAY) | TAKES(REPORT_DOMAIN) |
                   TAKES(REPORT_RECIPIENT) | TAKES(FORMAT) | TAKES(OUTPUT),
        .formats = "text csv json html",
        .run = command_report,
    },
    {
        .name = "campaign set",
        .arguments = "NAME",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = "note how many mails of a campaign were sent, for its rates",
        .description =
            "Rates are in percent of the mails sent, which only the sender knows. The\n"
            "campaign's name is the one in the VERP addresses; it need not have bounced yet.\n"
            "\n"
            "  nullsender campaign set spring26 --sent 4000",
        .options = TAKES(SENT),
        .run = command_campaign_set,
    },
    {
        .name = "rebuild",
        .arguments = "",
        .summary = "compute the state of every address anew from the ledger",
        .description =
            "Gives what is there already, unless somebody changed the ledger by hand. Fetches wait\n"
            "meanwhile, readers do not.",
        .run = command_rebuild,
    },
    {
        .name = "reprocess",
        .arguments = "",
        .summary = "judge stored mails again, show what today's rules change",
        .description =
            "Decodes and judges mails of the database again, under today's rules and VERP patterns,\n"
            "and shows which judgements differ and whose state that changes. Nothing is changed\n"
            "without --apply.\n"
            "\n"
            "All mails whose bytes are kept, or those that the options choose: several options\n"
            "narrow the choice, while of --undetermined, --unmatched and --quarantined one is\n"
            "enough. --since and --until go by when a mail reached the mailbox.\n"
            "\n"
            "--apply may be killed at any time; running it again does the rest. Fetches may run\n"
            "beside it, and wait now and then. What it superseded stays: --undo RUN shows what\n"
            "bringing it back would change, and with --apply does so.\n"
            "\n"
            "  nullsender reprocess --since 2026-11-15 --category undetermined\n"
            "  nullsender reprocess --rule google-not-compliant --apply\n"
            "  nullsender reprocess --undo last --apply",
        .options = TAKES(SINCE) | TAKES(UNTIL) | TAKES(CAMPAIGN) | TAKES(CATEGORY) |
                   TAKES(VERDICT) | TAKES(RECIPIENT) | TAKES(MAILBOX) | TAKES(RULE) |
                   TAKES(MESSAGE) | TAKES(UNDETERMINED) | TAKES(UNMATCHED) | TAKES(QUARANTINED) |
                   TAKES(APPLY) | TAKES(DRY_RUN) | TAKES(UNDO) | TAKES(WORKERS),
        .run = command_reprocess,
    },
    {
        .name = "prune",
        .arguments = "",
        .summary = "remove what the configuration does not keep for ever",
        .description =
            "Removes mails' bytes older than keep_raw_days, and addresses of which nothing was heard\n"
            "for keep_events_days and against which nothing stands, with their events. States of\n"
            "other addresses, sums of campaigns and the suppression list stay as they are. Each\n"
            "fetch does it once a day by itself. --dry-run says what would go.",
        .options = TAKES(DRY_RUN),
        .run = command_prune,
    },
    {
        .name = "review",
        .arguments = "",
        .summary = "show what no rule understands, the most frequent first",
        .description =
            "Puts together the bounces whose words no rule knows (undetermined) and the reports that\n"
            "name nobody (unmatched) by what they say, without the addresses, hosts, numbers and ids\n"
            "that differ from mail to mail. Where a rule would help, a stanza to paste into a file of\n"
            "your own follows: it has been tried on the example; what the words mean is for you to\n"
            "say. --limit (20) and --since choose. JSON is a line a cluster.",
        .options = TAKES(LIMIT) | TAKES(SINCE) | TAKES(FORMAT),
        .formats = "text json",
        .run = command_review,
    },
    {
        .name = "verp encode",
        .arguments = "[CAMPAIGN [ADDRESS...]]",
        .arguments_max = -1,
        .summary = "make the addresses that mails to these recipients are sent from",
        .description =
            "Prints an envelope sender for each recipient, by the first pattern of the configuration\n"
            "that can carry it; signed where key_file is configured. With a CAMPAIGN alone the\n"
            "recipients come from standard input, one a line; without arguments lines of campaign,\n"
            "tab and recipient do. Line n of the output belongs to line n of the input, and is empty\n"
            "where the address cannot be made, which standard error tells and exit code 65. '' is no\n"
            "campaign.\n"
            "\n"
            "What does not fit becomes a token, which is in the database before it is printed.\n"
            "\n"
            "TSV is campaign, recipient, address; JSON is a line each.\n"
            "\n"
            "  nullsender verp encode spring26 ada@example.net\n"
            "  nullsender verp encode spring26 --format tsv < recipients.txt > senders.tsv",
        .options = TAKES(FORMAT) | TAKES(VERP),
        .formats = "text tsv json",
        .run = command_verp_encode,
    },
    {
        .name = "verp decode",
        .arguments = "ADDRESS...",
        .arguments_min = 1,
        .arguments_max = -1,
        .summary = "show what an address carries: campaign, recipient, key and day",
        .description =
            "Takes off what forwarders put around the address (SRS, BATV) and says which pattern it\n"
            "fits and what is in it. Nothing is checked. Tokens are looked up in the database. Exit\n"
            "code 1 where an address fits no pattern. JSON is a line each.",
        .options = TAKES(FORMAT) | TAKES(VERP),
        .formats = "text json",
        .run = command_verp_decode,
    },
    {
        .name = "verp check",
        .arguments = "ADDRESS...",
        .arguments_min = 1,
        .arguments_max = -1,
        .summary = "say whether addresses are signed by us, or why not",
        .description =
            "A line an address: valid, unsigned, wrong, expired, unknown_key, unknown_token or\n"
            "no_match, and what that means. Exit code 0 where all are valid, else 1. JSON is a line\n"
            "each.",
        .options = TAKES(FORMAT) | TAKES(VERP),
        .formats = "text json",
        .run = command_verp_check,
    },
    {
        .name = "verp keygen",
        .arguments = "[FILE]",
        .arguments_max = 1,
        .summary = "make a key that signs addresses",
        .description =
            "Makes the key file (that of the configuration, unless one is named) with a new random\n"
            "key, readable by its owner alone. A file that is there is never overwritten; --add puts\n"
            "a new key on top of it, which signs from then on, while the others are still accepted.\n"
            "Remove their lines once the last address that they signed has expired, or at once where\n"
            "somebody may have read them.",
        .options = TAKES(ADD),
        .run = command_verp_keygen,
    },
    {
        .name = "rules test",
        .arguments = "",
        .summary = "try every rule on its own examples",
        .description =
            "Judges the examples that stand in the rule files: each must be decided by its own\n"
            "rule, and what a rule must not decide by another. Reports rules without an example,\n"
            "rules that never decide and rules that an earlier one shadows, and how long judging\n"
            "takes. Exit code 65 where something is wrong.",
        .options = TAKES(RULES),
        .run = command_rules_test,
    },
    {
        .name = "rules explain",
        .arguments = "TEXT",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = "show all rules that fit a text, and which one decides",
        .description =
            "TEXT is what a server said, as it stands in a Diagnostic-Code field or in a log:\n"
            "\"550 5.1.1 <ada@example.net>: Recipient address rejected: User unknown\".",
        .options = TAKES(RULES) | TAKES(HOST),
        .run = command_rules_explain,
    },
    {.name = NULL},
};
