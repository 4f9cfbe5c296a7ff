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

from lab.place import LabError
from lab.program import environment

SAMPLE_SECONDS = 0.02
TICKS = os.sysconf("SC_CLK_TCK")

# Fields of /proc/PID/stat behind the name: state is the first, utime to cstime are 12th to 15th.
STAT_PARENT, STAT_TIMES = 1, slice(11, 15)


class BenchError(LabError):
    """A measurement that means nothing: a command that failed, an answer that is wrong."""


@dataclass(frozen=True)
class Cost:
    """Of one run of a command, its child processes included."""

    seconds: float
    cpu: float  # user and system, seconds
    memory: int  # bytes: the peaks of all its processes, added
    output: bytes
    errors: str


def run(command: list[str], cores: str = "", codes: tuple[int, ...] = (0,)) -> Cost:
    """Runs a command to its end. `cores`: those that it may use, such as "0"; "": all."""
    pinned = ["taskset", "-c", cores, *command] if cores else command
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.monotonic()
        process = subprocess.Popen(
            pinned, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=environment()
        )
        watch = MemoryWatch(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        memory = watch.stop()
        output.seek(0)
        errors.seek(0)
        said, complaint = output.read(), errors.read().decode(errors="replace")
    if process.returncode not in codes:
        raise BenchError(f"{command[0]} ended with {process.returncode}: {complaint.strip()}")
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(seconds, cpu, memory, said, complaint)


class MemoryWatch:
    """Adds up the peak resident memory of a process and its descendants, until stop()."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peaks: dict[int, int] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Bytes."""
        self._ended.set()
        self._thread.join()
        return sum(self._peaks.values())

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            for pid in family(self._pid):
                with contextlib.suppress(OSError):
                    status = Path(f"/proc/{pid}/status").read_text()
                    found = re.search(r"VmHWM:\s+(\d+) kB", status)
                    if found:
                        self._peaks[pid] = int(found[1]) * 1024


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
