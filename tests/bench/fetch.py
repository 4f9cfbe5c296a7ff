"""A mailbox over IMAP: fetched, decoded and judged, beside what only takes the bytes away."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable
from pathlib import Path

from bench import mails
from bench.measure import BenchError, Cost, run
from bench.table import Row, Table, rate
from lab.dovecot import HOST, PASSWORD, Dovecot, make_maildir
from lab.letter import MAILBOX
from lab.place import make_subfolder, write_file
from lab.postgres import Postgres
from lab.program import Program
from lab.proxy import Proxy

DATABASE = "nullsender"
ROUND_TRIP = 0.025

# How Dovecot's processes and their reader share two cores makes one run take half as long again as
# the next, be nothing but bytes read.
BYTES_TIMES = 9

# Of the ways that take a round trip or more a message, so many messages are enough; getmail also
# starts a process for each.
URLS_LOCAL, URLS_FAR, GETMAIL_COUNT = 2000, 200, 100

GETMAIL = """\
[retriever]
type = SimpleIMAPSSLRetriever
server = {host}
port = {port}
username = {user}
password = {password}
ca_certs = {ca}
mailboxes = ("INBOX",)
[destination]
type = Maildir
path = {maildir}/
[options]
read_all = true
delete = false
verbose = 1
max_messages_per_session = {count}
"""


class Mailbox:
    """The same mailbox at a port: the server's own, or a long line's to it."""

    def __init__(self, build: Path, dovecot: Dovecot, port: int, count: int) -> None:
        self._tools = build / "bench"
        self._owner = dovecot.owner  # as root, getmail delivers nothing
        self._place = dovecot.folder
        self._ca = str(dovecot.ca)
        self._port = port
        self._count = count
        self._runs = 0

    def read_bytes(self) -> Cost:
        """Everything in one command, thrown away."""
        cost = run([str(self._tools / "read_bytes"), *self._login()], watched=False)
        if int(cost.output) < self._count:
            raise BenchError(f"read_bytes: only {int(cost.output)} bytes came")
        return cost

    def read_urls(self, count: int) -> Cost:
        """A URL a message with libcurl."""
        return run([str(self._tools / "read_urls"), *self._login(), str(count)], watched=False)

    def getmail(self, count: int) -> Cost:
        """Into a Maildir, as getmail does it; what it takes to list the mailbox does not count."""
        one, many = self._getmail(1), self._getmail(count + 1)
        return Cost(many.seconds - one.seconds, many.cpu - one.cpu, many.memory, b"", "")

    def _getmail(self, count: int) -> Cost:
        self._runs += 1
        folder = make_subfolder(self._place / f"getmail-{self._port}-{self._runs}", self._owner)
        maildir = folder / "Maildir"
        make_maildir(maildir, self._owner)
        settings = folder / "getmailrc"
        text = GETMAIL.format(
            host=HOST, port=self._port, user=MAILBOX, password=PASSWORD, ca=self._ca,
            maildir=maildir, count=count,
        )  # fmt: skip
        write_file(settings, text, self._owner)
        command = ["getmail", f"--getmaildir={folder}", f"--rcfile={settings}"]
        cost = run(self._owner.command(command), folder=folder, watched=False)
        if len(os.listdir(maildir / "new")) != count:
            raise BenchError(f"getmail did not deliver {count} mails: {cost.errors}")
        return cost

    def _login(self) -> list[str]:
        return [f"imaps://{HOST}:{self._port}", MAILBOX, PASSWORD, self._ca]


def measure(table: Table, build: Path, place: Path, count: int) -> None:
    """All rows of this part."""
    with Postgres(place / "postgres") as postgres, Dovecot(place / "dovecot") as dovecot:
        dovecot.add_user(MAILBOX)
        dovecot.deliver(MAILBOX, ((m.raw, m.arrival) for m in mails.generated(count)))
        postgres.create_database(DATABASE)
        program = Program(build / "nullsender", place / "program")
        program.database = {"conninfo": postgres.conninfo(DATABASE)}
        program.add_mailbox("bounces", dovecot, MAILBOX)
        migrated = program.run("migrate")
        if migrated.returncode:
            raise BenchError(migrated.stderr)

        def ours() -> Cost:
            cost = run(program.command("fetch", "--dry-run"), watched=False)
            if f"{count} fetched" not in cost.output.decode():
                raise BenchError(f"not all was fetched: {cost.output.decode()}")
            return cost

        def mailbox(port: int) -> Mailbox:
            return Mailbox(build, dovecot, port, count)

        near = mailbox(dovecot.tls_port)
        near.read_bytes()  # Dovecot reads the folder and writes its index
        table.heading(f"fetch: {count:,} mails from Dovecot (Maildir, TLS), decoded and judged")
        bytes_alone = "the same bytes, no processing"
        compare(table, bytes_alone, ours, near.read_bytes, count, count, 1 / 1.3,
                BYTES_TIMES)  # fmt: skip
        compare_slow(table, ours, near, count, URLS_LOCAL, None)
        with Proxy(dovecot.tls_port, round_trip=ROUND_TRIP) as proxy:
            program.mailboxes["bounces"]["port"] = proxy.port
            program.write_config()
            far = mailbox(proxy.port)
            table.heading(f"fetch: the same through a round trip of {ROUND_TRIP * 1000:.0f} ms")
            compare(table, bytes_alone, ours, far.read_bytes, count, count)
            compare_slow(table, ours, far, count, URLS_FAR, 20)


def compare_slow(
    table: Table, ours: Callable[[], Cost], mailbox: Mailbox, count: int, some: int,
    target: float | None,
) -> None:  # fmt: skip
    """Beside those that take one message after the other."""
    some = min(some, count - 1)
    compare(table, "a libcurl URL a message", ours, lambda: mailbox.read_urls(some), count, some,
            target)  # fmt: skip
    few = min(GETMAIL_COUNT, count - 1)
    compare(table, "getmail into a Maildir", ours, lambda: mailbox.getmail(few), count, few)


def compare(
    table: Table, name: str, ours: Callable[[], Cost], other: Callable[[], Cost],
    our_count: int, other_count: int, target: float | None = None, times: int = 2,
) -> None:  # fmt: skip
    """Ours, the other, ours again, the other again, so many times: medians by the clock."""
    pairs = [(ours().seconds, other().seconds) for _ in range(times)]
    our_rate = our_count / statistics.median(pair[0] for pair in pairs)
    other_rate = other_count / statistics.median(pair[1] for pair in pairs)
    table.add(Row(name, rate(our_rate), rate(other_rate), our_rate / other_rate, target))
