"""A PgBouncer before a PostgreSQL, as busy sites have it: sessions share server connections."""

from __future__ import annotations

import socket
from pathlib import Path

from lab.packages import unpack
from lab.place import account, free_port, make_folder, write_file
from lab.postgres import Postgres
from lab.server import Server

PACKAGES = ("pgbouncer", "libevent-2.1-7", "libc-ares2")

POOL = 4  # connections to the server


class PgBouncer(Server):
    """Listens on a free loopback port; each transaction gets any connection to the server."""

    name = "pgbouncer"

    def __init__(self, folder: Path, postgres: Postgres, user: str) -> None:
        owner = account()
        super().__init__(make_folder(folder, owner), owner)
        self.port = free_port()
        self.root = self.folder / "root"
        self.root.mkdir()
        unpack(PACKAGES, self.root)
        self.config = self.folder / "pgbouncer.ini"
        write_file(self.folder / "users", f'"{user}" ""\n', owner)
        write_file(
            self.config,
            f"[databases]\n* = host=127.0.0.1 port={postgres.port}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\n"
            f"auth_type = trust\nauth_file = {self.folder}/users\nunix_socket_dir =\n"
            f"pool_mode = transaction\ndefault_pool_size = {POOL}\nserver_round_robin = 1\n",
            owner,
        )

    def command(self) -> list[str]:
        libraries = next(self.root.glob("usr/lib/*/libevent-2.1.so.7*")).parent
        program = self.root / "usr/sbin/pgbouncer"
        return ["env", f"LD_LIBRARY_PATH={libraries}", str(program), str(self.config)]

    def is_ready(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def conninfo(self, database: str, user: str) -> str:
        """The libpq connection string of a database behind it."""
        return f"host=127.0.0.1 port={self.port} dbname={database} user={user}"
