"""Files through `nullsender parse`, and through the parsers that Debian has."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from bench import mails
from bench.measure import BenchError, Cost, instructions, memory_folder, run
from bench.table import Row, Table, megabytes, rate
from lab.program import Program

PEERS = Path(__file__).parent / "peers"
CORE = "0"
TWO_CORES = 1.8  # close to twice
CLOCKED = 7  # runs of each, of which the fastest counts: nobody else had wanted a core

# Instructions a message: the difference between a run over so many mails and one over twice as
# many, so that starting up does not count.
COUNTED = 50


@dataclass(frozen=True)
class Peer:
    name: str
    command: tuple[str, ...]
    target: float | None = None


ALL = (
    Peer("Sisimai for Perl", ("perl", f"{PEERS}/sisimai.pl"), 25),
    # Debian's modules are those of Debian's Python, whatever else is in the PATH.
    Peer("flufl.bounce", ("/usr/bin/python3", f"{PEERS}/flufl_bounce.py")),
    Peer("Mail::DeliveryStatus::BounceParser", ("perl", f"{PEERS}/bounceparser.pl")),
)


def measure(table: Table, build: Path, place: Path, count: int, corpus: str) -> None:
    """All rows of this part."""
    with memory_folder(place) as folder:
        measure_generated(table, build, place, Path(folder) / "mails", count)
        if corpus:
            measure_corpus(table, build, place, Path(folder), Path(corpus))


def measure_generated(table: Table, build: Path, place: Path, folder: Path, count: int) -> None:
    written = mails.write(mails.generated(count), folder)
    program = Program(build / "nullsender", place / "parse")
    program.write_config()

    def ours(cores: str = CORE, watched: bool = True) -> Cost:
        command = program.command("parse", "--format", "tsv", str(folder))
        cost = run(command, cores, watched=watched)
        mails.check_parsed(cost.output, written)
        return cost

    title = f"parse: {count:,} generated mails from files, one core, workers isolated"
    measure_peers(table, title, folder, count, ours)
    if len(os.sched_getaffinity(0)) > 1:
        pairs = [(ours(watched=False), ours("", watched=False)) for _ in range(CLOCKED)]
        one, two = (min(cost.seconds for cost in costs) for costs in zip(*pairs, strict=True))
        table.add(
            Row("all cores, beside one", rate(count / two), rate(count / one), one / two,
                TWO_CORES, note="by the clock")
        )  # fmt: skip
    measure_instructions(table, build, place, sorted(written))


def measure_peers(table: Table, title: str, folder: Path, count: int, ours) -> None:
    """Each peer once, between two runs of ours: the machine's speed drifts. By CPU time, which is
    what passes on one core that nobody else wants."""
    table.heading(title)
    before = ours()
    for peer in ALL:
        cost = run([*peer.command, str(folder)], CORE)
        read = int(cost.output.split()[0])
        if read != count:
            raise BenchError(f"{peer.name} read {read} of {count} mails")
        after = ours()
        seconds = (before.cpu + after.cpu) / 2
        table.add(
            Row(f"messages, {peer.name}", rate(count / seconds), rate(count / cost.cpu),
                cost.cpu / seconds, peer.target)
        )  # fmt: skip
        table.add(
            Row("  peak memory, all processes", megabytes(after.memory), megabytes(cost.memory),
                cost.memory / after.memory)
        )  # fmt: skip
        before = after


def measure_instructions(table: Table, build: Path, place: Path, paths: list[str]) -> None:
    """Without the system's part: what differs least from run to run and machine to machine."""
    samples = []
    step = max(1, len(paths) // (2 * COUNTED))
    many = paths[::step][: 2 * COUNTED]
    for name, some in (("few", many[::2]), ("many", many)):
        sample = place / name
        sample.mkdir()
        for path in some:
            shutil.copy(path, sample)
        samples.append((str(sample), len(some)))

    def each(*command: str) -> float:
        (few, count_few), (many, count_many) = samples
        return (instructions([*command, many]) - instructions([*command, few])) / (
            count_many - count_few
        )

    ours = each(str(build / "bench" / "judge"))
    for peer in ALL:
        theirs = each(*peer.command)
        table.add(
            Row(f"instructions a message, {peer.name}", f"{ours:,.0f}", f"{theirs:,.0f}",
                theirs / ours)
        )  # fmt: skip


def measure_corpus(table: Table, build: Path, place: Path, memory: Path, corpus: Path) -> None:
    """Real mails, which have no known answers here: make accuracy is for these."""
    folder = memory / "corpus"
    folder.mkdir()
    program = Program(build / "nullsender", place / "parse")
    count = 0
    for path in sorted(corpus.rglob("*.eml")):
        count += 1
        shutil.copy(path, folder / f"{count:07}")
    if not count:
        raise BenchError(f"{corpus} holds no *.eml")

    def ours() -> Cost:
        cost = run(program.command("parse", "--format", "tsv", str(folder)), CORE)
        if len(cost.output.splitlines()) != count:
            raise BenchError(f"not a line for each of {count} mails of {corpus}")
        return cost

    measure_peers(table, f"parse: {count:,} mails of {corpus}, one core", folder, count, ours)
