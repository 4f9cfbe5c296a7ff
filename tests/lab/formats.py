"""Reports of failure as the mail servers of the world write them, one function a format.

Written after the servers' documentation and sources. Each takes a Letter and returns the whole mail
with LF line ends.
"""

from __future__ import annotations

from email.utils import formatdate

from lab.letter import (
    RELAY,
    RELAY_IP,
    SENDER_DOMAIN,
    Letter,
    base64_part,
    fold,
    multipart,
    quoted_printable_part,
    status_of,
)


def postfix(letter: Letter) -> str:
    """bounce(8): RFC 3464 with the whole message, or only its header when it is large."""
    if letter.serial % 3:
        returned = (
            "Content-Description: Undelivered Message\n"
            f"Content-Type: message/rfc822\n\n{letter.original}"
        )
    else:
        returned = (
            "Content-Description: Undelivered Message Headers\n"
            f"Content-Type: text/rfc822-headers\n\n{letter.original_header}"
        )
    return _postfix_report(
        letter,
        "delivery-status",
        "Content-Description: Notification\nContent-Type: text/plain; charset=us-ascii\n\n"
        + _postfix_notice(letter),
        "Content-Description: Delivery report\nContent-Type: message/delivery-status\n\n"
        + _postfix_status(letter),
        returned,
    )


def base64_report(letter: Letter) -> str:
    """The same after a gateway that turns every part into base64."""
    return _postfix_report(
        letter,
        "delivery-status",
        base64_part("text/plain; charset=us-ascii", _postfix_notice(letter)),
        base64_part("message/delivery-status", _postfix_status(letter)),
        base64_part("message/rfc822", letter.original),
    )


def quoted_printable_report(letter: Letter) -> str:
    """The same after a gateway that makes everything quoted-printable."""
    return _postfix_report(
        letter,
        "delivery-status",
        quoted_printable_part("text/plain; charset=us-ascii", _postfix_notice(letter)),
        quoted_printable_part("message/delivery-status", _postfix_status(letter)),
        quoted_printable_part("text/rfc822-headers", letter.original_header),
    )


def internationalized(letter: Letter) -> str:
    """SMTPUTF8: RFC 6533 with addresses in raw UTF-8."""
    status = _postfix_status(letter).replace("Recipient: rfc822;", "Recipient: utf-8;")
    return _postfix_report(
        letter,
        "global-delivery-status",
        "Content-Description: Notification\nContent-Type: text/plain; charset=utf-8\n\n"
        + _postfix_notice(letter),
        "Content-Type: message/global-delivery-status\nContent-Transfer-Encoding: 8bit\n\n"
        + status,
        "Content-Type: message/global-headers\nContent-Transfer-Encoding: 8bit\n\n"
        + letter.original_header,
    )


def exim(letter: Letter) -> str:
    """Exim 4.8 and newer; Status is always 5.0.0, the server's own code is in the diagnostic."""
    boundary = f"{int(letter.arrival)}-eximdsn-{letter.serial}"
    status = (
        f"Reporting-MTA: dns; {RELAY}\n\n"
        f"Action: failed\nFinal-Recipient: rfc822;{letter.recipient}\nStatus: 5.0.0\n"
        f"Remote-MTA: dns; {letter.host}\nDiagnostic-Code: smtp; {letter.words}\n"
    )
    return (
        letter.header(
            f"Mail Delivery System <Mailer-Daemon@{RELAY}>",
            "Mail delivery failed: returning message to sender",
            f"X-Failed-Recipients: {letter.recipient}\nAuto-Submitted: auto-replied\n",
        )
        + f"Content-Type: multipart/report; report-type=delivery-status; boundary={boundary}\n\n"
        + multipart(
            boundary,
            f"Content-type: text/plain; charset=us-ascii\n\n{_exim_notice(letter)}",
            f"Content-type: message/delivery-status\n\n{status}",
            f"Content-type: message/rfc822\n\n{letter.original}",
        )
    )


def exim_text(letter: Letter) -> str:
    """Exim of old: plain text with a copy of the message below."""
    copy = "------ This is a copy of the message, including all the headers. ------"
    return (
        letter.header(
            f"Mail Delivery System <Mailer-Daemon@{RELAY}>",
            "Mail delivery failed: returning message to sender",
            f"X-Failed-Recipients: {letter.recipient}\nAuto-Submitted: auto-generated\n",
        )
        + f"\n{_exim_notice(letter)}\n{copy}\n\n{letter.original}"
    )


def sendmail(letter: Letter) -> str:
    """sendmail 8: a transcript of the session, then RFC 3464."""
    boundary = f"g{letter.queue_id}.{int(letter.arrival)}/{RELAY}"
    summary = (
        f"550 5.1.1 <{letter.recipient}>... User unknown"
        if letter.diagnostic.status == "5.1.1"
        else "554 5.0.0 Service unavailable"
    )
    trouble = (
        "The following addresses had transient non-fatal errors"
        if letter.diagnostic.temporary
        else "The following addresses had permanent fatal errors"
    )
    if letter.diagnostic.temporary:
        summary = "Message could not be delivered for 5 days\nMessage will be deleted from queue"
    notice = (
        f"The original message was received at {formatdate(letter.sent)}\n"
        f"from app.{SENDER_DOMAIN} [192.0.2.9]\n\n"
        f"   ----- {trouble} -----\n"
        f"<{letter.recipient}>\n    (reason: {letter.words})\n\n"
        f"   ----- Transcript of session follows -----\n"
        f"... while talking to {letter.host}.:\n>>> DATA\n<<< {letter.words}\n{summary}\n"
    )
    status = (
        f"Reporting-MTA: dns; {RELAY}\nReceived-From-MTA: DNS; app.{SENDER_DOMAIN}\n"
        f"Arrival-Date: {formatdate(letter.sent)}\n\n"
        f"Final-Recipient: RFC822; {letter.recipient}\nAction: failed\nStatus: {letter.status}\n"
        f"Remote-MTA: DNS; {letter.host}\nDiagnostic-Code: SMTP; {letter.words}\n"
        f"Last-Attempt-Date: {formatdate(letter.arrival)}\n"
    )
    return (
        letter.header(
            f"Mail Delivery Subsystem <MAILER-DAEMON@{RELAY}>",
            "Returned mail: see transcript for details",
            "Auto-Submitted: auto-generated (failure)\n",
        )
        + "Content-Type: multipart/report; report-type=delivery-status;\n"
        + f'\tboundary="{boundary}"\n\nThis is a MIME-encapsulated message\n\n'
        + multipart(
            boundary,
            f"\n{notice}",
            f"Content-Type: message/delivery-status\n\n{status}",
            f"Content-Type: message/rfc822\n\n{letter.original}",
        )
    )


def qmail(letter: Letter) -> str:
    """qmail-send: QSBMF, which begins with "Hi." and has no MIME at all."""
    return (
        letter.header(f"MAILER-DAEMON@{RELAY}", "failure notice").replace("MIME-Version: 1.0\n", "")
        + f"\nHi. This is the qmail-send program at {RELAY}.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        f"<{letter.recipient}>:\n{letter.host_ip} does not like recipient.\n"
        f"Remote host said: {letter.words}\nGiving up on {letter.host_ip}.\n\n"
        f"--- Below this line is a copy of the message.\n\n{letter.original}"
    )


def exchange(letter: Letter) -> str:
    """Exchange Online: an NDR in HTML, with "Diagnostic information for administrators"."""
    boundary = f"_000_{letter.queue_id}{letter.serial}_"
    server = f"AM6EUR05FT{letter.serial % 90:03d}.mail.protection.outlook.example"
    notice = (
        '<html><head><meta charset="utf-8"></head><body>\n<h2>Your message to '
        f"{letter.recipient} couldn't be delivered.</h2>\n"
        "<p><b>Diagnostic information for administrators:</b></p>\n"
        f"<p>Generating server: {server}</p>\n"
        f"<p>{letter.recipient}<br>\nRemote Server returned '{_html(letter.words)}'</p>\n"
        f"<p>Original message headers:</p>\n<pre>{_html(letter.original_header)}</pre>\n"
        "</body></html>\n"
    )
    status = (
        f"Reporting-MTA: dns;{server}\nReceived-From-MTA: dns;{RELAY}\n"
        f"Arrival-Date: {formatdate(letter.sent)}\n\n"
        f"Final-Recipient: rfc822;{letter.recipient}\nAction: failed\nStatus: {letter.status}\n"
        f"Diagnostic-Code: smtp;{letter.words}\n"
    )
    return (
        letter.header(
            f"<postmaster@{letter.domain}>",
            f"Undeliverable: {letter.campaign}",
            "Auto-Submitted: auto-replied\nX-MS-Exchange-Message-Is-Ndr:\n"
            "Content-Language: en-US\n",
        )
        + "Content-Type: multipart/report; report-type=delivery-status;\n"
        + f'\tboundary="{boundary}"\n\n'
        + multipart(
            boundary,
            quoted_printable_part("text/html; charset=utf-8", notice),
            f"Content-Type: message/delivery-status\n\n{status}",
            f"Content-Type: message/rfc822\n\n{letter.original}",
        )
    )


def google(letter: Letter) -> str:
    """Gmail: text and HTML alternatives with an icon, then RFC 3464."""
    outer, related, alternative = (f"{n:012x}{letter.serial:08x}" for n in (1, 2, 3))
    notice = (
        "\n** Message not delivered **\n\nThere was a problem delivering your message to "
        f"{letter.recipient}. See the\ntechnical details below.\n\n"
        f"The response from the remote server was:\n{letter.words}\n"
    )
    status = (
        "Reporting-MTA: dns; googlemail.com\n"
        f"Arrival-Date: {formatdate(letter.sent)}\nX-Original-Message-ID: <{letter.serial}@app>\n\n"
        f"Final-Recipient: rfc822; {letter.recipient}\nAction: failed\nStatus: {letter.status}\n"
        f"Remote-MTA: dns; {letter.host}. ({letter.host_ip}, the server for the domain.)\n"
        f"{fold('Diagnostic-Code', 'smtp; ' + letter.words, ' ')}"
        f"Last-Attempt-Date: {formatdate(letter.arrival)}\n"
    )
    text = f'Content-Type: text/plain; charset="UTF-8"\n\n{notice}'
    html = quoted_printable_part(
        'text/html; charset="UTF-8"', f"<html><p>{_html(notice)}</p></html>"
    )
    both = f'Content-Type: multipart/alternative; boundary="{alternative}"\n\n' + multipart(
        alternative, text, html
    )
    icon = (
        'Content-Type: image/png; name="icon.png"\n'
        "Content-Transfer-Encoding: base64\n\niVBORw0KGgo=\n"
    )
    return (
        letter.header(
            "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
            "Delivery Status Notification (Failure)",
            f"X-Failed-Recipients: {letter.recipient}\nAuto-Submitted: auto-replied\n",
        )
        + f'Content-Type: multipart/report; boundary="{outer}"; report-type=delivery-status\n\n'
        + multipart(
            outer,
            f'Content-Type: multipart/related; boundary="{related}"\n\n'
            + multipart(related, both, icon),
            f"Content-Type: message/delivery-status\n\n{status}",
            f"Content-Type: message/rfc822\n\n{letter.original}",
        )
    )


def yahoo(letter: Letter) -> str:
    """Yahoo: plain text, the reply below the address."""
    code, _, rest = letter.words.partition(" ")
    return (
        letter.header("MAILER-DAEMON@yahoo.com", "Failure Notice")
        + "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
        "Sorry, we were unable to deliver your message to the following address.\n\n"
        f"<{letter.recipient}>:\n{code}: {rest}\n\n"
        f"--- Below this line is a copy of the message.\n\n{letter.original}"
    )


def unknown(letter: Letter) -> str:
    """A server nobody has heard of, which does not know RFC 3464."""
    return (
        letter.header(f"Postmaster <postmaster@{letter.domain}>", "Undeliverable mail")
        + "Content-Type: text/plain; charset=us-ascii\n\n"
        "Your message could not be delivered to this recipient:\n\n"
        f"    {letter.recipient}\n\nThe mail server {letter.host} answered:\n\n    {letter.words}\n"
    )


def _postfix_report(letter: Letter, report_type: str, *parts: str) -> str:
    boundary = f"{letter.queue_id}.{int(letter.arrival)}/{RELAY}"
    return (
        letter.header(
            f"MAILER-DAEMON@{RELAY} (Mail Delivery System)",
            "Undelivered Mail Returned to Sender",
            "Auto-Submitted: auto-replied\n",
        )
        + f"Content-Type: multipart/report; report-type={report_type};\n"
        + f'\tboundary="{boundary}"\n\nThis is a MIME-encapsulated message.\n\n'
        + multipart(boundary, *parts)
    )


def _postfix_notice(letter: Letter) -> str:
    said = "".join(
        f"{fold(f'<{address}>', f'host {letter.host}[{letter.host_ip}] said: ' + words)[:-1]}"
        " (in reply to RCPT TO command)\n\n"
        for address, words in _refusals(letter)
    )
    return (
        f"This is the mail system at host {RELAY}.\n\n"
        "I'm sorry to have to inform you that your message could not\n"
        "be delivered to one or more recipients. It's attached below.\n\n"
        "For further assistance, please send mail to postmaster.\n\n"
        f"                   The mail system\n\n{said}"
    )


def _postfix_status(letter: Letter) -> str:
    groups = [
        f"Final-Recipient: rfc822; {address}\nOriginal-Recipient: rfc822;{address}\n"
        f"Action: failed\nStatus: {status_of(diagnostic)}\nRemote-MTA: dns; {letter.host}\n"
        f"{fold('Diagnostic-Code', 'smtp; ' + letter.words_for(address, diagnostic))}"
        for address, diagnostic in [(letter.recipient, letter.diagnostic), *letter.others]
    ]
    return (
        f"Reporting-MTA: dns; {RELAY}\nX-Postfix-Queue-ID: {letter.queue_id}\n"
        f"X-Postfix-Sender: rfc822; {letter.verp}\nArrival-Date: {formatdate(letter.sent)}\n\n"
        + "\n".join(groups)
    )


def _refusals(letter: Letter) -> list[tuple[str, str]]:
    everybody = [(letter.recipient, letter.diagnostic), *letter.others]
    return [(address, letter.words_for(address, d)) for address, d in everybody]


def _exim_notice(letter: Letter) -> str:
    # Beside words that tell as little as these, it is anybody's guess which of them is the cause.
    told = letter.diagnostic.category in ("mailbox_full", "rate_limited", "greylisted")
    gave_up = ": retry timeout exceeded" if letter.diagnostic.temporary and told else ""
    return (
        "This message was created automatically by mail delivery software.\n\n"
        "A message that you sent could not be delivered to one or more of its\n"
        "recipients. This is a permanent error. The following address(es) failed:\n\n"
        f"  {letter.recipient}\n    host {letter.host} [{letter.host_ip}]\n"
        f"    SMTP error from remote mail server after RCPT TO:<{letter.recipient}>:\n"
        f"    {letter.words}{gave_up}\n"
    )


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
