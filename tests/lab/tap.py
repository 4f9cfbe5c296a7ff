"""TAP, the Test Anything Protocol: what every test program here speaks.

    1..2
    ok 1 - a_reply_code_alone_is_not_hard
    # what went wrong
    not ok 2 - a_full_mailbox_is_soft
"""

from __future__ import annotations

import re
import sys
import time
import unittest
from dataclasses import dataclass, field

LINE = re.compile(r"(not )?ok\b[ \t]*\d*[ \t]*-?[ \t]*(.*)")
PLAN = re.compile(r"1\.\.(\d+)")
SKIPPED = re.compile(r"# *SKIP", re.IGNORECASE)
PASSED = re.compile(r"\s*(ok\b|1\.\.\d)")

SLOW_SECONDS = 10


@dataclass
class Tally:
    """The results of one test program, read line by line."""

    planned: int | None = None
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def seen(self) -> int:
        return self.passed + self.failed + self.skipped

    def read(self, line: str) -> None:
        """Takes one line of output; what is no TAP is passed over."""
        plan = PLAN.fullmatch(line.strip())
        found = LINE.fullmatch(line.strip())
        if plan:
            # cmocka gives one plan a group of tests.
            self.planned = (self.planned or 0) + int(plan[1])
        elif found and SKIPPED.search(line):
            self.skipped += 1
        elif found and found[1]:
            self.failed += 1
            self.failures.append(found[2])
        elif found:
            self.passed += 1


class TapResult(unittest.TestResult):
    """Prints each result as it comes."""

    def __init__(self) -> None:
        super().__init__()
        self._number = 0
        self._started = 0.0

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._started = time.monotonic()

    def addSuccess(self, test: unittest.TestCase) -> None:
        super().addSuccess(test)
        self._print("ok", test)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        super().addSkip(test, reason)
        self._print("ok", test, f" # SKIP {reason}")

    def addFailure(self, test: unittest.TestCase, err) -> None:
        super().addFailure(test, err)
        self._fail(test, self.failures[-1][1])

    def addError(self, test: unittest.TestCase, err) -> None:
        super().addError(test, err)
        self._fail(test, self.errors[-1][1])

    def addSubTest(self, test, subtest, err) -> None:
        super().addSubTest(test, subtest, err)
        if err:
            failed = issubclass(err[0], test.failureException)
            self._fail(subtest, (self.failures if failed else self.errors)[-1][1])

    def _fail(self, test: unittest.TestCase, report: str) -> None:
        for line in report.splitlines():
            print(f"# {line}")
        self._print("not ok", test)

    def _print(self, word: str, test: unittest.TestCase, more: str = "") -> None:
        self._number += 1
        seconds = time.monotonic() - self._started
        name = test.id().rpartition(".")[2] if isinstance(test, unittest.TestCase) else str(test)
        if seconds > SLOW_SECONDS:
            print(f"# {name} took {seconds:.1f} s")
        print(f"{word} {self._number} - {name}{more}", flush=True)


def run_modules(names: list[str]) -> int:
    """Runs the tests of Python modules and prints TAP; returns the exit code."""
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    print(f"1..{suite.countTestCases()}", flush=True)
    result = TapResult()
    suite.run(result)
    sys.stdout.flush()
    return 0 if result.wasSuccessful() else 1
