"""What the rules do not know, put together by cause, with a rule to paste."""

import json
import time

from e2e.case import Case, use_lab
from lab.bounces import DAY, Generator
from lab.diagnostics import Diagnostic

setUpModule, tearDownModule = use_lab()

EX_USAGE = 64

STRANGE = "<{address}>: your epistle displeases the oracle (ref {serial}X9) at {host}"
STRANGER = "tis not our custom, ask at https://{host}/why?id={serial}"
NOBODY = b"""From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: bounces@news.example.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

This is the mail system at host mx.example.net. Your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown in virtual mailbox table

--b--
"""


class Review(Case):
    """Three bounces of one strange kind, two of another, one about nobody, ten that are known."""

    def setUp(self) -> None:
        super().setUp()
        self.generator = Generator(11)
        self.now = float(int(time.time()))
        mails = [self.strange(STRANGE, n, 9 - n) for n in range(3)]
        mails += [self.strange(STRANGER, n, 2) for n in (3, 4)]
        known = [mail for mail in self.mixed(20, 3) if mail.format == "postfix"]
        self.deliver(mails + known)
        self.deliver_raw(NOBODY)
        self.fetch()

    def strange(self, text: str, serial: int, days_ago: int):
        words = text.replace("{serial}", f"4F{serial}")
        diagnostic = Diagnostic("soft", "undetermined", 1, 550, "5.0.0", words)
        return self.generator.bounce(self.now - days_ago * DAY, "postfix", diagnostic)

    def review(self, *arguments: str) -> list[dict]:
        output, _ = self.run_program("review", "--format", "json", *arguments)
        return [json.loads(line) for line in output.splitlines()]

    def test_one_cause_is_one_cluster_and_the_biggest_comes_first(self) -> None:
        clusters = self.review()
        self.assertEqual(
            [(c["kind"], c["count"], c["words"]) for c in clusters[:2]],
            [
                ("undetermined", 3, "<@>: your epistle displeases the oracle (ref #) at ~"),
                ("undetermined", 2, "tis not our custom, ask at ~"),
            ],
        )
        day = time.strftime("%Y-%m-%d", time.gmtime(self.now - 9 * DAY))
        self.assertEqual(clusters[0]["first"][:10], day)
        shown = self.value(
            f"SELECT diagnostic FROM bounce.event WHERE message = '{clusters[0]['message']}'"
        )
        self.assertEqual(clusters[0]["example"], shown)
        self.assertEqual(
            [(c["kind"], c["rule"]) for c in clusters[2:]],
            [("unmatched", None)],
        )

    def test_the_suggested_rule_decides_the_example(self) -> None:
        rules = self.program.folder / "rules.d"
        rules.mkdir()
        clusters = [cluster for cluster in self.review() if cluster["rule"]]
        self.assertEqual(len(clusters), 2)
        pasted = "\n".join(cluster["rule"] for cluster in clusters)
        pasted = pasted.replace("soft undetermined", "block policy_rejected")
        (rules / "mine.rules").write_text(pasted)
        for cluster in clusters:
            output, _ = self.run_program(
                "rules", "explain", cluster["example"], "--rules", str(rules)
            )
            self.assertIn("block policy_rejected", output.split("\n* decides")[0].splitlines()[0])
        self.program.sections["rules"] = {"directory": str(rules)}
        self.deliver([self.strange(STRANGE, 77, 0)])
        self.fetch()
        self.assertEqual(
            self.value(
                "SELECT count(*) FROM bounce.event WHERE category = 'policy_rejected'"
                " AND rule LIKE 'review-%'"
            ),
            1,
        )
        self.assertEqual([cluster["count"] for cluster in self.review()[:2]], [3, 2])

    def test_as_text_with_a_stanza_to_paste(self) -> None:
        output, _ = self.run_program("review", "--limit", "1")
        self.assertIn("3 undetermined, first ", output)
        self.assertIn("    text     your epistle displeases the oracle", output)
        self.assertIn("6 events that are not understood, of 3 kinds", output)
        self.assertNotIn("custom", output)

    def test_since_a_time(self) -> None:
        since = time.strftime("%Y-%m-%d", time.gmtime(self.now - 3 * DAY))
        self.assertEqual([c["count"] for c in self.review("--since", since)], [2, 1])
        _, errors = self.run_program("review", "--since", "yore", code=EX_USAGE)
        self.assertIn("'yore' is no time", errors)

    def test_nothing_in_a_diagnostic_reaches_the_terminal(self) -> None:
        self.deliver([self.strange("evil \x1b[2J words \x1b]0;x\x07 of no known rule", 5, 0)] * 9)
        self.fetch()
        output, _ = self.run_program("review")
        self.assertNotIn("\x1b", output)
        self.assertNotIn("\x07", output)
