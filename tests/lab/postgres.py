"""A throwaway PostgreSQL cluster."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

from lab.place import Account, LabError, account, free_port, make_folder
from lab.server import Server

SUPERUSER = "postgres"

# Durability is of no use to data that lives for a minute; a test that pulls the plug turns it on.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Server):
    """A cluster on a free loopback port and a Unix socket; nobody needs a password.

    `settings` are lines of postgresql.conf; they override FAST.
    """

    name = "postgres"
    stop_signal = signal.SIGINT  # disconnects the clients, where SIGTERM would wait for them

    def __init__(
        self, folder: Path, settings: dict[str, str] | None = None, owner: Account | None = None
    ) -> None:
        owner = owner or account()
        super().__init__(make_folder(folder, owner), owner)
        self.settings = FAST | (settings or {})
        self.port = free_port()
        self.data = self.folder / "data"
        self._bin = _programs()

    def command(self) -> list[str]:
        return [str(self._bin / "postgres"), "-D", str(self.data)]

    def is_ready(self) -> bool:
        # The file appears before the server takes connections; asking before costs a log line each.
        return (self.data / "postmaster.pid").exists() and self._psql("SELECT 1").returncode == 0

    def start(self, survive: bool = False) -> None:
        if not self.data.exists():
            self._initialise()
        super().start(survive)

    def conninfo(self, database: str, user: str = SUPERUSER) -> str:
        """The libpq connection string; over TCP, as most installations have it."""
        return f"host=127.0.0.1 port={self.port} dbname={database} user={user}"

    def create_database(self, name: str, owner: str = SUPERUSER, template: str = "") -> str:
        """A new database, empty or a copy of `template`; returns its name."""
        copy = f" TEMPLATE {template}" if template else ""
        self.execute(f"CREATE DATABASE {name} OWNER {owner}{copy}")
        return name

    def execute(self, sql: str, database: str = "postgres", user: str = SUPERUSER) -> str:
        """Runs SQL as psql does and returns what it prints, unaligned and without headers."""
        done = self._psql(sql, database, user)
        if done.returncode:
            raise LabError(f"psql: {done.stderr.strip()}\n    in: {sql}")
        return done.stdout.strip()

    def query(self, sql: str, database: str = "postgres", user: str = SUPERUSER) -> list[dict]:
        """The rows of a SELECT, each a dictionary by column name."""
        text = self.execute(f"SELECT coalesce(json_agg(q), '[]') FROM ({sql}) q", database, user)
        return json.loads(text)

    def value(self, sql: str, database: str = "postgres", user: str = SUPERUSER):
        """The one value of a SELECT that gives one row of one column."""
        (row,) = self.query(sql, database, user)
        (value,) = row.values()
        return value

    def table(self, sql: str, database: str, expanded: bool = False) -> str:
        """The rows of a SELECT as people see them in psql; `expanded`: a column a line."""
        options = ["-X", "-q", "-P", "footer=off", *(["-x"] if expanded else [])]
        command = ["psql", *options, "-c", sql, self.conninfo(database)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.rstrip()

    def _psql(
        self, sql: str, database: str = "postgres", user: str = SUPERUSER
    ) -> subprocess.CompletedProcess[str]:
        options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        return subprocess.run(
            ["psql", *options, "-f", "-", self.conninfo(database, user)],
            input=sql,
            capture_output=True,
            text=True,
            check=False,
        )

    def _initialise(self) -> None:
        command = [
            str(self._bin / "initdb"),
            "--no-sync",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            f"--username={SUPERUSER}",
            f"--pgdata={self.data}",
        ]
        done = subprocess.run(
            self.owner.command(command), cwd=self.folder, capture_output=True, text=True
        )
        if done.returncode:
            raise LabError(f"initdb failed:\n{done.stdout}{done.stderr}")
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "log_line_prefix": "%m [%p] %u@%d ",
        } | self.settings
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.writelines(f"{key} = '{value}'\n" for key, value in settings.items())


def _programs() -> Path:
    """The folder that POSTGRES_BIN names, or that of the newest installed PostgreSQL server
    (Debian keeps them out of PATH)."""
    if chosen := os.environ.get("POSTGRES_BIN"):
        return Path(chosen)
    found = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if not found:
        raise LabError("no PostgreSQL server under /usr/lib/postgresql: apt-get install postgresql")
    return max(found, key=lambda folder: float(folder.parent.name))
