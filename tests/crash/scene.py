"""A mailbox with known contents and a ledger with known right answers, made anew in a moment."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

from crash.ledger import Ledger, difference
from crash.step_proxy import ImapSplitter, PostgresSplitter, StepProxy
from e2e.case import OWNER, PROCESSED, PROGRAM, QUARANTINE, TEMPLATE, Lab
from lab.bounces import DAY, Bounce, Generator
from lab.diagnostics import diagnostic_of
from lab.place import remove_folder
from lab.program import Program, environment

EX_OK, EX_OS, EX_TEMPORARY = 0, 71, 75

# An answer is given up after so many seconds, so that a stalled line does not take a minute.
TIMEOUT = 1
COMMIT_MESSAGES = 8  # several batches in a small mailbox
ATTEMPTS = 6  # runs after which a mailbox must be done with, whatever was done to the first
LONGEST_RUN = 60  # seconds; a run takes less than one, and stalls are given up
SETTLE_SECONDS = 20
RETRY_SECONDS = 0.2  # between these runs

# More than the stack of a decoder bears: what costs itself only, and goes to quarantine.
HOSTILE = b"From: a@b.example\nSubject: deep\nDate: " + b"(" * 200_000 + b"\n\ntext\n"


class CrashError(AssertionError):
    """Something was lost, counted twice or left behind."""


def known_mails(count: int, seed: int = 4711) -> list[Bounce]:
    """Mails of all formats, one address that its soft bounces make hard, and bytes that repeat."""
    generator = Generator(seed)
    start = float(int(time.time() - 20 * DAY))
    mails = list(generator.mixed(max(count - 8, 1), start))
    mails += generator.escalating("ada@full.example", diagnostic_of("mailbox_full"), start)
    return mails + mails[:3]


class Scene:
    """An account on Dovecot and a database, each behind a proxy, and what must come of a fetch.

    `hostile`: one of the mails crashes its decoder. `direct`: without the proxies, and with TLS.
    """

    def __init__(
        self,
        lab: Lab,
        name: str,
        mails: list[Bounce],
        hostile: bool = False,
        direct: bool = False,
    ) -> None:
        self.lab = lab
        self.name = name
        self._direct = direct
        self._mails = [(mail.raw, mail.arrival) for mail in mails]
        self.has_hostile = hostile
        if hostile:
            self._mails.insert(len(mails) // 2, (HOSTILE, mails[0].arrival))
        self._number = 0
        self.user = ""
        lab.postgres.create_database(name, OWNER, TEMPLATE)
        self.ledger = Ledger(lab.postgres, name)
        self.imap = StepProxy(lab.dovecot.port, ImapSplitter)
        self.sql = StepProxy(lab.postgres.port, PostgresSplitter)
        self.program = Program(PROGRAM, lab.place(name), self._database_keys())
        self.right: Counter[str] = Counter()
        self.seconds = 0.0  # that an undisturbed run takes
        if direct:
            self.program.sections[""] = {"workers": 1}  # whose steps are the same in each run

    def _database_keys(self) -> dict:
        port = self.lab.postgres.port if self._direct else self.sql.port
        conninfo = f"host=127.0.0.1 port={port} dbname={self.name} user={OWNER}"
        return {
            "conninfo": f"{conninfo} sslmode=disable gssencmode=disable",
            "commit_messages": COMMIT_MESSAGES,
            "timeout": TIMEOUT,
        }

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *_) -> None:
        self.imap.close()
        self.sql.close()

    def rehearse(self) -> None:
        """Learns the right answers from runs that nothing disturbs, and checks them."""
        self.reset()
        self.fetch_must(EX_OK)
        self.right = self.ledger.content()
        self.check_mailbox()
        self.check_sums()
        self.fetch_must(EX_OK)
        self.reset()
        started = time.monotonic()
        self.fetch_must(EX_OK)
        self.seconds = time.monotonic() - started
        self.check()

    def reset(self) -> None:
        """A new account with the mails in its inbox, and an empty ledger."""
        if self.user:
            remove_folder(self.lab.dovecot.folder_path(self.user).parent)
        self._number += 1
        self.user = f"{self.name}-{self._number}@news.example.com"
        self.lab.dovecot.add_user(self.user)
        self.lab.dovecot.deliver(self.user, self._mails)
        self.ledger.empty()
        self.program.add_mailbox("bounces", self.lab.dovecot, self.user)
        mailbox = self.program.mailboxes["bounces"]
        mailbox["timeout"] = TIMEOUT
        if not self._direct:
            mailbox |= {"host": "127.0.0.1", "port": self.imap.port, "tls": "none"}
        self.program.write_config()
        self.set_traps()

    def set_traps(self, imap=None, sql=None) -> None:
        """Puts traps in the way of the next run; without any, the way is free."""
        self.imap.set(imap)
        self.sql.set(sql)

    def start(self, extra_environment: dict[str, str] | None = None) -> Run:
        """Starts a fetch in a process group of its own."""
        return Run(self, extra_environment or {})

    def fetch_must(self, *codes: int) -> None:
        """A fetch that ends with one of these."""
        run = self.start()
        run.wait()
        run.check(*codes)

    def finish(self) -> int:
        """Fetches, as cron would, until the mailbox is done with; returns how many runs it took."""
        self.set_traps()
        for attempt in range(1, ATTEMPTS + 1):
            run = self.start()
            run.wait()
            # Another run's session, or a server that is starting, may still be in the way.
            run.check(EX_OK, EX_TEMPORARY)
            if run.code == EX_OK and not self.lab.dovecot.count(self.user):
                return attempt
            time.sleep(RETRY_SECONDS)
        raise CrashError(
            f"after {ATTEMPTS} runs the inbox still has {self.lab.dovecot.count(self.user)} mails;"
            f" the last one ended with {run.code}: {run.errors}"
        )

    def check(self, moved_once: bool = True) -> None:
        """The ledger row by row, the folders mail by mail, the last run's sums."""
        self.check_sums()
        problem = difference(self.right, self.ledger.content())
        if problem:
            raise CrashError(problem)
        self.check_mailbox(moved_once)

    def check_sums(self) -> None:
        """The last run says that every message is accounted for."""
        run = self.ledger.last_run()
        parts = run["stored"] + run["quarantined"] + run["already_known"]
        if run["error"] or not run["finished_at"] or run["fetched"] != parts:
            raise CrashError(f"the last run does not add up: {run}")

    def check_mailbox(self, moved_once: bool = True) -> None:
        """Nothing in the inbox; each mail filed away once, in the folder where it belongs.

        A server that was killed while it moved mails may have left some in both folders; then
        `moved_once` is false, and a mail may be there more than once.
        """
        outcomes = self._outcomes()
        right: dict[str, Counter[bytes]] = {"INBOX": Counter(), PROCESSED: Counter()}
        right[QUARANTINE] = Counter()
        for raw, _ in self._mails:
            quarantined = outcomes.get(message_id(raw)) == "quarantined"
            right[QUARANTINE if quarantined else PROCESSED][raw] += 1
        for folder, mails in right.items():
            self._await_mails(folder, mails, moved_once)

    def is_untouched(self) -> bool:
        """Whether all mails are in the inbox and none is stored."""
        return self.lab.dovecot.count(self.user) == len(self._mails) and self.ledger.is_empty()

    def _await_mails(self, folder: str, right: Counter[bytes], once: bool) -> None:
        """A client that is gone does not keep the server from finishing its last command."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            found = Counter(self._mails_in(folder))
            missing, wrong = right - found, found - right
            if not once:
                wrong = Counter(mail for mail in wrong if mail not in right)
            if not missing and not wrong:
                return
            if time.monotonic() > deadline:
                raise CrashError(
                    f"{folder}: {missing.total()} mails are missing, {wrong.total()} are too many"
                )
            time.sleep(0.05)

    def _mails_in(self, folder: str) -> list[bytes]:
        while True:
            # A session that is still at work renames files.
            with contextlib.suppress(FileNotFoundError):
                return self.lab.dovecot.mails(self.user, folder)

    def check_nothing_lost(self) -> None:
        """At any moment: every mail is in the mailbox, and what left the inbox is stored."""
        # In this order, so that a mail that is being moved is met at least once.
        inbox = self._mails_in("INBOX")
        filed = [mail for f in (PROCESSED, QUARANTINE) for mail in self._mails_in(f)]
        missing = Counter(raw for raw, _ in self._mails) - Counter(inbox + filed)
        if missing:
            raise CrashError(f"{missing.total()} mails are neither in the inbox nor filed away")
        outcomes = self._outcomes()
        if any(message_id(raw) not in outcomes for raw in filed):
            raise CrashError("a mail was filed away that the ledger does not have")

    def _outcomes(self) -> dict[str, str]:
        """What the ledger says of each message, by its id."""
        rows = self.lab.postgres.query("SELECT id, outcome FROM bounce.message", self.name)
        return {row["id"].replace("-", ""): row["outcome"] for row in rows}


class Run:
    """One run of the program, in a process group of its own."""

    def __init__(self, scene: Scene, extra_environment: dict[str, str]) -> None:
        self._scene = scene
        self.process = subprocess.Popen(
            scene.program.command("fetch"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=environment() | extra_environment,
            start_new_session=True,
        )
        self.errors = ""
        self.workers: set[int] = set()

    @property
    def code(self) -> int:
        """The exit code, or minus the signal that ended it."""
        return self.process.returncode

    def wait(self) -> None:
        """Until it has ended, by itself or not; nothing of it may be left then."""
        self.errors, _ = self.process.communicate(timeout=LONGEST_RUN)
        for proxy in (self._scene.imap, self._scene.sql):
            proxy.wait_for_end()
        deadline = time.monotonic() + SETTLE_SECONDS
        while any(is_alive(pid) for pid in self.workers):
            if time.monotonic() > deadline:
                raise CrashError("a worker process has outlived the run")
            time.sleep(0.01)

    def find_workers(self) -> set[int]:
        """The worker processes that run now."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        with contextlib.suppress(OSError):
            self.workers |= {int(pid) for pid in path.read_text().split()}
        return {pid for pid in self.workers if is_alive(pid)}

    def kill(self, whole_group: bool) -> None:
        """SIGKILL, to the workers too or to the parent only."""
        self.find_workers()
        with contextlib.suppress(ProcessLookupError):
            if whole_group:
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()

    def check(self, *codes: int) -> None:
        """It must have ended with one of these codes, and said a line if it failed."""
        if self.code not in codes:
            raise CrashError(f"a run ended with {self.code} instead of {codes}: {self.errors}")
        if self.code > 0 and self.errors.count("\n") != 1:
            raise CrashError(f"not one line of error: {self.errors!r}")
        if self.code == EX_OK and self.errors:
            raise CrashError(f"a run that went well says: {self.errors}")


def message_id(raw: bytes) -> str:
    """The id of a mail in the ledger: the beginning of the hash of its bytes with LF line ends."""
    return hashlib.sha256(raw).hexdigest()[:32]


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
