"""make demo: what a newcomer sees first."""

import os
import re
import subprocess
import sys
import time
import unittest
from pathlib import Path

from e2e.case import BUILD
from lab.place import ROOT, remove_folder

DEMO = ROOT / "tests" / "demo.py"

SILENCE_SECONDS = 10  # a busy machine's; on an idle one no step takes two


class Demo(unittest.TestCase):
    """Run as make runs it, in a folder of its own."""

    def setUp(self) -> None:
        self.folder = BUILD / "lab" / f"demo-{os.getpid()}"
        self.addCleanup(remove_folder, self.folder)
        self.addCleanup(self.run_demo, "--stop")

    def run_demo(self, *options: str) -> str:
        """Runs it to its end; what it printed. No step is silent for long."""
        command = [sys.executable, str(DEMO), "--build", str(BUILD), "--folder", str(self.folder)]
        process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        output, last = "", time.monotonic()
        for line in process.stdout:
            self.assertLess(time.monotonic() - last, SILENCE_SECONDS, output)
            output, last = output + line, time.monotonic()
        self.assertEqual(process.wait(), 0, output)
        return output

    def servers(self) -> list[str]:
        """Processes that run in the demo's folder."""
        places = tuple(str(place.resolve()) for place in self.folder.iterdir())
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                command = (path / "cmdline").read_bytes().decode(errors="replace")
                if os.readlink(path / "cwd").startswith(places):
                    found.append(command)
            except OSError:
                continue  # it has ended, or is not ours
        return found

    def test_it_shows_the_tables_and_stops_what_it_started(self) -> None:
        output = self.run_demo()
        for words in ("campaign_summary", "spring26", "escalated | t", "decided by rule"):
            self.assertIn(words, output)
        self.assertRegex(output, r"bounces \|\s+610 \|\s+610 \|\s+0 \|\s+0 \|\s+610 .* t\n")
        self.assertEqual(self.servers(), [])

    def test_kept_servers_can_be_looked_at_and_stopped(self) -> None:
        output = self.run_demo("--keep")
        conninfo = re.search(r"psql '([^']+)'", output)[1]
        command = ["psql", "-X", "-At", "-c", "SELECT count(*) FROM bounce.message", conninfo]
        counted = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        self.assertEqual(counted, "610\n")
        self.assertGreater(len(self.servers()), 2)
        self.run_demo("--stop")
        self.assertEqual(self.servers(), [])
