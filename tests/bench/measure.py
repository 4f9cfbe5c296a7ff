"""What a command costs: time, CPU, memory, instructions."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lab.place import LabError
from lab.program import environment

SAMPLE_SECONDS = 0.05
TICKS = os.sysconf("SC_CLK_TCK")

# Where files are in memory: a page cache that something squeezes would make reading them from a
# disk the larger part of what a fast program costs.
IN_MEMORY = Path("/dev/shm")

# utime, stime, cutime and cstime in /proc/PID/stat, counted from behind the name.
STAT_TIMES = slice(11, 15)


class BenchError(LabError):
    """A measurement that means nothing: a command that failed, an answer that is wrong."""


@dataclass(frozen=True)
class Cost:
    """Of one run of a command, its child processes included."""

    seconds: float
    cpu: float  # user and system, seconds
    memory: int  # bytes: the peak of all its processes together
    output: bytes
    errors: str


def run(
    command: list[str], cores: str = "", terminal: bool = False, folder: Path | None = None,
    watched: bool = True, standard_input: Path = Path(os.devnull),
) -> Cost:  # fmt: skip
    """Runs a command to its end. `cores`: those that it may use, such as "0"; "": all.
    `terminal`: it writes to one, and says more. `folder`: where. `watched`: its memory is, which
    takes time of a core."""
    pinned = ["taskset", "-c", cores, *command] if cores else command
    with (
        standard_input.open("rb") as given,
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as errors,
    ):
        screen = Screen(output) if terminal else None
        started = time.monotonic()
        process = subprocess.Popen(
            pinned,
            stdin=given,
            stdout=screen.end if screen else output,
            stderr=errors,
            env=environment(),
            cwd=folder,
        )
        watch = MemoryWatch(process.pid) if watched else None
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        memory = watch.stop() if watch else 0
        if screen:
            screen.close()
        output.seek(0)
        errors.seek(0)
        said, complaint = output.read(), errors.read().decode(errors="replace")
    if process.returncode:
        raise BenchError(f"{command[0]} ended with {process.returncode}: {complaint.strip()}")
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(seconds, cpu, memory, said, complaint)


def memory_folder(place: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder that is gone at the end of a `with`: in memory, or else in `place`."""
    folder = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else place
    return tempfile.TemporaryDirectory(prefix="nullsender-bench-", dir=folder)


class Screen:
    """A terminal whose text goes into a file; `end` is what a program writes to."""

    def __init__(self, file: IO[bytes]) -> None:
        self._ours, self.end = os.openpty()
        self._file = file
        self._thread = threading.Thread(target=self._copy, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """To be called when nobody writes any more."""
        os.close(self.end)
        self._thread.join()
        os.close(self._ours)

    def _copy(self) -> None:
        with contextlib.suppress(OSError):  # how a terminal's end is told
            while data := os.read(self._ours, 65536):
                self._file.write(data)


class MemoryWatch:
    """The peak of what a process and its descendants hold in memory, until stop()."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Bytes."""
        self._ended.set()
        self._thread.join()
        return self._peak

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self._peak = max(self._peak, sum(map(resident, family(self._pid))))


def resident(pid: int) -> int:
    """Bytes; of what several processes share, each one's part."""
    with contextlib.suppress(OSError):
        found = re.search(r"(?m)^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text())
        return int(found[1]) * 1024 if found else 0
    return 0


def family(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                yield from family(int(child))


def cpu_of(pid: int) -> float:
    """CPU seconds that a server has used so far: it, those it started, those of them that ended."""
    total = 0
    for member in family(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[STAT_TIMES]))
    return total / TICKS


def instructions(command: list[str]) -> int:
    """How many the command executes."""
    counted = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command]
    done = subprocess.run(counted, capture_output=True, env=environment(), check=False)
    found = re.search(rb"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        raise BenchError(f"{' '.join(counted)}: {done.stderr.decode(errors='replace')}")
    return int(found[1])


def load() -> float:
    """The machine's load of the last minute: what else was running."""
    return os.getloadavg()[0]
