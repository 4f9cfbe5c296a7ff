"""A throwaway Postfix."""

from __future__ import annotations

from pathlib import Path

from lab.mta import COMMAND_SECONDS, GIVE_UP_SECONDS, HOST_NAME, RETRY_SECONDS, WARN_SECONDS, Mta
from lab.place import make_subfolder, write_file

# Of accounts that Postfix never becomes here, but wants to be others than its own.
SETGID_GROUP_ID, UNPRIVILEGED_ID = 70001, 70002

QUEUES = ("incoming", "active", "deferred", "hold", "corrupt", "maildrop")
OTHER_QUEUE_FOLDERS = ("bounce", "defer", "flush", "pid", "private", "public", "saved", "trace")

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {root}/usr/lib/postfix/sbin
command_directory = {root}/usr/sbin
shlib_directory = {root}/usr/lib/postfix
import_environment = {variables}
mail_owner = postfix
setgid_group = postdrop
default_privs = nobody
maillog_file = {log}
maillog_file_prefixes = /

myhostname = {host_name}
mydestination =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_reject_unlisted_recipient = no
smtpd_peername_lookup = no
smtpd_authorized_verp_clients = 127.0.0.1
recipient_delimiter = +
transport_maps = texthash:{folder}/etc/transport
smtp_dns_support_level = disabled
smtp_tls_security_level = none

in_flow_delay = 0
queue_run_delay = {retry}s
minimal_backoff_time = {retry}s
maximal_backoff_time = {retry}s
delay_warning_time = {warn}s
maximal_queue_lifetime = {give_up}s
bounce_queue_lifetime = {give_up}s
smtp_connect_timeout = {command}s
smtp_helo_timeout = {command}s
smtp_mail_timeout = {command}s
smtp_rcpt_timeout = {command}s
smtp_data_init_timeout = {command}s
smtp_data_xfer_timeout = {command}s
smtp_data_done_timeout = {command}s
smtp_quit_timeout = {command}s
"""

# Nothing in a chroot (fifth column): there is none.
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
smtp-tls unix - - n - - smtp -o smtp_tls_security_level=encrypt
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

NO_SUCH_DOMAIN = (
    "error:5.4.4 Host or domain name not found. Name service error for name={domain}"
    " type=A: Host not found"
)


class Postfix(Mta):
    """Makes VERP addresses itself where MAIL FROM has the option XVERP."""

    name = "postfix"
    packages = ("postfix",)
    wrappers = ("nss", "uid")

    def configure(self) -> None:
        uid, gid = self.owner.uid, self.owner.gid
        self.write_accounts(
            {
                "root": (0, 0),
                "postfix": (uid, gid),
                "nobody": (UNPRIVILEGED_ID, UNPRIVILEGED_ID),
            },
            {"root": 0, "postfix": gid, "postdrop": SETGID_GROUP_ID, "nogroup": UNPRIVILEGED_ID},
        )
        for name in ("etc", "data", "queue"):
            make_subfolder(self.folder / name, self.owner)
        for name in (*QUEUES, *OTHER_QUEUE_FOLDERS):
            make_subfolder(self.folder / "queue" / name, self.owner)
        main = MAIN.format(
            folder=self.folder,
            root=self.root,
            log=self.log,
            host_name=HOST_NAME,
            variables=" ".join(self.environment()),
            retry=RETRY_SECONDS,
            warn=WARN_SECONDS,
            give_up=GIVE_UP_SECONDS,
            command=COMMAND_SECONDS,
        )
        etc = self.folder / "etc"
        write_file(etc / "main.cf", main, self.owner)
        write_file(etc / "master.cf", MASTER.format(port=self.port), self.owner)
        write_file(etc / "transport", self._transports(), self.owner)

    def command(self) -> list[str]:
        master = self.root / "usr/lib/postfix/sbin/master"
        return self.in_environment(str(master), "-d")  # -d: stays in the foreground

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "UID_WRAPPER": "1",
            "UID_WRAPPER_ROOT": "1",
            "MAIL_CONFIG": str(self.folder / "etc"),
        }

    def queue_files(self) -> list[Path]:
        folders = [self.folder / "queue" / name for name in QUEUES]
        return [path for folder in folders for path in folder.rglob("*") if path.is_file()]

    def _transports(self) -> str:
        lines = [f"* smtp:[127.0.0.1]:{self.routes.default}"]
        for domain, port in self.routes.ports.items():
            transport = "smtp-tls" if domain in self.routes.encrypted else "smtp"
            lines.append(f"{domain} {transport}:[127.0.0.1]:{port}")
        for domain, port in self.routes.lmtp.items():
            lines.append(f"{domain} lmtp:inet:[127.0.0.1]:{port}")
        for domain in self.routes.unknown:
            lines.append(f"{domain} {NO_SUCH_DOMAIN.format(domain=domain)}")
        return "\n".join(lines) + "\n"
