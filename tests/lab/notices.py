"""Mail to a bounce address that reports no failure: it must never count against anybody."""

from __future__ import annotations

from email.utils import formatdate

from lab.letter import MAILBOX, RELAY, SENDER_DOMAIN, Letter, encode_word, multipart

ABSENCES = (
    ("Out of office: {}", "I am out of the office until Monday and will answer when I am back."),
    ("Automatic reply: {}", "Thank you for your message. I am on leave with no access to mail."),
    ("Abwesenheitsnotiz: {}", "Ich bin bis Montag nicht im Büro und antworte danach."),
    ("Réponse automatique : {}", "Je suis absente du bureau jusqu'à lundi."),
)

QUESTIONS = (
    ("Order 4711 arrived damaged", "The cup in the parcel is broken. What can we do about it?"),
    ("Opening hours", "Are you open on Saturdays? I would like to see the blue sofa."),
    ("Thank you", "The recipes were lovely, my mailbox is full of photos from the family."),
)


def delay(letter: Letter) -> str:
    """Postfix: not yet delivered, still trying."""
    return _status_notice(
        letter,
        "Delayed Mail (still being retried)",
        "####################################################################\n"
        "# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #\n"
        "####################################################################\n\n"
        "Your message could not be delivered for more than 4 hour(s).\n"
        "It will be retried until it is 5 day(s) old.\n",
        f"Action: delayed\nStatus: 4.4.1\n"
        f"Diagnostic-Code: X-Postfix; connect to {letter.host}[{letter.host_ip}]:25: Connection\n"
        "    timed out\n"
        f"Will-Retry-Until: {formatdate(letter.arrival + 5 * 86400)}\n",
    )


def success(letter: Letter) -> str:
    """Postfix: delivered, as NOTIFY=SUCCESS asked for."""
    return _status_notice(
        letter,
        "Successful Mail Delivery Report",
        "Your message was successfully delivered to the destination(s)\nlisted below.\n",
        "Action: delivered\nStatus: 2.0.0\nDiagnostic-Code: smtp; 250 2.0.0 Ok: queued\n",
    )


def auto_reply(letter: Letter) -> str:
    """RFC 3834: somebody is away."""
    subject, text = ABSENCES[letter.serial % len(ABSENCES)]
    return (
        letter.envelope()
        + f"Date: {formatdate(letter.arrival)}\nFrom: <{letter.recipient}>\nTo: {letter.verp}\n"
        f"Subject: {encode_word(subject.format(letter.subject))}\n"
        "Auto-Submitted: auto-replied\nX-Auto-Response-Suppress: All\n"
        f"In-Reply-To: <{letter.serial}.{letter.campaign}@app.{SENDER_DOMAIN}>\n"
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
        f"Content-Transfer-Encoding: 8bit\n\n{text}\n"
    )


def complaint(letter: Letter) -> str:
    """RFC 5965: the recipient pressed "this is spam"; no VERP address was used to report it."""
    boundary = f"arf{letter.queue_id}"
    feedback = (
        "Feedback-Type: abuse\nUser-Agent: ExampleFeedback/1.0\nVersion: 1\n"
        f"Original-Mail-From: <{letter.verp}>\nOriginal-Rcpt-To: <{letter.recipient}>\n"
        f"Arrival-Date: {formatdate(letter.sent)}\nReporting-MTA: dns; {letter.host}\n"
        f"Reported-Domain: {SENDER_DOMAIN}\nSource-IP: 192.0.2.25\n"
    )
    return (
        f"Return-Path: <fbl@{letter.domain}>\nDelivered-To: {MAILBOX}\n"
        f"Date: {formatdate(letter.arrival)}\nFrom: <fbl@{letter.domain}>\nTo: <{MAILBOX}>\n"
        f"Subject: FW: {encode_word(letter.subject)}\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type=feedback-report; boundary="{boundary}"\n\n'
        + multipart(
            boundary,
            "Content-Type: text/plain; charset=us-ascii\n\n"
            f"This is an email abuse report for a message received from IP 192.0.2.25 on\n"
            f"{formatdate(letter.sent)}.\n",
            f"Content-Type: message/feedback-report\n\n{feedback}",
            f"Content-Type: message/rfc822\nContent-Disposition: inline\n\n{letter.original}",
        )
    )


def question(letter: Letter) -> str:
    """A person writes to the address that they found in a header."""
    subject, text = QUESTIONS[letter.serial % len(QUESTIONS)]
    return (
        f"Return-Path: <{letter.recipient}>\nDelivered-To: {MAILBOX}\n"
        f"Date: {formatdate(letter.arrival)}\nFrom: A Customer <{letter.recipient}>\n"
        f"To: <{MAILBOX}>\nSubject: {subject}\nMessage-ID: <{letter.queue_id}@{letter.domain}>\n"
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n"
        f"Hello,\n\n{text}\n\nKind regards\n"
    )


def _status_notice(letter: Letter, subject: str, text: str, fields: str) -> str:
    boundary = f"{letter.queue_id}.{int(letter.arrival)}/{RELAY}"
    status = (
        f"Reporting-MTA: dns; {RELAY}\nArrival-Date: {formatdate(letter.sent)}\n\n"
        f"Final-Recipient: rfc822; {letter.recipient}\n"
        f"Original-Recipient: rfc822;{letter.recipient}\n{fields}"
    )
    return (
        letter.header(f"MAILER-DAEMON@{RELAY} (Mail Delivery System)", subject)
        + "Content-Type: multipart/report; report-type=delivery-status;\n"
        + f'\tboundary="{boundary}"\n\n'
        + multipart(
            boundary,
            f"Content-Type: text/plain; charset=us-ascii\n\n{text}",
            f"Content-Type: message/delivery-status\n\n{status}",
            f"Content-Type: text/rfc822-headers\n\n{letter.original_header}",
        )
    )
