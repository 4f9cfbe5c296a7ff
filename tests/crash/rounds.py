"""Kills at random, and at every step."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator

from crash.faults import FAULTS, Fault, Moment, draw, strike
from crash.scene import CrashError, Scene
from crash.step_proxy import POSITIONS
from lab.place import LabError

STRUCK_AGAIN = 0.25  # how often the run after a fault meets one too


def count_steps(scene: Scene) -> dict[str, int]:
    """How many IMAP commands and PostgreSQL messages a run sends that nothing disturbs."""
    scene.reset()
    scene.fetch_must(0)
    return {"imap": scene.imap.steps, "sql": scene.sql.steps}


def play(scene: Scene, strikes: list[tuple[Fault, Moment]]) -> bool:
    """A round: a fresh mailbox, runs that faults strike, and then the right answers. Returns
    whether the last of the faults came to strike."""
    scene.reset()
    struck = False
    try:
        for fault, moment in strikes:
            struck = strike(scene, fault, moment)
            scene.check_nothing_lost()
        scene.finish()
        scene.check(all(fault.moved_once for fault, _ in strikes))
    except (CrashError, LabError, OSError) as error:
        told = ", then ".join(f"{fault.name} {moment}" for fault, moment in strikes)
        raise CrashError(f"{told}: {error}") from error
    return struck


def random_rounds(
    scene: Scene, rounds: int, seed: int, first: int = 1, progress: Callable | None = None
) -> Counter[str]:
    """So many rounds; round n of a seed is always the same. Returns how often each fault struck."""
    steps = count_steps(scene)
    struck: Counter[str] = Counter()
    for number in range(first, first + rounds):
        rng = random.Random(f"{seed} {number}")
        strikes = [draw(rng, scene, steps)]
        if rng.random() < STRUCK_AGAIN:
            strikes.append(draw(rng, scene, steps))
        try:
            play(scene, strikes)
        except CrashError as error:
            raise CrashError(
                f"round {number}: {error}\n"
                f"    again: make crash ROUNDS=1 SEED={seed} FIRST={number}"
            ) from error
        struck.update(fault.name for fault, _ in strikes)
        if progress:
            progress(number - first + 1, struck)
    return struck


def every_step(
    scene: Scene,
    fault: str,
    strides: dict[str, int] | None = None,
    offset: int = 0,
    progress: Callable | None = None,
) -> int:
    """The fault at every step of both lines, at each position, until a run ends untouched; with a
    stride for a line, at every so-manieth of these. Returns how many rounds that were."""
    played = 0
    for line in ("imap", "sql"):
        stride = (strides or {}).get(line, 1)
        for moment in itertools.islice(_moments(line), offset % stride, None, stride):
            played += 1
            if not play(scene, [(FAULTS[fault], moment)]):
                break
            if progress:
                progress(played, moment)
    return played


def _moments(line: str) -> Iterator[Moment]:
    for step in itertools.count(1):
        for position in POSITIONS:
            yield Moment(line, step, position)
