"""Every allocation of a fetch fails once in turn: a clean end, and the next run completes."""

from __future__ import annotations

import random
import struct
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from crash.scene import EX_OK, EX_OS, EX_TEMPORARY, CrashError, Run, Scene
from e2e.case import BUILD

LIBRARY = BUILD / "tests" / "crash" / "failing_malloc.so"

# struct plan of failing_malloc.c: fail_at and counted, each of parent and children; failed
PLAN = struct.Struct("=5Q")

PROCESSES = ("parent", "worker")


@dataclass
class Allocations:
    """The allocations of a fetch in a scene that is `direct` and has one worker process."""

    scene: Scene

    def count(self) -> dict[str, int]:
        """How many there are, in the parent and in its worker."""
        self.scene.reset()
        run, counted = self._run("parent", 0)
        run.check(EX_OK)
        return counted

    def fail_each(
        self, process: str, numbers: Iterable[int], progress: Callable | None = None
    ) -> Counter[str]:
        """Lets each of these fail, in a run of its own. Returns how often the runs ended how."""
        ends: Counter[str] = Counter()
        self.scene.reset()
        for number in numbers:
            try:
                run = self._fail(process, number)
            except CrashError as error:
                raise CrashError(f"allocation {number} of the {process} fails: {error}") from error
            if run:
                ends[f"{run.code} {run.errors.strip()}".strip()] += 1
            if progress:
                progress(number, ends)
        return ends

    def _fail(self, process: str, number: int) -> Run | None:
        run, counted = self._run(process, number)
        # TLS and the times of answers vary a little.
        if counted[process] < number:
            run.check(EX_OK)
            self.scene.reset()
            return None
        if run.code not in (EX_OK, EX_OS, EX_TEMPORARY):
            raise CrashError(f"a run ended with {run.code}: {run.errors}")
        if run.code and run.errors.count("\n") != 1:
            raise CrashError(f"not one line of error: {run.errors!r}")
        if run.code == EX_OK:
            self.scene.check()
        elif self.scene.is_untouched():
            return run
        self.scene.finish()
        self.scene.check()
        self.scene.reset()
        return run

    def _run(self, process: str, number: int) -> tuple[Run, dict[str, int]]:
        plan: Path = self.scene.program.folder / "failing_malloc.plan"
        fail_at = [number if process == name else 0 for name in PROCESSES]
        plan.write_bytes(PLAN.pack(*fail_at, 0, 0, 0))
        run = self.scene.start({"LD_PRELOAD": str(LIBRARY), "FAILING_MALLOC": str(plan)})
        run.wait()
        _, _, parent, worker, _ = PLAN.unpack(plan.read_bytes())
        return run, {"parent": parent, "worker": worker}


def sample(rng: random.Random, total: int, count: int) -> list[int]:
    """So many numbers of 1 to total, spread evenly and begun somewhere else each time."""
    stride = max(1, total // count)
    return list(range(1 + rng.randrange(stride), total + 1, stride))
