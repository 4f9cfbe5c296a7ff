"""The main way: what lies in the mailbox is what the ledger says, and the mailbox is tidy after."""

import contextlib
import os
import pty
import resource
import subprocess
import time
import unittest

from e2e.case import PROCESSED, SANITIZED, Case, use_lab
from lab.bounces import DAY, Generator
from lab.diagnostics import diagnostic_of
from lab.dovecot import WITHOUT_MOVE

setUpModule, tearDownModule = use_lab()

MEMORY_MAX = 64 * 1024  # KB; about twice what a process takes
COUNT = 400


class Fetch(Case):
    """One mailbox from beginning to end."""

    def test_the_ledger_equals_the_truth_row_by_row(self) -> None:
        mails = self.mixed(COUNT)
        self.deliver(mails)
        self.fetch()
        self.assert_ledger(mails)
        self.assert_folders(inbox=0, processed=COUNT)

    def test_every_diagnostic_is_understood_in_every_format(self) -> None:
        mails = list(Generator(7).every(float(int(time.time() - DAY))))
        self.deliver(mails)
        self.fetch()
        self.assert_ledger(mails)

    def test_a_second_fetch_does_nothing(self) -> None:
        mails = self.mixed(50)
        self.deliver(mails)
        self.fetch()
        self.fetch()
        self.assert_ledger(mails)
        self.assert_folders(inbox=0, processed=50)
        self.assertEqual(self.value("SELECT count(*) FROM bounce.message"), 50)

    def test_what_arrives_later_is_added(self) -> None:
        generator = Generator(11)
        start = float(int(time.time() - 9 * DAY))
        first, second = list(generator.mixed(30, start)), list(generator.mixed(40, start))
        self.deliver(first)
        self.fetch()
        self.deliver(second)
        self.fetch()
        self.assert_ledger(first + second)
        self.assert_folders(inbox=0, processed=70)

    def test_an_empty_mailbox_is_fine(self) -> None:
        self.fetch()
        self.assertEqual(self.ledger(), [])

    def test_the_run_adds_up(self) -> None:
        self.deliver(self.mixed(60))
        self.fetch()
        (run,) = self.query("SELECT * FROM bounce.run")
        self.assertEqual((run["fetched"], run["stored"], run["filed"]), (60, 60, 60))
        self.assertEqual((run["quarantined"], run["already_known"]), (0, 0))
        self.assertTrue(run["adds_up"])
        self.assertIsNotNone(run["finished_at"])
        self.assertIsNone(run["error"])
        self.assertEqual(run["mailbox"], "bounces")

    def test_the_same_bytes_delivered_again_count_once(self) -> None:
        mails = self.mixed(30)
        self.deliver(mails + mails[:10])
        self.fetch()
        self.deliver(mails[5:15])
        self.fetch()
        self.assert_ledger(mails)
        self.assert_folders(inbox=0, processed=50)

    def test_the_bytes_are_kept_as_they_came(self) -> None:
        mails = self.mixed(5)
        self.deliver(mails)
        self.fetch()
        kept = self.query("SELECT encode(raw, 'hex') AS hex FROM bounce.message_raw")
        expected = sorted(mail.raw.replace(b"\n", b"\r\n").hex() for mail in mails)
        self.assertEqual(sorted(row["hex"] for row in kept), expected)

    def test_without_keep_raw_no_bytes_of_judged_mails_are_kept(self) -> None:
        self.program.database["keep_raw"] = False
        mails = self.mixed(20)
        self.deliver(mails)
        self.fetch()
        self.assert_ledger(mails)
        self.assertEqual(
            self.value(
                "SELECT count(*) FROM bounce.message_raw r JOIN bounce.message m"
                " ON m.id = r.message WHERE m.outcome = 'judged'"
            ),
            0,
        )

    def test_soft_bounces_on_five_days_make_hard(self) -> None:
        generator = Generator(13)
        start = float(int(time.time() - 15 * DAY))
        full = diagnostic_of("mailbox_full")
        five = list(generator.escalating("ada@full.example", full, start, 5))
        four = list(generator.escalating("alan@full.example", full, start, 4))
        large = diagnostic_of("message_too_large")
        never = list(generator.escalating("ken@full.example", large, start, 6))
        mails = five + four + never
        self.deliver(mails)
        self.fetch()
        self.assert_ledger(mails)
        states = self.query("SELECT recipient, state FROM bounce.recipient")
        found = {row["recipient"]: row["state"] for row in states}
        self.assertEqual(found["ada@full.example"], "hard")
        self.assertEqual(found["alan@full.example"], "soft")
        self.assertNotIn(found.get("ken@full.example"), ("soft", "hard"))

    def test_escalation_does_not_depend_on_how_the_bounces_came(self) -> None:
        start = float(int(time.time() - 15 * DAY))
        full = diagnostic_of("mailbox_full")
        mails = list(Generator(17).escalating("ada@full.example", full, start, 5))
        for mail in reversed(mails):
            self.deliver([mail])
            self.fetch()
        self.assertEqual(self.value("SELECT state FROM bounce.recipient"), "hard")
        self.assertEqual(self.value("SELECT count(*) FROM bounce.escalation"), 1)

    def test_the_senders_own_trouble_suppresses_nobody(self) -> None:
        mails = [
            mail
            for mail in self.mixed(300)
            if all(row.verdict in ("block", "none") for row in mail.truth)
        ]
        self.deliver(mails)
        self.fetch()
        self.assert_ledger(mails)
        self.assertEqual(self.value("SELECT count(*) FROM bounce.suppression"), 0)

    def test_hard_ones_and_complaints_are_suppressed(self) -> None:
        mails = self.mixed(300)
        self.deliver(mails)
        self.fetch()
        expected = {
            row.recipient
            for mail in mails
            for row in mail.truth
            if row.verdict in ("hard", "complaint")
        }
        found = {row["recipient"] for row in self.query("SELECT * FROM bounce.suppression")}
        self.assertEqual(found, expected)

    def test_starttls(self) -> None:
        self.mailbox |= {"tls": "starttls", "port": self.dovecot.port}
        mails = self.mixed(20)
        self.deliver(mails)
        self.fetch()
        self.assert_ledger(mails)

    def test_without_tls_where_the_configuration_says_so(self) -> None:
        self.mailbox |= {"tls": "none", "port": self.dovecot.port}
        mails = self.mixed(20)
        self.deliver(mails)
        self.fetch()
        self.assert_ledger(mails)

    def test_a_terminal_shows_the_progress_and_the_sums(self) -> None:
        self.deliver(self.mixed(25))
        self.program.write_config()
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            self.program.command("fetch"), stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        output = b""
        # Reading fails when the last one who could write to the terminal has gone.
        with contextlib.suppress(OSError), os.fdopen(ours, "rb", buffering=0) as terminal:
            while data := terminal.read(4096):
                output += data
        self.assertEqual(process.wait(), 0, output)
        self.assertRegex(output.decode(), r"bounces  \[[#.]+\]  \d+ of 25")
        self.assertIn("25 fetched = 25 stored + 0 quarantined + 0 already known", output.decode())

    def test_a_named_mailbox_alone_is_read(self) -> None:
        other = f"other-{self.user}"
        self.dovecot.add_user(other)
        self.program.add_mailbox("other", self.dovecot, other)
        mine, others = self.mixed(10, seed=1), self.mixed(15, seed=2)
        self.deliver(mine)
        self.deliver(others, other)
        self.fetch("other")
        self.assert_ledger(others)
        self.assert_folders(inbox=10)
        self.assertEqual(self.dovecot.count(other), 0)

    def test_several_mailboxes_are_read_in_one_run(self) -> None:
        everything = []
        for name in ("east", "west"):
            user = f"{name}-{self.user}"
            self.dovecot.add_user(user)
            self.program.add_mailbox(name, self.dovecot, user)
            mails = self.mixed(20, seed=len(everything) + 3)
            self.deliver(mails, user)
            everything += mails
        self.fetch()
        self.assert_ledger(everything)
        runs = self.query("SELECT mailbox, stored FROM bounce.run ORDER BY mailbox")
        self.assertEqual(
            [(run["mailbox"], run["stored"]) for run in runs],
            [("bounces", 0), ("east", 20), ("west", 20)],
        )

    def test_an_unknown_mailbox_name_is_refused_with_the_known_ones(self) -> None:
        _, errors = self.run_program("fetch", "bouncse", code=64)
        self.assertIn("bouncse", errors)
        self.assertIn("bounces", errors)

    def test_another_folder_than_inbox(self) -> None:
        self.mailbox["folder"] = "Bounces"
        mails = self.mixed(10)
        self.dovecot.deliver(self.user, ((m.raw, m.arrival) for m in mails), "Bounces")
        self.fetch()
        self.assert_ledger(mails)
        self.assertEqual(self.count("Bounces"), 0)
        self.assertEqual(self.count(PROCESSED), 10)

    def test_verbose_says_a_line_a_message(self) -> None:
        mails = self.mixed(25)
        self.deliver(mails)
        output, errors = self.run_program("fetch", "-v")
        lines = output + errors
        for mail in mails:
            self.assertIn(mail.truth[0].category, lines)
            self.assertIn(mail.truth[0].recipient, lines)
        self.assertIn("25 fetched = 25 stored + 0 quarantined + 0 already known", lines)

    @unittest.skipIf(SANITIZED, "a sanitizer takes its own memory")
    def test_memory_stays_flat(self) -> None:
        mails = self.mixed(5000)
        self.deliver(mails)
        self.fetch()
        self.assert_ledger(mails)
        # The largest of all processes that this one has waited for, nullsender's workers included.
        largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.assertLess(largest, MEMORY_MAX)


class Afterwards(Case):
    """Where the messages go when the database has them."""

    def test_move_leaves_no_mail_changed(self) -> None:
        mails = self.mixed(10)
        self.deliver(mails)
        self.fetch()
        moved = self.dovecot.mails(self.user, PROCESSED)
        self.assertEqual(sorted(moved), sorted(mail.raw for mail in mails))
        self.assertNotIn("S", self.dovecot.flags(self.user, PROCESSED))

    def test_move_into_a_folder_with_a_difficult_name(self) -> None:
        names = {
            "Erledigt & geprüft": "Erledigt &- gepr&APw-ft",
            'say "done" \\ now': 'say "done" \\ now',
            # Levels are separated by a dot here.
            "Bounces/日本": "Bounces.&ZeVnLA-",
        }
        for seed, (name, on_disk) in enumerate(names.items()):
            with self.subTest(name):
                self.mailbox["processed_folder"] = name
                self.deliver(self.mixed(5, seed))
                self.fetch()
                self.assertEqual(self.count(on_disk), 5)

    def test_delete_moves_to_the_trash_where_one_is_named(self) -> None:
        mails = self.mixed(10)
        self.deliver(mails)
        self.mailbox |= {"after": "delete", "trash_folder": "Trash", "fetch_messages": 3}
        self.fetch()
        self.assert_ledger(mails)
        self.assert_folders(inbox=0, quarantine=10 - self.count("Trash"))
        self.assertGreater(self.count("Trash"), 5)

    def test_delete_removes_what_is_understood_and_nothing_else(self) -> None:
        self.mailbox["after"] = "delete"
        generator = Generator(37)
        now = float(int(time.time()))
        mails = [generator.bounce(now, "exim") for _ in range(9)]
        mails += [generator.bounce(now, "question") for _ in range(2)]
        self.deliver(mails)
        self.fetch()
        self.assert_ledger(mails)
        self.assert_folders(inbox=0, quarantine=2)

    def test_keep_changes_nothing_in_the_mailbox(self) -> None:
        self.mailbox["after"] = "keep"
        generator = Generator(19)
        start = float(int(time.time() - 9 * DAY))
        first, second = list(generator.mixed(30, start)), list(generator.mixed(20, start))
        self.deliver(first)
        self.fetch()
        self.assert_folders(inbox=30)
        self.fetch()
        self.deliver(second)
        self.fetch()
        self.assert_ledger(first + second)
        self.assert_folders(inbox=50)
        self.assertNotIn("S", self.dovecot.flags(self.user))
        fetched = self.query("SELECT fetched FROM bounce.run ORDER BY started_at")
        self.assertEqual([run["fetched"] for run in fetched], [30, 0, 20])

    def test_keep_notices_that_the_folder_was_made_anew(self) -> None:
        self.mailbox["after"] = "keep"
        mails = self.mixed(20)
        self.deliver(mails[:15])
        self.fetch()
        maildir = self.dovecot.folder_path(self.user)
        for path in maildir.glob("dovecot*"):  # the server forgets UIDVALIDITY and all UIDs
            path.unlink()
        self.deliver(mails[15:])
        self.fetch()
        self.assert_ledger(mails)

    def test_dry_run_changes_nothing_anywhere(self) -> None:
        mails = self.mixed(20)
        self.deliver(mails)
        self.run_program("fetch", "--dry-run", "-v")
        self.assert_folders(inbox=20)
        self.assertEqual(self.dovecot.flags(self.user), set())
        self.assertFalse(self.dovecot.folder_path(self.user, PROCESSED).exists())
        for table in ("message", "event", "run", "recipient", "mailbox", "fetched"):
            self.assertEqual(self.value(f"SELECT count(*) FROM bounce.{table}"), 0, table)
        self.fetch()
        self.assert_ledger(mails)

    def test_dry_run_tells_what_it_would_do(self) -> None:
        mails = self.mixed(20)
        self.deliver(mails)
        output, errors = self.run_program("fetch", "--dry-run", "-v")
        for mail in mails:
            self.assertIn(mail.truth[0].category, output + errors)


class WithoutMove(Case):
    """A server that lacks RFC 6851."""

    def setUp(self) -> None:
        super().setUp()
        self.use_dovecot("without-move", {"imap_capability": WITHOUT_MOVE})

    def test_messages_are_copied_and_then_removed(self) -> None:
        mails = self.mixed(50)
        self.deliver(mails)
        self.fetch()
        self.assert_ledger(mails)
        self.assert_folders(inbox=0, processed=50)
