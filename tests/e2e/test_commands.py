"""parse and explain: the same answers with no mailbox, no database and no configuration."""

import json
import re
import subprocess

from e2e.case import PROGRAM, Case, use_lab
from lab.bounces import Truth
from lab.program import PATTERN, environment

setUpModule, tearDownModule = use_lab()

EX_NO_INPUT = 66


class Commands(Case):
    """On files."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.program.folder / "mails"
        self.folder.mkdir()
        self.mails = self.mixed(120)

    def run_alone(self, *arguments: str, stdin: bytes = b"", code: int = 0) -> str:
        """Runs the program without a configuration; what it printed."""
        done = subprocess.run(
            [str(PROGRAM), *arguments], input=stdin, capture_output=True, env=environment()
        )
        self.assertEqual(done.returncode, code, done.stderr)
        if code == 0:
            self.assertEqual(done.stderr, b"")
        return (done.stdout + done.stderr).decode()

    def write_mails(self) -> None:
        """The mails in folders three deep."""
        for number, mail in enumerate(self.mails):
            folder = self.folder.joinpath(*str(number % 7 + 10), "x")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.eml").write_bytes(mail.raw)

    def parse(self, *arguments: str, stdin: bytes = b"") -> list[dict]:
        output = self.run_alone("parse", "--verp", PATTERN, *arguments, stdin=stdin)
        return [json.loads(line) for line in output.splitlines()]

    def truths(self, rows: list[dict]) -> list[Truth]:
        """The lines of JSON as the generator puts the truth."""
        names = ("campaign", "recipient", "verdict", "category")
        return [Truth(*(row.get(name) or "" for name in names)) for row in rows]

    def test_a_directory_as_json(self) -> None:
        self.write_mails()
        self.assert_rows(self.truths(self.parse(str(self.folder))), self.mails)

    def test_a_directory_as_tsv_has_a_line_a_message(self) -> None:
        self.write_mails()
        output = self.run_alone("parse", "--format", "tsv", "--verp", PATTERN, str(self.folder))
        lines = [line.split("\t") for line in output.splitlines()]
        self.assertEqual({len(fields) for fields in lines}, {5})
        self.assertEqual(len(lines), len(self.mails))
        for path, recipients, verdicts, categories, _ in lines:
            number = int(path.rpartition("/")[2].removesuffix(".eml"))
            truth = self.mails[number].truth
            self.assertEqual(recipients.split(","), [row.recipient for row in truth], path)
            self.assertEqual(verdicts.split(","), [row.verdict for row in truth], path)
            self.assertEqual(categories.split(","), [row.category for row in truth], path)

    def test_an_mbox(self) -> None:
        path = self.program.folder / "mbox"
        path.write_bytes(
            b"".join(
                b"From MAILER-DAEMON Thu Jan  1 00:00:00 2026\n"
                + mail.raw.replace(b"\nFrom ", b"\n>From ")
                + b"\n"
                for mail in self.mails
            )
        )
        self.assert_rows(self.truths(self.parse(str(path))), self.mails)

    def test_standard_input(self) -> None:
        for mail in self.mails[:5]:
            self.assert_rows(self.truths(self.parse("-", stdin=mail.raw)), [mail])

    def test_the_same_answer_with_any_number_of_workers(self) -> None:
        self.write_mails()
        one = self.run_alone("parse", "--workers", "1", "--verp", PATTERN, str(self.folder))
        four = self.run_alone("parse", "--workers", "4", "--verp", PATTERN, str(self.folder))
        self.assertEqual(one, four)

    def test_the_patterns_of_a_configuration(self) -> None:
        self.write_mails()
        output, errors = self.run_program("parse", str(self.folder))
        self.assertEqual(errors, "")
        rows = [json.loads(line) for line in output.splitlines()]
        self.assert_rows(self.truths(rows), self.mails)

    def test_a_file_that_is_not_there(self) -> None:
        output = self.run_alone("parse", str(self.folder / "nothing"), code=EX_NO_INPUT)
        self.assertIn(str(self.folder / "nothing"), output)

    def test_explain_names_what_decided(self) -> None:
        path = self.folder / "mail.eml"
        formats = {mail.format: mail for mail in self.mails if mail.truth[0].campaign}
        self.assertGreater(len(formats), 10)
        for mail in formats.values():
            path.write_bytes(mail.raw)
            output = self.run_alone("explain", "--verp", PATTERN, str(path))
            (row,) = self.parse(str(path))
            for words in (*mail.truth[0].__dict__.values(), row["rule"]):
                self.assertIn(words, output, mail.format)

    def test_nothing_that_a_terminal_obeys_is_printed(self) -> None:
        path = self.folder / "mail.eml"
        mail = next(mail for mail in self.mails if mail.format == "unknown")
        path.write_bytes(mail.raw.replace(b"answered:", b"answered:\x1b[2J\xe2\x80\xae\x9b31m"))
        output = self.run_alone("explain", str(path))
        for character in ("\x1b", "\u202e", "\x9b"):
            self.assertNotIn(character, output)
        self.assertNotIn("\x1b", self.run_alone("parse", str(path)))

    def test_no_function_has_a_librarys_name(self) -> None:
        """The linker lets ours take the place of the library's without a word."""
        libraries = set()
        for path in re.findall(r"/\S+\.so\S*", output_of("ldd", str(PROGRAM))):
            if not re.search(r"lib(c|m|gcc_s|stdc\+\+|asan|ubsan)\.so|ld-linux", path):
                libraries |= functions_in(output_of("nm", "-D", "--defined-only", path))
        ours = functions_in(output_of("nm", "--defined-only", str(PROGRAM)))
        self.assertIn("report_read", ours)
        self.assertIn("json_object", libraries)
        self.assertEqual(ours & libraries, set())


def output_of(*command: str) -> str:
    """What a command prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def functions_in(symbols: str) -> set[str]:
    """The names of the functions that nm lists; those that begin with _ are the compiler's."""
    return set(re.findall(r"(?m) T ([A-Za-z]\w*)", symbols))
