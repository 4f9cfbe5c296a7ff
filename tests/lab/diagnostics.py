"""What receiving servers say when they refuse mail, each with the right answer.

The words follow what the servers of the world say; which of them is hard, soft or a block is
DESIGN section 6.
"""

from __future__ import annotations

from dataclasses import dataclass

# Under each verdict and category: how often it is met next to the others, the SMTP reply code, the
# enhanced status code or "-", the text. The mail that carries it fills in the {fields}.
TABLE = """
hard user_unknown
    8 550 5.1.1 <{address}>: Recipient address rejected: User unknown in virtual mailbox table
    8 550 5.1.1 The email account that you tried to reach does not exist. Please try again
    6 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {address} not found by SMTP lookup
    4 550 - No such user here
    2 550 - Requested action not taken: mailbox unavailable; user does not exist
hard domain_unknown
    2 550 5.1.2 The domain name of the email address seems to be invalid.
hard address_syntax
    1 501 5.1.3 Bad recipient address syntax
hard mailbox_moved
    1 551 5.1.6 Recipient address rejected: User moved
hard mailbox_disabled
    3 550 5.2.1 The email account that you tried to reach is disabled.
soft mailbox_full
    4 452 4.2.2 The email account that you tried to reach is over quota.
    5 552 5.2.2 <{address}>: mailbox is full, quota exceeded
    1 552 - Mailbox storage exceeded
soft system_error
    2 421 4.3.2 System not accepting network messages
    2 451 4.3.0 Temporary system problem. Try again later.
soft system_full
    1 452 4.3.1 Insufficient system storage
soft routing_error
    1 554 5.4.6 Routing loop detected
soft host_unreachable
    2 421 4.4.2 {host} Error: timeout exceeded, closing connection
soft message_too_large
    2 552 5.3.4 Message size exceeds fixed limit
soft rate_limited
    2 450 4.2.1 The user you are trying to contact is receiving mail too quickly.
    1 421 4.7.28 Our system has detected an unusual rate of unsolicited mail from your IP [{ip}].
soft greylisted
    2 451 4.7.1 <{address}>: Recipient address rejected: Greylisting in effect, come back later
block blocklisted
    3 550 5.7.1 Service unavailable; client host [{ip}] blocked using bl.example.org
    2 550 5.7.606 Access denied, banned sending IP [{ip}]
block spam_detected
    3 550 5.7.1 Our system has detected that this message is likely unsolicited mail.
    2 554 5.7.1 Message rejected: identified as spam, score 14.2
block authentication_failed
    2 550 5.7.26 Unauthenticated email from {domain} is not accepted due to domain's DMARC policy.
block relay_denied
    1 554 5.7.1 <{address}>: Relay access denied
block policy_rejected
    2 554 5.7.9 Message not accepted for policy reasons
block virus_detected
    1 550 5.7.1 Message rejected: virus found: Eicar-Test-Signature
block sender_rejected
    1 553 5.1.8 <{verp}>: Sender address rejected: Domain not found
block sending_limit
    1 550 5.4.5 Daily SMTP relay limit exceeded for user.
block content_rejected
    1 552 5.7.0 This message was blocked because its content presents a potential security issue
"""


@dataclass(frozen=True)
class Diagnostic:
    """A refusal and what it means."""

    verdict: str
    category: str
    weight: int
    reply: int
    status: str  # "" where the server sends none
    text: str

    @property
    def temporary(self) -> bool:
        """Whether the server allowed another try (the report comes when tries run out)."""
        return self.reply < 500

    def words(self, **fields: str) -> str:
        """The reply as the server sent it, on one line."""
        status = f"{self.status} " if self.status else ""
        return f"{self.reply} {status}{self.text.format(**fields)}"


def _read(table: str) -> tuple[Diagnostic, ...]:
    diagnostics = []
    verdict = category = ""
    for line in table.strip().splitlines():
        if line.startswith(" "):
            weight, reply, status, text = line.split(None, 3)
            diagnostics.append(
                Diagnostic(
                    verdict, category, int(weight), int(reply), status.replace("-", ""), text
                )
            )
        else:
            verdict, category = line.split()
    return tuple(diagnostics)


DIAGNOSTICS = _read(TABLE)
WEIGHTS = [diagnostic.weight for diagnostic in DIAGNOSTICS]


def diagnostic_of(category: str) -> Diagnostic:
    """The first one of a category."""
    return next(d for d in DIAGNOSTICS if d.category == category)
