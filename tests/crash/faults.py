"""What can happen to a run: things that are done to it, to a server or to a line."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from crash.scene import EX_OK, EX_TEMPORARY, Run, Scene
from crash.step_proxy import POSITIONS, Trap
from lab.place import LabError
from lab.server import START_SECONDS, Server

KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Fault:
    """One way in which a run ends early."""

    name: str
    codes: tuple[int, ...]  # how the run may end
    strike: Callable[[Scene, Run], None]
    cut: bool = False  # the line is reset as well
    stall: bool = False
    weight: int = 1  # how often it is drawn; what takes seconds is drawn less
    moved_once: bool = True  # see Scene.check_mailbox


def kill_group(scene: Scene, run: Run) -> None:
    run.kill(whole_group=True)


def kill_parent(scene: Scene, run: Run) -> None:
    run.kill(whole_group=False)


def kill_worker(scene: Scene, run: Run) -> None:
    for pid in sorted(run.find_workers())[:1]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def nothing(scene: Scene, run: Run) -> None:
    """The line itself is the fault."""


def backends(scene: Scene) -> set[int]:
    """The server processes of PostgreSQL that work for the program."""
    rows = scene.lab.postgres.query(
        "SELECT pid FROM pg_stat_activity"
        f" WHERE datname = '{scene.name}' AND application_name = 'nullsender'"
    )
    return {row["pid"] for row in rows}


def terminate_backend(scene: Scene, run: Run) -> None:
    for pid in backends(scene):
        scene.lab.postgres.execute(f"SELECT pg_terminate_backend({pid})")


def kill_backend(scene: Scene, run: Run) -> None:
    """With SIGKILL: the postmaster ends all others, and recovers."""
    pids = backends(scene)
    for pid in sorted(pids)[:1]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while True:
        with contextlib.suppress(LabError):
            if not pids & backends(scene):
                return
        time.sleep(0.02)


def kill_postmaster(scene: Scene, run: Run) -> None:
    scene.lab.postgres.kill()


def kill_dovecot(scene: Scene, run: Run) -> None:
    scene.lab.dovecot.kill()


def start_again(server: Server) -> None:
    """A server that was killed refuses to start while processes of it are still there."""
    deadline = time.monotonic() + START_SECONDS
    while not server.process:
        try:
            server.start()
        except LabError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("kill", (KILLED, EX_OK), kill_group, cut=True, weight=12),
        Fault("kill-parent", (KILLED, EX_OK), kill_parent, cut=True, weight=6),
        Fault("kill-worker", (EX_OK,), kill_worker, weight=3),
        Fault("cut", (EX_TEMPORARY, EX_OK), nothing, cut=True, weight=4),
        Fault("stall", (EX_TEMPORARY, EX_OK), nothing, stall=True),
        Fault("terminate-backend", (EX_TEMPORARY, EX_OK), terminate_backend, weight=3),
        Fault("kill-backend", (EX_TEMPORARY, EX_OK), kill_backend),
        Fault("kill-postmaster", (EX_TEMPORARY, EX_OK), kill_postmaster),
        Fault("kill-dovecot", (EX_TEMPORARY, EX_OK), kill_dovecot, moved_once=False),
    )
}


@dataclass(frozen=True)
class Moment:
    """When a fault strikes: at a step of one of the lines, or so many seconds after the start."""

    line: str = ""  # "imap" or "sql"
    step: int = 0
    position: str = ""
    seconds: float = 0

    def __str__(self) -> str:
        if self.line:
            return f"{self.position} step {self.step} of {self.line}"
        return f"after {self.seconds * 1000:.0f} ms"


def strike(scene: Scene, fault: Fault, moment: Moment) -> bool:
    """A run that the fault strikes; false where the run ended before it could."""
    started: list[Run] = []
    trap = None
    if moment.line:

        def spring() -> None:
            while not started:
                time.sleep(0.001)
            fault.strike(scene, started[0])

        trap = Trap(moment.step, moment.position, spring, fault.cut, fault.stall)
        scene.set_traps(**{moment.line: trap})
    run = scene.start()
    started.append(run)
    if not moment.line:
        time.sleep(moment.seconds)
        fault.strike(scene, run)
    run.wait()
    # Here, since the lab's servers end with the thread that has started them.
    for server in (scene.lab.postgres, scene.lab.dovecot):
        start_again(server)
    run.check(*fault.codes)
    return trap is None or trap.sprung


def draw(rng: random.Random, scene: Scene, steps: dict[str, int]) -> tuple[Fault, Moment]:
    """A fault at a moment, both at random."""
    faults = list(FAULTS.values())
    if scene.has_hostile:
        # After one of the decoder's crashes a second one is taken for the fault of the mail.
        faults.remove(FAULTS["kill-worker"])
    (fault,) = rng.choices(faults, [fault.weight for fault in faults])
    line = rng.choice(("imap", "sql"))
    step, position = rng.randint(1, steps[line]), rng.choice(POSITIONS)
    if not fault.cut and not fault.stall and rng.random() < 0.5 or fault.name.startswith("kill"):
        if rng.random() < 0.5:
            return fault, Moment(seconds=rng.uniform(0, scene.seconds * 1.1))
    return fault, Moment(line, step, position)
