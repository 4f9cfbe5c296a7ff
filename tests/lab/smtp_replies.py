"""Replies with which receivers refuse mail or put it off, each with the right answer."""

from __future__ import annotations

from dataclasses import dataclass

from lab.smtp_sink import Answer, Stage

# Under each verdict and category: when the receiver says it (smtp_sink.Stage), its reply code, its
# enhanced code or "-", its words; behind "|" stands another line of the same reply.
TABLE = """
hard user_unknown
    rcpt 550 5.1.1 The email account that you tried to reach does not exist.
    rcpt 550 5.1.1 The email account that you tried to reach
        | does not exist. Please try double-checking the recipient's email address
        | for typos or unnecessary spaces. Learn more at
        | https://support.google.com/mail/?p=NoSuchUser a1-20020a05 - gsmtp
    rcpt 550 5.1.1 User unknown
    rcpt 550 5.1.1 Unbekannter Empfänger: dieses Postfach gibt es nicht
    rcpt 550 5.1.1 用户不存在
    rcpt 550 5.1.1 Recipient address rejected: Access denied
    rcpt 550 - Mailbox does not exist or is unavailable
    rcpt 550 - No such user here
    rcpt 500 5.0.0 Email address does not exist.
    rcpt 511 5.1.1 Bad email address.
hard domain_unknown
    rcpt 550 5.1.2 The domain name of the email address seems to be invalid.
    rcpt 553 5.1.2 We weren't able to find the recipient domain.
hard address_syntax
    rcpt 553 5.1.3 Invalid address format
    rcpt 513 5.1.3 Bad destination mailbox address syntax.
    rcpt 553 - Invalid mailbox name
hard mailbox_moved
    rcpt 551 5.1.6 Recipient address rejected: User moved
    rcpt 551 - The recipient is not local to the server.
hard mailbox_disabled
    rcpt 550 5.2.1 The email account that you tried to reach is disabled.
    rcpt 550 5.2.1 Mailbox disabled
soft mailbox_full
    rcpt 452 4.2.2 The email account that you tried to reach is over quota.
    rcpt 452 4.2.2 The email account that you tried to reach is over quota. Please direct
        | the recipient to https://support.google.com/mail/?p=OverQuotaTemp
    rcpt 422 4.2.2 The email account is over quota.
    rcpt 552 - Mailbox storage exceeded
    message 552 5.2.2 Das Postfach des Empfängers ist voll (mailbox full)
soft mailbox_disabled
    rcpt 450 4.2.1 Mailbox temporarily disabled
soft system_error
    rcpt 421 4.3.0 Temporary system problem. Try again later.
    message 451 4.3.0 Mail server temporarily rejected message.
    message 451 - Temporary processing error
soft system_full
    rcpt 452 4.3.1 Insufficient system storage
    data 452 - Insufficient system storage
soft host_unreachable
    message 441 4.4.1 Error encountered while communicating with primary target IP address.
    rcpt 542 5.4.2 Bad connection.
soft routing_error
    rcpt 544 5.4.4 Unable to route.
    rcpt 546 5.4.6 Routing loop detected.
    message 554 5.6.0 Message exceeded 50 hops, this may indicate a mail loop.
soft delivery_expired
    rcpt 547 5.4.7 Delivery time expired.
soft undetermined
    message 554 - Transaction failed for an unspecified reason
soft message_too_large
    mail 552 5.3.4 Message size exceeds fixed limit
    message 552 5.2.3 Your message exceeded Google's message size limits.
    message 552 5.2.2 This message is larger than the current system limit.
soft rate_limited
    rcpt 450 4.2.1 The user you are trying to contact is receiving mail too quickly.
    rcpt 550 5.2.1 The user you are trying to contact is receiving mail at a rate that
        | prevents additional messages from being delivered.
    message 421 4.7.28 Gmail has detected an unusual rate of unsolicited mail from your IP
soft greylisted
    rcpt 451 4.7.1 Greylisting in effect, please come back later
block blocklisted
    rcpt 550 5.7.606 Access denied, banned sending IP [192.0.2.7]
    rcpt 550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP
    rcpt 550 5.7.1 Service unavailable; client blocked
block spam_detected
    message 550 5.7.1 Our system has detected that this message is likely unsolicited mail.
    message 550 5.7.1 [192.0.2.25] Our system has detected that this message is
        | likely unsolicited mail. To reduce the amount of spam sent to Gmail,
        | this message has been blocked.
    message 554 5.7.1 Message rejected due to content restrictions
    message 554 5.7.1 [CS] Message rejected. See https://example.net/help
    message 551 5.7.1 The message was rejected due to classification as virus, spam, or high bulk \
ratio.
block authentication_failed
    message 550 5.7.26 Unauthenticated email from domain-name is not accepted due to domain's \
DMARC policy.
    message 550 5.7.1 Unauthenticated email is not accepted from this domain.
block relay_denied
    rcpt 550 5.7.1 Relay access denied
    rcpt 550 - relaying denied
block policy_rejected
    message 554 5.7.9 Message not accepted for policy reasons
    message 554 - Email rejected due to security policies - \
https://community.mimecast.com/docs/DOC-1369#554
    message 521 5.2.1 AOL will not accept deliverability of this message.
block sender_rejected
    rcpt 450 4.1.8 Sender address rejected: Domain not found
    mail 553 5.1.7 Sender address syntax error
    mail 550 5.7.0 Mail Sending denied.
block sending_limit
    message 550 5.4.5 Daily sending quota exceeded.
    rcpt 452 4.5.3 Your message has too many recipients.
block protocol_error
    mail 530 5.5.1 Authentication Required.
    data 503 5.5.1 RCPT first.
block security_error
    mail 530 5.7.0 Must issue a STARTTLS command first.
block content_rejected
    message 554 5.6.0 Mail message is malformed.
"""


@dataclass(frozen=True)
class Reply:
    """A reply and what it means."""

    verdict: str
    category: str
    answer: Answer

    @property
    def temporary(self) -> bool:
        """Whether the sender may try again."""
        return self.answer.reply.startswith("4")


def _read(table: str) -> tuple[Reply, ...]:
    replies: list[Reply] = []
    verdict = category = ""
    for line in table.strip().splitlines():
        if not line.startswith(" "):
            verdict, category = line.split()
            continue
        if line.lstrip().startswith("|"):
            above = replies.pop().answer
            stage, text = above.stage, f"{above.reply}\n{line.partition('| ')[2]}"
        else:
            word, code, status, words = line.split(None, 3)
            stage, text = Stage(word), " ".join((code, *status.strip("-").split(), words))
        replies.append(Reply(verdict, category, Answer(stage, text)))
    return tuple(replies)


REPLIES = _read(TABLE)
