"""What it takes to begin: a whole run for a single mail, as cron has many."""

from __future__ import annotations

import statistics
from pathlib import Path

from bench import mails
from bench.measure import memory_folder, run
from bench.table import Row, Table, seconds
from lab.program import Program

RUNS = 21  # of which the fastest counts: nobody else had wanted a core
TARGET = 0.030


def measure(table: Table, build: Path, place: Path) -> None:
    """All rows of this part."""
    program = Program(build / "nullsender", place / "start")
    program.write_config()
    with memory_folder(place) as folder:
        written = mails.write(mails.generated(1), Path(folder) / "mails")
        command = program.command("parse", "--format", "tsv", *written)
        costs = [run(command, watched=False) for _ in range(RUNS)]
    for cost in costs:
        mails.check_parsed(cost.output, written)
    fastest = min(cost.seconds for cost in costs)
    median = statistics.median(cost.seconds for cost in costs)
    table.heading("start-up: one mail parsed, all rules, workers included", other="to reach")
    table.add(
        Row("the whole run", seconds(fastest), seconds(TARGET), TARGET / fastest, 1,
            note=f"by the clock, the fastest of {RUNS}; median {seconds(median)}")
    )  # fmt: skip
