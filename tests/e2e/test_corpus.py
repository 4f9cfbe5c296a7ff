"""The project's own mails: each format, service, language and trouble that is known.

corpus/FORMAT/NAME.eml are written after the formats; hosts, people and ids in them are invented.
corpus/expected.tsv says what `nullsender parse --format tsv FORMAT...` must print of them, one line
a mail: path, recipients, verdicts, categories, enhanced status codes.
"""

import subprocess
import tempfile
import unittest
from pathlib import Path

from e2e.case import PROGRAM
from lab.place import ROOT
from lab.program import environment

CORPUS = ROOT / "tests" / "corpus"
PREFIXES = 12  # of each mail
LONG = 200 * 1024  # of a diagnostic text
MANY = 5000  # recipients
HANGS_SECONDS = 120

REPORT = """\
From: Mail Delivery System <MAILER-DAEMON@mx1.example.net>
To: bounces@news.example.com
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b
Content-Type: text/plain

Your message could not be delivered.

--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx1.example.net

"""
END = "\n--=_b--\n"
EXIM = """\
From: Mail Delivery System <Mailer-Daemon@mx1.example.net>
To: bounces@news.example.com
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

"""


def group(address: str, diagnostic: str) -> str:
    """A recipient's fields in a report."""
    return (
        f"Final-Recipient: rfc822; {address}\nAction: failed\nStatus: 5.0.0\n"
        f"Diagnostic-Code: smtp; {diagnostic}\n\n"
    )


class Corpus(unittest.TestCase):
    """All of them in one run of the program each."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def parse(self, folder: Path, *names: str) -> list[str]:
        """The lines about the mails of some folders, by path."""
        done = subprocess.run(
            [str(PROGRAM), "parse", "--format", "tsv", *names],
            cwd=folder,
            env=environment(),
            capture_output=True,
            timeout=HANGS_SECONDS,
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return sorted(done.stdout.decode().splitlines())

    def parse_one(self, mail: str) -> list[list[str]]:
        """The columns about one mail, as lists."""
        (self.folder / "mail.eml").write_text(mail)
        (line,) = self.parse(self.folder, "mail.eml")
        return [column.split(",") for column in line.split("\t")[1:]]

    def assert_lines(self, lines: list[str], expected: list[str]) -> None:
        """The same lines; those of one mail stand below each other in what is said if not."""
        by_path = [{line.partition("\t")[0]: line for line in of} for of in (lines, expected)]
        parsed, wanted = by_path
        report = [
            f"{sign} {side[path]}"
            for path in sorted(parsed.keys() | wanted.keys())
            if parsed.get(path) != wanted.get(path)
            for sign, side in (("expected", wanted), ("parsed  ", parsed))
            if path in side
        ]
        if report:
            self.fail("\n".join(("", *report)))

    def mails(self) -> list[Path]:
        return sorted(CORPUS.glob("*/*.eml"))

    def formats(self) -> list[str]:
        return sorted({mail.parent.name for mail in self.mails()})

    def expected(self) -> list[str]:
        return sorted((CORPUS / "expected.tsv").read_text().splitlines())

    def test_every_mail_is_understood(self) -> None:
        self.assert_lines(self.parse(CORPUS, *self.formats()), self.expected())

    def test_the_kind_of_line_ends_does_not_matter(self) -> None:
        for mail in self.mails():
            copy = self.folder / mail.relative_to(CORPUS)
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(mail.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        self.assert_lines(self.parse(self.folder, *self.formats()), self.expected())

    def test_every_prefix_of_a_mail_is_a_mail(self) -> None:
        cuts = 0
        for number, mail in enumerate(self.mails()):
            data = mail.read_bytes()
            # Not at the same distances for all, so that the cuts fall everywhere.
            for length in range(number % 17, len(data), len(data) // PREFIXES + 1):
                name = "-".join((*mail.relative_to(CORPUS).with_suffix("").parts, str(length)))
                (self.folder / f"{name}.eml").write_bytes(data[:length])
                cuts += 1
        lines = self.parse(self.folder, ".")
        self.assertEqual(len(lines), cuts)
        self.assertEqual([line for line in lines if "\tquarantined\t" in line], [])

    def test_a_diagnostic_of_200_kilobytes(self) -> None:
        words = "550 5.1.1 user unknown " + "blah " * (LONG // 5)
        answer = [["ada@example.net"], ["hard"], ["user_unknown"], ["5.1.1"]]
        self.assertEqual(self.parse_one(REPORT + group("ada@example.net", words) + END), answer)
        folded = words.replace(" blah", "\n\tblah")
        self.assertEqual(self.parse_one(REPORT + group("ada@example.net", folded) + END), answer)
        self.assertEqual(self.parse_one(f"{EXIM}  ada@example.net\n    {words}\n"), answer)

    def test_a_report_about_5000_recipients(self) -> None:
        addresses = [f"reader{number}@example.net" for number in range(MANY)]
        said = ("550 5.1.1 user unknown", "552 5.2.2 mailbox full")
        groups = (group(address, said[i % 2]) for i, address in enumerate(addresses))
        found, verdicts, categories, codes = self.parse_one(REPORT + "".join(groups) + END)
        self.assertEqual(found, addresses)
        self.assertEqual(verdicts, ["hard", "soft"] * (MANY // 2))
        self.assertEqual(categories, ["user_unknown", "mailbox_full"] * (MANY // 2))
        self.assertEqual(codes, ["5.1.1", "5.2.2"] * (MANY // 2))

    def test_a_text_about_5000_recipients(self) -> None:
        addresses = [f"reader{number}@example.net" for number in range(MANY)]
        entries = (f"  {address}\n    550 5.1.1 user unknown\n" for address in addresses)
        found, verdicts, _, _ = self.parse_one(EXIM + "".join(entries))
        self.assertEqual(found, addresses)
        self.assertEqual(verdicts, ["hard"] * MANY)
