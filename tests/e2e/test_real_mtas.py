"""Bounces that a real Postfix and a real Exim write, all the way: a newsletter is handed in, a
receiver refuses it, the report comes back through LMTP into Dovecot, and the ledger says who failed
in which campaign and why."""

from __future__ import annotations

import socket
import unittest
from collections import Counter, defaultdict
from itertools import cycle

from e2e.case import OWNER, PROCESSED, PROGRAM, TEMPLATE, Lab
from lab.bounces import CAMPAIGNS, Truth
from lab.exim import Exim
from lab.letter import MAILBOX, SENDER_DOMAIN
from lab.mta import Mta, Routes, submit
from lab.postfix import Postfix
from lab.program import PATTERN, Program, write_secret
from lab.smtp_replies import REPLIES, Reply
from lab.smtp_sink import HANG_UP, SILENCE, Answer, SmtpSink, Stage
from lab.verp import KEY_LINE

# Receivers that fail for everybody: the domain, when, what they say and what it means.
SESSIONS = (
    ("busy.example", Stage.GREETING, "421 4.3.2 System not accepting network messages",
     "soft", "system_error"),
    ("strict.example", Stage.EHLO, "501 5.5.4 HELO/EHLO argument is invalid.",
     "block", "protocol_error"),
    ("blocks.example", Stage.GREETING,
     "554 5.7.1 Service unavailable; client host [192.0.2.25] blocked using bl.example.org",
     "block", "blocklisted"),
)  # fmt: skip
# Others that never say a word about it.
UNANSWERING = {
    "silent.example": Answer(Stage.GREETING, SILENCE),
    "hangs-up.example": Answer(Stage.GREETING, HANG_UP),
    "stalls.example": Answer(Stage.RCPT, SILENCE),
    "breaks-off.example": Answer(Stage.MESSAGE, HANG_UP),
}
REFUSING, UNKNOWN, INSIDE = "refuses.example", "nowhere.example", "inside.example"
UNENCRYPTED, SMALL = "plain.example", "small.example"

GONE = (Answer(Stage.RCPT, "550 5.1.1 User unknown"), "hard", "user_unknown")
FULL = (Answer(Stage.RCPT, "452 4.2.2 Mailbox full"), "soft", "mailbox_full")
WARY = (Answer(Stage.RCPT, "550 5.7.606 Access denied, banned sending IP"), "block", "blocklisted")
SPAM = (Answer(Stage.MESSAGE, "554 5.7.1 Identified as spam"), "block", "spam_detected")

PERSONS = ("ada.hopper", "grace+shop", "mary-jane", "alan=turing", "O.Neill")

# Its senders are signed, and what does not fit is a token.
SIGNED_CAMPAIGN = "invoices"
SIGNED_PATTERNS = [f"{preset} {MAILBOX}" for preset in ("signed", "token")]

XVERP_CAMPAIGN = "autumn26"
XVERP_MAILBOX = f"return-{XVERP_CAMPAIGN}@{SENDER_DOMAIN}"
XVERP_PATTERN = f"return-{{campaign}}+{{local}}={{domain}}@{SENDER_DOMAIN}"

# With words that would fool a reader who takes them for a server's.
LETTER = """\
From: Example Shop <hello@news.example.com>
To: you
Subject: Three recipes for the weekend
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Hello! Is your mailbox full of offers that nobody needs? No such user ever regretted ours.
The last 550 pairs at 5.11 EUR each, while stocks last. Grüße!
""".replace("\n", "\r\n").encode()
LESS_THAN_LETTER = 100  # bytes

DONE_SECONDS = 60  # until the queues are empty; ten are usual


def verp(campaign: str, recipient: str) -> str:
    """The envelope sender of a mail."""
    return f"bounces+{campaign}-{recipient.replace('@', '=')}@{SENDER_DOMAIN}"


class Mailing:
    """What is sent through one MTA, and in groups what must come of it."""

    def __init__(self, mta: Mta, sink: SmtpSink, program: Program) -> None:
        self.mta = mta
        self._program = program
        self.truth: dict[str, list[Truth]] = defaultdict(list)
        self.replies: dict[Truth, Reply] = {}
        self._is_postfix = isinstance(mta, Postfix)
        self._sink = sink

    def send(self) -> None:
        """Hands in all of it."""
        with self.mta.connect() as self._connection:
            self._send_all()

    def _send_all(self) -> None:
        for reply, campaign in zip(REPLIES, cycle(CAMPAIGNS)):
            self._send_refused(reply, campaign)
        for domain, *_, verdict, category in SESSIONS:
            self._send("sessions", f"ada@{domain}", verdict, category)
        for domain in (REFUSING, *UNANSWERING):
            # Exim says "retry timeout exceeded", and not what it was that failed.
            category = "host_unreachable" if self._is_postfix else "delivery_expired"
            self._send("sessions", f"ada@{domain}", "soft", category)
        answer, verdict, category = GONE
        self._send("signed", "al@shop.example", verdict, category, SIGNED_CAMPAIGN, answer)
        self._send_together()
        self._send_wishing_for_notices()
        self._send("own words", f"ada@{UNKNOWN}", "hard", "domain_unknown")
        if self._is_postfix:
            self._send("own words", f"ada@{UNENCRYPTED}", "block", "security_error")
            self._send("own words", f"ada@{SMALL}", "soft", "message_too_large")
            self._send_xverp()
        # At the second try it is late enough for a notice; the third one succeeds.
        later = Answer(Stage.RCPT, "451 4.3.0 Not now", times=2)
        self._send("late", "barbara@late.example", "none", "delayed", answer=later)

    def _send(
        self,
        group: str,
        recipient: str,
        verdict: str,
        category: str,
        campaign: str = "winback",
        answer: Answer | None = None,
        wishes: str = "",
    ) -> Truth:
        recipient = recipient.replace("@", f".{self.mta.name}@")
        sender = self._sender(campaign, recipient)
        if answer:
            self._sink.answers[sender if answer.stage is Stage.MAIL else recipient] = answer
        submit(self._connection, sender, {recipient: wishes}, LETTER)
        truth = Truth(campaign, recipient.lower(), verdict, category)
        self.truth[group].append(truth)
        return truth

    def _sender(self, campaign: str, recipient: str) -> str:
        if campaign != SIGNED_CAMPAIGN:
            return verp(campaign, recipient)
        done = self._program.run("verp encode", campaign, recipient)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _send_refused(self, reply: Reply, campaign: str) -> None:
        number = len(self.replies)
        recipient = f"{PERSONS[number % len(PERSONS)]}.{number}@shop.example"
        truth = self._send(
            "replies", recipient, reply.verdict, reply.category, campaign, reply.answer
        )
        self.replies[truth] = reply

    def _send_to_club(
        self, group: str, sender: str, campaign: str, members: dict, *options: str
    ) -> None:
        """One mail to several: each has an answer with its meaning, or None where it is taken."""
        recipients = {}
        for name, answer in members.items():
            recipient = f"{name}.{self.mta.name}@{group}.example"
            recipients[recipient] = ""
            if answer:
                self._sink.answers[recipient], verdict, category = answer
                self.truth[group].append(Truth(campaign, recipient, verdict, category))
        submit(self._connection, sender, recipients, LETTER, options)

    def _send_together(self) -> None:
        """Without VERP: the report alone says who failed, and nothing names the campaign."""
        members = {"gone": GONE, "full": FULL, "wary": WARY, "well": None}
        self._send_to_club("together", MAILBOX, "", members)
        self._send_to_club("together", MAILBOX, "", {"first": SPAM, "second": SPAM})

    def _send_xverp(self) -> None:
        """Postfix itself makes a VERP address for each of several recipients."""
        members = {"gone": GONE, "full": FULL, "well": None}
        self._send_to_club("xverp", XVERP_MAILBOX, XVERP_CAMPAIGN, members, "XVERP")
        # It reports a delay to the one sender of all.
        self.truth["xverp"].append(Truth("", "full.postfix@xverp.example", "none", "delayed"))

    def _send_wishing_for_notices(self) -> None:
        # Both hand the mail to a server that knows nothing of DSN: RFC 3461 section 5.2.2 calls
        # that relayed, over LMTP as well. Exim 4.96 says "delivered" of both.
        category = "relayed" if self._is_postfix else "delivered"
        wishes = "NOTIFY=SUCCESS,FAILURE,DELAY"
        for domain in ("shop.example", INSIDE):
            self._send("notices", f"ken@{domain}", "none", category, wishes=wishes)


class World:
    """The servers, the mailings, and the ledger that a fetch of all their reports has filled."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._sink = lab.add(SmtpSink())
        routes = self._routes()
        mtas = [lab.add(mta(lab.place(mta.name), routes)) for mta in (Postfix, Exim)]
        self._database = lab.postgres.create_database("real_mtas", OWNER, TEMPLATE)
        conninfo = lab.postgres.conninfo(self._database, OWNER)
        self._program = Program(PROGRAM, lab.place("program"), {"conninfo": conninfo})
        keys = self._program.folder / "verp.keys"
        write_secret(keys, KEY_LINE.strip())
        self._program.sections["verp"] = {
            "patterns": [*SIGNED_PATTERNS, XVERP_PATTERN, PATTERN],
            "key_file": str(keys),
        }
        self.mailings = [Mailing(mta, self._sink, self._program) for mta in mtas]
        for name, user in (("bounces", MAILBOX), ("xverp", XVERP_MAILBOX)):
            lab.dovecot.add_user(user)
            self._program.add_mailbox(name, lab.dovecot, user)
        for mailing in self.mailings:
            lab.dovecot.add_user(f"ken.{mailing.mta.name}@{INSIDE}")

    def run(self) -> None:
        """Sends, waits for the reports and fetches them."""
        for mailing in self.mailings:
            mailing.send()
        for mailing in self.mailings:
            mailing.mta.wait_until_done(DONE_SECONDS)
        self.reports = sum(self._lab.dovecot.count(user) for user in (MAILBOX, XVERP_MAILBOX))
        self.fetch = self._program.run("fetch")

    def query(self, sql: str) -> list[dict]:
        """The rows of a SELECT from the ledger."""
        return self._lab.postgres.query(sql, self._database)

    def count(self, folder: str) -> int:
        """How many mails lie in a folder of the bounce mailboxes."""
        return sum(self._lab.dovecot.count(user, folder) for user in (MAILBOX, XVERP_MAILBOX))

    def _routes(self) -> Routes:
        add = self._lab.add
        routes = Routes(self._sink.port, encrypted=(UNENCRYPTED,), unknown=(UNKNOWN,))
        sessions = {domain: Answer(stage, reply) for domain, stage, reply, *_ in SESSIONS}
        for domain, answer in (sessions | UNANSWERING).items():
            routes.ports[domain] = add(SmtpSink(answer)).port
        # Bound, so that nobody else takes the port, but not listening.
        closed = add(socket.socket())
        closed.bind(("127.0.0.1", 0))
        routes.ports[REFUSING] = closed.getsockname()[1]
        routes.ports[SMALL] = add(SmtpSink(extensions=[f"SIZE {LESS_THAN_LETTER}"])).port
        routes.ports[UNENCRYPTED] = self._sink.port
        routes.lmtp |= dict.fromkeys((SENDER_DOMAIN, INSIDE), self._lab.dovecot.lmtp_port)
        return routes


class RealMtas(unittest.TestCase):
    """What the ledger says after one fetch."""

    world: World

    def assert_truth(self, group: str) -> None:
        """Each recipient of a group has in the end the verdict that is true."""
        rows = self.world.query(
            "SELECT campaign, recipient, verdict, category, rule, diagnostic"
            " FROM bounce.campaign_bounces"
        )
        found = {(row["campaign"], row["recipient"]): row for row in rows}
        wrong = []
        expected = [truth for mailing in self.world.mailings for truth in mailing.truth[group]]
        for truth in expected:
            row = found.get((truth.campaign, truth.recipient))
            if not row or (row["verdict"], row["category"]) != (truth.verdict, truth.category):
                wrong.append(f"{truth} is {row}")
        self.assertTrue(expected)
        if wrong:
            self.fail("\n".join(wrong))

    def test_what_a_receiver_replies_decides(self) -> None:
        self.assert_truth("replies")

    def test_receivers_that_cannot_be_talked_to(self) -> None:
        self.assert_truth("sessions")

    def test_what_an_mta_says_in_its_own_words(self) -> None:
        self.assert_truth("own words")

    def test_several_recipients_of_one_mail_without_verp(self) -> None:
        self.assert_truth("together")

    def test_several_recipients_of_one_mail_with_xverp(self) -> None:
        self.assert_truth("xverp")

    def test_delivered_and_relayed(self) -> None:
        self.assert_truth("notices")

    def test_a_delay_that_passes_is_held_against_nobody(self) -> None:
        self.assert_truth("late")

    def test_a_delay_and_the_failure_after_it_are_two_events_and_one_result(self) -> None:
        rows = self.world.query("SELECT campaign, recipient, category FROM bounce.event")
        events = defaultdict(Counter)
        for row in rows:
            is_notice = row["category"] == "delayed"
            events[row["campaign"], row["recipient"]]["notices" if is_notice else "failures"] += 1
        for mailing in self.world.mailings:
            for truth, reply in mailing.replies.items():
                found = events[truth.campaign, truth.recipient]
                self.assertEqual(found["failures"], 1, truth)
                # Exim repeats its notices.
                self.assertEqual(found["notices"] > 0, reply.temporary, truth)

    def test_nobody_else_is_accused(self) -> None:
        rows = self.world.query("SELECT DISTINCT campaign, recipient FROM bounce.event")
        found = {(row["campaign"], row["recipient"]) for row in rows}
        truths = [t for m in self.world.mailings for group in m.truth.values() for t in group]
        self.assertEqual(found, {(truth.campaign, truth.recipient) for truth in truths})
        rows = self.world.query("SELECT recipient FROM bounce.suppression")
        dead = {truth.recipient for truth in truths if truth.verdict == "hard"}
        self.assertEqual({row["recipient"] for row in rows}, dead)

    def test_codes_and_words_of_the_receiver_are_kept(self) -> None:
        rows = self.world.query(
            "SELECT recipient, reply_code, status, diagnostic FROM bounce.campaign_bounces"
        )
        found = {row["recipient"]: row for row in rows}
        for mailing in self.world.mailings:
            for truth, reply in mailing.replies.items():
                row = found[truth.recipient]
                code, second, *_ = reply.answer.reply.split()
                self.assertEqual(str(row["reply_code"]), code, row)
                if second[1] == ".":
                    self.assertEqual(row["status"], second, row)
                for line in reply.answer.reply.splitlines():
                    words = line.removeprefix(code).strip().removeprefix(second).strip()
                    if words.isascii():  # Exim escapes other octets
                        self.assertIn(words, row["diagnostic"])

    def test_verp_names_the_recipient_where_there_is_any(self) -> None:
        rows = self.world.query("SELECT campaign, recipient, identified_by FROM bounce.event")
        for row in rows:
            self.assertEqual(row["campaign"] != "", row["identified_by"] == "verp", row)

    def test_signatures_and_tokens_survive_the_way_through_the_mtas(self) -> None:
        rows = self.world.query(
            "SELECT campaign, signature, verp_address FROM bounce.event WHERE campaign <> ''"
        )
        for row in rows:
            is_signed = row["campaign"] == SIGNED_CAMPAIGN
            self.assertEqual(row["signature"], "valid" if is_signed else "unsigned", row)
        made = {row["verp_address"] for row in rows if row["signature"] == "valid"}
        tokens = {address for address in made if "=" not in address}
        self.assertTrue(tokens)
        self.assertTrue(made - tokens)
        self.assert_truth("signed")

    def test_every_report_is_judged_and_filed_away(self) -> None:
        self.assertEqual(
            (self.world.fetch.returncode, self.world.fetch.stdout, self.world.fetch.stderr),
            (0, "", ""),
        )
        rows = self.world.query("SELECT outcome, count(*) FROM bounce.message GROUP BY outcome")
        self.assertEqual(rows, [{"outcome": "judged", "count": self.world.reports}])
        self.assertEqual(self.world.count("INBOX"), 0)
        self.assertEqual(self.world.count(PROCESSED), self.world.reports)


lab = Lab()


def setUpModule() -> None:
    try:
        lab.start()
        RealMtas.world = World(lab)
        RealMtas.world.run()
    except BaseException:
        lab.stop()
        raise


def tearDownModule() -> None:
    lab.stop()
