"""What a run says, and to whom: people, programs, the journal, syslog."""

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from unittest import skipUnless

from e2e.case import Case, use_lab
from lab.collector import JOURNAL, SYSLOG, can_collect, collect
from lab.program import environment

setUpModule, tearDownModule = use_lab()

EX_USAGE, EX_TEMPORARY, EX_PERMISSION = 64, 75, 77
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Log(Case):
    """Log lines and their fields."""

    def lines(self, *arguments: str, code: int = 0) -> list[dict]:
        """What a command logs as JSON."""
        _, errors = self.run_program(*arguments, "--log-format", "json", code=code)
        return [json.loads(line) for line in errors.splitlines()]

    def refuse_login(self) -> None:
        self.program.mailboxes["bounces"]["user"] = "nobody@news.example.com"

    def test_json_has_a_line_a_message_with_what_it_is_about(self) -> None:
        mails = self.mixed(12)
        self.deliver(mails)
        lines = self.lines("fetch", "--verbose")
        for line in lines:
            stamp = datetime.fromisoformat(line["time"])
            self.assertLess(abs(datetime.now(UTC) - stamp), timedelta(hours=1))
            self.assertEqual(line["level"], "info")
            self.assertEqual((line["command"], line["mailbox"]), ("fetch", "bounces"))
            self.assertRegex(line["run"], UUID)
        events = self.query(
            "SELECT f.uid, nullif(e.recipient, '') AS recipient, nullif(campaign, '') AS campaign,"
            " verdict, category, rule FROM bounce.event e JOIN bounce.fetched f USING (message)"
        )
        told = [{name: line.get(name) for name in events[0]} for line in lines if "rule" in line]

        def order(row: dict) -> str:
            return json.dumps(row, sort_keys=True).lower()

        self.assertEqual(
            [order(row) for row in sorted(told, key=order)],
            [order(row) for row in sorted(events, key=order)],
        )

    def test_a_failure_is_one_line_with_its_exit_code(self) -> None:
        self.refuse_login()
        (line,) = self.lines("fetch", code=EX_PERMISSION)
        self.assertEqual((line["level"], line["exit_code"]), ("error", EX_PERMISSION))
        self.assertEqual(line["mailbox"], "bounces")
        run = self.value("SELECT id FROM bounce.run WHERE error IS NOT NULL")
        self.assertEqual(line["run"], run)

    def test_the_failure_of_the_first_of_two_mailboxes_names_it(self) -> None:
        self.refuse_login()
        self.dovecot.add_user("second@news.example.com")
        self.program.add_mailbox("second", self.dovecot, "second@news.example.com")
        (line,) = self.lines("fetch", code=EX_PERMISSION)
        self.assertEqual(line["mailbox"], "bounces")

    def test_the_configuration_names_the_format_and_the_option_overrides_it(self) -> None:
        self.refuse_login()
        self.program.sections["monitoring"] = {"log_format": "json"}
        _, errors = self.run_program("fetch", code=EX_PERMISSION)
        self.assertEqual(json.loads(errors)["level"], "error")
        _, errors = self.run_program("fetch", "--log-format", "text", code=EX_PERMISSION)
        self.assertTrue(errors.startswith("nullsender: mailbox bounces: "), errors)
        _, errors = self.run_program("fetch", "--log-format", "xml", code=EX_USAGE)
        self.assertIn("--log-format is text, json, journal or syslog, not 'xml'", errors)

    def test_where_stderr_is_the_journal_lines_begin_with_their_level(self) -> None:
        self.refuse_login()
        self.program.write_config()
        path = self.program.folder / "stderr"
        with path.open("w") as stderr:
            status = path.stat()
            stream = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
            command = self.program.command("fetch")
            subprocess.run(command, stderr=stderr, env=environment() | stream, check=False)
        self.assertTrue(path.read_text().startswith("<3>nullsender: mailbox"), path.read_text())

    @skipUnless(can_collect(), "needs a mount namespace")
    def test_the_journal_gets_fields_and_cron_the_line(self) -> None:
        self.refuse_login()
        self.program.write_config()
        command = self.program.command("fetch", "--log-format", "journal")
        code, errors, datagrams = collect(JOURNAL, command)
        self.assertEqual(code, EX_PERMISSION)
        (entry,) = (dict(line.split("=", 1) for line in d.decode().splitlines()) for d in datagrams)
        self.assertEqual(entry["PRIORITY"], "3")
        self.assertEqual(entry["SYSLOG_IDENTIFIER"], "nullsender")
        self.assertEqual(entry["NULLSENDER_MAILBOX"], "bounces")
        self.assertEqual(entry["NULLSENDER_EXIT_CODE"], str(EX_PERMISSION))
        self.assertEqual(errors, f"nullsender: {entry['MESSAGE']}\n")

    @skipUnless(can_collect(), "needs a mount namespace")
    def test_syslog_gets_the_mail_facility_and_fields(self) -> None:
        self.refuse_login()
        self.program.write_config()
        command = self.program.command("fetch", "--log-format", "syslog")
        code, errors, (datagram,) = collect(SYSLOG, command)
        self.assertEqual(code, EX_PERMISSION)
        facility_mail, level_error = 2, 3
        found = re.fullmatch(
            rf"<{facility_mail * 8 + level_error}>.* nullsender\[\d+\]: (.*)"
            rf" \[command=fetch mailbox=bounces run={UUID} exit_code={EX_PERMISSION}\]",
            datagram.decode().rstrip("\0"),
        )
        self.assertIsNotNone(found, datagram)
        self.assertEqual(errors, f"nullsender: {found[1]}\n")

    @skipUnless(can_collect(), "needs a mount namespace")
    def test_without_a_journal_the_run_goes_on_and_says_so(self) -> None:
        self.program.write_config()
        command = self.program.command("fetch", "--log-format", "journal")
        code, errors, datagrams = collect(SYSLOG, command)
        self.assertEqual((code, datagrams), (0, []))
        self.assertIn(JOURNAL, errors)
        self.assertEqual(errors.count("\n"), 1)
