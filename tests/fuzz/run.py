#!/usr/bin/python3
"""Runs the fuzz targets of this folder: for a time each, with a table (make fuzz), or for a fixed
number of executions from always the same seed, as a test (make check).

Seeds are files of this folder and of the tree. What a run for a time has found to be worth keeping
stays in the build folder and is where the next run starts. An input for which something does not
hold is kept there too.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

INPUT_SECONDS = 20  # one input may take no longer; the sanitizers make it slow
MEMORY_MB = 2048

ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:handle_abort=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


@dataclass(frozen=True)
class Target:
    """One fuzz program, the .c file of that name."""

    name: str
    what: str
    runs: int  # in make check: a second or so
    edges: int  # that these runs reach at least; fewer mean that the seeds no longer get inside
    seeds: tuple[str, ...] = ()  # beside seeds/NAME: files and folders of the tree
    octets: int = 4096  # the longest input; longer seeds are cut


TARGETS = (
    Target("imap", "IMAP session", 3000, 800),
    Target("mime", "mail to report", 3000, 2100, seeds=("tests/corpus",), octets=16384),
    Target("workers", "workers' answers", 2000, 170, octets=256),
    Target("frame", "a worker's frame", 3000, 800),
    Target("verp", "VERP addresses", 3000, 800),
    Target("address", "e-mail addresses", 20000, 200),
    Target("names", "folder names, text", 20000, 220),
    Target("rules", "rule files", 3000, 620, seeds=("etc/rules",), octets=8192),
    Target("config", "configuration", 1000, 190, seeds=("etc/nullsender.conf",), octets=16384),
)


@dataclass
class Outcome:
    """What a run has said."""

    executions: int
    seconds: float
    edges: int
    kept: int
    failed: bool
    output: str
    finding: Path | None


def number(pattern: str, text: str) -> int:
    """The last number that the pattern finds."""
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


@contextmanager
def seeds_of(target: Target, build: Path) -> Iterator[list[str]]:
    """The folders and files that the target starts from."""
    places = [HERE / "seeds" / target.name, *(ROOT / place for place in target.seeds)]
    with tempfile.TemporaryDirectory() as folder:
        # Not kept in the tree, since they are as the program of today writes them.
        if target.name == "frame":
            command = [str(build / "tests/fuzz/mime"), "-runs=0", str(ROOT / "tests/corpus")]
            environment = dict(os.environ, NULLSENDER_FUZZ_FRAMES=folder)
            subprocess.run(command, env=environment, check=True, capture_output=True)
        for place in places:
            if place.is_file():
                (Path(folder) / place.name).write_bytes(place.read_bytes())
        yield [*(str(place) for place in places if place.is_dir()), folder]


def run(target: Target, build: Path, corpus: Path, limit: str) -> Outcome:
    """Runs one target; new inputs that reach something new go into the corpus folder."""
    findings = build / "findings"
    findings.mkdir(parents=True, exist_ok=True)
    corpus.mkdir(parents=True, exist_ok=True)
    dictionary = HERE / f"{target.name}.dict"
    program = build / "tests/fuzz" / target.name
    with seeds_of(target, build) as seeds:
        command = [
            str(program),
            limit,
            "-seed=1",
            f"-max_len={target.octets}",
            f"-timeout={INPUT_SECONDS}",
            f"-rss_limit_mb={MEMORY_MB}",
            f"-artifact_prefix={findings}/{target.name}-",
            "-print_final_stats=1",
            *([f"-dict={dictionary}"] if dictionary.exists() else []),
            str(corpus),
            *seeds,
        ]
        started = time.monotonic()
        done = subprocess.run(
            command,
            env=ENVIRONMENT | dict(os.environ),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    written = re.findall(r"Test unit written to (\S+)", done.stdout)
    return Outcome(
        executions=number(r"number_of_executed_units: (\d+)", done.stdout),
        seconds=time.monotonic() - started,
        edges=number(r"cov: (\d+)", done.stdout),
        kept=number(r"new_units_added: +(\d+)", done.stdout),
        failed=done.returncode != 0,
        output=done.stdout,
        finding=Path(written[-1]) if written else None,
    )


def explain(target: Target, build: Path, outcome: Outcome) -> Iterator[str]:
    """What is wrong, and how to see it again."""
    ours = re.compile(rf"#\d+ \S+ in (\w+) {ROOT}/(\S+)")
    problem = re.compile(r"does not hold: |ERROR: (?!.*ABRT)|runtime error: |Base64: ")
    lines = outcome.output.splitlines()
    shown = [line for line in lines if problem.search(line)]
    shown += [f"  in {function}, {place}" for function, place in ours.findall(outcome.output)]
    yield from shown[:20] or lines[-20:]
    if outcome.finding:
        program = (build / "tests/fuzz" / target.name).relative_to(ROOT)
        yield f"replay: {program} {outcome.finding.relative_to(ROOT)}"


def fuzz(targets: list[Target], build: Path, seconds: int) -> bool:
    """Runs each target for so many seconds and prints the table."""
    names = ("target", "what", "executions", "per s", "edges", "new")
    print("{:8} {:20} {:>10} {:>7} {:>6} {:>5}  result".format(*names))
    all_well = True
    for target in targets:
        outcome = run(target, build, build / "corpus" / target.name, f"-max_total_time={seconds}")
        all_well &= not outcome.failed
        print(
            f"{target.name:8} {target.what:20} {outcome.executions:10} "
            f"{outcome.executions / outcome.seconds:7.0f} {outcome.edges:6} {outcome.kept:5}  "
            f"{'FAILED' if outcome.failed else 'ok'}",
            flush=True,
        )
        if outcome.failed:
            print("\n".join(f"    {line}" for line in explain(target, build, outcome)))
    return all_well


def check(targets: list[Target], build: Path) -> bool:
    """Runs each target for its fixed number of executions and prints TAP."""
    all_well = True
    print(f"1..{len(targets)}")
    for count, target in enumerate(targets, 1):
        with tempfile.TemporaryDirectory() as corpus:
            outcome = run(target, build, Path(corpus), f"-runs={target.runs}")
        if outcome.failed:
            print("\n".join(f"# {line}" for line in explain(target, build, outcome)))
        elif outcome.edges < target.edges:
            print(f"# reaches {outcome.edges} edges, at least {target.edges} were expected:")
            print(f"# the seeds in tests/fuzz/seeds/{target.name} no longer get inside")
            outcome.failed = True
        all_well &= not outcome.failed
        print(
            f"{'not ok' if outcome.failed else 'ok'} {count} - {target.name}: "
            f"{outcome.executions} inputs, {outcome.edges} edges",
            flush=True,
        )
    return all_well


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build", type=Path, default=Path("build-fuzz"), help="of the programs")
    parser.add_argument("--seconds", type=int, help="so long each; otherwise as a test")
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    arguments = parser.parse_args()
    build = (ROOT / arguments.build).resolve()
    chosen = [t for t in TARGETS if not arguments.targets or t.name in arguments.targets]
    unknown = set(arguments.targets) - {t.name for t in TARGETS}
    if unknown:
        parser.error(f"no target {', '.join(unknown)}: {', '.join(t.name for t in TARGETS)}")
    if arguments.seconds:
        return 0 if fuzz(chosen, build, arguments.seconds) else 1
    return 0 if check(chosen, build) else 1


if __name__ == "__main__":
    sys.exit(main())
