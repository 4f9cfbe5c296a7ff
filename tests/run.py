#!/usr/bin/python3
"""Runs every test there is: lint, unit tests, end-to-end tests.

Each test program is a process of its own that prints TAP (lab/tap.py); one that dies, runs out of
its time or says less than it announced has failed. What passes is one line; what fails is shown
with its reasons. The last line is "N passed, N failed".
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lab.place import ROOT, remove_folder
from lab.postgres import Postgres
from lab.tap import PASSED, Tally

TESTS = ROOT / "tests"

UNIT_SECONDS = 120
FUZZ_SECONDS = 300
LINT_SECONDS = 300
E2E_SECONDS = 900
STOP_SECONDS = 30  # to stop the servers that an end-to-end test has started

# For builds with sanitizers: running out of memory is for the program to handle.
SANITIZERS = {
    "ASAN_OPTIONS": "allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


@dataclass
class TestProgram:
    """One process that runs tests."""

    name: str
    command: list[str]
    tested: Path  # what has to be there
    seconds: int
    folder: Path = ROOT
    environment: dict[str, str] = field(default_factory=dict)
    needs_database: bool = False


def test_programs(build: Path, fuzz_build: Path) -> Iterator[TestProgram]:
    """All of them, the quick ones first."""
    lint = TESTS / "lint.py"
    yield TestProgram("lint", [sys.executable, str(lint)], lint, LINT_SECONDS)
    for source in sorted(TESTS.glob("unit/*/test_*.c")):
        name = source.relative_to(TESTS).with_suffix("")
        program = build / "tests" / name
        yield TestProgram(
            str(name),
            [str(program)],
            program,
            UNIT_SECONDS,
            environment={"CMOCKA_MESSAGE_OUTPUT": "TAP"},
            needs_database=source.parent.name == "store",
        )
    for source in sorted(TESTS.glob("fuzz/*.c")):
        command = [sys.executable, "tests/fuzz/run.py", "--build", str(fuzz_build), source.stem]
        program = fuzz_build / "tests/fuzz" / source.stem
        yield TestProgram(f"fuzz/{source.stem}", command, program, FUZZ_SECONDS)
    for source in sorted(TESTS.glob("e2e/test_*.py")):
        yield TestProgram(
            f"e2e/{source.stem}",
            [sys.executable, "-m", "e2e", source.stem],
            build / "nullsender",
            E2E_SECONDS,
            folder=TESTS,
            environment={"NULLSENDER_BUILD": str(build)},
        )


class Databases:
    """A fresh database for each unit test of store/; the server starts with the first."""

    def __init__(self, build: Path, stack: contextlib.ExitStack) -> None:
        self._place = build / "lab" / f"unit-{os.getpid()}"
        self._stack = stack
        self._server: Postgres | None = None
        self._count = 0

    def conninfo(self) -> str:
        if self._server is None:
            self._stack.callback(remove_folder, self._place)
            self._server = self._stack.enter_context(Postgres(self._place))
        self._count += 1
        return self._server.conninfo(self._server.create_database(f"unit_{self._count}"))


def run(program: TestProgram) -> tuple[Tally, str]:
    """Runs one program; what it said comes back too, for the case that it failed."""
    tally = Tally()
    lines: list[str] = []
    timed_out = threading.Event()
    with tempfile.TemporaryFile("w+", errors="replace") as errors:
        process = subprocess.Popen(
            program.command,
            cwd=program.folder,
            env=SANITIZERS | dict(os.environ) | program.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
            start_new_session=True,
        )

        def stop() -> None:
            timed_out.set()
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            with contextlib.suppress(ProcessLookupError):  # what it has left behind
                os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(program.seconds, stop)
        timer.start()
        try:
            for line in process.stdout:
                lines.append(line)
                tally.read(line)
                show_progress(program, tally)
            code = process.wait()
        except BaseException:  # Ctrl-C: the servers of the test are to stop as well
            process.terminate()
            process.wait()
            raise
        finally:
            timer.cancel()
        errors.seek(0)
        output = "".join(lines) + errors.read()
    problem = problem_of(program, tally, code, timed_out.is_set())
    if problem:
        tally.failed += 1
        tally.failures.append(problem)
    return tally, output


def problem_of(program: TestProgram, tally: Tally, code: int, timed_out: bool) -> str:
    """What is wrong beside the tests that failed, or nothing."""
    if timed_out:
        return f"did not end within {program.seconds} s"
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    if tally.planned is not None and tally.seen < tally.planned:
        return f"ended with exit code {code} after {tally.seen} of {tally.planned} tests"
    if tally.seen == 0:
        return f"ended with exit code {code} and ran no test"
    if code and not tally.failed:
        return f"ended with exit code {code}"
    return ""


def show_progress(program: TestProgram, tally: Tally) -> None:
    """On a terminal, the line that is being worked on."""
    if sys.stdout.isatty():
        of = f" of {tally.planned}" if tally.planned else ""
        print(f"\r\x1b[K  ...   {program.name}: {tally.seen}{of}", end="", flush=True)


def show_result(program: TestProgram, tally: Tally, output: str, seconds: float) -> None:
    """One line, and what a failing program said, save that some of it passed."""
    if sys.stdout.isatty():
        print("\r\x1b[K", end="")
    word = "FAIL" if tally.failed else "ok"
    skipped = f", {tally.skipped} skipped" if tally.skipped else ""
    counts = f"{tally.passed} passed{skipped}"
    print(f"  {word:5} {program.name:44} {counts} ({seconds:.1f} s)", flush=True)
    if tally.failed:
        for line in output.splitlines():
            if not PASSED.match(line):
                print(f"        {line}")
        for failure in tally.failures:
            print(f"        FAILED: {failure}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build", type=Path, default=Path("build"), help="folder of the build")
    parser.add_argument("--fuzz-build", type=Path, default=Path("build-fuzz"), help="of the same")
    parser.add_argument("filters", nargs="*", metavar="FILTER", help="part of a program's name")
    arguments = parser.parse_args()
    build = (ROOT / arguments.build).resolve()
    fuzz_build = (ROOT / arguments.fuzz_build).resolve()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))

    passed = failed = 0
    with contextlib.ExitStack() as stack:
        databases = Databases(build, stack)
        for program in test_programs(build, fuzz_build):
            if arguments.filters and not any(part in program.name for part in arguments.filters):
                continue
            if program.needs_database:
                program.environment["NULLSENDER_TEST_DATABASE"] = databases.conninfo()
            started = time.monotonic()
            show_progress(program, Tally())
            if not program.tested.exists():
                tally, output = Tally(failed=1, failures=[f"{program.tested} was not built"]), ""
            else:
                tally, output = run(program)
            show_result(program, tally, output, time.monotonic() - started)
            passed += tally.passed
            failed += tally.failed
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
