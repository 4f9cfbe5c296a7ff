"""What people decide about addresses, what is told of them, and the list for other programs."""

import csv
import io
import json
import time

from e2e.case import Case, use_lab
from lab.bounces import DAY, Generator
from lab.diagnostics import diagnostic_of

setUpModule, tearDownModule = use_lab()

EX_NOT_FOUND, EX_USAGE, EX_DATA = 1, 64, 65

DEAD, FULL, LIVING = "dead@example.net", "full@example.org", "living@example.net"


class Decisions(Case):
    """A dead address, one with three soft bounces and one that was refused for our sake."""

    def setUp(self) -> None:
        super().setUp()
        generator = Generator(5)
        now = float(int(time.time()))
        unknown, full, blocked = map(diagnostic_of, ("user_unknown", "mailbox_full", "blocklisted"))
        self.program.sections["policy"] = {"strikes": 3}
        self.deliver(
            [generator.bounce(now - 9 * DAY, "postfix", unknown, "spring26", DEAD)]
            + [
                generator.bounce(now - day * DAY, "exim", full, f"letter_{day}", FULL)
                for day in (8, 7, 6)
            ]
            + [generator.bounce(now - 5 * DAY, "postfix", blocked, "spring26", LIVING)]
        )
        self.fetch()

    def suppressed(self) -> list[str]:
        rows = self.query("SELECT recipient FROM bounce.suppression ORDER BY recipient")
        return [row["recipient"] for row in rows]

    def test_reinstating_lifts_and_a_later_bounce_counts_again(self) -> None:
        self.assertEqual(self.suppressed(), [DEAD, FULL])
        output, _ = self.run_program("reinstate", DEAD.upper(), FULL, "--reason", "they wrote")
        self.assertIn("2 addresses reinstated", output)
        self.assertEqual(self.suppressed(), [])
        (action,) = self.query(f"SELECT * FROM bounce.operator_action WHERE recipient = '{DEAD}'")
        self.assertEqual(action["reason"], "they wrote")
        self.assertTrue(action["operator"])
        later = Generator(6).bounce(
            time.time() + DAY, "postfix", diagnostic_of("user_unknown"), "summer26", DEAD
        )
        self.deliver([later])
        self.fetch()
        self.assertEqual(self.suppressed(), [DEAD])

    def test_suppressing_an_address_that_never_bounced(self) -> None:
        self.run_program("suppress", "new@example.com", "--reason", "asked by phone")
        self.assertIn("new@example.com", self.suppressed())
        self.run_program("reinstate", "new@example.com", "--reason", "asked again")
        self.assertNotIn("new@example.com", self.suppressed())

    def test_an_incident_is_undone_by_domain_category_and_time(self) -> None:
        since = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 20 * DAY))
        choice = ("--domain", "Example.NET", "--category", "user_unknown", "--since", since)
        output, _ = self.run_program("reinstate", *choice, "--reason", "outage", "--dry-run")
        self.assertIn("1 address reinstated (dry run", output)
        self.assertEqual(self.suppressed(), [DEAD, FULL])
        self.run_program("reinstate", *choice, "--until", since, "--reason", "x", code=EX_NOT_FOUND)
        self.assertEqual(self.suppressed(), [DEAD, FULL])
        mistaken = ("reinstate", "--category", "user_unknow", "--reason", "x")
        _, errors = self.run_program(*mistaken, code=EX_NOT_FOUND)
        self.assertIn("no category 'user_unknow'; did you mean 'user_unknown'?", errors)
        self.run_program("reinstate", *choice, "--reason", "outage")
        self.assertEqual(self.suppressed(), [FULL])

    def test_a_file_of_addresses(self) -> None:
        listed = self.program.folder / "addresses"
        listed.write_text(f"# from support\n\n{FULL}\n  {DEAD}  \n")
        self.run_program("reinstate", "--file", str(listed), "--reason", "checked")
        self.assertEqual(self.suppressed(), [])
        listed.write_text("fine@example.net\nnot an address\n")
        _, errors = self.run_program(
            "suppress", "--file", str(listed), "--reason", "x", code=EX_DATA
        )
        self.assertIn("addresses:2: 'not an address' is no address", errors)
        self.assertEqual(self.suppressed(), [])

    def test_what_is_missing_is_asked_for(self) -> None:
        for arguments, words in (
            (("suppress", DEAD), "--reason is missing"),
            (("reinstate", "--reason", "x"), "which addresses?"),
            (("reinstate", DEAD, "--domain", "x.example", "--reason", "x"), "either addresses or"),
            (("reinstate", "--since", "yesteryear", "--reason", "x"), "'yesteryear' is no time"),
        ):
            _, errors = self.run_program(*arguments, code=EX_USAGE)
            self.assertIn(words, errors)

    def test_an_unknown_address_is_no_good_news(self) -> None:
        for command in (("explain",), ("reinstate", "--reason", "x")):
            output, errors = self.run_program(*command, "daed@example.net", code=EX_NOT_FOUND)
            self.assertEqual(output, "")
            self.assertIn(f"did you mean '{DEAD}'?", errors)

    def test_explain_tells_the_story(self) -> None:
        story, _ = self.run_program("explain", FULL)
        for words in (
            "strike 1 of 3",
            "strike 2 of 3",
            "strike 3 of 3: makes it hard",
            "campaign letter_7",
            f"{FULL} is hard since",
            "lifts it",
        ):
            self.assertIn(words, story)
        story, _ = self.run_program("explain", LIVING)
        self.assertIn("refused for the sender's sake", story)
        self.assertIn(f"{LIVING} is active", story)
        self.run_program("reinstate", DEAD, "--reason", "she called")
        story, _ = self.run_program("explain", DEAD)
        self.assertIn("lifted by the later reinstatement", story)
        self.assertIn("she called", story)

    def test_explain_says_why_a_bounce_is_no_strike(self) -> None:
        generator = Generator(7)
        noon = (time.time() // DAY - 3) * DAY + DAY / 2
        slow, full = diagnostic_of("rate_limited"), diagnostic_of("mailbox_full")
        to = "twice@example.net"
        self.deliver(
            [
                generator.bounce(noon, "postfix", full, "a", to),
                generator.bounce(noon + 60, "postfix", full, "b", to),
                generator.bounce(noon + DAY, "postfix", full, "a", to),
                generator.bounce(noon + DAY + 60, "postfix", slow, "c", to),
            ]
        )
        self.fetch()
        story, _ = self.run_program("explain", to)
        for words in ("strike 1 of 3", "one a day", "its campaign counts once", "not counted"):
            self.assertIn(words, story)

    def test_a_delivery_that_the_sending_system_saw_is_proof_of_life(self) -> None:
        self.postgres.execute(
            "INSERT INTO bounce.delivery (recipient, campaign, delivered_at)"
            f" VALUES ('{FULL}', 'welcome', now()), ('{DEAD}', 'welcome', now())",
            self.database,
        )
        self.assertIn(FULL, self.suppressed())
        self.fetch()
        self.assertEqual(self.suppressed(), [DEAD])
        story, _ = self.run_program("explain", FULL)
        self.assertIn("the count starts anew", story)
        self.assertIn(f"{FULL} is active", story)

    def test_export_as_csv_and_json(self) -> None:
        output, _ = self.run_program("export")
        rows = list(csv.DictReader(io.StringIO(output, newline="")))
        self.assertEqual([row["recipient"] for row in rows], [DEAD, FULL])
        output, _ = self.run_program("export", "--format", "json")
        rows = [json.loads(line) for line in output.splitlines()]
        self.assertEqual([row["recipient"] for row in rows], [DEAD, FULL])
        self.assertEqual(rows[0]["category"], "user_unknown")

    def test_export_of_changes_goes_on_where_it_stopped(self) -> None:
        output, _ = self.run_program("export", "--since", "2000-01-01", "--format", "json")
        changes = [json.loads(line) for line in output.splitlines()]
        self.assertEqual({row["recipient"] for row in changes}, {DEAD, FULL})
        last = changes[-1]["time"]
        self.run_program("reinstate", DEAD, "--reason", "x")
        output, _ = self.run_program("export", "--since", last, "--format", "json")
        (change,) = [json.loads(line) for line in output.splitlines()]
        self.assertEqual((change["recipient"], change["suppressed"]), (DEAD, False))

    def test_programs_read_the_address_and_spreadsheets_no_formula(self) -> None:
        addresses = ["+1@example.net", "-foo@example.net", "=cmd@example.net"]
        self.run_program("suppress", "-R", "x", "--", *addresses)
        for format_, prefix in (("csv", ""), ("spreadsheet", "'")):
            output, _ = self.run_program("export", "--format", format_)
            rows = list(csv.DictReader(io.StringIO(output, newline="")))
            expected = [prefix + address for address in addresses]
            self.assertEqual([row["recipient"] for row in rows], [*expected, DEAD, FULL])

    def test_rebuild_gives_the_same_rows(self) -> None:
        self.run_program("reinstate", DEAD, "--reason", "x")
        tables = ("recipient", "campaign_recipient", "campaign_count", "escalation")
        rows = "SELECT t::text AS row FROM bounce.{} t ORDER BY 1"
        before = [self.query(rows.format(table)) for table in tables]
        output, _ = self.run_program("rebuild")
        self.assertIn("3 addresses", output)
        self.assertEqual([self.query(rows.format(table)) for table in tables], before)
