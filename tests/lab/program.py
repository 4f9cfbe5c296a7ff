"""nullsender itself: its configuration written for the lab's servers, and its runs."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from lab.dovecot import HOST, PASSWORD, Dovecot
from lab.letter import SENDER_DOMAIN

PATTERN = f"bounces+{{campaign}}-{{recipient}}@{SENDER_DOMAIN}"

Value = str | int | bool | list[str]
Keys = dict[str, Value]

RUN_SECONDS = 300


@dataclass
class Program:
    """The program and one configuration of it, in `folder`."""

    path: Path
    folder: Path
    database: Keys = field(default_factory=dict)
    mailboxes: dict[str, Keys] = field(default_factory=dict)
    sections: dict[str, Keys] = field(default_factory=dict)  # "" holds the keys outside of all
    variables: dict[str, str] = field(default_factory=dict)  # of the environment, beside cron's

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sections.setdefault("verp", {"patterns": [PATTERN]})

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "nullsender.conf"

    def add_mailbox(self, name: str, server: Dovecot, user: str, **keys: Value) -> None:
        """A mailbox section for an account of the server; `keys` add to it or override it."""
        password_file = self.folder / f"{name}.password"
        write_secret(password_file, PASSWORD)
        self.mailboxes[name] = {
            "host": HOST,
            "port": server.tls_port,
            "user": user,
            "password_file": str(password_file),
            "ca_file": str(server.ca),
            "retries": 0,  # where a server is down, a test wants to know at once
        } | keys

    def write_config(self) -> None:
        """Writes the configuration as it stands, in one step: another run may be reading it."""
        text = _section_keys(self.sections.get("", {}), "")
        titled = {f'mailbox "{name}"': keys for name, keys in self.mailboxes.items()}
        plain = {name: keys for name, keys in self.sections.items() if name}
        for title, keys in ({"database": self.database} | titled | plain).items():
            text += f"{title} {{\n{_section_keys(keys, '    ')}}}\n"
        fresh = self.config.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(self.config)

    def command(self, *arguments: str) -> list[str]:
        """The command line of a subcommand with this configuration."""
        return [str(self.path), *arguments[0].split(), "-c", str(self.config), *arguments[1:]]

    def run(self, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
        """Writes the configuration, runs the subcommand and waits, as cron would: no terminal."""
        self.write_config()
        return subprocess.run(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=RUN_SECONDS,
            env=environment() | self.variables,
            check=False,
            **options,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The same without waiting."""
        self.write_config()
        return subprocess.Popen(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=environment() | self.variables,
        )


def environment() -> dict[str, str]:
    """What cron passes on: no PGHOST, no locale, no proxy from the tester's shell."""
    keep = ("PATH", "HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
    return {name: os.environ[name] for name in keep if name in os.environ}


def write_secret(path: Path, secret: str) -> None:
    """A file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(descriptor, f"{secret}\n".encode())
    os.close(descriptor)


def _section_keys(keys: Keys, indent: str) -> str:
    return "".join(f"{indent}{key} = {_literal(value)}\n" for key, value in keys.items())


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"{{{', '.join(map(_literal, value))}}}"
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
