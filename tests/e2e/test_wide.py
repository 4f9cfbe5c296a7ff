"""Memory stays flat where each report names thousands, and whatever command reads them."""

import unittest

from bench.measure import MemoryWatch
from e2e.case import SANITIZED, Case, use_lab

setUpModule, tearDownModule = use_lab()

MEMORY_MAX = 64e6  # octets, all processes together: what is promised
PARSE_MAX = 38e6  # no database, and one report at a time
REPORTS = 16
RECIPIENTS = 2000  # in 250 KB
TIMES = 6  # that parse reads them


def wide_report(number: int) -> bytes:
    """A list's provider says of one message whom it did not reach."""
    head = (
        "Return-Path: <>\n"
        "Delivered-To: bounces@news.example.com\n"
        "From: Mail Delivery System <MAILER-DAEMON@relay.example.net>\n"
        "To: bounces@news.example.com\n"
        "Subject: Undelivered Mail Returned to Sender\n"
        f"Message-ID: <{number}@relay.example.net>\n"
        "MIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n'
        "\n--b\n\nIt could not be delivered.\n"
        "\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example.net\n\n"
    )
    groups = (
        f"Final-Recipient: rfc822; reader{number * RECIPIENTS + i}@list{i % 97}.example.org\n"
        "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no such user\n"
        for i in range(RECIPIENTS)
    )
    return (head + "\n".join(groups) + "\n--b--\n").encode()


@unittest.skipIf(SANITIZED, "a sanitizer takes memory of its own")
class Wide(Case):
    """A mailbox of reports on one message to a large list."""

    def setUp(self) -> None:
        super().setUp()
        self.reports = [wide_report(number) for number in range(REPORTS)]

    def assert_little_memory(self, *arguments: str, most: float = MEMORY_MAX) -> None:
        process = self.program.start(*arguments)
        watch = MemoryWatch(process.pid)
        _, complaints = process.communicate()
        peak = watch.stop()
        self.assertEqual((process.returncode, complaints), (0, ""))
        self.assertGreater(peak, 0)
        self.assertLess(peak, most, arguments[0])

    def test_fetch_and_reprocess(self) -> None:
        self.mailbox["message_octets"] = 1024 * 1024
        self.deliver_raw(*self.reports)
        self.assert_little_memory("fetch")
        events = self.value("SELECT count(*) FROM bounce.event")
        self.assertEqual(events, REPORTS * RECIPIENTS)
        self.assert_little_memory("reprocess")

    def test_parse(self) -> None:
        folder = self.program.folder / "reports"
        folder.mkdir()
        for number, report in enumerate(self.reports):
            (folder / str(number)).write_bytes(report)
        self.assert_little_memory("parse", *[str(folder)] * TIMES, most=PARSE_MAX)
