"""An SMTP server that answers as it is told: it refuses, defers, falls silent or hangs up.

It plays the receiving side of the whole world. It delivers nothing.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

ADDRESS = re.compile(rb"<([^>]*)>")


class Stage(Enum):
    """When an answer is given."""

    GREETING = "greeting"
    EHLO = "ehlo"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # to the command
    MESSAGE = "message"  # to the dot that ends the mail


HANG_UP = "hang up"
SILENCE = "silence"


@dataclass(frozen=True)
class Answer:
    """A reply to give at a stage: one line or several, or HANG_UP, or SILENCE.

    A server that says 421 hangs up after it (RFC 5321 section 3.8).
    """

    stage: Stage
    reply: str
    times: int | None = None  # None: always


class SmtpSink:
    """Listens on a free loopback port, from its making to its close().

    `answers` are for mail to an address, or from it at Stage.MAIL; what concerns no one in them is
    taken. `session` is one that everybody gets. `extensions`: lines of the reply to EHLO.
    """

    def __init__(
        self, session: Answer | None = None, extensions: Iterable[str] = ("8BITMIME",)
    ) -> None:
        self.answers: dict[str, Answer] = {}
        self._session = session
        self._extensions = tuple(extensions)
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> SmtpSink:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def next_answer(self, stage: Stage, addresses: Iterable[str]) -> Answer | None:
        """The first answer for one of these addresses at this stage; it counts as given."""
        for address in addresses:
            answer = self.answers.get(address)
            if answer and answer.stage is stage and answer.times != 0:
                if answer.times:
                    self.answers[address] = replace(answer, times=answer.times - 1)
                return answer
        return None

    def close(self) -> None:
        """Ends it and all connections."""
        for connection in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, HungUp):
            Conversation(self, connection, self._session, self._extensions).run()
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()


class HungUp(Exception):
    """The connection has ended."""


class Conversation:
    """One connection."""

    def __init__(
        self,
        sink: SmtpSink,
        connection: socket.socket,
        session: Answer | None,
        extensions: tuple[str, ...],
    ) -> None:
        self._sink = sink
        self._connection = connection
        self._lines = connection.makefile("rb")
        self._session = session
        self._extensions = extensions
        self._sender = ""
        self._recipients: list[str] = []

    def run(self) -> None:
        """Answers until somebody hangs up."""
        commands = {
            b"EHLO": self._ehlo,
            b"HELO": self._ehlo,
            b"MAIL": self._mail,
            b"RCPT": self._rcpt,
            b"DATA": self._data,
        }
        self._say(Stage.GREETING, "220 mx.example.net ESMTP")
        while line := self._lines.readline():
            word = line[:4].upper()
            if word == b"QUIT":
                self._reply("221 2.0.0 Bye")
                return
            if word in commands:
                commands[word](line)
            else:
                self._reply("250 2.0.0 OK")

    def _ehlo(self, _: bytes) -> None:
        self._say(Stage.EHLO, "\n".join(("250 mx.example.net", *self._extensions)))

    def _mail(self, line: bytes) -> None:
        self._sender = _address(line)
        self._recipients = []
        self._say(Stage.MAIL, "250 2.1.0 OK", self._sender)

    def _rcpt(self, line: bytes) -> None:
        recipient = _address(line)
        if self._say(Stage.RCPT, "250 2.1.5 OK", recipient):
            self._recipients.append(recipient)

    def _data(self, _: bytes) -> None:
        if not self._say(Stage.DATA, "354 Go on", *self._recipients):
            return
        while (line := self._lines.readline()) != b".\r\n":
            if not line:
                raise HungUp
        self._say(Stage.MESSAGE, "250 2.0.0 Taken", *self._recipients)

    def _say(self, stage: Stage, usual: str, *addresses: str) -> bool:
        """Gives the answer of this stage for these addresses, or the usual one; whether it was
        the usual one."""
        answer = self._session or self._sink.next_answer(stage, addresses)
        if answer and answer.stage is stage:
            self._reply(answer.reply)
            return False
        self._reply(usual)
        return True

    def _reply(self, reply: str) -> None:
        if reply == HANG_UP:
            raise HungUp
        if reply == SILENCE:
            while self._connection.recv(4096):
                pass
            raise HungUp
        self._connection.sendall(_reply_lines(reply).encode())
        if reply.startswith("421"):
            raise HungUp


def _reply_lines(reply: str) -> str:
    """A reply on the wire: its codes stand on each of its lines (RFC 5321 section 4.2.1)."""
    first, *more = reply.split("\n")
    if not more:
        return f"{first}\r\n"
    found = re.match(r"(\d{3}) (\d\.\d+\.\d+ )?", first)
    code, status = found[1], found[2] or ""
    lines = [first[len(found[0]) :], *more]
    marks = ["-"] * len(more) + [" "]
    return "".join(f"{code}{mark}{status}{line}\r\n" for mark, line in zip(marks, lines))


def _address(line: bytes) -> str:
    found = ADDRESS.search(line)
    return found[1].decode(errors="replace") if found else ""
