"""Whatever a mail, the ledger or a server says: no terminal is made to obey it, nobody fooled."""

import base64
import json
import re
import socketserver
import threading
import unicodedata

from e2e.case import Case, use_lab
from lab.dovecot import HOST

setUpModule, tearDownModule = use_lab()

# What each text from outside holds. NUL and bytes that are not UTF-8 become something else where
# the mail is decoded; C1 is there as a character.
EVIL = "\x1b[31m\x1b]0;title\x07\x9b2J\u202e\u2066\u200b\u2028\u00ad\U000e0041"
ENCODED = f"=?utf-8?b?{base64.b64encode((EVIL + chr(0)).encode()).decode()}?="
RAW = EVIL.encode() + b"\0\x9b2J\xff\xfe\r"
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd"
    "\U000e0000-\U000e007f]"
)

CAMPAIGN = f"spring{EVIL[-4:]}26"
VERP = f"bounces+{CAMPAIGN}-ada{EVIL[-4:]}=example.net@news.example.com"
BOUNCE = (
    b"Return-Path: <>\n"
    b"Delivered-To: %(verp)b\n"
    b"From: %(encoded)b <MAILER-DAEMON@mx.example.net>\n"
    b"Subject: %(encoded)b %(raw)b\n"
    b"Message-ID: <%(raw)b@mx.example.net>\n"
    b"Auto-Submitted: auto-replied %(raw)b\n"
    b"MIME-Version: 1.0\n"
    b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
    b"--b\nContent-Type: text/plain; charset=%(raw)b\n\nnot understood: %(raw)b\n"
    b"--b\nContent-Type: message/delivery-status\n\n"
    b"Reporting-MTA: dns; %(raw)b.example.net\n\n"
    b"Final-Recipient: rfc822; ada%(raw)b@example.net\n"
    b"Original-Recipient: utf-8; ada%(raw)b@example.net\n"
    b"Action: failed\nStatus: 5.0.0\n"
    b"Remote-MTA: dns; %(raw)b\n"
    b"Diagnostic-Code: smtp; 550 5.0.0 your epistle %(raw)b displeases the oracle\n"
    b"--b\nContent-Type: message/rfc822\n\n"
    b"Return-Path: <%(verp)b>\nTo: ada%(raw)b@example.net\nSubject: %(encoded)b\n\nHi\n--b--\n"
) % {b"verp": VERP.encode(), b"encoded": ENCODED.encode(), b"raw": RAW}


class Visible(Case):
    """Each command with texts that a terminal would obey."""

    def assert_harmless(self, text: str, what: str) -> None:
        found = HIDDEN.search(text)
        if found:
            around = text[max(0, found.start() - 60) : found.end() + 20]
            name = unicodedata.name(found[0], f"U+{ord(found[0]):04X}")
            self.fail(f"{what}: {name} in {around!r}")

    def run_harmless(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        done = self.program.run(*arguments)
        self.assertIn(done.returncode, codes, f"{arguments}\n{done.stdout}\n{done.stderr}")
        self.assert_harmless(done.stdout + done.stderr, " ".join(arguments))
        return done.stdout + done.stderr

    def test_a_mail(self) -> None:
        mail = self.program.folder / f"mail{EVIL[:4]}.eml"
        mail.write_bytes(BOUNCE)
        (self.program.folder / "other.eml").write_bytes(BOUNCE)
        (line,) = self.run_harmless("parse", str(mail)).splitlines()
        found = json.loads(line)
        self.assertIn("\\x1b", found["path"])
        self.assertIn("\x1b", found["diagnostic"])  # escaped by JSON, and whole
        tsv = self.run_harmless("parse", "--format", "tsv", str(mail))
        self.assertEqual(tsv.count("\t"), 4)
        text = self.run_harmless("explain", str(mail))
        for label in ("Subject", "Diagnostic-Code", "Remote-MTA", "Reporting-MTA", "recipient"):
            self.assertRegex(text, rf"{label} .*\\u202e|{label} .*\\U000e0041")
        self.run_harmless("rules", "explain", f"550 5.1.1 user{EVIL} unknown {EVIL}")
        for name in (b"\xff\xfe\x1b.eml".decode(errors="surrogateescape"), f"none{EVIL}"):
            self.run_harmless("parse", str(self.program.folder / name), codes=(66,))
            self.run_harmless("explain", str(self.program.folder / name), codes=(66,))
            self.run_harmless("import", str(self.program.folder / name), codes=(66,))

    def test_the_ledger(self) -> None:
        self.deliver_raw(BOUNCE, BOUNCE + b"\n")
        self.run_harmless("fetch", "-v", "-v")
        (row,) = self.query("SELECT DISTINCT campaign, recipient FROM bounce.event")
        campaign, recipient = row["campaign"], row["recipient"]
        self.assertRegex(recipient, HIDDEN)  # the ledger has what the mail says
        self.run_harmless("campaign", "set", campaign, "--sent", "10")
        self.run_harmless("suppress", recipient, "--reason", f"asked {EVIL}")
        for format_ in ("spreadsheet", "json"):
            self.run_harmless("export", "--format", format_)
        for format_ in ("text", "csv", "json", "html"):
            self.run_harmless("report", "--format", format_)
            self.run_harmless("report", campaign, "--format", format_)
            for table in ("--domain", "--category", "--day", "--recipient"):
                if format_ != "html":
                    self.run_harmless("report", campaign, table, "--format", format_)
        self.assertIn("\\u", self.run_harmless("explain", recipient))
        self.assertIn("oracle", self.run_harmless("review"))
        self.run_harmless("reprocess", "-v", "-v")
        self.postgres.execute("UPDATE bounce.event SET verdict = 'hard'", self.database)
        self.run_harmless("reprocess", "-v")
        self.run_harmless("reinstate", recipient, "--reason", EVIL)
        self.run_harmless("prune", "--dry-run")
        self.run_harmless("rebuild")
        unknown = f"nobody{EVIL[-4:]}@example.net"
        for arguments in (
            ("explain", unknown),
            ("reinstate", unknown, "--reason", "x"),
            ("report", f"spring{EVIL}"),
            ("export", "--since", EVIL),
            ("reprocess", "--campaign", EVIL),
            ("fetch", EVIL),
            (EVIL,),
            ("fetch", f"--{EVIL}"),
        ):
            self.run_harmless(*arguments, codes=(0, 1, 64, 65))

    def test_a_server(self) -> None:
        class Liar(socketserver.StreamRequestHandler):
            """Says hostile things at every step, and refuses in the end."""

            def handle(self) -> None:
                self.wfile.write(b"* OK [ALERT] ready " + RAW.rstrip() + b"\r\n")
                for line in self.rfile:
                    tag, verb = line.split()[:2]
                    answers = {
                        b"CAPABILITY": b"* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\n",
                        b"LIST": b'* LIST () "/" "' + RAW.rstrip() + b'"\r\n',
                    }
                    known = verb in (b"CAPABILITY", b"AUTHENTICATE", b"LOGIN", b"LIST")
                    self.wfile.write(answers.get(verb, b""))
                    self.wfile.write(b"* OK [ALERT] still " + RAW.rstrip() + b"\r\n")
                    self.wfile.write(tag + (b" OK " if known else b" NO ") + RAW.rstrip() + b"\r\n")

        with socketserver.ThreadingTCPServer((HOST, 0), Liar) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.mailbox |= {"port": server.server_address[1], "tls": "none"}
            self.mailbox["folder"] = f"INBOX{EVIL[-3:]}"
            text = self.run_harmless("fetch", "-v", "-v", codes=(65, 69, 75, 76, 77))
            self.assertIn("the server wants you to know: ", text)
            self.assertIn("\\x1b[31m", text)
            self.run_harmless("fetch", "--log-format", "json", codes=(65, 69, 75, 76, 77))
            server.shutdown()
