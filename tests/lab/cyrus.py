"""A throwaway Cyrus IMAP server: another code than Dovecot's, with folders below "INBOX.".

Debian's package conflicts with Dovecot's, so it is unpacked into the server's own folder and run
from there, as one ordinary user whom it takes for its own "cyrus".
"""

from __future__ import annotations

import contextlib
import imaplib
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from lab.certificates import make_certificates
from lab.dovecot import PASSWORD
from lab.packages import unpack
from lab.place import Account, LabError, account, free_port, make_folder, make_subfolder, write_file
from lab.server import Server

# Beside Cyrus what it depends on and what Dovecot and PostgreSQL do not bring along; sasl2-bin
# writes the file of passwords, and libeatmydata spares the disk, which has nothing to lose.
PACKAGES = (
    "cyrus-common",
    "cyrus-imapd",
    "libclamav12",
    "libeatmydata1",
    "libical3",
    "libmspack0",
    "libpcre3",
    "libsasl2-modules",
    "libxapian30",
    "libzephyr4",
    "sasl2-bin",
)

REALM = "imap.lab"
ADMIN = "admin"

CONFIG = """\
configdirectory: {folder}/config
partition-default: {folder}/spool
defaultpartition: default
cyrus_user: {user}
servername: {realm}
admins: {admin}
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {folder}/passwords
sasl_mech_list: PLAIN
allowplaintext: yes
tls_server_cert: {certificate}
tls_server_key: {key}
tls_sessions_db_path: {folder}/config/tls_sessions.db
# User folders are "INBOX.Processed", and "Processed" belongs to nobody.
altnamespace: no
unixhierarchysep: no
virtdomains: off
# Headers in raw UTF-8 stay as they are; by default their octets become X.
munge8bit: no
# Without its own daemon for it, a wait looks for news every so many seconds.
imapidlepoll: 1
idlesocket: {folder}/run/idle
notifysocket: {folder}/run/notify
lmtpsocket: {folder}/run/lmtp
mboxname_lockpath: {folder}/run/lock
proc_path: {folder}/run/proc
temp_path: {folder}/run
"""

SERVICES = """\
START {{
  recover cmd="{bin}/ctl_cyrusdb -C {config} -r"
}}
SERVICES {{
  imap cmd="{bin}/imapd -C {config}" listen="127.0.0.1:{port}" prefork=0
  imaps cmd="{bin}/imapd -C {config} -s" listen="127.0.0.1:{tls_port}" prefork=0
}}
EVENTS {{
}}
"""


class Cyrus(Server):
    """An IMAP server on two free loopback ports, as lab.dovecot.Dovecot is one.

    `settings`: lines of imapd.conf that are added to ours; `twin`: another one, whose unpacked
    packages serve this one, too.
    """

    name = "cyrus"

    def __init__(
        self,
        folder: Path,
        settings: dict[str, str] | None = None,
        twin: Cyrus | None = None,
        owner: Account | None = None,
    ) -> None:
        owner = owner or account()
        super().__init__(make_folder(folder, owner), owner)
        self.port = free_port()
        self.tls_port = free_port()
        self.root = twin.root if twin else self.folder / "root"
        if not twin:
            self.root.mkdir()
            unpack(PACKAGES, self.root)
        for part in ("config", "spool", "run"):
            make_subfolder(self.folder / part, owner)
        certificates = make_certificates(self.folder)
        os.chown(certificates.key, owner.uid, owner.gid)
        self.ca = certificates.ca
        text = CONFIG.format(
            folder=self.folder,
            user=owner.name,
            realm=REALM,
            admin=ADMIN,
            certificate=certificates.certificate,
            key=certificates.key,
        )
        text += "".join(f"{key}: {value}\n" for key, value in (settings or {}).items())
        self._config = write_file(self.folder / "imapd.conf", text, owner)
        services = SERVICES.format(
            bin=self._bin, config=self._config, port=self.port, tls_port=self.tls_port
        )
        self._services = write_file(self.folder / "cyrus.conf", services, owner)
        write_file(self.log, "", owner)
        self._set_password(ADMIN)

    def command(self) -> list[str]:
        return self._in_environment(
            f"{self._bin}/master", "-C", str(self._config), "-M", str(self._services),
            "-p", str(self.folder / "run/pid"), "-D",
        )  # fmt: skip

    def is_ready(self) -> bool:
        try:
            with self.login(ADMIN):
                return True
        except (OSError, imaplib.IMAP4.error):
            return False

    @contextlib.contextmanager
    def login(self, user: str) -> Iterator[imaplib.IMAP4_SSL]:
        """A connection of that user."""
        context = ssl.create_default_context(cafile=str(self.ca))
        with imaplib.IMAP4_SSL("localhost", self.tls_port, ssl_context=context) as connection:
            # Else each mail waits for the acknowledgement of the one before.
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.login(user, PASSWORD)
            yield connection

    def add_user(self, user: str) -> None:
        """A new account with an empty mailbox; its name is one word, for dots separate levels."""
        self._set_password(user)
        with self.login(ADMIN) as connection:
            expect_ok(connection.create(f"user.{user}"))

    def deliver(
        self, user: str, mails: Iterable[tuple[bytes, float]], folder: str = "INBOX"
    ) -> int:
        """Puts mails, each with its time of arrival, into a folder; returns how many."""
        count = 0
        with self.login(user) as connection:
            for mail, arrival in mails:
                date = imaplib.Time2Internaldate(time.gmtime(arrival))
                expect_ok(connection.append(folder, "", date, mail))
                count += 1
        return count

    def count(self, user: str, folder: str = "INBOX", marked: bool = False) -> int:
        """How many mails lie in a folder, not counting those marked \\Deleted, or only those."""
        with self.login(user) as connection:
            if connection.select(folder, readonly=True)[0] != "OK":
                return 0
            which = "DELETED" if marked else "UNDELETED"
            return len(expect_ok(connection.search(None, which))[0].split())

    def folders(self, user: str) -> set[str]:
        """The folders that the user has subscribed to, by their names on the wire."""
        with self.login(user) as connection:
            lines = expect_ok(connection.lsub())
        return {line.decode().partition('"." ')[2].strip('"') for line in lines if line}

    @property
    def _bin(self) -> Path:
        return self.root / "usr/lib/cyrus/bin"

    def _in_environment(self, *command: str) -> list[str]:
        libraries = next(self.root.glob("usr/lib/*/libxapian.so.30")).parent
        modules = next(self.root.glob("usr/lib/*/sasl2"))
        # The module that reads sasldb is a dependency of the library itself.
        own = f"/usr/lib/{libraries.name}/sasl2"
        return [
            "env", "-i", "PATH=/usr/bin:/bin",
            f"LD_LIBRARY_PATH={libraries}:{self.root}/lib/{libraries.name}",
            f"LD_PRELOAD={libraries}/libeatmydata.so", f"SASL_PATH={modules}:{own}", *command,
        ]  # fmt: skip

    def _set_password(self, user: str) -> None:
        command = self._in_environment(
            f"{self.root}/usr/sbin/saslpasswd2", "-p", "-c",
            "-f", f"{self.folder}/passwords", "-u", REALM, user,
        )  # fmt: skip
        done = subprocess.run(
            self.owner.command(command), input=PASSWORD, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise LabError(f"saslpasswd2: {done.stderr.strip()}")


def expect_ok(answer: tuple[str, list]) -> list:
    """What the server answered, which must be OK."""
    if answer[0] != "OK":
        raise LabError(f"Cyrus says {answer[0]}: {answer[1]}")
    return answer[1]
