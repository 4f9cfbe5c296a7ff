"""report and campaign set: the campaigns in all formats, and names of strangers in them."""

import contextlib
import csv
import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import termios
import time
from pathlib import Path

from e2e.case import Case, use_lab
from lab.bounces import DAY, Generator
from lab.browser import Browser
from lab.program import environment

use_servers, stop_servers = use_lab()

EX_USAGE = 64
EX_CANNOT_CREATE = 73
NOT_FOUND = 1

SCRIPT = (
    '"><script>document.title="owned"</script></title></td></style>'
    "<img src=x onerror=\"document.title='owned'\">&amp;"
)
ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e"
SQL = "x'); DROP TABLE bounce.campaign; --"
FORMULA = "=cmd|'/c calc'!A0"
HOSTILE = (SCRIPT, ESCAPES, SQL, FORMULA, "@SUM(A1)", "-2+3", "a;=1", '"', "日本語 キャンペーン", " ")

browser: Browser


def setUpModule() -> None:
    global browser
    use_servers()
    browser = Case.lab.add(Browser(Case.lab.place("browser")))


def tearDownModule() -> None:
    stop_servers()


def quoted(text: str) -> str:
    """A string literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


class ReportCase(Case):
    """A ledger with two weeks of two campaigns."""

    def setUp(self) -> None:
        super().setUp()
        self.start = float(int(time.time() - 20 * DAY))
        self.generator = Generator(7, ("spring26", "winback"))
        self.mails = list(self.generator.mixed(150, self.start, 14))
        self.deliver(self.mails)
        self.fetch()

    def add_bounce(self, campaign: str, recipient: str, diagnostic: str) -> None:
        """A hard bounce with words that no mail could carry as they are."""
        names = "recipient, message, address, domain, campaign, occurred_at, verdict, category,"
        names += "fault, counted, diagnostic, identified_by, rule, run"
        domain = recipient.rpartition("@")[2]
        self.postgres.execute(
            f"INSERT INTO bounce.event ({names}) VALUES ({quoted(recipient)}, gen_random_uuid(),"
            f" {quoted(recipient)}, {quoted(domain)}, {quoted(campaign)}, now(), 'hard',"
            f" 'user_unknown', 'recipient', false, {quoted(diagnostic)}, 'verp', 'x',"
            f" gen_random_uuid());"
            f"SELECT bounce.recipient_refresh(ARRAY[{quoted(recipient)}])",
            self.database,
        )

    def report(self, *arguments: str, code: int = 0) -> str:
        output, errors = self.run_program("report", *arguments, code=code)
        self.assertEqual(errors, "") if code == 0 else self.assertEqual(output, "")
        return output or errors

    def csv(self, *arguments: str) -> list[dict]:
        """The rows of a report; run as bytes, since Python would fold the line ends."""
        self.program.write_config()
        done = subprocess.run(
            self.program.command("report", "--format", "csv", *arguments),
            capture_output=True, check=True, env=environment(),
        )  # fmt: skip
        text = done.stdout.decode()
        self.assertEqual(text.count("\n"), text.count("\r\n"))
        return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))

    def json(self, *arguments: str) -> dict:
        return json.loads(self.report("--format", "json", *arguments))

    def page(self, *arguments: str) -> Path:
        path = self.program.folder / "report.html"
        self.report("--format", "html", "--output", str(path), *arguments)
        return path


class Report(ReportCase):
    """The numbers, and what is said where there are none."""

    def test_the_campaigns_are_those_of_the_view(self) -> None:
        self.run_program("campaign", "set", "spring26", "--sent", "4000")
        rows = self.query(
            "SELECT campaign, sent, bounced, bounce_rate, hard, hard_rate, soft, block, complaint,"
            " complaint_rate, their_fault, our_fault, other, first_day, last_day"
            " FROM bounce.campaign_summary ORDER BY campaign = '', first_day DESC, campaign"
        )
        self.assertEqual(len(rows), 3)
        self.assertEqual(self.json()["campaigns"], rows)
        for row, cells in zip(rows, self.csv(), strict=True):
            for name, value in row.items():
                if isinstance(value, float):
                    self.assertEqual(float(cells[name]), value)
                else:
                    self.assertEqual(cells[name], "" if value is None else str(value))

    def test_tables_of_one_campaign(self) -> None:
        for option, view, column in (
            ("--domain", "campaign_by_domain", "domain"),
            ("--day", "campaign_by_day", "day"),
        ):
            rows = {row[column]: int(row["bounced"]) for row in self.csv("winback", option)}
            sql = f"SELECT {column}, hard + soft + block AS n FROM bounce.{view}"
            expected = self.query(
                f"{sql} WHERE campaign = 'winback' AND hard + soft + block + complaint > 0"
            )
            self.assertEqual(rows, {row[column]: row["n"] for row in expected})
        rows = self.csv("winback", "--category")
        sums = "SELECT sum(recipients) AS n FROM bounce.campaign_by_category"
        self.assertEqual(
            sum(int(row["recipients"]) for row in rows),
            self.value(f"{sums} WHERE campaign = 'winback'"),
        )
        rows = self.csv("winback", "--recipient")
        truth = {row.recipient for mail in self.mails for row in mail.truth
                 if row.campaign == "winback" and row.verdict != "none"}  # fmt: skip
        self.assertEqual({row["recipient"] for row in rows}, truth)

    def test_tables_of_all_campaigns_add_up(self) -> None:
        bounced = self.value("SELECT sum(bounced) FROM bounce.campaign_summary")
        for option in ("--domain", "--day"):
            self.assertEqual(sum(int(row["bounced"]) for row in self.csv(option)), bounced)
        both = self.json("--domain", "--category")
        self.assertEqual(sorted(both), ["campaign", "categories", "domains", "mailboxes_read_at"])

    def test_text_fits_a_terminal(self) -> None:
        self.run_program("campaign", "set", "spring26", "--sent", "4000")
        for arguments in ((), ("spring26",), ("--domain",), ("--category",), ("--day",), ("",)):
            text = self.report(*arguments)
            self.assertNotIn("\x1b", text)
            for line in text.splitlines():
                self.assertLessEqual(len(line), 80, line)
                self.assertEqual(line, line.rstrip())
        self.assertRegex(self.report(), r"(?m)^spring26 +4000 +\d+ +\d+\.\d +\d+ +\d+\.\d ")
        self.assertRegex(self.report(), r"(?m)^\(not known\) ")
        self.assertIn("just now", self.report())

    def test_a_terminal_is_used_to_its_width(self) -> None:
        self.program.write_config()
        command = self.program.command("report", "--category")
        longest = {}
        for columns in (40, 200):
            master, slave = pty.openpty()
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
            with subprocess.Popen(command, stdout=slave, env=environment()):
                os.close(slave)
                output = b""
                with contextlib.suppress(OSError):  # EIO: the program has ended
                    while chunk := os.read(master, 65536):
                        output += chunk
            os.close(master)
            self.assertNotIn(b"\x1b", output)
            longest[columns] = max(map(len, output.decode().splitlines()))
        self.assertLess(longest[40], 70)
        self.assertGreater(longest[200], 80)

    def test_a_campaign_that_is_not_there(self) -> None:
        for arguments in ((), ("--format", "csv"), ("--domain",), ("--format", "html")):
            errors = self.report("sprng26", *arguments, code=NOT_FOUND)
            self.assertIn("no campaign 'sprng26'; did you mean 'spring26'?", errors)
        self.assertIn("SPRING26", self.report("SPRING26", code=NOT_FOUND))
        self.assertIn("'nullsender report' lists them", self.report("other", code=NOT_FOUND))
        self.assertIn("no campaign", self.report(SQL, code=NOT_FOUND))
        self.assertNotIn("\x1b", self.report(ESCAPES, code=NOT_FOUND))
        command = self.program.command("report", b"\xff\xfe")
        done = subprocess.run(command, capture_output=True, env=environment())
        self.assertEqual(done.returncode, NOT_FOUND)

    def test_an_output_that_cannot_be_written_leaves_the_old_one(self) -> None:
        path = self.program.folder / "report.txt"
        self.report("--output", str(path))
        self.assertEqual(path.read_text(), self.report("--output", "-"))
        path.write_text("old")
        self.report("nothing", "--output", str(path), code=NOT_FOUND)
        self.assertEqual(path.read_text(), "old")
        missing = str(self.program.folder / "nowhere" / "report.txt")
        self.assertIn(missing, self.report("--output", missing, code=EX_CANNOT_CREATE))
        link = self.program.folder / "link"
        link.symlink_to(path)
        self.report("--output", str(link))
        self.assertTrue(link.is_symlink())
        self.assertEqual(path.read_text(), self.report())

    def test_a_full_disk_is_an_error(self) -> None:
        self.report("--output", "/dev/full", code=EX_CANNOT_CREATE)
        self.assertTrue(Path("/dev/full").is_char_device())

    def test_wrong_command_lines(self) -> None:
        for arguments, words in (
            (("--format", "xml"), "text, csv, json or html, not 'xml'"),
            (("--recipient",), "--recipient needs a CAMPAIGN"),
            (("--domain", "--day", "--format", "csv"), "room for one table"),
            (("one", "two"), "'two' is one argument too many"),
        ):
            self.assertIn(words, self.report(*arguments, code=EX_USAGE))
        self.run_program("campaign", "set", "x", code=EX_USAGE)
        for name, sent in (("x", "0"), ("x", "-1"), ("x", "many"), ("", "1")):
            self.run_program("campaign", "set", name, "--sent", sent, code=EX_USAGE)

    def test_a_reader_may_read(self) -> None:
        self.postgres.execute("CREATE ROLE marketing LOGIN; GRANT nullsender_reader TO marketing")
        expected = self.report("spring26")
        self.program.database["conninfo"] = self.postgres.conninfo(self.database, "marketing")
        self.assertEqual(self.report("spring26"), expected)
        self.run_program("campaign", "set", "spring26", "--sent", "5", code=77)


class EmptyLedger(Case):
    """Before the first bounce."""

    def test_nothing_known_is_no_good_news(self) -> None:
        output, _ = self.run_program("report")
        self.assertIn("Nothing is known yet.", output)
        self.assertIn("No mailbox has been read", output)
        _, errors = self.run_program("report", "spring26", code=NOT_FOUND)
        self.assertIn("the ledger has none yet", errors)
        self.fetch()
        output, _ = self.run_program("report")
        self.assertIn("Nothing has bounced.", output)

    def test_sent_may_be_noted_before_anything_bounces(self) -> None:
        output, errors = self.run_program("campaign", "set", "spring26", "--sent", "4000")
        self.assertEqual(output, "spring26: 4000 sent; nothing of it has bounced so far\n")
        self.assertEqual(errors, "")
        self.run_program("campaign", "set", "spring26", "--sent", "4100")
        output, _ = self.run_program("report", "--format", "csv")
        self.assertIn("spring26,4100,0,0.00,0,0.00,", output)
        for form in ("text", "json", "html"):
            self.run_program("report", "spring26", "--format", form)


class Hostile(ReportCase):
    """Names and words from outside."""

    def setUp(self) -> None:
        super().setUp()
        for number, name in enumerate(HOSTILE):
            self.add_bounce(name, f"ada{number}@example.net", f"550 {name}")

    def test_every_name_is_only_a_name(self) -> None:
        for name in HOSTILE:
            with self.subTest(name=name):
                (row,) = self.json("--", name)["campaigns"]
                self.assertEqual((row["campaign"], row["hard"]), (name, 1))
                (row,) = self.json("--recipient", "--", name)["recipients"]
                self.assertEqual(row["diagnostic"], f"550 {name}")
                output, _ = self.run_program("campaign", "set", "--sent", "10", "--", name)
                self.assertNotRegex(output, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
                (row,) = self.json("--", name)["campaigns"]
                self.assertEqual(row["hard_rate"], 10)
        names = {row["campaign"] for row in self.json()["campaigns"]}
        self.assertEqual(names, {*HOSTILE, "", "spring26", "winback"})

    def test_nothing_that_a_terminal_obeys_is_printed(self) -> None:
        for form in ("text", "csv", "json", "html"):
            for arguments in ((), (ESCAPES,), (ESCAPES, "--recipient")):
                output = self.report("--format", form, *arguments)
                self.assertNotRegex(output, "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]")

    def test_no_cell_of_csv_is_a_formula(self) -> None:
        cells = [cell for row in self.csv() for cell in row.values()]
        cells += self.csv(FORMULA, "--recipient")[0].values()
        self.assertIn("'" + FORMULA, cells)
        for cell in cells:
            self.assertNotRegex(cell, r"^[=+\-@\t\r]")


class Page(ReportCase):
    """The page, in a real browser."""

    def show(self, *arguments: str) -> None:
        browser.resize(1200)
        browser.media()
        browser.open(self.page(*arguments))

    def column(self, table: int, column: int) -> list[str]:
        return browser.run(
            "const [table, column] = arguments;"
            "return [...document.querySelectorAll('table')[table].tBodies[0].rows]"
            ".map(row => row.cells[column].dataset.value ?? row.cells[column].textContent)",
            table, column,
        )  # fmt: skip

    def test_it_shows_what_is_asked_first(self) -> None:
        self.run_program("campaign", "set", "spring26", "--sent", "4000")
        self.show()
        (totals,) = self.query(
            "SELECT sum(sent) AS sent, sum(bounced) AS bounced, sum(our_fault) AS ours,"
            " round(100.0 * sum(hard) FILTER (WHERE sent IS NOT NULL) / sum(sent), 1)::text"
            " AS hard_rate, sum(complaint) AS complaint FROM bounce.campaign_summary"
        )
        tiles = browser.run("return document.querySelector('.tiles').innerText")
        tiles = tiles.replace("\u202f", "")
        for name in ("sent", "bounced", "ours", "complaint"):
            self.assertRegex(tiles, rf"\b{totals[name]}\b", name)
        self.assertIn(f"{totals['hard_rate']}%", tiles)
        svgs = browser.run(
            "return [...document.querySelectorAll('figure svg')]"
            ".filter(svg => svg.getBoundingClientRect().width > 100).length"
        )
        self.assertGreater(svgs, 3)
        self.assertEqual(browser.run("return document.querySelectorAll('figure').length"), 3)
        self.assertEqual(browser.console(), [])

    def test_charts_show_every_bounce(self) -> None:
        self.show("winback")
        (row,) = self.json("winback")["campaigns"]
        for verdict in ("hard", "soft", "block", "complaint"):
            words = verdict + ("s" if verdict == "complaint" else "")
            shown = browser.run(
                "return [...document.querySelectorAll('.days title')].map(t => t.textContent)"
            )
            found = re.findall(rf"(\d+) {words}\b", " ".join(shown))
            self.assertEqual(sum(map(int, found)), row[verdict], verdict)

    def test_tables_sort(self) -> None:
        self.show("winback")
        heads = browser.run(
            "return [...document.querySelectorAll('table')[2].tHead.rows[0].cells]"
            ".map(cell => cell.textContent)"
        )
        self.assertEqual(heads[:2], ["Domain", "Bounced"])
        table = "section:nth-of-type(4) "
        before = self.column(2, 0)
        browser.click(table + "th:nth-child(1) button")
        self.assertEqual(self.column(2, 0), sorted(before))
        browser.click(table + "th:nth-child(1) button")
        self.assertEqual(self.column(2, 0), sorted(before, reverse=True))
        browser.click(table + "th:nth-child(3) button")
        numbers = [int(cell) for cell in self.column(2, 2)]
        self.assertEqual(numbers, sorted(numbers, reverse=True))
        self.assertGreater(numbers[0], numbers[-1])
        browser.click(table + "th:nth-child(3) button")
        numbers = [int(cell) for cell in self.column(2, 2)]
        self.assertEqual(numbers, sorted(numbers))
        self.assertEqual(sorted(self.column(2, 0)), sorted(before))
        self.assertEqual(
            browser.run("return document.querySelectorAll('th[aria-sort]').length"), 1
        )
        self.assertEqual(browser.console(), [])

    def test_empty_cells_stay_last(self) -> None:
        self.run_program("campaign", "set", "spring26", "--sent", "4000")
        self.run_program("campaign", "set", "quiet", "--sent", "500")
        self.show()
        for _ in range(2):
            browser.click("section:nth-of-type(2) th:nth-child(2) button")
            known = [cell != "" for cell in self.column(0, 1)]
            self.assertEqual(known, [True, True, False, False])

    def test_hostile_words_stay_text(self) -> None:
        self.add_bounce(SCRIPT, "ada@example.net", f"550 {SCRIPT}")
        self.add_bounce(SCRIPT, f"{SCRIPT.lower()}@example.net", f"550 {ESCAPES}")
        for arguments in ((), (SCRIPT,)):
            self.show(*arguments)
            self.assertEqual(browser.console(), [])
            self.assertNotEqual(browser.run("return document.title"), "owned")
            self.assertEqual(browser.run("return document.scripts.length"), 1)
            self.assertEqual(browser.run("return document.images.length"), 0)
            self.assertIn(SCRIPT, browser.run("return document.body.textContent"))
        self.assertEqual(browser.run("return document.querySelector('h1').textContent"), SCRIPT)
        self.assertIn(f"550 {SCRIPT}", self.column(3, 4))
        self.assertEqual(browser.run("return document.title"), f"{SCRIPT}: bounces")

    def test_a_script_that_got_in_would_not_run(self) -> None:
        path = self.page()
        html = path.read_text()
        path.write_text(html.replace("</main>", "<script>document.title='owned'</script></main>"))
        browser.open(path)
        self.assertNotEqual(browser.run("return document.title"), "owned")
        self.assertIn("Content Security Policy", " ".join(browser.console()))

    def test_it_needs_nothing_else(self) -> None:
        self.show("winback")
        self.assertEqual(
            browser.run("return performance.getEntriesByType('resource').map(e => e.name)"), []
        )
        html = self.page("winback").read_text()
        self.assertNotRegex(html, r"(?i)https?://|@import|url\(|src=\"")

    def test_a_phone_needs_no_sideways_scrolling(self) -> None:
        self.run_program("campaign", "set", "spring26", "--sent", "4000")
        long = "x" * 60
        self.add_bounce(long, f"{'y' * 64}@{'z' * 60}.example", "550 " + "w" * 400)
        for arguments in ((), (long,), ("winback",)):
            for width in (320, 360, 700, 1200):
                self.show(*arguments)
                browser.resize(width)
                wide = browser.run("return document.documentElement.scrollWidth")
                self.assertLessEqual(wide, width, arguments)
                inside = browser.run(
                    "return [...document.querySelectorAll('.scroll')]"
                    ".every(box => box.scrollWidth <= box.clientWidth)"
                )
                self.assertTrue(inside, (arguments, width))
            browser.resize(360)
            smallest = browser.run(
                "return Math.min(...[...document.querySelectorAll('body *')]"
                ".filter(e => e.innerText?.trim())"
                ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
            )
            self.assertGreaterEqual(smallest, 13)

    def test_words_can_be_read_in_the_light_and_in_the_dark(self) -> None:
        for scheme in ("light", "dark"):
            self.show("winback")
            browser.media(scheme)
            colours = browser.run(
                "const style = e => getComputedStyle(e);"
                "return [style(document.body).backgroundColor, ...['body', '.note', '.detail']"
                ".map(s => style(document.querySelector(s)).color)]"
            )
            paper, *inks = [luminance(colour) for colour in colours]
            self.assertEqual(paper > 0.5, scheme == "light")
            for ink in inks:
                contrast = (max(paper, ink) + 0.05) / (min(paper, ink) + 0.05)
                self.assertGreaterEqual(contrast, 4.5, (scheme, colours))


def luminance(colour: str) -> float:
    """Of a colour as computed styles have it, by WCAG 2."""
    channels = [int(n) / 255 for n in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
