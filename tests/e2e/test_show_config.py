"""nullsender config: the settings in force, without the secrets."""

import subprocess
import tempfile
import unittest
from pathlib import Path

from e2e.case import PROGRAM

EX_USAGE, EX_CONFIG = 64, 78

CONFIG = r"""
workers = 3
database {
    conninfo = "postgresql://nullsender:hunter2@db.example.com/mail?sslmode=verify-full"
    keep_raw = false
}
mailbox "main" {
    host = "imap.example.com"
    user = "a \"quoted\" \\ name"
    password_command = "pass show \${HOME}"
    after = "delete"
}
mailbox "second" { host = "::1" user = "u" password_file = "/etc/p" folder = "Zurückgewiesen" }
verp { patterns = { "b+{campaign}-{recipient}@example.com", "xverp a@example.com" } }
policy { strikes = 7 }
"""


class ShowConfig(unittest.TestCase):
    """What is printed, and that it means the same as the file."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "nullsender.conf")
        self.path.write_text(CONFIG)

    def show(self, *words: str, code: int = 0) -> str:
        command = [str(PROGRAM), "config", "-c", str(self.path), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def settings(self, *words: str) -> list[str]:
        """Its lines without blanks, marks and the comment at the top."""
        lines = (line.partition("# ")[0].strip() for line in self.show(*words).splitlines())
        return [line for line in lines if line]

    def test_what_is_printed_can_be_read_back(self) -> None:
        shown = self.show()
        before = self.settings()
        self.path.write_text(shown)
        self.assertEqual(self.settings(), before)
        self.assertNotIn("# default", self.show())

    def test_values_of_the_file_and_defaults_are_told_apart(self) -> None:
        lines = self.show().splitlines()
        self.assertIn("workers = 3", lines)
        self.assertIn("    strikes = 7", lines)
        self.assertRegex(self.show(), r"\n    window_days = 180 +# default\n")
        main = lines.index('mailbox "main" {')
        second = lines.index('mailbox "second" {')
        self.assertIn('    after = "delete"', lines[main:second])
        self.assertIn('    user = "a \\"quoted\\" \\\\ name"', lines[main:second])
        self.assertIn('    password_command = "pass show \\${HOME}"', lines[main:second])
        self.assertIn('    folder = "Zurückgewiesen"', lines[second:])

    def test_what_a_provider_presets_is_told_from_defaults(self) -> None:
        keys = 'provider = "fastmail" user = "u" password_file = "/p" port = 994'
        self.path.write_text(f'mailbox "main" {{ {keys} }}')
        shown = self.show("mailbox")
        self.assertRegex(shown, r'\n    host = "imap.fastmail.com" +# by the provider\n')
        self.assertRegex(shown, r"\n    port = 994\n")
        self.assertRegex(shown, r'\n    folder = "INBOX" +# default\n')

    def test_a_password_is_not_shown(self) -> None:
        for conninfo in (
            "postgresql://ada:hunter2@db/mail",
            "dbname=mail password=hunter2",
            "dbname=mail password='hunter2",
        ):
            self.path.write_text(f'database {{ conninfo = "{conninfo}" }}')
            shown = self.show()
            self.assertNotIn("hunter2", shown)
            self.assertIn("*****", shown)

    def test_words_choose_keys_and_sections(self) -> None:
        self.assertEqual(self.settings("workers"), ["workers = 3"])
        self.assertEqual(
            self.settings("policy.strikes", "database.keep_raw"),
            ["database {", "keep_raw = false", "}", "policy {", "strikes = 7", "}"],
        )
        self.assertEqual(self.settings("folder").count('folder = "INBOX"'), 1)
        self.assertGreater(len(self.settings("policy")), 5)
        self.assertIn("'policy'", self.show("polcy", code=EX_USAGE))

    def test_a_file_that_is_wrong_is_told_as_everywhere(self) -> None:
        self.path.write_text("workers = 1000\n")
        self.assertIn(f"{self.path}:1: workers = 1000", self.show(code=EX_CONFIG))
