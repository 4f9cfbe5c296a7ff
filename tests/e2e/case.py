"""What the end-to-end tests have in common: servers for a module, a fresh place for each test."""

from __future__ import annotations

import atexit
import contextlib
import os
import time
import unittest
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from lab.bounces import DAY, Bounce, Generator, Truth
from lab.dovecot import Dovecot
from lab.place import ROOT, remove_folder
from lab.postgres import Postgres
from lab.program import Program

BUILD = Path(os.environ.get("NULLSENDER_BUILD", ROOT / "build"))
PROGRAM = BUILD / "nullsender"
SANITIZED = PROGRAM.exists() and b"__asan_init" in PROGRAM.read_bytes()
WAIT_SECONDS = 60
ROWS_SHOWN = 20
PROCESSED, QUARANTINE = "Processed", "Quarantine"
OWNER = "nullsender"  # the database role as which the program runs: no superuser
TEMPLATE = "template_migrated"


class Lab:
    """A Dovecot and a PostgreSQL, shared by the tests of one module."""

    postgres_class = Postgres

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        # unittest leaves without its own clean-up when it is interrupted.
        atexit.register(self.stop)
        self._number = 0
        self.postgres: Postgres
        self.dovecot: Dovecot
        self.folder = BUILD / "lab" / f"e2e-{os.getpid()}"

    def start(self) -> None:
        """Starts both; the schema is made once, in a database that tests copy."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._stack.callback(self.folder.rmdir)
        self.postgres = self.add(self.postgres_class(self._place("postgres")))
        self.dovecot = self.add(Dovecot(self._place("dovecot")))
        self.postgres.execute(f"CREATE ROLE {OWNER} LOGIN CREATEROLE")
        self.postgres.create_database(TEMPLATE, OWNER)
        files = self._place("migrate")
        program = Program(PROGRAM, files, {"conninfo": self.postgres.conninfo(TEMPLATE, OWNER)})
        done = program.run("migrate")
        if done.returncode:
            raise AssertionError(f"migrate ended with {done.returncode}: {done.stderr}")

    def stop(self) -> None:
        """Stops what runs and removes its files; doing it twice is fine."""
        self._stack.close()

    def add(self, server):
        """Starts another server, to be stopped with the lab."""
        return self._stack.enter_context(server)

    def place(self, name: str) -> Path:
        """A folder's path that no other test has."""
        self._number += 1
        return self._place(f"{name}-{self._number}")

    def _place(self, name: str) -> Path:
        path = self.folder / name
        self._stack.callback(remove_folder, path)
        return path


class Case(unittest.TestCase):
    """A test with a fresh account, a fresh database and a configuration for both.

    Modules of tests set `lab` in setUpModule (see use_lab).
    """

    lab: Lab

    def setUp(self) -> None:
        place = self.lab.place("test")
        self.database = place.name.replace("-", "_")
        self.user = f"{place.name}@news.example.com"
        self.postgres = self.lab.postgres
        self.dovecot = self.lab.dovecot
        self.postgres.create_database(self.database, OWNER, TEMPLATE)
        self.dovecot.add_user(self.user)
        conninfo = self.postgres.conninfo(self.database, OWNER)
        self.program = Program(PROGRAM, place, {"conninfo": conninfo})
        self.program.add_mailbox("bounces", self.dovecot, self.user)
        self.mailbox = self.program.mailboxes["bounces"]

    def use_dovecot(self, name: str, settings: dict[str, str]) -> None:
        """From now on the test's account is on a server of its own, with these settings."""
        self.dovecot = self.lab.add(Dovecot(self.lab.place(name), settings))
        self.dovecot.add_user(self.user)
        self.program.add_mailbox("bounces", self.dovecot, self.user)
        self.mailbox = self.program.mailboxes["bounces"]

    def mixed(self, count: int, seed: int = 1) -> list[Bounce]:
        """Mails of all formats that arrived in the last three weeks."""
        return list(Generator(seed).mixed(count, float(int(time.time() - 20 * DAY))))

    def deliver(self, mails: Iterable[Bounce], user: str = "") -> None:
        """Puts mails into the test's inbox."""
        self.dovecot.deliver(user or self.user, ((mail.raw, mail.arrival) for mail in mails))

    def deliver_raw(self, *mails: bytes) -> None:
        """Puts bytes into the test's inbox, arrived just now."""
        self.dovecot.deliver(self.user, ((mail, float(int(time.time()))) for mail in mails))

    def run_program(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        """Runs a subcommand that must end with `code`; returns what it printed."""
        done = self.program.run(*arguments)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done.stdout, done.stderr

    def fetch(self, *arguments: str) -> None:
        """A fetch that has nothing to complain about, and therefore says nothing."""
        self.assertEqual(self.run_program("fetch", *arguments), ("", ""))

    def query(self, sql: str) -> list[dict]:
        return self.postgres.query(sql, self.database)

    def value(self, sql: str):
        return self.postgres.value(sql, self.database)

    def ledger(self) -> list[Truth]:
        """All events as the generator puts the truth, in order."""
        rows = self.query(
            "SELECT campaign, recipient, verdict, category FROM bounce.event"
            " WHERE superseded_by IS NULL"
        )
        return sorted(Truth(**row) for row in rows)

    def assert_ledger(self, mails: Iterable[Bounce]) -> None:
        """The ledger says exactly what is true of these mails: row by row, each once."""
        self.assert_rows(self.ledger(), mails)

    def assert_rows(self, rows: Iterable[Truth], mails: Iterable[Bounce]) -> None:
        """These rows are exactly what is true of these mails."""
        truth, found = Counter(row for mail in mails for row in mail.truth), Counter(rows)
        missing = sorted((truth - found).elements())
        wrong = sorted((found - truth).elements())
        if missing or wrong:
            lines = [f"{len(missing)} rows missing, {len(wrong)} wrong"]
            lines += [f"missing  {row}" for row in missing[:ROWS_SHOWN]]
            lines += [f"wrong    {row}" for row in wrong[:ROWS_SHOWN]]
            self.fail("\n".join(lines))

    def count(self, folder: str = "INBOX") -> int:
        """How many mails lie in a folder of the test's mailbox."""
        return self.dovecot.count(self.user, folder)

    def assert_folders(self, inbox: int, processed: int = 0, quarantine: int = 0) -> None:
        """Where the mails are."""
        found = (self.count(), self.count(PROCESSED), self.count(QUARANTINE))
        self.assertEqual(found, (inbox, processed, quarantine), "inbox, processed, quarantine")

    def wait_until(self, ready: Callable[[], bool], what: str) -> None:
        """Polls until something has happened."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not ready():
            if time.monotonic() > deadline:
                self.fail(f"{what}: not within {WAIT_SECONDS} s")
            time.sleep(0.02)


def use_lab() -> tuple[Callable[[], None], Callable[[], None]]:
    """setUpModule and tearDownModule of a module of tests."""

    def start() -> None:
        Case.lab = Lab()
        try:
            Case.lab.start()
        except BaseException:
            Case.lab.stop()
            raise

    return start, lambda: Case.lab.stop()
