"""A seeded generator of realistic bounce mail that knows the right answers.

The same seed and start give the same mails, byte for byte. Every mail comes with its truth: the
rows that it must become in the ledger.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lab import formats, notices
from lab.diagnostics import DIAGNOSTICS, WEIGHTS, Diagnostic
from lab.letter import Letter

CAMPAIGNS = ("spring26", "newsletter_48", "winback", "invoices")

DAY = 86400.0

FIRST_NAMES = ("ada", "grace", "alan", "edsger", "barbara", "donald", "frances", "ken", "mary-jane")
LAST_NAMES = ("hopper", "turing", "liskov", "knuth", "allen", "o.neill", "dijkstra", "lovelace")
WORDS = ("post", "mail", "kontor", "office", "school", "studio", "garden", "harbor", "museum")
PLACES = ("north", "alpine", "coast", "valley", "river", "harz", "island", "meadow", "forest")


@dataclass(frozen=True, order=True)
class Truth:
    """What the ledger must say about one recipient of one mail."""

    campaign: str  # "" where nothing names it
    recipient: str  # "" where nothing names it
    verdict: str
    category: str


@dataclass(frozen=True)
class Bounce:
    """A mail to the bounce mailbox."""

    raw: bytes
    arrival: float  # seconds since 1970
    format: str
    truth: tuple[Truth, ...]


@dataclass(frozen=True)
class Format:
    """How a kind of mail is written, how often it is met, and what it says if not a failure."""

    write: Callable[[Letter], str]
    weight: int
    verdict: str = ""  # "": that of the diagnostic
    category: str = ""
    utf8_recipient: bool = False
    many_recipients: bool = False
    anonymous: bool = False  # says nothing about any recipient


FORMATS = {
    "postfix": Format(formats.postfix, 20),
    "postfix-many": Format(formats.postfix, 3, many_recipients=True),
    "base64": Format(formats.base64_report, 3),
    "quoted-printable": Format(formats.quoted_printable_report, 3),
    "internationalized": Format(formats.internationalized, 2, utf8_recipient=True),
    "exim": Format(formats.exim, 10),
    "exim-text": Format(formats.exim_text, 6),
    "sendmail": Format(formats.sendmail, 8),
    "qmail": Format(formats.qmail, 6),
    "exchange": Format(formats.exchange, 14),
    "google": Format(formats.google, 14),
    "yahoo": Format(formats.yahoo, 4),
    "unknown": Format(formats.unknown, 3),
    "delay": Format(notices.delay, 3, "none", "delayed"),
    "success": Format(notices.success, 1, "none", "delivered"),
    "auto-reply": Format(notices.auto_reply, 4, "none", "auto_reply"),
    "complaint": Format(notices.complaint, 2, "complaint", "complaint"),
    "question": Format(notices.question, 1, "none", "not_a_bounce", anonymous=True),
}

# Formats that can carry any diagnostic.
FAILURES = tuple(n for n, f in FORMATS.items() if not f.verdict and not f.many_recipients)


class Generator:
    """Makes bounces. Recipients never repeat unless the caller names them."""

    def __init__(self, seed: int, campaigns: tuple[str, ...] = CAMPAIGNS) -> None:
        self.rng = random.Random(seed)
        self.campaigns = campaigns
        self._serial = 0

    def bounce(
        self,
        arrival: float,
        format: str = "postfix",
        diagnostic: Diagnostic | None = None,
        campaign: str = "",
        recipient: str = "",
    ) -> Bounce:
        """One mail; what is not given is drawn."""
        form = FORMATS[format]
        self._serial += 1
        letter = Letter(
            rng=self.rng,
            campaign=campaign or self.rng.choice(self.campaigns),
            recipient=recipient or self._recipient(form.utf8_recipient),
            diagnostic=diagnostic or self._diagnostic(),
            arrival=arrival,
            serial=self._serial,
            use_verp=not form.many_recipients,
        )
        if form.many_recipients:
            count = self.rng.randint(1, 4)
            letter.others += [(self._recipient(), self._diagnostic()) for _ in range(count)]
        return Bounce(form.write(letter).encode(), arrival, format, _truth(form, letter))

    def mixed(self, count: int, start: float, days: float = 20) -> Iterator[Bounce]:
        """`count` mails of all formats in the order of their arrival, over `days` days."""
        names = list(FORMATS)
        weights = [form.weight for form in FORMATS.values()]
        for i in range(count):
            (name,) = self.rng.choices(names, weights)
            # Whole seconds: what a mail's Date and a Maildir's file name can tell.
            yield self.bounce(float(int(start + days * DAY * i / count)), name)

    def every(self, arrival: float) -> Iterator[Bounce]:
        """Each diagnostic in each format that can carry it, and each of the other mails once."""
        for name, form in FORMATS.items():
            if form.verdict or form.many_recipients:
                yield self.bounce(arrival, name)
        for name in FAILURES:
            for diagnostic in DIAGNOSTICS:
                yield self.bounce(arrival, name, diagnostic)

    def escalating(
        self, recipient: str, diagnostic: Diagnostic, start: float, strikes: int = 5
    ) -> Iterator[Bounce]:
        """An address that fails softly, on `strikes` days, each time in another campaign."""
        for i in range(strikes):
            name = FAILURES[(self._serial + i) % len(FAILURES)]
            campaign = f"{self.campaigns[i % len(self.campaigns)]}"
            if i >= len(self.campaigns):
                campaign += f"_{i // len(self.campaigns) + 1}"
            yield self.bounce(start + i * 2 * DAY, name, diagnostic, campaign, recipient)

    def _diagnostic(self) -> Diagnostic:
        (diagnostic,) = self.rng.choices(DIAGNOSTICS, WEIGHTS)
        return diagnostic

    def _recipient(self, utf8: bool = False) -> str:
        """An address that VERP has to carry unharmed: with dots, hyphens, plus signs and `=`."""
        self._serial += 1
        first, last = self.rng.choice(FIRST_NAMES), self.rng.choice(LAST_NAMES)
        locals_ = (f"{first}.{last}", f"{first}-{last}", f"{last}+shop", f"{first}={last}")
        local = f"jürgen.{last}" if utf8 else self.rng.choice(locals_)
        domain = f"{self.rng.choice(PLACES)}-{self.rng.choice(WORDS)}.example"
        return f"{local}{self._serial}@{domain}"


def _truth(form: Format, letter: Letter) -> tuple[Truth, ...]:
    if form.anonymous:
        return (Truth("", "", form.verdict, form.category),)
    campaign = letter.campaign if letter.use_verp else ""
    everybody = [(letter.recipient, letter.diagnostic), *letter.others]
    return tuple(
        Truth(campaign, address, form.verdict or d.verdict, form.category or d.category)
        for address, d in everybody
    )
