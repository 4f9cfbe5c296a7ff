"""What make install puts below a folder, and make uninstall takes away again."""

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from e2e.case import BUILD
from lab.place import ROOT

CONFIGURATION = {"etc/nullsender/nullsender.conf", "etc/cron.d/nullsender"}


class Install(unittest.TestCase):
    """make install DESTDIR=... PREFIX=/usr"""

    def make(self, target: str) -> None:
        done = subprocess.run(
            ["make", target, f"BUILD={BUILD}", f"DESTDIR={self.root}", "PREFIX=/usr"],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr)

    def files(self) -> set[str]:
        return {str(p.relative_to(self.root)) for p in self.root.rglob("*") if p.is_file()}

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.make("install")

    def test_the_program_runs_and_its_units_name_it(self) -> None:
        program = self.root / "usr/bin/nullsender"
        subprocess.run([program, "--version"], check=True, capture_output=True)
        units = list((self.root / "usr/lib/systemd/system").iterdir())
        self.assertEqual(
            {unit.name for unit in units},
            {"nullsender.service", "nullsender.timer", "nullsender-watch.service"},
        )
        for place in [*units, self.root / "etc/cron.d/nullsender"]:
            text = place.read_text(encoding="utf-8")
            self.assertNotIn("@bindir", text, place.name)
            for path, words in re.findall(r"(/\S+/nullsender) (fetch[\w -]*)", text):
                self.assertEqual(path, "/usr/bin/nullsender")
                subprocess.run([program, *words.split(), "--help"], check=True, capture_output=True)

    def test_a_second_time_keeps_the_configuration(self) -> None:
        config = self.root / "etc/nullsender/nullsender.conf"
        self.assertEqual(config.stat().st_mode & 0o777, 0o640)
        config.write_text("# mine\n", encoding="utf-8")
        self.make("install")
        self.assertEqual(config.read_text(encoding="utf-8"), "# mine\n")

    def test_uninstall_leaves_the_configuration(self) -> None:
        self.assertGreater(len(self.files()), 10)
        self.make("uninstall")
        self.assertEqual(self.files(), CONFIGURATION)
