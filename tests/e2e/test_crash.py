"""Kills, cuts and stalls at any step: the next runs give the same right answers, row by row.

A sample; `make crash` draws others, for as long as one likes. A failure says with which seed it can
be repeated.
"""

import unittest

from crash.disk import DiskLab, play_full_disk
from crash.rounds import count_steps, every_step, random_rounds
from crash.scene import Scene, known_mails
from crash.step_proxy import POSITIONS

SEED = 1
ROUNDS = 6
GROWTHS = (0, 2, 8, 20)  # of files, until the disk is full
MAILS = 12
MOMENTS = 2  # of each kind of fault, on each line


class Crash(unittest.TestCase):
    """One scene for all tests: resetting it is quick."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.seed = SEED
        cls.lab = DiskLab()
        cls.addClassCleanup(cls.lab.stop)
        cls.lab.start()
        cls.scene = Scene(cls.lab, "crash", known_mails(MAILS), hostile=True)
        cls.enterClassContext(cls.scene)
        cls.scene.rehearse()
        cls.steps = count_steps(cls.scene)

    def at_some_steps(self, fault: str) -> None:
        """The fault at moments that are spread evenly over both lines."""
        strides = {
            line: max(1, len(POSITIONS) * steps // MOMENTS) for line, steps in self.steps.items()
        }
        every_step(self.scene, fault, strides, self.seed)

    def test_killed_at_any_command_or_statement(self) -> None:
        self.at_some_steps("kill")

    def test_cut_at_any_command_or_statement(self) -> None:
        self.at_some_steps("cut")

    def test_stalled_at_any_command_or_statement(self) -> None:
        self.at_some_steps("stall")

    def test_database_session_ended_at_any_command_or_statement(self) -> None:
        self.at_some_steps("terminate-backend")

    def test_the_disk_of_the_database_becomes_full(self) -> None:
        struck = [play_full_disk(self.scene, growths) for growths in GROWTHS]
        self.assertIn(True, struck, "the disk was never full")

    def test_whatever_is_killed_at_random(self) -> None:
        random_rounds(self.scene, ROUNDS, self.seed)
