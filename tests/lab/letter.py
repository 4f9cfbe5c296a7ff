"""One newsletter that came back: who sent what to whom, and the pieces of mail around it."""

from __future__ import annotations

import base64
import quopri
import random
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cached_property

from lab.diagnostics import Diagnostic

SENDER_DOMAIN = "news.example.com"
MAILBOX = f"bounces@{SENDER_DOMAIN}"
RELAY = f"out.{SENDER_DOMAIN}"
RELAY_IP = "192.0.2.25"

SUBJECTS = (
    "Spring is here: 20 % off everything",
    "Your June statement is ready",
    "Three recipes for the weekend",
    "Grüße aus der Werkstatt",
    "We miss you, come back",
)

# Words in the newsletter itself that would fool a reader who takes them for a server's.
PARAGRAPHS = (
    "Our new collection has arrived. Every piece is made by hand and ships within two days.",
    "Is your mailbox full of offers that nobody needs? Ours come once a month, never more.",
    "No such user ever regretted it: 4,500 customers wrote reviews last year.",
    "Blocked drains, spam for dinner, a disabled alarm clock: the week in pictures.",
    "You receive this because you signed up in our shop. Unsubscribe at any time below.",
    "The last 550 pairs at 5.11 EUR each, while stocks last.",
)


@dataclass
class Letter:
    """The mail that was sent, and the refusal that it met."""

    rng: random.Random
    campaign: str
    recipient: str
    diagnostic: Diagnostic
    arrival: float  # of the report, in seconds since 1970
    serial: int
    use_verp: bool = True
    others: list[tuple[str, Diagnostic]] = field(default_factory=list)

    @cached_property
    def verp(self) -> str:
        """The envelope sender, to which the report goes."""
        if not self.use_verp:
            return MAILBOX
        return f"bounces+{self.campaign}-{self.recipient.replace('@', '=')}@{SENDER_DOMAIN}"

    @cached_property
    def domain(self) -> str:
        return self.recipient.rpartition("@")[2]

    @cached_property
    def host(self) -> str:
        """The server that refused."""
        return f"mx{self.serial % 3 + 1}.{self.domain}"

    @cached_property
    def host_ip(self) -> str:
        return f"198.51.100.{self.serial % 250 + 1}"

    @cached_property
    def words(self) -> str:
        """What that server said."""
        return self.words_for(self.recipient, self.diagnostic)

    def words_for(self, address: str, diagnostic: Diagnostic) -> str:
        return diagnostic.words(
            address=address, host=self.host, ip=RELAY_IP, verp=self.verp, domain=SENDER_DOMAIN
        )

    @cached_property
    def status(self) -> str:
        """The enhanced code that a report shows; servers that send none leave it to the sender."""
        return status_of(self.diagnostic)

    @cached_property
    def sent(self) -> float:
        """When the newsletter left; a temporary refusal comes back after days of trying."""
        return self.arrival - (5 * 86400 if self.diagnostic.temporary else 4)

    @cached_property
    def subject(self) -> str:
        return SUBJECTS[self.serial % len(SUBJECTS)]

    @cached_property
    def queue_id(self) -> str:
        return f"4{self.rng.getrandbits(48):012X}"

    @cached_property
    def original_header(self) -> str:
        """The header of the newsletter, with the Return-Path that the relay gave it."""
        subject = encode_word(self.subject)
        return (
            f"Return-Path: <{self.verp}>\n"
            f"Received: from app.{SENDER_DOMAIN} (app.{SENDER_DOMAIN} [192.0.2.9])\n"
            f"\tby {RELAY} (Postfix) with ESMTPS id {self.queue_id}\n"
            f"\tfor <{self.recipient}>; {formatdate(self.sent)}\n"
            f"From: Example Shop <hello@{SENDER_DOMAIN}>\n"
            f"To: <{self.recipient}>\n"
            f"Subject: {subject}\n"
            f"Date: {formatdate(self.sent)}\n"
            f"Message-ID: <{self.serial}.{self.campaign}@app.{SENDER_DOMAIN}>\n"
            f"List-Id: <{self.campaign}.{SENDER_DOMAIN}>\n"
            f"List-Unsubscribe: <https://{SENDER_DOMAIN}/u/{self.serial}>\n"
            "MIME-Version: 1.0\n"
            "Content-Type: text/plain; charset=utf-8\n"
            "Content-Transfer-Encoding: 8bit\n"
        )

    @cached_property
    def original(self) -> str:
        """The whole newsletter."""
        count = self.rng.randint(2, len(PARAGRAPHS))
        body = "\n\n".join(self.rng.sample(PARAGRAPHS, count))
        return f"{self.original_header}\nHello!\n\n{body}\n\n-- \nExample Shop\n"

    def envelope(self) -> str:
        """What the delivering agents of the bounce mailbox put on top of a report."""
        received = (
            f"Received: from {self.host} ({self.host} [{self.host_ip}])\n"
            f"\tby mail.{SENDER_DOMAIN} (Postfix) with ESMTPS id {self.queue_id}\n"
            f"\tfor <{self.verp}>; {formatdate(self.arrival)}\n"
        )
        above = (
            f"Delivered-To: {self.verp}\n",
            f"X-Original-To: {self.verp}\nDelivered-To: {MAILBOX}\n",
            f"Envelope-to: {self.verp}\n",
            f"Delivered-To: {MAILBOX}\n",  # only To and Received name it
        )
        return f"Return-Path: <>\n{above[self.serial % len(above)]}{received}"

    def header(self, sender: str, subject: str, more: str = "") -> str:
        """A report's own header, without its content fields; `sender` is a From field's value."""
        return (
            f"{self.envelope()}"
            f"Date: {formatdate(self.arrival)}\n"
            f"From: {sender}\n"
            f"To: {self.verp}\n"
            f"Subject: {subject}\n"
            f"Message-ID: <{self.queue_id}@{self.host}>\n"
            f"{more}"
            "MIME-Version: 1.0\n"
        )


def status_of(diagnostic: Diagnostic) -> str:
    """The Status field of a report about this refusal (RFC 3464 section 2.3.4)."""
    return diagnostic.status or f"{diagnostic.reply // 100}.0.0"


def multipart(boundary: str, *parts: str) -> str:
    """The body of a multipart; each part is its header, a blank line and its text."""
    return "".join(f"--{boundary}\n{part}\n" for part in parts) + f"--{boundary}--\n"


def base64_part(content_type: str, text: str) -> str:
    """A part in base64."""
    encoded = base64.encodebytes(text.encode()).decode()
    return f"Content-Type: {content_type}\nContent-Transfer-Encoding: base64\n\n{encoded}"


def quoted_printable_part(content_type: str, text: str) -> str:
    """A part in quoted-printable."""
    encoded = quopri.encodestring(text.encode()).decode()
    return f"Content-Type: {content_type}\nContent-Transfer-Encoding: quoted-printable\n\n{encoded}"


def encode_word(text: str) -> str:
    """A header text as RFC 2047 has it."""
    if text.isascii():
        return text
    return f"=?utf-8?B?{base64.b64encode(text.encode()).decode()}?="


def fold(name: str, words: str, indent: str = "    ") -> str:
    """A field folded at blanks, as servers fold what they were told."""
    lines = [f"{name}:"]
    for word in words.split(" "):
        if len(lines[-1]) + len(word) < 72:
            lines[-1] += f" {word}"
        else:
            lines.append(indent + word)
    return "\n".join(lines) + "\n"
