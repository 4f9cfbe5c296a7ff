"""A throwaway Dovecot 2.3: imaps and STARTTLS with a certificate authority of its own, and LMTP."""

from __future__ import annotations

import grp
import os
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from lab.certificates import LOOPBACK, make_certificates
from lab.place import Account, LabError, account, free_port, make_folder, make_subfolder, write_file
from lab.server import Server

HOST = "localhost"
PASSWORD = "an open secret"  # with blanks: quoting has to be right

# What Dovecot 2.3 says after login, without MOVE: for servers that lack RFC 6851.
WITHOUT_MOVE = "IMAP4rev1 LITERAL+ SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT UNSELECT UIDPLUS"

CONFIG = """\
# Everything runs as one user: no chroot, no other accounts.
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {log}
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = yes
auth_failure_delay = 0
auth_mechanisms = plain login
mail_location = maildir:~/Maildir
mail_fsync = never
maildir_very_dirty_syncs = yes
mail_max_userip_connections = 100
recipient_delimiter = +

namespace inbox {{
  inbox = yes
}}
# A file for each user: one for all would be read again once a second at most.
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users/%u
}}
userdb {{
  driver = passwd-file
  args = {folder}/users/%u
}}
service anvil {{
  chroot =
  # No growing delays for clients that failed to log in: tests do it on purpose.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 200
  # A Maildir of a million messages takes more than the 256 MB of the default.
  vsz_limit = 2G
}}
service lmtp {{
  user = {user}
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
service auth {{
  user = {user}
}}
service auth-worker {{
  user = {user}
}}
service stats {{
  chroot =
}}
"""

# Tokens are looked up at an endpoint (RFC 7662) that tells whose they are.
OAUTH2_PASSDB = """\
auth_mechanisms = plain login xoauth2 oauthbearer
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {path}
}}
"""
OAUTH2_CONFIG = """\
introspection_mode = post
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
scope = imap
"""


class Dovecot(Server):
    """An IMAP server on two free loopback ports: `port` (STARTTLS) and `tls_port` (imaps).

    A mail transfer agent delivers at `lmtp_port`: USER+ANYTHING@DOMAIN goes to USER@DOMAIN.
    `names`: whom the certificate is for; `settings`: lines of dovecot.conf that override ours;
    `introspection`: the URL that knows OAuth2 tokens, for XOAUTH2 and OAUTHBEARER.
    """

    name = "dovecot"

    def __init__(
        self,
        folder: Path,
        settings: dict[str, str] | None = None,
        names: tuple[str, ...] = LOOPBACK,
        owner: Account | None = None,
        introspection: str = "",
        certificate_days: int = 30,
    ) -> None:
        owner = owner or account()
        super().__init__(make_folder(folder, owner), owner)
        self.port = free_port()
        self.tls_port = free_port()
        self.lmtp_port = free_port()
        for part in ("run", "state", "home", "users"):
            make_subfolder(self.folder / part, owner)
        certificates = make_certificates(self.folder, names, certificate_days)
        os.chown(certificates.key, owner.uid, owner.gid)
        self.ca = certificates.ca
        self._delivered = 0
        text = CONFIG.format(
            folder=self.folder,
            log=self.log,
            user=owner.name,
            group=_group_name(owner),
            certificate=certificates.certificate,
            key=certificates.key,
            port=self.port,
            tls_port=self.tls_port,
            lmtp_port=self.lmtp_port,
        )
        if introspection:
            path = self.folder / "oauth2.conf"
            write_file(path, OAUTH2_CONFIG.format(url=introspection), owner)
            text += OAUTH2_PASSDB.format(path=path)
        text += "".join(f"{key} = {value}\n" for key, value in (settings or {}).items())
        self._config = write_file(self.folder / "dovecot.conf", text, owner)
        write_file(self.log, "", owner)

    def command(self) -> list[str]:
        return [_program("dovecot"), "-F", "-c", str(self._config)]

    def is_ready(self) -> bool:
        return _greets(self.port)

    def add_user(self, user: str, password: str = PASSWORD) -> None:
        """A new account with an empty mailbox."""
        home = make_subfolder(self.folder / "home" / user, self.owner)
        make_maildir(home / "Maildir", self.owner)
        line = f"{user}:{{PLAIN}}{password}:{self.owner.uid}:{self.owner.gid}::{home}::\n"
        write_file(self.folder / "users" / user, line, self.owner, 0o600)

    def folder_path(self, user: str, folder: str = "INBOX") -> Path:
        """The Maildir of a folder (Maildir++: subfolders begin with a dot)."""
        inbox = self.folder / "home" / user / "Maildir"
        return inbox if folder == "INBOX" else inbox / f".{folder}"

    def deliver(
        self, user: str, mails: Iterable[tuple[bytes, float]], folder: str = "INBOX"
    ) -> int:
        """Puts mails, each with its time of arrival, into a folder; returns how many.

        Written straight into the Maildir, as a delivery agent does it: 200,000 take a minute less
        than over IMAP. The sizes in the names spare Dovecot from reading every file for them.
        """
        maildir = self.folder_path(user, folder)
        if not maildir.exists():
            make_maildir(maildir, self.owner)
        count = 0
        for mail, arrival in mails:
            self._delivered += 1
            count += 1
            name = f"{int(arrival)}.M{self._delivered}P{os.getpid()}.lab,S={len(mail)}"
            # W is the size with CRLF line ends, which IMAP reports.
            crlf_size = len(mail) + mail.count(b"\n") - mail.count(b"\r\n")
            path = maildir / "new" / f"{name},W={crlf_size}"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            os.write(descriptor, mail)
            os.fchown(descriptor, self.owner.uid, self.owner.gid)
            os.utime(descriptor, (arrival, arrival))  # the time of the file is INTERNALDATE
            os.close(descriptor)
        return count

    def mails(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """What lies in a folder, in order of arrival; nothing where it does not exist."""
        maildir = self.folder_path(user, folder)
        paths = [p for part in ("new", "cur") for p in (maildir / part).glob("*")]
        return [p.read_bytes() for p in sorted(paths, key=_arrival_order)]

    def count(self, user: str, folder: str = "INBOX") -> int:
        """How many mails lie in a folder."""
        maildir = self.folder_path(user, folder)
        return sum(len(os.listdir(maildir / p)) for p in ("new", "cur") if (maildir / p).exists())

    def flags(self, user: str, folder: str = "INBOX") -> set[str]:
        """All flags that any mail in a folder has, as Maildir letters ("S" is seen)."""
        cur = self.folder_path(user, folder) / "cur"
        return {letter for name in os.listdir(cur) for letter in name.partition(":2,")[2]}

    def sessions(self, user: str) -> int:
        """How many connections of an account the server still works on."""
        return self.doveadm("who", "-1", user).count(f"{user} ")

    def doveadm(self, *arguments: str) -> str:
        """Runs doveadm against this server."""
        command = [_program("doveadm"), "-c", str(self._config), *arguments]
        done = subprocess.run(
            self.owner.command(command), capture_output=True, text=True, cwd=self.folder
        )
        if done.returncode:
            raise LabError(f"doveadm {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout


def make_maildir(path: Path, owner: Account) -> None:
    """An empty Maildir folder."""
    make_subfolder(path, owner, 0o700)
    for part in ("cur", "new", "tmp"):
        make_subfolder(path / part, owner, 0o700)
    if path.name.startswith("."):
        write_file(path / "maildirfolder", "", owner)


def _arrival_order(path: Path) -> tuple[int, int, str]:
    seconds, _, rest = path.name.partition(".M")
    number = rest.partition("P")[0]
    if seconds.isdigit() and number.isdigit():
        return int(seconds), int(number), path.name
    return int(time.time()), 0, path.name


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            return connection.recv(4) == b"* OK"
    except OSError:
        return False


def _program(name: str) -> str:
    for folder in ("/usr/sbin", "/usr/bin"):
        if os.access(f"{folder}/{name}", os.X_OK):
            return f"{folder}/{name}"
    raise LabError(f"{name} is not installed: apt-get install dovecot-imapd dovecot-lmtpd")


def _group_name(owner: Account) -> str:
    return grp.getgrgid(owner.gid).gr_name
