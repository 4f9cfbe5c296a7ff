"""A mail transfer agent that takes mail on loopback, tries for seconds, and reports what failed.

Debian's packages of them conflict, start a daemon and write into /etc, so they are unpacked into
the server's own folder and run from there. They insist on accounts of their own and on changing to
them: the cwrap libraries (https://cwrap.org) make them believe in these, so that all of it runs as
one ordinary user.
"""

from __future__ import annotations

import contextlib
import os
import signal
import smtplib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.packages import unpack
from lab.place import Account, LabError, account, free_port, make_folder, write_file
from lab.server import POLL_SECONDS, STOP_SECONDS, Server

HOST_NAME = "out.news.example.com"
SENDING_HOST = "app.news.example.com"  # whose mail it is

# When they try again, warn the sender, give up on a mail, and give up on a command.
RETRY_SECONDS = 2
WARN_SECONDS = 2
GIVE_UP_SECONDS = 10
COMMAND_SECONDS = 1

SUBMISSION_SECONDS = 30
QUEUE_POLL_SECONDS = 0.2


@dataclass
class Routes:
    """Where mail goes: no DNS is asked, and nothing leaves loopback."""

    default: int  # port of all domains that are not named here
    ports: dict[str, int] = field(default_factory=dict)  # of domains
    lmtp: dict[str, int] = field(default_factory=dict)  # of domains whose port speaks LMTP
    encrypted: tuple[str, ...] = ()  # domains with which Postfix insists on TLS
    unknown: tuple[str, ...] = ()  # domains that do not exist


class Mta(Server):
    """A mail transfer agent that takes mail for anywhere at `port`."""

    packages: tuple[str, ...] = ()
    wrappers: tuple[str, ...] = ("nss",)  # cwrap libraries: nss invents accounts, uid changes

    def __init__(self, folder: Path, routes: Routes, owner: Account | None = None) -> None:
        owner = owner or account()
        super().__init__(make_folder(folder, owner), owner)
        self.routes = routes
        self.port = free_port()
        self.root = self.folder / "root"
        self.root.mkdir()
        unpack((*self.packages, *(f"lib{name}-wrapper" for name in self.wrappers)), self.root)
        write_file(self.log, "", owner)
        self.configure()

    def configure(self) -> None:
        """Writes the server's configuration; calls write_accounts."""
        raise NotImplementedError

    def queue_files(self) -> list[Path]:
        """The mails that wait, a file each."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        try:
            with self.connect():
                return True
        except (OSError, smtplib.SMTPException):
            return False

    def connect(self) -> smtplib.SMTP:
        """A connection to hand in mail, to be used as a context manager; see submit()."""
        # Without a name of ours it would ask DNS for one.
        return smtplib.SMTP("127.0.0.1", self.port, SENDING_HOST, SUBMISSION_SECONDS)

    def wait_until_done(self, seconds: float) -> None:
        """Waits until every mail, and every report about one, is delivered or given up."""
        deadline = time.monotonic() + seconds
        while files := self.queue_files():
            if time.monotonic() > deadline:
                raise LabError(
                    f"{self.name} still has mail after {seconds} s:\n{self._story(files)}"
                )
            time.sleep(QUEUE_POLL_SECONDS)

    def stop(self) -> None:
        """Stops it with all its children. Its own process is reaped last: until then the number
        of its process group cannot be anybody else's."""
        process, self.process = self.process, None
        if not process:
            return
        _signal_group(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and not os.waitid(
            os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG
        ):
            time.sleep(POLL_SECONDS)
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()

    def environment(self) -> dict[str, str]:
        """What the server's programs must find in their environment to run from here."""
        libraries = next(self.root.glob("usr/lib/*/libnss_wrapper.so")).parent
        wrappers = [libraries / f"lib{name}_wrapper.so" for name in self.wrappers]
        return {
            "LD_LIBRARY_PATH": f"{libraries}:{self.root}/usr/lib/postfix",
            "LD_PRELOAD": ":".join(map(str, wrappers)),
            "NSS_WRAPPER_PASSWD": str(self.folder / "passwd"),
            "NSS_WRAPPER_GROUP": str(self.folder / "group"),
        }

    def in_environment(self, *command: str) -> list[str]:
        """The command with that environment and nothing else in it."""
        variables = [f"{name}={value}" for name, value in self.environment().items()]
        return ["env", "-i", "PATH=/usr/bin:/bin", *variables, *command]

    def _story(self, files: list[Path]) -> str:
        """What the log says of mails in the queue, whose files have their names."""
        lines = self.log.read_text(errors="replace").splitlines()
        story = []
        for file in files:
            with contextlib.suppress(FileNotFoundError):
                story.append(f"{file.parent.name}/{file.name}: {file.stat()}")
            mail = file.name.removesuffix("-D")
            story += [f"    {line}" for line in lines if mail in line]
        return "\n".join(story)

    def write_accounts(self, users: dict[str, tuple[int, int]], groups: dict[str, int]) -> None:
        """The accounts that the server shall see: users with their uid and gid, and groups."""
        passwd = "".join(f"{name}:x:{u}:{g}::/:/bin/false\n" for name, (u, g) in users.items())
        group = "".join(f"{name}:x:{gid}:\n" for name, gid in groups.items())
        write_file(self.folder / "passwd", passwd, self.owner)
        write_file(self.folder / "group", group, self.owner)


def submit(
    connection: smtplib.SMTP,
    sender: str,
    recipients: dict[str, str],
    mail: bytes,
    options: Sequence[str] = (),
) -> None:
    """Hands in a mail: `options` go with MAIL FROM; each recipient has those of its RCPT TO."""
    connection.ehlo_or_helo_if_needed()
    _expect_taken(connection.mail(sender, options))
    for recipient, wishes in recipients.items():
        _expect_taken(connection.rcpt(recipient, wishes.split()))
    _expect_taken(connection.data(mail))


def _expect_taken(reply: tuple[int, bytes]) -> None:
    if reply[0] != 250:
        raise LabError(f"a mail was not taken: {reply[0]} {reply[1].decode(errors='replace')}")


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
