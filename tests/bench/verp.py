"""The envelope senders of a whole mailing, signed."""

from __future__ import annotations

import json
from pathlib import Path

from bench.measure import BenchError, memory_folder, run
from bench.table import Row, Table, rate
from lab.letter import MAILBOX
from lab.program import Program

RUNS = 5  # of which the fastest counts: nobody else had wanted a core
TARGET_RATE = 500_000

# As long as they may be beside this campaign: what does not fit is a row in the database.
CAMPAIGN = "spring26"
NAMES = ("ada", "alan", "barbara", "edsger", "grace", "ken")
DOMAINS = ("example.net", "mail.example", "example.com", "mx.example")

READ_BACK = 1000  # addresses, from all over the list


def measure(table: Table, build: Path, place: Path, count: int) -> None:
    """All rows of this part."""
    program = Program(build / "nullsender", place / "verp")
    keys = place / "verp.keys"
    program.sections["verp"] = {"patterns": [f"signed {MAILBOX}"], "key_file": str(keys)}
    program.write_config()
    run([str(program.path), "verp", "keygen", str(keys)])
    recipients = [
        f"{NAMES[i % len(NAMES)]}{i}@{DOMAINS[i // len(NAMES) % len(DOMAINS)]}"
        for i in range(count)
    ]
    with memory_folder(place) as folder:
        given = Path(folder) / "recipients"
        given.write_text("".join(f"{recipient}\n" for recipient in recipients))
        command = program.command("verp encode", CAMPAIGN)
        costs = [run(command, watched=False, standard_input=given) for _ in range(RUNS)]
    for cost in costs:
        check(program, cost.output.decode().splitlines(), recipients)
    fastest = min(costs, key=lambda cost: cost.seconds)
    per_second = count / fastest.seconds
    table.heading(f"verp encode: {count:,} recipients, addresses signed", other="to reach")
    table.add(
        Row("addresses", rate(per_second), rate(TARGET_RATE), per_second / TARGET_RATE, 1,
            note=f"by the clock, the fastest of {RUNS}; {rate(count / fastest.cpu)} of CPU time")
    )  # fmt: skip


def check(program: Program, addresses: list[str], recipients: list[str]) -> None:
    """There is one for each, no two are the same, and what is looked at reads back and is valid."""
    if len(addresses) != len(recipients) or len(set(addresses)) != len(recipients):
        raise BenchError(f"{len(set(addresses))} addresses for {len(recipients)} recipients")
    step = max(1, len(addresses) // READ_BACK)
    some = addresses[::step]
    said = run(program.command("verp decode", "--format", "json", *some)).output.decode()
    found = [(line["campaign"], line["recipient"]) for line in map(json.loads, said.splitlines())]
    if found != [(CAMPAIGN, recipient) for recipient in recipients[::step]]:
        raise BenchError(f"addresses do not read back, such as some of {some[:3]}")
    run(program.command("verp check", *some))  # which fails where one is not valid
