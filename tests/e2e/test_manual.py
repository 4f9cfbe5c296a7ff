"""The manual pages and completions say what the program has, all of it, and nothing else."""

import re
import subprocess
import unittest
from pathlib import Path

from e2e.case import BUILD, PROGRAM, TEMPLATE, Case, use_lab
from lab.place import ROOT
from lab.schema_page import schema_page

setUpModule, tearDownModule = use_lab()

PAGES = sorted((BUILD / "man").glob("nullsender*"))


def output_of(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def rendered(name: str) -> str:
    """A page as a reader sees it, on lines long enough that no word is broken."""
    page = output_of("mandoc", "-T", "ascii", "-O", "width=1000", str(BUILD / "man" / name))
    return re.sub(".\b", "", page)


def help_of(*words: str) -> str:
    return output_of(str(PROGRAM), *words, "--help")


def commands() -> list[str]:
    return re.findall(r"(?m)^  (\S+(?: \S+)?)  +\S", help_of())


def options_of(command: str) -> list[str]:
    return re.findall(r"(?m)^ .{5}(--[a-z-]+)", help_of(*command.split()))


class Pages(unittest.TestCase):
    """nullsender(8), nullsender.conf(5), nullsender-rules(5), nullsender-schema(7)."""

    def test_there_are_four_without_complaint(self) -> None:
        self.assertEqual(len(PAGES), 4)
        for page in PAGES:
            found = subprocess.run(
                ["mandoc", "-T", "lint", "-W", "warning,stop", str(page)],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            complaints = [
                line for line in found.stdout.splitlines()
                if "mandoc.db" not in line and "outdated" not in line
            ]  # fmt: skip
            self.assertEqual(complaints, [], page.name)

    def test_every_command_and_option_is_explained(self) -> None:
        page = rendered("nullsender.8")
        common = page.partition("COMMANDS")[0]
        sections = re.findall(r"(?ms)^   nullsender (.*?\n.*?)(?=^ {0,3}\S|\Z)", page)
        self.assertGreater(len(commands()), 10)
        self.assertEqual(len(sections), len(commands()))
        for command, section in zip(commands(), sections, strict=True):
            self.assertTrue(section.startswith(command), section)
            for option in options_of(command):
                self.assertIn(option, section + common, command)

    def test_every_key_is_explained_with_its_default(self) -> None:
        page = rendered("nullsender.conf.5")
        sample = (ROOT / "etc" / "nullsender.conf").read_text(encoding="utf-8")
        keys = re.findall(r"(?m)^[# ]*([a-z_]+) = (\"[^\"]*\"|\d+|true|false|\{)(?= \}|$)", sample)
        self.assertGreater(len(keys), 30)
        for key, value in keys:
            self.assertTrue(re.search(rf"(?m)^ +{key}\b", page), key)
            if value != "{":
                self.assertIn(value.replace('"', ""), page.replace('"', ""), key)

    def test_every_verp_preset_is_listed(self) -> None:
        page = rendered("nullsender.conf.5").partition("VERP PATTERNS")[2]
        table = (ROOT / "classify" / "verp.c").read_text(encoding="utf-8")
        presets = re.findall(r"(?m)^    \{\"(\w+)\", \"(\{base\}[^\"]+)\"", table)
        self.assertGreater(len(presets), 5)
        for name, template in presets:
            self.assertRegex(page, rf"(?m)^ +{name} +`{re.escape(template)}'$")

    def test_every_category_is_explained(self) -> None:
        page = rendered("nullsender-rules.5")
        table = (ROOT / "classify" / "verdict.c").read_text(encoding="utf-8")
        categories = re.findall(r"\[CATEGORY_\w+\] = *\{\"(\w+)\"", table)
        self.assertGreater(len(categories), 30)
        for category in categories:
            self.assertTrue(re.search(rf"\b{category}\b", page), category)

    def test_the_schema_page_says_what_the_database_says(self) -> None:
        page = (ROOT / "etc" / "man" / "nullsender-schema.7").read_text(encoding="utf-8")
        self.assertEqual(
            page,
            schema_page(Case.lab.postgres, TEMPLATE),
            "make pages writes it anew from the comments in migrations/",
        )


class Completion(unittest.TestCase):
    """What a shell offers after the words so far."""

    def offered(self, *words: str) -> list[str]:
        script = (
            "source \"$0\"; COMP_WORDS=(nullsender \"$@\"); COMP_CWORD=$#; _nullsender;"
            " printf '%s\\n' \"${COMPREPLY[@]}\""
        )
        return output_of("bash", "-c", script, str(BUILD / "completion" / "bash"), *words).split()

    def test_bash_offers_what_fits(self) -> None:
        first_words = {command.split()[0] for command in commands()}
        cases = (
            ([""], first_words),
            (["fet"], {"fetch"}),
            (["rules", ""], {"test", "explain"}),
            (["-c", "fetch", "rep"], {"report", "reprocess"}),
            (["fetch", "--dry"], {"--dry-run"}),
            (["reinstate", "--category", "mailbox_"],
             {"mailbox_full", "mailbox_moved", "mailbox_disabled"}),
            (["report", "--category", "mailbox_"], set()),
            (["reprocess", "--verdict", "h"], {"hard"}),
            (["report", "--format", ""], {"text", "csv", "json", "html"}),
            (["parse", "-f", ""], {"json", "tsv"}),
            (["verp", "check", "--format", ""], {"text", "json"}),
            (["fetch", "--log-format", "j"], {"json", "journal"}),
            (["suppress", "--reason", ""], set()),
        )  # fmt: skip
        for words, expected in cases:
            with self.subTest(words=words):
                self.assertEqual(set(self.offered(*words)), expected)

    def test_bash_offers_every_option(self) -> None:
        for command in commands():
            with self.subTest(command=command):
                options = options_of(command)
                self.assertGreater(len(options), 3)
                self.assertEqual(set(self.offered(*command.split(), "--")), set(options))

    def test_zsh_reads_its_own(self) -> None:
        page = Path(BUILD / "completion" / "zsh")
        output_of("zsh", "-n", str(page))
        for command in commands():
            arguments = re.compile(rf"'{command}'\) (formats=\"[a-z ]+\"; )?_arguments")
            self.assertRegex(page.read_text(encoding="utf-8"), arguments)
