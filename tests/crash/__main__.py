"""Crash tests by hand: what `make crash` and `make soak` run."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

from crash.disk import DiskLab, play_full_disk
from crash.memory import Allocations
from crash.rounds import every_step, random_rounds
from crash.scene import CrashError, Scene, known_mails
from crash.soak import Row, Soak, verdict
from e2e.case import Lab

PROGRESS_SECONDS = 10
STEP_FAULTS = ("kill", "cut", "stall", "terminate-backend")
MAILS = 90  # enough for a second connection that files away
MAILS_STEPS = 12  # two batches: every kind of step there is
MAILS_MEMORY = 20
SOAK_ROWS = 20


@contextlib.contextmanager
def scene_of(
    name: str, mails: int, lab: Lab | None = None, **options: bool
) -> Iterator[Scene]:
    """A scene that has been rehearsed, on servers of its own."""
    lab = lab or Lab()
    try:
        lab.start()
        with Scene(lab, name, known_mails(mails), **options) as scene:
            scene.rehearse()
            yield scene
    finally:
        lab.stop()


def every_while(show: Callable[..., None]) -> Callable[..., None]:
    """Calls `show` with the latest news, but not too often."""
    last = time.monotonic()

    def progress(*news) -> None:
        nonlocal last
        if time.monotonic() - last > PROGRESS_SECONDS:
            last = time.monotonic()
            show(*news)

    return progress


def command_random(arguments: argparse.Namespace) -> None:
    seed = arguments.seed if arguments.seed is not None else random.randrange(1_000_000)
    print(f"seed {seed}: {arguments.rounds} rounds from round {arguments.first} on", flush=True)

    def show(played: int, struck: Counter[str]) -> None:
        print(f"  {played} of {arguments.rounds}", flush=True)

    started = time.monotonic()
    with scene_of("random", MAILS) as scene:
        struck = random_rounds(
            scene, arguments.rounds, seed, arguments.first, every_while(show)
        )
    seconds = time.monotonic() - started
    for name, count in struck.most_common():
        print(f"  {count:6} {name}")
    print(
        f"{arguments.rounds} rounds in {seconds:.0f} s, seed {seed}:"
        " nothing lost, nothing counted twice, nothing left behind"
    )


def command_steps(arguments: argparse.Namespace) -> None:
    with scene_of("steps", MAILS_STEPS, hostile=True) as scene:
        for fault in arguments.faults or STEP_FAULTS:
            show = every_while(lambda played, moment: print(f"  {moment}", flush=True))
            strides = dict.fromkeys(("imap", "sql"), arguments.stride)
            played = every_step(scene, fault, strides, arguments.offset, show)
            print(f"{fault}: at {played} moments, and each time the same right answers", flush=True)


def command_disk(arguments: argparse.Namespace) -> None:
    with scene_of("disk", MAILS_STEPS, DiskLab(), hostile=True) as scene:
        growths = 0
        while play_full_disk(scene, growths):
            growths += 1
    print(f"full disk: after 0 to {growths} growths of files, and each time the right answers")


def command_memory(arguments: argparse.Namespace) -> None:
    with scene_of("memory", MAILS_MEMORY, direct=True) as scene:
        allocations = Allocations(scene)
        for process, total in allocations.count().items():
            numbers = range(1 + arguments.offset, total + 1, arguments.stride)
            show = every_while(lambda number, ends: print(f"  {process} {number}", flush=True))
            ends = allocations.fail_each(process, numbers, show)
            print(f"{process}: {ends.total()} of {total} allocations failed in turn", flush=True)
            for end, count in ends.most_common():
                print(f"  {count:6} ended with {end}")


def command_soak(arguments: argparse.Namespace) -> None:
    lab = Lab()
    columns = [field.name for field in dataclasses.fields(Row)]

    def show(row: Row) -> None:
        values = [getattr(row, name) for name in columns]
        texts = [f"{v:.1f}" if isinstance(v, float) else str(v) for v in values]
        print(" ".join(f"{text:>9}" for text in texts), flush=True)

    try:
        lab.start()
        print(" ".join(f"{name:>9}" for name in columns), flush=True)
        table = Soak(lab, arguments.watch).run(arguments.minutes * 60, SOAK_ROWS, show)
    finally:
        lab.stop()
    problem = verdict(table)
    if problem:
        raise CrashError(problem)
    print(f"flat: {sum(row.runs for row in table)} runs, {sum(row.mails for row in table)} mails")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m crash", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    rounds = commands.add_parser("random", help="faults at random moments")
    rounds.add_argument("--rounds", type=int, default=100)
    rounds.add_argument("--seed", type=int, help="repeat what an earlier run has drawn")
    rounds.add_argument("--first", type=int, default=1, help="the round of the seed to begin with")
    rounds.set_defaults(run=command_random)

    steps = commands.add_parser("steps", help="faults at every command and every SQL message")
    steps.add_argument("--stride", type=int, default=1, help="only at every so-manieth of them")
    steps.add_argument("--offset", type=int, default=0)
    steps.add_argument("faults", nargs="*", metavar="FAULT", help=", ".join(STEP_FAULTS))
    steps.set_defaults(run=command_steps)

    disk = commands.add_parser("disk", help="the database's disk becomes full")
    disk.set_defaults(run=command_disk)

    memory = commands.add_parser("memory", help="every allocation fails once in turn")
    memory.add_argument("--stride", type=int, default=1, help="only every so-manieth of them")
    memory.add_argument("--offset", type=int, default=0)
    memory.set_defaults(run=command_memory)

    soak = commands.add_parser("soak", help="what grows while fetches go on and on")
    soak.add_argument("--minutes", type=float, default=60)
    soak.add_argument("--watch", action="store_true", help="one fetch --watch, not many fetches")
    soak.set_defaults(run=command_soak)

    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        arguments.run(arguments)
    except CrashError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
