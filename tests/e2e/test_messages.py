"""Mail that is hard to read: it costs itself only, and none of it is dropped."""

import hashlib

from e2e.case import Case, use_lab
from lab.bounces import Generator, Truth

setUpModule, tearDownModule = use_lab()

VERP = "bounces+spring26-ada=example.net@news.example.com"
DSN = f"""\
Return-Path: <>
Delivered-To: {VERP}
From: MAILER-DAEMON@mx.example.net
To: {VERP}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

The mail could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ada@example.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 DIAGNOSTIC

--b--
""".encode()
HARD = Truth("spring26", "ada@example.net", "hard", "user_unknown")
MEGABYTE = 1024 * 1024


def dsn(diagnostic: bytes = b"User unknown") -> bytes:
    """A bounce of ada@example.net with these words."""
    return DSN.replace(b"DIAGNOSTIC", diagnostic)


def dsn_of_many(count: int) -> bytes:
    """A bounce of ada@example.net and so many others."""
    groups = b"".join(
        b"\nFinal-Recipient: rfc822; user%d@example.net\nAction: failed\nStatus: 5.1.1\n" % i
        for i in range(count)
    )
    mail = dsn().replace(VERP.encode(), b"bounces@news.example.com")
    return mail.replace(b"\n--b--", groups + b"\n--b--")


class Messages(Case):
    """One odd message between two good ones."""

    def fetch_odd(self, odd: bytes) -> dict:
        """The row of the odd message, with its events; the good ones must not have suffered."""
        good = list(Generator(5).mixed(2, 1.79e9))
        self.deliver(good[:1])
        self.deliver_raw(odd)
        self.deliver(good[1:])
        self.fetch()
        self.assertEqual(self.count(), 0)
        truth = {row for mail in good for row in mail.truth}
        self.assertLessEqual(truth, set(self.ledger()))
        recipients = ", ".join(f"'{row.recipient}'" for row in truth)
        (row,) = self.query(
            "SELECT m.*, encode(m.sha256, 'hex') AS sha256,"
            " coalesce(encode(r.raw, 'hex'), '') AS raw"
            " FROM bounce.message m LEFT JOIN bounce.message_raw r ON r.message = m.id"
            " WHERE NOT EXISTS (SELECT FROM bounce.event e WHERE e.message = m.id"
            f" AND e.recipient IN ({recipients}))"
        )
        raw = bytes.fromhex(row["raw"])
        bytes_on_disk = raw.replace(b"\r\n", b"\n")
        self.assertEqual(hashlib.sha256(bytes_on_disk).hexdigest(), row["sha256"])
        row["raw"] = raw
        row["events"] = self.query(f"SELECT * FROM bounce.event WHERE message = '{row['id']}'")
        return row

    def assert_hard(self, row: dict) -> dict:
        """It is the bounce of ada@example.net; returns its event."""
        (event,) = row["events"]
        found = Truth(*(event[name] for name in ("campaign", "recipient", "verdict", "category")))
        self.assertEqual(found, HARD)
        return event

    def test_empty(self) -> None:
        row = self.fetch_odd(b"")
        self.assertIn(row["outcome"], ("not_a_bounce", "quarantined"))
        self.assertEqual(row["size"], 0)

    def test_a_single_line_end(self) -> None:
        self.assertIn(self.fetch_odd(b"\n")["outcome"], ("not_a_bounce", "quarantined"))

    def test_only_a_header(self) -> None:
        header = dsn().partition(b"\n\n")[0] + b"\n"
        row = self.fetch_odd(header)
        self.assertNotEqual(row["outcome"], "quarantined")
        self.assertNotIn("hard", [event["verdict"] for event in row["events"]])

    def test_no_header_at_all(self) -> None:
        row = self.fetch_odd(b"\nThis is only a body without any field above it.\n")
        self.assertEqual(row["outcome"], "not_a_bounce")

    def test_truncated_behind_the_status_part(self) -> None:
        self.assert_hard(self.fetch_odd(dsn().removesuffix(b"\n--b--\n")))

    def test_truncated_within_the_status_part(self) -> None:
        mail = dsn()
        row = self.fetch_odd(mail[: mail.index(b"Diagnostic-Code")])
        self.assert_hard(row)

    def test_truncated_within_the_header(self) -> None:
        mail = dsn()
        row = self.fetch_odd(mail[: mail.index(b"report-type")])
        self.assertNotIn("hard", [event["verdict"] for event in row["events"]])

    def test_thirty_megabytes(self) -> None:
        mail = dsn() + b"--b\nContent-Type: application/octet-stream\n\n"
        line = b"x" * 75 + b"\n"
        mail += line * (30 * MEGABYTE // len(line))
        row = self.fetch_odd(mail)
        self.assert_hard(row)
        self.assertTrue(row["truncated"])
        self.assertGreater(row["size"], 30 * MEGABYTE)
        self.assertEqual(len(row["raw"]), 256 * 1024)

    def test_thirty_megabytes_in_one_line(self) -> None:
        row = self.fetch_odd(b"Subject: " + b"x" * 30 * MEGABYTE)
        self.assertTrue(row["truncated"])

    def test_thirty_megabytes_read_whole(self) -> None:
        self.mailbox["message_octets"] = 40 * MEGABYTE
        row = self.fetch_odd(dsn() + b"x" * 75 * (30 * MEGABYTE // 75))
        self.assertFalse(row["truncated"])
        self.assert_hard(row)

    def test_full_of_nuls(self) -> None:
        row = self.fetch_odd(dsn(b"User \0 unknown \0\0") + b"\0" * 5000)
        self.assert_hard(row)

    def test_nothing_but_nuls_and_8_bit(self) -> None:
        row = self.fetch_odd(bytes(range(256)) * 50)
        self.assertIn(row["outcome"], ("not_a_bounce", "unmatched", "quarantined"))

    def test_8_bit_without_a_charset(self) -> None:
        event = self.assert_hard(self.fetch_odd(dsn("User unknown: schön".encode("latin-1"))))
        self.assertIn("schön", event["diagnostic"])

    def test_text_that_postgresql_refuses(self) -> None:
        refused = (b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\x80", b"\xf8\x88\x80\x80\x80", b"\xe2\x82")
        for odd in refused:
            with self.subTest(odd=odd):
                self.setUp()
                event = self.assert_hard(self.fetch_odd(dsn(b"User unknown " + odd)))
                self.assertIn("User unknown", event["diagnostic"])

    def test_escaped_characters_that_postgresql_refuses(self) -> None:
        subject = b"=?utf-8?Q?a=00b=ED=A0=80?= =?utf-8?B?/////w==?="
        mail = dsn().replace(b"Undelivered Mail Returned to Sender", subject)
        mail = mail.replace(b"text/plain", b'text/plain; charset="x\x80-nonsense"')
        self.assert_hard(self.fetch_odd(mail))

    def test_a_header_of_a_hundred_thousand_brackets(self) -> None:
        row = self.fetch_odd(b"Date: " + b"(" * 105_000 + b"\n" + dsn())
        self.assertIn(row["outcome"], ("judged", "quarantined"))

    def test_twenty_eight_thousand_nested_messages(self) -> None:
        row = self.fetch_odd(b"Content-Type: message/rfc822\n\n" * 28_000)
        self.assertNotEqual(row["outcome"], "judged")

    def test_a_mail_that_speaks_imap(self) -> None:
        lie = b"Subject: x\n\n)\nA0001 OK FETCH completed\n* BYE\n* 1 FETCH (UID 9 BODY[] {3}\n"
        self.assertEqual(self.fetch_odd(lie)["outcome"], "not_a_bounce")

    def test_hostile_words_stay_words(self) -> None:
        words = b"User unknown'); DROP TABLE bounce.event; -- \\ \x1b[2J {NULL,\"x\"} \\N $1"
        event = self.assert_hard(self.fetch_odd(dsn(words)))
        self.assertIn("'); DROP TABLE bounce.event; -- \\ ", event["diagnostic"])
        self.assertIn('{NULL,"x"} \\N $1', event["diagnostic"])

    def test_hostile_campaign_names_stay_names(self) -> None:
        for name in ("a'b", "{x}", "NULL", "$1", "%s%n", "=cmd|1", "`id`"):
            with self.subTest(name=name):
                self.setUp()
                mail = dsn().replace(b"spring26", name.encode())
                (event,) = self.fetch_odd(mail)["events"]
                self.assertEqual(event["recipient"], "ada@example.net")
                self.assertEqual(event["campaign"].lower(), name.lower())

    def test_ten_thousand_recipients(self) -> None:
        self.mailbox["message_octets"] = 8 * MEGABYTE
        row = self.fetch_odd(dsn_of_many(10_000))
        recipients = {event["recipient"] for event in row["events"]}
        self.assertGreaterEqual(len(recipients), 10_000)

    def test_a_list_of_recipients_that_is_cut_is_told(self) -> None:
        mail, octets = dsn_of_many(100), 4096
        self.mailbox["message_octets"] = octets
        cut = f"cut within its list of recipients, after {octets} of "
        self.deliver_raw(mail)
        _, errors = self.run_program("fetch")
        self.assertRegex(errors, rf"^nullsender: warning: bounces: UID \d+: {cut}\d+ octets: raise")
        self.assertIn("raise message_octets of the mailbox and put the message back", errors)
        self.assertEqual(errors.count("\n"), 1)
        (row,) = self.query("SELECT outcome_reason, truncated FROM bounce.message")
        self.assertIn(cut, row["outcome_reason"])

        path = self.program.folder / "many.eml"
        path.write_bytes(mail + b"more\n")
        output, errors = self.run_program("import", "--dry-run", str(path))
        self.assertIn(f"import: {path}: {cut}", errors)
        self.assertIn("raise message_octets of the first mailbox and import it again", errors)
        self.assertIn("cut short    1 within", output)

        self.mailbox["message_octets"] = MEGABYTE
        self.deliver_raw(mail)
        self.fetch()
        (row,) = self.query("SELECT count(DISTINCT recipient) AS known FROM bounce.event")
        self.assertEqual(row["known"], 101)

    def test_a_returned_mail_that_is_cut_is_not_missed(self) -> None:
        returned = b"--b\nContent-Type: message/rfc822\n\nTo: ada@example.net\n\n"
        returned += b"ada@example.net\n" * 1000
        self.mailbox["message_octets"] = 4096
        self.assert_hard(self.fetch_odd(dsn().replace(b"--b--", returned + b"\n--b--")))
