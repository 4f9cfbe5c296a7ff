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
from concurrent.futures import ThreadPoolExecutor, as_completed
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


def chains(programs: list[TestProgram]) -> list[list[TestProgram]]:
    """Which of them have to follow each other: those that share a database server, whose roles
    are common to all its databases."""
    sharing = [program for program in programs if program.needs_database]
    others = [[program] for program in programs if not program.needs_database]
    return [sharing, *others] if sharing else others


class Runner:
    """Runs programs beside each other; most of them wait for servers most of the time."""

    def __init__(self) -> None:
        self.progress: dict[str, Tally] = {}
        self._processes: set[subprocess.Popen[str]] = set()
        self._screen = threading.Lock()

    def run(self, program: TestProgram) -> tuple[Tally, str, float]:
        """Runs one; what it said comes back too, for the case that it failed, and its seconds."""
        started = time.monotonic()
        if not program.tested.exists():
            return Tally(failed=1, failures=[f"{program.tested} was not built"]), "", 0.0
        tally = self.progress[program.name] = Tally()
        try:
            output = self._run(program, tally)
        finally:
            del self.progress[program.name]
        return tally, output, time.monotonic() - started

    def run_all(self, programs: list[TestProgram], databases: Databases) -> Tally:
        """Runs some one after the other and shows each as it ends; their sums."""
        sums = Tally()
        for program in programs:
            if program.needs_database:
                program.environment["NULLSENDER_TEST_DATABASE"] = databases.conninfo()
            tally, output, seconds = self.run(program)
            with self._screen:
                show_result(program, tally, output, seconds)
            sums.passed += tally.passed
            sums.failed += tally.failed
        return sums

    def stop(self) -> None:
        """Ctrl-C: the servers of the tests are to stop as well."""
        for process in list(self._processes):
            process.terminate()

    def _run(self, program: TestProgram, tally: Tally) -> str:
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
            self._processes.add(process)
            timer.start()
            try:
                for line in process.stdout:
                    lines.append(line)
                    tally.read(line)
                    self.show_progress()
                code = process.wait()
            finally:
                timer.cancel()
                self._processes.discard(process)
            errors.seek(0)
            output = "".join(lines) + errors.read()
        problem = problem_of(program, tally, code, timed_out.is_set())
        if problem:
            tally.failed += 1
            tally.failures.append(problem)
        return output

    def show_progress(self) -> None:
        """On a terminal, what is being worked on."""
        if not sys.stdout.isatty():
            return
        shown = [
            f"{name}: {tally.seen}" + (f" of {tally.planned}" if tally.planned else "")
            for name, tally in sorted(self.progress.items())
        ]
        print(f"\r\x1b[K  ...   {', '.join(shown)}", end="", flush=True)


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
    parser.add_argument("--jobs", type=int, default=2, help="programs at once (2)")
    parser.add_argument("filters", nargs="*", metavar="FILTER", help="part of a program's name")
    arguments = parser.parse_args()
    build = (ROOT / arguments.build).resolve()
    fuzz_build = (ROOT / arguments.fuzz_build).resolve()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))

    passed = failed = 0
    runner = Runner()
    with contextlib.ExitStack() as stack:
        databases = Databases(build, stack)
        pool = stack.enter_context(ThreadPoolExecutor(arguments.jobs))
        try:
            chosen = [
                program
                for program in test_programs(build, fuzz_build)
                if not arguments.filters or any(part in program.name for part in arguments.filters)
            ]
            for done in as_completed(
                [pool.submit(runner.run_all, chain, databases) for chain in chains(chosen)]
            ):
                tally = done.result()
                passed += tally.passed
                failed += tally.failed
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            runner.stop()
            raise
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
