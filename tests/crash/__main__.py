"""Crash tests by hand: what `make crash` and `make soak` run."""

from __future__ import annotations

import argparse
import contextlib
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

from crash.rounds import every_step, random_rounds
from crash.scene import CrashError, Scene, known_mails
from e2e.case import Lab

PROGRESS_SECONDS = 10
STEP_FAULTS = ("kill", "cut", "stall", "terminate-backend")
MAILS = 30
MAILS_STEPS = 12  # two batches: every kind of step there is


@contextlib.contextmanager
def scene_of(name: str, mails: int, hostile: bool = False) -> Iterator[Scene]:
    """A scene that has been rehearsed, on servers of its own."""
    lab = Lab()
    try:
        lab.start()
        with Scene(lab, name, known_mails(mails), hostile) as scene:
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
