"""Fetches for an hour, as cron starts them, from a mailbox that is being filled: what grows?"""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

from crash.scene import CrashError, is_alive
from e2e.case import OWNER, PROCESSED, PROGRAM, TEMPLATE, Lab
from lab.bounces import DAY, Generator
from lab.program import Program, environment

DATABASE = "soak"
USER = "soak@news.example.com"
MAILS = 200  # that arrive between two fetches
SAMPLE_SECONDS = 0.01
SETTLE_SECONDS = 10
ROWS_MIN = 4  # of the table, for a verdict
# Pages that the kernel counts to one process or to another, and the mails that a run happens to get
TOLERANCE = 1.05


@dataclass
class Row:
    """The worst of an interval."""

    minutes: float
    runs: int = 0
    mails: int = 0
    parent_mb: float = 0  # peak of resident memory
    worker_mb: float = 0
    files: int = 0  # open file descriptors of the parent
    processes: int = 0  # that a run has left behind
    database: int = 0  # sessions, the same
    imap: int = 0
    leftover: int = 0  # files in its folder or among temporary ones

    def add(self, other: Row) -> None:
        """Takes what is worse there."""
        for field in fields(self):
            worse = max(getattr(self, field.name), getattr(other, field.name))
            setattr(self, field.name, worse)


class Watcher:
    """Looks at a process and its children for as long as it lives."""

    def __init__(self, pid: int) -> None:
        self.row = Row(0)
        self.children: set[int] = set()
        self._pid = pid
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        self._thread.join()

    def _watch(self) -> None:
        while is_alive(self._pid):
            self.look()
            time.sleep(SAMPLE_SECONDS)

    def look(self) -> None:
        """Takes a sample."""
        try:
            files = len(os.listdir(f"/proc/{self._pid}/fd"))
            text = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text()
            self.children |= {int(pid) for pid in text.split()}
            parent = peak_mb(self._pid)
        except OSError:
            return
        workers = max((peak_mb(pid) for pid in self.children), default=0)
        self.row.add(Row(0, parent_mb=parent, worker_mb=workers, files=files))


def peak_mb(pid: int) -> float:
    """The most memory that a process has had; 0 for one that has ended."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0


class Soak:
    """The mailbox, the program and what is measured of it."""

    def __init__(self, lab: Lab, watch: bool) -> None:
        self._lab = lab
        self._watch = watch
        self._generator = Generator(23)
        lab.postgres.create_database(DATABASE, OWNER, TEMPLATE)
        lab.dovecot.add_user(USER)
        conninfo = lab.postgres.conninfo(DATABASE, OWNER)
        self._program = Program(PROGRAM, lab.place(DATABASE), {"conninfo": conninfo})
        self._program.add_mailbox("bounces", lab.dovecot, USER)
        self._program.write_config()
        self._temporary = self._program.folder / "tmp"
        self._temporary.mkdir()
        self._files = self._count_files()

    def run(self, seconds: float, rows: int, show: Callable[[Row], None]) -> list[Row]:
        """Soaks for so long; shows and returns so many rows."""
        table: list[Row] = []
        started = time.monotonic()
        process = self._start("--watch") if self._watch else None
        for number in range(1, rows + 1):
            row = Row(seconds * number / rows / 60)
            while time.monotonic() < started + seconds * number / rows:
                row.mails += self._deliver()
                self._watched(process, row) if process else self._fetch(row)
            table.append(row)
            show(row)
        if process:
            process.terminate()
            process.communicate(timeout=SETTLE_SECONDS)
            self._look_for_leftovers(Watcher(process.pid), table[-1])
        return table

    def _deliver(self) -> int:
        mails = self._generator.mixed(MAILS, float(int(time.time() - DAY)), days=1)
        # What was filed away is of no interest, and a folder of a million mails measures Dovecot.
        for path in self._lab.dovecot.folder_path(USER, PROCESSED).glob("[cn]*/*"):
            path.unlink(missing_ok=True)
        return self._lab.dovecot.deliver(USER, ((mail.raw, mail.arrival) for mail in mails))

    def _start(self, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._program.command("fetch", *options),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment() | {"TMPDIR": str(self._temporary)},
        )

    def _fetch(self, row: Row) -> None:
        process = self._start()
        watcher = Watcher(process.pid)
        output, _ = process.communicate()
        watcher.wait()
        if process.returncode or output:
            raise CrashError(f"a fetch ended with {process.returncode}: {output}")
        row.runs += 1
        row.add(watcher.row)
        self._look_for_leftovers(watcher, row)

    def _watched(self, process: subprocess.Popen[str], row: Row) -> None:
        """Waits until a process that goes on has taken what was delivered."""
        watcher = Watcher(process.pid)
        deadline = time.monotonic() + SETTLE_SECONDS
        while self._lab.dovecot.count(USER):
            if process.poll() is not None or time.monotonic() > deadline:
                raise CrashError("what was delivered stays in the inbox")
            time.sleep(SAMPLE_SECONDS)
        watcher.look()
        row.runs += 1
        row.add(watcher.row)

    def _look_for_leftovers(self, watcher: Watcher, row: Row) -> None:
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            found = Row(
                0,
                processes=sum(map(is_alive, watcher.children)),
                database=self._lab.postgres.value(
                    f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{DATABASE}'"
                ),
                imap=self._lab.dovecot.sessions(USER),
                leftover=self._count_files() - self._files,
            )
            if not any((found.processes, found.database, found.imap, found.leftover)):
                return
            if time.monotonic() > deadline:
                row.add(found)
                return
            time.sleep(0.05)

    def _count_files(self) -> int:
        return sum(1 for _ in self._program.folder.rglob("*"))


def verdict(table: list[Row]) -> str:
    """What grows or was left behind; empty where all is flat."""
    problems = [
        f"{name} left behind: {max(getattr(row, name) for row in table)}"
        for name in ("processes", "database", "imap", "leftover")
        if any(getattr(row, name) for row in table)
    ]
    if len(table) < ROWS_MIN:
        return "; ".join(problems)
    half = len(table) // 2
    for name in ("parent_mb", "worker_mb", "files"):
        first = statistics.median(getattr(row, name) for row in table[:half])
        last = statistics.median(getattr(row, name) for row in table[half:])
        if last > first * TOLERANCE:
            problems.append(f"{name} has grown from {first:.1f} to {last:.1f}")
    return "; ".join(problems)
