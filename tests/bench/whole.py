"""From the mailbox into the database, everything durable, on one machine with both servers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench import mails
from bench.measure import BenchError, cpu_of, run
from bench.table import Row, Table, megabytes, rate
from lab.bounces import Bounce, Truth
from lab.dovecot import Dovecot
from lab.letter import MAILBOX
from lab.postgres import Postgres
from lab.program import Program

DATABASE = "nullsender"

# PostgreSQL as it is installed: nothing is faster for being lost in a power cut.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}

# The machine that is asked for has two cores for all three. Where others are at work on this one,
# its clock says less than the CPU time that was used.
CORES = 2
TARGET_RATE = 5000
TARGET_MEMORY = 64e6

WAITS = re.compile(
    r"waiting for mail ([\d.]+) s, for decoding ([\d.]+) s, for PostgreSQL ([\d.]+) s"
)


def measure(table: Table, build: Path, place: Path, count: int) -> None:
    """All rows of this part."""
    truth: Counter[Truth] = Counter()

    def remember(bounces: Iterator[Bounce]) -> Iterator[tuple[bytes, float]]:
        for mail in bounces:
            truth.update(mail.truth)
            yield mail.raw, mail.arrival

    with Postgres(place / "postgres", DURABLE) as postgres, Dovecot(place / "dovecot") as dovecot:
        dovecot.add_user(MAILBOX)
        dovecot.deliver(MAILBOX, remember(mails.generated(count)))
        postgres.create_database(DATABASE)
        program = Program(build / "nullsender", place / "program")
        program.database = {"conninfo": postgres.conninfo(DATABASE)}
        program.add_mailbox("bounces", dovecot, MAILBOX)
        migrated = program.run("migrate")
        if migrated.returncode:
            raise BenchError(migrated.stderr)
        before = cpu_of(dovecot.pid), cpu_of(postgres.pid)
        cost = run(program.command("fetch"), terminal=True)
        imap_cpu = cpu_of(dovecot.pid) - before[0]
        database_cpu = cpu_of(postgres.pid) - before[1]
        check(postgres, dovecot, truth, count)
    said = cost.output.decode()[-2000:]
    waits = WAITS.search(said)
    if not waits:
        raise BenchError(f"fetch does not say where its time went: {said}")
    table.heading(
        f"end to end: {count:,} mails, Dovecot (Maildir, TLS) -> PostgreSQL, durable, raw kept",
        other="to reach",
    )
    each = cost.seconds / count * 1e6
    per_second = count / cost.seconds
    table.add(
        Row("messages, all told", rate(per_second), rate(TARGET_RATE), per_second / TARGET_RATE, 1)
    )
    table.add(
        Row("peak memory, all processes of ours", megabytes(cost.memory),
            megabytes(TARGET_MEMORY), TARGET_MEMORY / cost.memory, 1)
    )  # fmt: skip
    cpu = cost.cpu + imap_cpu + database_cpu
    allowed = CORES * count / cpu
    table.add(
        Row("what the CPU used allows on two cores", rate(allowed), rate(TARGET_RATE),
            allowed / TARGET_RATE, 1)
    )  # fmt: skip
    mail, decoding, database = (float(wait) / count * 1e6 for wait in waits.groups())
    rest = each - mail - decoding - database
    table.add(Row("microseconds a message", f"{each:.0f}", note="by the clock, of these:"))
    table.add(Row("  waiting for the mail server", f"{mail:.0f}"))
    table.add(Row("  waiting for the decoders", f"{decoding:.0f}"))
    table.add(Row("  waiting for PostgreSQL", f"{database:.0f}"))
    table.add(Row("  at work: judging, sending", f"{rest:.0f}"))
    table.add(Row("microseconds of CPU a message", "", note="of both cores"))
    table.add(Row("  nullsender and its workers", f"{cost.cpu / count * 1e6:.0f}"))
    table.add(Row("  Dovecot", f"{imap_cpu / count * 1e6:.0f}"))
    table.add(Row("  PostgreSQL", f"{database_cpu / count * 1e6:.0f}"))


def check(postgres: Postgres, dovecot: Dovecot, truth: Counter[Truth], count: int) -> None:
    """The ledger says what is true, each once, and the inbox is empty."""
    rows = postgres.execute(
        "COPY (SELECT campaign, recipient, verdict, category FROM bounce.event"
        " WHERE superseded_by IS NULL) TO STDOUT (DELIMITER '|')",
        DATABASE,
    )
    found = Counter(Truth(*line.split("|")) for line in rows.split("\n"))
    if found != truth:
        missing, wrong = truth - found, found - truth
        raise BenchError(
            f"the ledger is wrong: {missing.total()} rows missing, such as"
            f" {next(iter(missing), None)}, {wrong.total()} too many,"
            f" such as {next(iter(wrong), None)}"
        )
    kept = postgres.value("SELECT count(*) FROM bounce.message_raw", DATABASE)
    places = kept, dovecot.count(MAILBOX), dovecot.count(MAILBOX, "Processed")
    if places != (count, 0, count):
        raise BenchError(f"{places} mails kept, in the inbox, processed, of {count}")
