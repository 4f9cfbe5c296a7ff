"""The same on another server than Dovecot: Cyrus, which keeps a user's folders below "INBOX."."""

import os
import subprocess
from collections import Counter

from e2e.case import BUILD, Case, use_lab
from lab.bounces import Bounce
from lab.cyrus import Cyrus
from lab.dovecot import PASSWORD
from lab.proxy import Proxy

IDLE = BUILD / "tests/unit/imap/test_idle_server"

start_lab, tearDownModule = use_lab()

MANY, COUNT = 300, 60
BELOW_INBOX = "INBOX.Processed"


def setUpModule() -> None:
    start_lab()
    OnCyrus.cyrus = Case.lab.add(Cyrus(Case.lab.place("cyrus")))


class OnCyrus(Case):
    """A mailbox on Cyrus, from beginning to end."""

    cyrus: Cyrus
    number = 0

    def setUp(self) -> None:
        super().setUp()
        self.use_server(self.cyrus)

    def use_server(self, server: Cyrus) -> None:
        """Makes a fresh account there the test's mailbox."""
        OnCyrus.number += 1
        self.dovecot = server
        self.user = f"ada{self.number}"
        server.add_user(self.user)
        self.program.add_mailbox("bounces", server, self.user)
        self.mailbox = self.program.mailboxes["bounces"]

    def fill(self, count: int = COUNT) -> list[Bounce]:
        mails = self.mixed(count)
        self.deliver(mails)
        return mails

    def test_move_into_a_folder_that_has_to_be_below_the_inbox(self) -> None:
        self.program.database["commit_messages"] = MANY // 20  # a second connection files away
        mails = self.fill(MANY)
        self.fetch()
        self.assert_ledger(mails)
        self.assertEqual((self.count(), self.count(BELOW_INBOX)), (0, MANY))
        self.assertLessEqual({BELOW_INBOX, "INBOX.Quarantine"}, self.dovecot.folders(self.user))
        self.deliver(self.mixed(10, seed=2))
        self.fetch()
        self.assertEqual((self.count(), self.count(BELOW_INBOX)), (0, MANY + 10))

    def test_delete(self) -> None:
        self.mailbox["after"] = "delete"
        mails = self.fill()
        self.fetch()
        self.assert_ledger(mails)
        self.assertEqual(self.count(), 0)

    def test_keep(self) -> None:
        self.mailbox["after"] = "keep"
        mails = self.fill()
        self.fetch()
        self.fetch()
        self.assert_ledger(mails)
        self.assertEqual(self.count(), COUNT)
        runs = self.query("SELECT fetched FROM bounce.run ORDER BY started_at")
        self.assertEqual([run["fetched"] for run in runs], [COUNT, 0])

    def test_starttls(self) -> None:
        self.mailbox |= {"tls": "starttls", "port": self.dovecot.port}
        mails = self.fill(20)
        self.fetch()
        self.assert_ledger(mails)

    def test_odd_folder_names(self) -> None:
        odd = {
            "Bounces/M\N{LATIN SMALL LETTER A WITH DIAERESIS}rz": "INBOX.Bounces.M&AOQ-rz",
            "a & b (c) + 'd'": "INBOX.a &- b (c) + 'd'",
            "\N{CJK UNIFIED IDEOGRAPH-65E5}\N{CJK UNIFIED IDEOGRAPH-672C}": "INBOX.&ZeVnLA-",
            "INBOX.Done": "INBOX.Done",
        }
        for folder, wire in odd.items():
            with self.subTest(folder):
                self.mailbox["processed_folder"] = folder
                self.deliver(self.mixed(5, seed=len(wire)))
                self.fetch()
                self.assertEqual((self.count(), self.count(f'"{wire}"')), (0, 5))

    def test_a_folder_below_the_inbox_is_read(self) -> None:
        with self.dovecot.login(self.user) as connection:
            connection.create("INBOX.Bounces")
        mails = self.mixed(20)
        self.dovecot.deliver(
            self.user, ((mail.raw, mail.arrival) for mail in mails), "INBOX.Bounces"
        )
        self.mailbox["folder"] = "Bounces"
        self.fetch()
        self.assert_ledger(mails)
        self.assertEqual(self.count("INBOX.Bounces"), 0)

    def test_unknown_folder_and_wrong_user(self) -> None:
        self.mailbox["folder"] = "Bouncess"
        _, errors = self.run_program("fetch", code=69)
        self.assertRegex(errors, "Bouncess: the server says: .*; there are: INBOX")
        self.mailbox |= {"folder": "INBOX", "user": "nobody"}
        self.run_program("fetch", code=77)

    def test_killed_in_the_middle_and_going_on(self) -> None:
        self.program.database["commit_messages"] = 10
        mails = self.fill()
        for stall_after in (40_000, 100_000):
            with Proxy(self.dovecot.tls_port, stall_after=stall_after) as proxy:
                self.mailbox["port"] = proxy.port
                process = self.program.start("fetch")
                self.wait_until(
                    lambda: proxy.stalled.is_set() or process.poll() is not None, "under way"
                )
                process.kill()
                process.communicate(timeout=60)
        with Proxy(self.dovecot.tls_port, cut_after=100_000, cut_connections=1) as proxy:
            self.mailbox |= {"port": proxy.port, "retries": 1}
            self.fetch()
        self.assert_ledger(mails)
        self.assertEqual((self.count(), self.count(BELOW_INBOX)), (0, COUNT))

    def test_with_and_without_move_and_uidplus_others_marked_mails_stay(self) -> None:
        # What is suppressed, and then: which mails are read, how many remain marked, and whether a
        # word is said about them. A copy is marked like its original.
        cases = (
            ("MOVE", 0, 0, False),
            ("UIDPLUS", 5, 5, False),
            ("MOVE UIDPLUS", 5, 30, True),
        )
        for missing, first, marked, warned in cases:
            with self.subTest(missing):
                settings = {"suppress_capabilities": missing}
                server = Cyrus(self.lab.place("cyrus"), settings, twin=self.cyrus)
                self.use_server(self.lab.add(server))
                self.program.mailboxes = {missing.lower().replace(" ", "-"): self.mailbox}
                mails = self.mixed(30, seed=len(missing))
                self.deliver(mails)
                self.mark_deleted("1:5")
                output, errors = self.run_program("fetch")
                self.assertEqual((output, "marked" in errors), ("", warned), errors)
                self.assert_ledger_has(mails[first:])
                self.assertEqual(self.dovecot.count(self.user, marked=True), marked)
                self.assertEqual(self.count(), 0)
                self.assertEqual(self.count(BELOW_INBOX), 25)

    def mark_deleted(self, numbers: str) -> None:
        with self.dovecot.login(self.user) as connection:
            connection.select("INBOX")
            connection.store(numbers, "+FLAGS", r"(\Deleted)")
            connection.unselect()

    def assert_ledger_has(self, mails: list[Bounce]) -> None:
        """What is true of these mails is in the ledger."""
        truth = Counter(row for mail in mails for row in mail.truth)
        self.assertEqual(truth - Counter(self.ledger()), Counter())

    def test_news_end_a_wait_on_both_servers(self) -> None:
        dovecot = self.lab.dovecot
        dovecot.add_user(f"{self.user}@news.example.com")
        for server, user, source in (
            (self.cyrus, self.user, "INBOX.Source"),
            (dovecot, f"{self.user}@news.example.com", "Source"),
        ):
            with self.subTest(server.name):
                if server is self.cyrus:
                    with server.login(user) as connection:
                        connection.create(source)
                server.deliver(user, ((m.raw, m.arrival) for m in self.mixed(1)), source)
                account = f"{server.tls_port} {user} {server.ca} {PASSWORD}"
                done = subprocess.run(
                    [IDLE],
                    capture_output=True,
                    text=True,
                    env=os.environ | {"NULLSENDER_TEST_IMAP": account},
                    timeout=120,
                    check=False,
                )
                self.assertEqual(done.returncode, 0, done.stderr + server.tail())
                self.assertIn("PASSED", done.stderr + done.stdout)
                self.assertEqual(server.count(user), 1)
