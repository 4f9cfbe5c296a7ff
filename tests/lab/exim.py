"""A throwaway Exim."""

from __future__ import annotations

from pathlib import Path

from lab.mta import COMMAND_SECONDS, GIVE_UP_SECONDS, HOST_NAME, RETRY_SECONDS, WARN_SECONDS, Mta
from lab.place import make_subfolder, write_file

CONFIG = """\
exim_path = {program}
primary_hostname = {host_name}
keep_environment = {variables}
spool_directory = {folder}/spool
log_file_path = {folder}/%s.log
pid_file_path = {folder}/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
host_lookup =
tls_advertise_hosts =
dsn_advertise_hosts = *
smtp_accept_queue_per_connection = 0
acl_smtp_rcpt = accept
bounce_return_size_limit = 10K
delay_warning = {warn}s

begin routers

unknown_domain:
  driver = redirect
  domains = {unknown}
  data = :fail: Unrouteable address
  allow_fail

lmtp:
  driver = manualroute
  route_data = ${{lookup{{$domain}}lsearch{{{folder}/lmtp}}}}
  transport = lmtp
  self = send

elsewhere:
  driver = manualroute
  route_data = ${{lookup{{$domain}}lsearch*{{{folder}/routes}}}}
  transport = smtp
  self = send

begin transports

smtp:
  driver = smtp
  allow_localhost
  hosts_try_fastopen =
  # It takes servers on other ports of one address for the same one, and would go on with the next
  # mail over the connection that it has.
  connection_max_messages = 1
  connect_timeout = {command}s
  command_timeout = {command}s
  data_timeout = {command}s
  final_timeout = {command}s

lmtp:
  driver = smtp
  protocol = lmtp
  port = 24
  allow_localhost
  hosts_try_fastopen =
  hosts_avoid_tls = *

begin retry

* * F,{give_up}s,{retry}s
"""


class Exim(Mta):
    """Runs as the lab's user, whom it takes for its own Debian-exim."""

    name = "exim"
    packages = ("exim4-daemon-light", "libidn12")

    def configure(self) -> None:
        uid, gid = self.owner.uid, self.owner.gid
        self.write_accounts(
            {"root": (0, 0), "Debian-exim": (uid, gid)}, {"root": 0, "Debian-exim": gid}
        )
        make_subfolder(self.folder / "spool", self.owner)
        text = CONFIG.format(
            program=self._program,
            host_name=HOST_NAME,
            folder=self.folder,
            port=self.port,
            variables=" : ".join(self.environment()),
            unknown=" : ".join(self.routes.unknown),
            retry=RETRY_SECONDS,
            warn=WARN_SECONDS,
            give_up=GIVE_UP_SECONDS,
            command=COMMAND_SECONDS,
        )
        write_file(self.folder / "exim.conf", text, self.owner)
        self.log = self.folder / "main.log"  # what it prints itself goes there as well
        write_file(self.log, "", self.owner)
        routes = self.routes.ports | {"*": self.routes.default}
        write_file(self.folder / "routes", _hosts(routes), self.owner)
        write_file(self.folder / "lmtp", _hosts(self.routes.lmtp), self.owner)

    def command(self) -> list[str]:
        config = str(self.folder / "exim.conf")
        return self.in_environment(
            str(self._program), "-C", config, "-bdf", f"-q{RETRY_SECONDS}s"
        )

    def queue_files(self) -> list[Path]:
        return list((self.folder / "spool" / "input").glob("*-D"))

    @property
    def _program(self) -> Path:
        return self.root / "usr/sbin/exim4"


def _hosts(ports: dict[str, int]) -> str:
    return "".join(f"{domain}: 127.0.0.1::{port}\n" for domain, port in ports.items())
