"""What a growing ledger does to fetching, reports, explanations and computing everything anew."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from bench import mails
from bench.measure import BenchError, Cost, run
from bench.table import Row, Table, rate, seconds
from bench.whole import DATABASE, DURABLE
from lab.bounces import Bounce, Generator
from lab.dovecot import Dovecot
from lab.letter import MAILBOX
from lab.postgres import Postgres
from lab.program import Program

FRESH = 2000  # mails fetched at each size
FILL_FILES = 20_000  # on disk at once

EVENTS_PER_ADDRESS = 10
REBUILD_SECONDS = 120  # for a million addresses from ten million events
SUMMARY_SECONDS = 0.2

# Every address once in each of ten campaigns, over a year, with all verdicts.
FILL_EVENTS = """
INSERT INTO bounce.event (recipient, message, address, domain, campaign, occurred_at, verdict,
    category, fault, counted, status, reply_code, diagnostic, identified_by, rule, run, revision)
SELECT r, md5(i::text)::uuid, r, split_part(r, '@', 2), 'growth_' || i / {addresses},
    timestamptz '2025-11-01' + i::float8 / {events} * interval '380 days', v,
    CASE v WHEN 'hard' THEN 'user_unknown' WHEN 'soft' THEN 'mailbox_full'
           WHEN 'block' THEN 'blocklisted' ELSE 'complaint' END,
    CASE v WHEN 'block' THEN 'sender' ELSE 'recipient' END, v = 'soft', '5.1.1', 550,
    '550 5.1.1 <' || r || '> said so', 'verp', 'growth',
    '00000000-0000-0000-0000-000000000000', 0
FROM (SELECT i, format('user%s@d%s.example', i % {addresses}, i % {addresses} % 5003) AS r,
             (ARRAY['hard', 'soft', 'soft', 'block', 'soft', 'soft', 'soft', 'block', 'soft',
                    'complaint'])[1 + (9 * (i % {addresses}) + 3 * (i / {addresses})) % 10] AS v
      FROM generate_series(0, {events} - 1) AS i) AS g;
"""


class Ledger:
    """A ledger that grows, and the mails that are not in it yet."""

    def __init__(
        self, build: Path, place: Path, postgres: Postgres, dovecot: Dovecot, total: int
    ) -> None:
        self.postgres, self._dovecot, self._place = postgres, dovecot, place
        self._mails: Iterator[Bounce] = Generator(mails.SEED).mixed(total, mails.START)
        self.stored = 0
        self.program = Program(build / "nullsender", place / "program")
        self.program.database = {"conninfo": postgres.conninfo(DATABASE)}
        self.program.add_mailbox("bounces", dovecot, MAILBOX)
        self.program.write_config()

    def command(self, *arguments: str) -> Cost:
        return run(self.program.command(*arguments), watched=False)

    def fill(self, size: int) -> None:
        """Imports mails until so many are stored."""
        while self.stored < size:
            folder = self._place / "import"
            count = min(FILL_FILES, size - self.stored)
            mails.write(islice(self._mails, count), folder)
            self.command("import", str(folder))
            shutil.rmtree(folder)
            self._have_stored(count)

    def fetch(self, count: int) -> Cost:
        """Fetches new ones."""
        self._dovecot.deliver(MAILBOX, ((m.raw, m.arrival) for m in islice(self._mails, count)))
        cost = self.command("fetch")
        self._have_stored(count)
        return cost

    def _have_stored(self, count: int) -> None:
        self.stored += count
        found = self.postgres.value("SELECT count(*) FROM bounce.message", DATABASE)
        if found != self.stored:
            raise BenchError(f"{found} messages are stored and not {self.stored}")


def measure(table: Table, build: Path, place: Path, sizes: list[int], events: int) -> None:
    """All rows of this part."""
    with Postgres(place / "postgres", DURABLE) as postgres, Dovecot(place / "dovecot") as dovecot:
        dovecot.add_user(MAILBOX)
        postgres.create_database(DATABASE)
        ledger = Ledger(build, place, postgres, dovecot, max(sizes) + FRESH * len(sizes))
        ledger.command("migrate")
        measure_sizes(table, ledger, sizes)
        measure_events(table, ledger, events)


def measure_sizes(table: Table, ledger: Ledger, sizes: list[int]) -> None:
    """Beside the smallest size: what costs a message as much as there has the ratio 1."""
    first: dict[str, float] = {}

    def add(name: str, size: int, cost: float, shown: str) -> None:
        reference = first.setdefault(name, cost)
        table.add(Row(f"{name}, {size:,} stored", shown, ratio=reference / cost))

    table.heading("growth: beside the first size", other="")
    for size in sizes:
        ledger.fill(size)
        each = ledger.fetch(FRESH).seconds / FRESH
        add("fetch", size, each, rate(1 / each))
        anybody = ledger.postgres.execute(
            "SELECT recipient FROM bounce.recipient ORDER BY events DESC, recipient LIMIT 1",
            DATABASE,
        )
        for name, arguments in (("report", ()), ("explain", (anybody,))):
            cost = ledger.command(name, *arguments).seconds
            add(name, size, cost, seconds(cost))
        for name in ("rebuild", "reprocess"):
            cost = ledger.command(name).seconds / ledger.stored
            add(f"{name}, a message", size, cost, f"{cost * 1e6:.1f} us")


def measure_events(table: Table, ledger: Ledger, events: int) -> None:
    """Many events and no mails."""
    addresses = events // EVENTS_PER_ADDRESS
    ledger.postgres.execute(FILL_EVENTS.format(events=events, addresses=addresses), DATABASE)
    # As autovacuum has long done for events of a year; else it would be at work meanwhile.
    ledger.postgres.execute("VACUUM ANALYZE", DATABASE)
    table.heading(f"growth: {events:,} events of {addresses:,} addresses", other="to reach")
    for name in ("rebuild, states not yet known", "rebuild, nothing changed"):
        cost = ledger.command("rebuild").seconds
        allowed = REBUILD_SECONDS * addresses / 1e6
        table.add(Row(name, seconds(cost), seconds(allowed), allowed / cost, 1))
    started = time.monotonic()
    rows = ledger.postgres.query(
        "SELECT sum(hard + soft + block + complaint) AS all FROM bounce.campaign_summary"
        " WHERE campaign LIKE 'growth%'",
        DATABASE,
    )
    cost = time.monotonic() - started
    if rows[0]["all"] != events:
        raise BenchError(f"campaign_summary counts {rows[0]['all']} of {events} events")
    table.add(
        Row("campaign_summary, psql included", seconds(cost), seconds(SUMMARY_SECONDS),
            SUMMARY_SECONDS / cost, 1)
    )  # fmt: skip
