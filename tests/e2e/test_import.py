"""nullsender import: mails from disk go the same way as mails from the mailbox, and count once."""

import os
import unittest
from pathlib import Path

from e2e.case import SANITIZED, Case, use_lab

setUpModule, tearDownModule = use_lab()

EX_NO_INPUT = 66
LARGE = 3_000_000  # octets of a mail: some are whole in what is read at once, some are not
MEMORY_MAX = 100 * 1024  # KB; half of what the mbox has


class Import(Case):
    """An archive of bounces on disk."""

    def setUp(self) -> None:
        super().setUp()
        self.mails = self.mixed(60)
        self.archive = self.program.folder / "archive"
        (self.archive / "more").mkdir(parents=True)
        for number, mail in enumerate(self.mails):
            folder = self.archive / "more" if number % 2 else self.archive
            (folder / f"{number:03}.eml").write_bytes(mail.raw)

    def run_row(self) -> dict:
        return self.query("SELECT * FROM bounce.run ORDER BY started_at DESC LIMIT 1")[0]

    def test_the_ledger_equals_the_truth(self) -> None:
        self.run_program("import", str(self.archive))
        self.assert_ledger(self.mails)
        row = self.run_row()
        self.assertEqual((row["command"], row["fetched"], row["adds_up"]), ("import", 60, True))

    def test_a_second_import_counts_nothing_again(self) -> None:
        self.run_program("import", str(self.archive))
        states = self.query("SELECT r::text FROM bounce.recipient r ORDER BY 1")
        self.run_program("import", str(self.archive))
        self.assert_ledger(self.mails)
        self.assertEqual(self.query("SELECT r::text FROM bounce.recipient r ORDER BY 1"), states)
        self.assertEqual(self.run_row()["already_known"], 60)

    def test_what_was_fetched_is_known_whatever_its_line_ends(self) -> None:
        self.deliver(self.mails)
        self.fetch()
        for ends in (b"\n", b"\r\n"):
            for path in self.archive.rglob("*.eml"):
                lines = path.read_bytes().replace(b"\r\n", b"\n").split(b"\n")
                path.write_bytes(ends.join(lines))
            self.run_program("import", str(self.archive))
            self.assertEqual(self.run_row()["already_known"], 60, ends)
        self.assert_ledger(self.mails)

    def test_an_mbox_and_standard_input(self) -> None:
        box = b"".join(
            b"From MAILER-DAEMON Sat Nov 14 10:00:00 2026\n"
            + mail.raw.replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ").rstrip(b"\n")
            + b"\n\n"
            for mail in self.mails[:20]
        )
        path = self.program.folder / "bounces.mbox"
        path.write_bytes(box)
        self.run_program("import", str(path))
        self.assertEqual(self.run_row()["fetched"], 20)
        self.assert_ledger(self.mails[:20])

    @unittest.skipIf(SANITIZED, "a sanitizer takes its own memory")
    def test_an_mbox_larger_than_the_memory_it_may_take(self) -> None:
        path = self.program.folder / "large.mbox"
        with path.open("wb") as box:
            for mail in self.mails:
                box.write(b"From MAILER-DAEMON Sat Nov 14 10:00:00 2026\n")
                raw = mail.raw.replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ")
                box.write(raw.ljust(LARGE, b"\n") + b"\n")
        process = self.program.start("import", str(path))
        _, status, usage = os.wait4(process.pid, 0)
        process.communicate()
        self.assertEqual(os.waitstatus_to_exitcode(status), 0)
        self.assertEqual(self.run_row()["fetched"], len(self.mails))
        self.assert_ledger(self.mails)
        self.assertLess(usage.ru_maxrss, MEMORY_MAX)

    def test_dry_run_changes_nothing(self) -> None:
        output, _ = self.run_program("import", "--dry-run", str(self.archive))
        self.assertIn("60 fetched (dry run", output)
        self.assertEqual(self.query("SELECT FROM bounce.message"), [])
        self.assertEqual(self.query("SELECT FROM bounce.run"), [])

    def test_what_comes_before_a_missing_file_is_stored(self) -> None:
        missing = Path(self.program.folder / "missing.eml")
        _, errors = self.run_program("import", str(self.archive), str(missing), code=EX_NO_INPUT)
        self.assertIn("missing.eml: No such file", errors)
        self.assert_ledger(self.mails)
        self.assertIn("missing.eml", self.run_row()["error"])

    def test_the_files_are_left_as_they_are(self) -> None:
        before = {path: path.read_bytes() for path in self.archive.rglob("*.eml")}
        self.run_program("import", str(self.archive))
        self.assertEqual({p: p.read_bytes() for p in self.archive.rglob("*.eml")}, before)
