"""Memory that ends anywhere: one clear line or nothing at all, and the next run completes.

A sample of a fetch's allocations, another one each time; `python3 -m crash memory` in tests/ lets
every one of them fail in turn.
"""

import random
import unittest

from crash.memory import Allocations, sample
from crash.scene import Scene, known_mails
from e2e.case import SANITIZED, Lab

MAILS = 20
SAMPLE = {"parent": 24, "worker": 4}


@unittest.skipIf(SANITIZED, "a sanitizer has its own allocator")
class Memory(unittest.TestCase):
    """One of a fetch's allocations fails."""

    @classmethod
    def setUpClass(cls) -> None:
        lab = Lab()
        cls.addClassCleanup(lab.stop)
        lab.start()
        scene = Scene(lab, "memory", known_mails(MAILS), direct=True)
        cls.enterClassContext(scene)
        scene.rehearse()
        cls.allocations = Allocations(scene)
        cls.totals = cls.allocations.count()

    def assert_each_ends_well(self, process: str, *ends: str) -> None:
        numbers = sample(random.Random(), self.totals[process], SAMPLE[process])
        found = self.allocations.fail_each(process, numbers)
        self.assertGreater(found.total(), 0, "no allocation has failed")
        self.assertLessEqual(set(found), set(ends))

    def test_the_program_says_so_and_leaves(self) -> None:
        self.assert_each_ends_well("parent", "71 nullsender: out of memory")

    def test_a_worker_is_replaced(self) -> None:
        self.assert_each_ends_well("worker", "0")
