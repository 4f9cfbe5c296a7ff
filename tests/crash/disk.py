"""A PostgreSQL whose disk is full after a while, without the privileges that a real one takes."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

from crash.scene import EX_OK, EX_TEMPORARY, CrashError, Scene
from e2e.case import BUILD, Lab
from lab.postgres import Postgres

LIBRARY = BUILD / "tests" / "crash" / "full_disk.so"

NO_LIMIT = -1


class LimitedPostgres(Postgres):
    """A server on whose disk files may grow so many times more (see full_disk.c)."""

    @property
    def plan(self) -> Path:
        return self.folder / "full_disk.plan"

    def command(self) -> list[str]:
        # Beside the data: the server's user may not reach the folder of the build.
        library = self.folder / LIBRARY.name
        if not self.plan.exists():
            shutil.copy(LIBRARY, library)
            self.allow(NO_LIMIT)
            self.plan.chmod(0o666)
        return ["env", f"LD_PRELOAD={library}", f"FULL_DISK={self.plan}", *super().command()]

    def allow(self, growths: int) -> None:
        """From now on files may grow so many times."""
        with open(self.plan, "r+b" if self.plan.exists() else "wb") as file:
            file.write(struct.pack("=q", growths))

    @property
    def is_full(self) -> bool:
        return struct.unpack("=q", self.plan.read_bytes()) == (0,)


class DiskLab(Lab):
    """A lab with such a server."""

    postgres_class = LimitedPostgres


def play_full_disk(scene: Scene, growths: int) -> bool:
    """A fetch during which the disk becomes full, and what must come of it once there is room
    again. False where there was room enough for the whole run."""
    server = scene.lab.postgres
    scene.reset()
    server.allow(growths)
    try:
        run = scene.start()
        run.wait()
        was_full = server.is_full
    finally:
        server.allow(NO_LIMIT)
    # Where the log of transactions has no room, the server stops, and starts again by itself.
    server.wait_until(server.is_ready, 60, "the server has not recovered")
    try:
        run.check(EX_TEMPORARY, EX_OK)
        scene.check_nothing_lost()
        scene.finish()
        scene.check()
    except CrashError as error:
        raise CrashError(f"the disk is full after {growths} growths of files: {error}") from error
    return was_full and run.code == EX_TEMPORARY
