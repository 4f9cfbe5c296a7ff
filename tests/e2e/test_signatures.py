"""Forged bounces of every kind against every setting of require_signature, and genuine ones."""

import time
from dataclasses import dataclass

from e2e.case import Case, use_lab
from lab.bounces import DAY
from lab.verp import BASE, KEY_ID, KEY_LINE, signed, today

setUpModule, tearDownModule = use_lab()

CAMPAIGN = "spring26"
PATTERNS = [f"signed {BASE}", f"token {BASE}", f"nullsender {BASE}"]
LONG = "ada.king-noel.countess.of.lovelace@analytical-engine.example"
FULL = "452 4.2.2 Mailbox full"
OTHER_KEY = bytes(range(100, 132))
STATES = {"no": "hard", "suppress": "active", "yes": "active"}


def unsigned(recipient: str) -> str:
    local, _, domain = recipient.partition("@")
    return f"bounces+{CAMPAIGN}-{local}={domain}@news.example.com"


def report(
    sent_to: str, final: str = "", inside: str = "", text: str = "550 5.1.1 User unknown", nonce=0
) -> bytes:
    """A report that says what a server's words do, as anyone can write it."""
    recipient = f"Final-Recipient: rfc822; {final}\n" if final else ""
    original = (
        f"--b\nContent-Type: text/rfc822-headers\n\nReturn-Path: <{inside}>\nSubject: Offers\n"
        if inside
        else ""
    )
    return (
        f"Return-Path: <>\nDelivered-To: {sent_to}\nFrom: MAILER-DAEMON@mx.example.net\n"
        f"To: {sent_to}\nSubject: Undelivered Mail\nMessage-ID: <{nonce}@mx.example.net>\n"
        "MIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nSorry.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
        f"{recipient}Action: failed\nStatus: {text[4:9]}\nDiagnostic-Code: smtp; {text}\n"
        f"{original}--b--\n"
    ).encode()


@dataclass(frozen=True)
class Forgery:
    """A bounce that we did not cause, and how its signature turns out."""

    recipient: str
    raw: bytes
    signature: str


def forgeries() -> list[Forgery]:
    expired = signed(CAMPAIGN, "old@example.net", today() - 40)
    stranger = signed(CAMPAIGN, "key@example.net", key=OTHER_KEY, key_id="z")
    same_id = signed(CAMPAIGN, "guess@example.net", key=OTHER_KEY, key_id=KEY_ID)
    stolen = signed(CAMPAIGN, "mallory@example.net").replace("mallory", "victim")
    return [
        Forgery("plain@example.net", report(unsigned("plain@example.net")), "unsigned"),
        Forgery("final@example.net", report(BASE, "final@example.net"), "unsigned"),
        Forgery("old@example.net", report(expired), "expired"),
        Forgery("key@example.net", report(stranger), "unknown_key"),
        Forgery("guess@example.net", report(same_id), "wrong"),
        Forgery("victim@example.net", report(stolen), "wrong"),
        Forgery(
            "token@example.net",
            report("bounces+kjlaaaaaaaaaaaaaaaa@news.example.com", "token@example.net"),
            "unknown_token",
        ),
    ]


class Signatures(Case):
    def setUp(self) -> None:
        super().setUp()
        keys = self.program.folder / "verp.keys"
        keys.touch(0o600)
        keys.write_text(KEY_LINE)
        self.verp = {"patterns": PATTERNS, "key_file": str(keys)}
        self.program.sections["verp"] = self.verp

    def require(self, required: str) -> None:
        self.verp["require_signature"] = required

    def states(self) -> dict[str, str]:
        rows = self.query("SELECT recipient, state FROM bounce.recipient")
        return {row["recipient"]: row["state"] for row in rows}

    def in_campaign(self) -> set[str]:
        rows = self.query("SELECT recipient FROM bounce.campaign_bounces WHERE verdict = 'hard'")
        return {row["recipient"] for row in rows}

    def assert_rebuild_changes_nothing(self) -> None:
        sql = (
            "SELECT * FROM bounce.recipient ORDER BY recipient",
            "SELECT * FROM bounce.campaign_recipient ORDER BY recipient",
            "SELECT * FROM bounce.campaign_count WHERE recipients > 0 ORDER BY campaign, day",
            "SELECT * FROM bounce.domain_window ORDER BY domain, starts_at",
        )
        before = [self.query(query) for query in sql]
        self.run_program("rebuild")
        self.assertEqual([self.query(query) for query in sql], before)

    def test_each_forgery_under_each_setting(self) -> None:
        forged = forgeries()
        genuine = report(signed(CAMPAIGN, "gone@example.net"))
        for required, state in STATES.items():
            with self.subTest(required):
                self.tearDown()
                self.setUp()
                self.require(required)
                self.deliver_raw(genuine, *(forgery.raw for forgery in forged))
                self.fetch()
                expected = {forgery.recipient: state for forgery in forged}
                self.assertEqual(self.states(), expected | {"gone@example.net": "hard"})
                found = self.query("SELECT recipient, signature FROM bounce.event")
                self.assertEqual(
                    {row["recipient"]: row["signature"] for row in found},
                    {forgery.recipient: forgery.signature for forgery in forged}
                    | {"gone@example.net": "valid"},
                )
                everybody = {forgery.recipient for forgery in forged} | {"gone@example.net"}
                counted = {"gone@example.net"} if required == "yes" else everybody
                self.assertEqual(self.in_campaign(), counted)
                self.assert_rebuild_changes_nothing()
                self.assert_folders(inbox=0, processed=len(forged) + 1)

    def test_outcomes_are_counted_in_a_view_and_in_the_summary(self) -> None:
        self.require("suppress")
        self.deliver_raw(*(forgery.raw for forgery in forgeries()))
        output, _ = self.run_program("fetch", "--verbose")
        self.assertIn("signatures   valid 0, unsigned 2, wrong 2, expired 1", output)
        self.assertIn("unknown_key 1, unknown_token 1", output)
        view = (
            "SELECT outcome, events, withheld FROM bounce.signature_outcomes"
            " WHERE mailbox = 'bounces' ORDER BY outcome"
        )
        expected = {"expired": (1, 1), "unknown_key": (1, 1), "unknown_token": (1, 1),
                    "unsigned": (2, 2), "wrong": (2, 2)}  # fmt: skip
        found = {row["outcome"]: (row["events"], row["withheld"]) for row in self.query(view)}
        self.assertEqual(found, expected)
        self.require("yes")
        self.run_program("reprocess", "--apply")
        again = self.value("SELECT min(revision) FROM bounce.event WHERE withheld = 'all'")
        self.assertEqual(again, 1)
        found = {row["outcome"]: (row["events"], row["withheld"]) for row in self.query(view)}
        self.assertEqual(found, expected)

    def strikes_after(self, *mails: bytes) -> int:
        """How many strikes stand against the one address, after mails of consecutive days."""
        start = int(time.time()) - 10 * DAY
        arrivals = [(mail, start + number * DAY) for number, mail in enumerate(mails)]
        self.dovecot.deliver(self.user, arrivals)
        self.fetch()
        return self.value("SELECT strikes FROM bounce.recipient")

    def test_a_forged_delivery_is_no_proof_of_life(self) -> None:
        self.require("suppress")
        then = today() - 10
        bounce = report(signed(CAMPAIGN, "ada@example.net", then), text=FULL)
        delivered = [
            report(address, text="250 2.1.5 Delivered").replace(b"failed", b"delivered")
            for address in (unsigned("ada@example.net"), signed("x", "ada@example.net", then))
        ]
        self.assertEqual(self.strikes_after(bounce, delivered[0]), 1)
        self.assertEqual(self.strikes_after(bounce, delivered[1]), 0)

    def test_a_forged_bounce_spoils_no_proof_of_life(self) -> None:
        self.require("suppress")
        bounce = report(signed("other", "ada@example.net", today() - 10), text=FULL)
        proof = f"('ada@example.net', '{CAMPAIGN}', now() - interval '5 days')"
        self.postgres.execute(
            "INSERT INTO bounce.delivery (recipient, campaign, delivered_at) VALUES " + proof,
            self.database,
        )
        self.assertEqual(self.strikes_after(bounce), 0)
        self.deliver_raw(report(unsigned("ada@example.net")))
        self.fetch()
        self.assertEqual(self.value("SELECT strikes FROM bounce.recipient"), 0)
        self.deliver_raw(report(signed(CAMPAIGN, "ada@example.net"), text=FULL))
        self.fetch()
        self.assertEqual(self.value("SELECT strikes FROM bounce.recipient"), 2)

    def test_fifty_copies_are_one_strike(self) -> None:
        self.require("suppress")
        address = signed(CAMPAIGN, "ada@example.net")
        self.deliver_raw(*(report(address, text=FULL, nonce=n) for n in range(50)))
        self.fetch()
        rows = self.query("SELECT state, strikes, events FROM bounce.recipient")
        self.assertEqual(rows, [{"state": "soft", "strikes": 1, "events": 50}])
        self.assertEqual(self.value("SELECT sum(soft) FROM bounce.campaign_summary"), 1)

    def test_two_valid_signatures_go_to_quarantine(self) -> None:
        ada, bob = (signed(CAMPAIGN, f"{name}@example.net") for name in ("ada", "bob"))
        self.deliver_raw(report(ada, inside=bob), report(ada, inside=ada, nonce=1))
        self.fetch()
        self.assert_folders(inbox=0, processed=1, quarantine=1)
        self.assertEqual(self.states(), {"ada@example.net": "hard"})
        reason = self.value("SELECT reason FROM bounce.quarantined")
        self.assertIn("signed for different mails", reason)

    def test_a_return_path_inside_suppresses_only_with_a_signature(self) -> None:
        self.require("yes")
        self.deliver_raw(report(BASE, inside=signed(CAMPAIGN, "signed@example.net")))
        self.fetch()
        self.require("no")
        self.deliver_raw(
            report(BASE, inside=unsigned("alone@example.net")),
            report(BASE, "named@example.net", inside=unsigned("named@example.net")),
        )
        self.fetch()
        self.assertEqual(
            self.states(),
            {"signed@example.net": "hard", "alone@example.net": "active",
             "named@example.net": "hard"},
        )  # fmt: skip
        self.assertIn("alone@example.net", self.in_campaign())

    def test_a_token_is_resolved_by_fetch_import_and_reprocess(self) -> None:
        self.require("yes")
        address = signed(CAMPAIGN, LONG)
        self.assertLess(len(address), 64)
        self.deliver_raw(report(address))
        self.fetch()
        self.assertEqual(self.states(), {})
        self.postgres.execute(
            "INSERT INTO bounce.verp_token (token, campaign, recipient, domain) VALUES"
            f" ('{address[8:27]}', '{CAMPAIGN}', '{LONG}', 'news.example.com')",
            self.database,
        )
        self.run_program("reprocess", "--unmatched", "--apply")
        self.assertEqual(self.states(), {LONG: "hard"})
        self.assertEqual(self.in_campaign(), {LONG})
        mail = self.program.folder / "bounce.eml"
        mail.write_bytes(report(address.upper(), nonce=1))
        self.run_program("import", str(mail))
        sql = "SELECT signature FROM bounce.event WHERE superseded_by IS NULL AND recipient <> ''"
        self.assertEqual([row["signature"] for row in self.query(sql)], ["valid", "valid"])

    def test_reprocess_applies_a_new_setting_to_the_past_and_undoes_it(self) -> None:
        forged = report(unsigned("ada@example.net"))
        self.deliver_raw(forged, report(signed(CAMPAIGN, "gone@example.net")))
        self.fetch()
        hard = {"ada@example.net": "hard", "gone@example.net": "hard"}
        self.assertEqual(self.states(), hard)
        self.require("suppress")
        output, _ = self.run_program("reprocess", "--apply")
        self.assertIn("1 of them otherwise than before", output)
        self.assertIn("the state withheld", output)
        self.assertEqual(self.states(), hard | {"ada@example.net": "active"})
        self.run_program("reprocess", "--undo", "last", "--apply")
        self.assertEqual(self.states(), hard)

    def test_wrappers_of_forwarders_leave_a_signature_valid(self) -> None:
        self.require("yes")
        local = signed(CAMPAIGN, "ada@example.net").partition("@")[0]
        wrapped = (
            f"SRS0=HHHH=TT=news.example.com={local}@forwarder.example",
            f"prvs=0123456789={local}@news.example.com",
            f"btv1==0123456789a=={local}@news.example.com",
            f"{local}@news.example.com".upper(),
        )
        for nonce, address in enumerate(wrapped):
            self.deliver_raw(report(address, nonce=nonce))
        self.fetch()
        rows = self.query("SELECT DISTINCT recipient, signature FROM bounce.event")
        self.assertEqual(rows, [{"recipient": "ada@example.net", "signature": "valid"}])

    def test_explain_and_parse_tell_of_the_signature(self) -> None:
        self.require("suppress")
        mail = self.program.folder / "forged.eml"
        mail.write_bytes(report(unsigned("ada@example.net")))
        output, _ = self.run_program("explain", str(mail))
        self.assertIn("the state of the address does not change", output)
        self.assertIn('"signature":"unsigned"', self.run_program("parse", str(mail))[0])
        self.run_program("import", str(mail))
        story, _ = self.run_program("explain", "ada@example.net")
        self.assertIn("nothing: not shown to be about mail of ours (signature: unsigned)", story)
        self.assertIn("ada@example.net is active", story)

    def test_a_signature_is_not_required_without_keys(self) -> None:
        del self.verp["key_file"]
        self.require("yes")
        _, errors = self.run_program("fetch", code=78)
        self.assertIn("key_file", errors)
