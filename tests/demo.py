#!/usr/bin/python3
"""The whole way, on throwaway servers: bounces in a mailbox become tables in PostgreSQL.

Everything lives under build/demo: a Dovecot with a certificate authority of its own, a PostgreSQL,
the configuration. Nothing else on the machine is touched, and at the end all of it is stopped,
unless --keep was given; `demo.py --stop` does that later.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from lab.bounces import DAY, Bounce, Generator
from lab.diagnostics import diagnostic_of
from lab.dovecot import Dovecot
from lab.letter import MAILBOX
from lab.place import ROOT, LabError, remove_folder
from lab.postgres import Postgres
from lab.program import Program, environment
from lab.server import STOP_SECONDS

DATABASE = "nullsender"

COUNT = 600
DAYS = 20
STRIKES = 5
SENT = {"spring26": 4000, "newsletter_48": 9500, "winback": 700, "invoices": 2500, "summer26": 5200}
ESCALATING = {
    "ada@full-mailbox.example": "mailbox_full",
    "grace@broken-server.example": "system_error",
}

STARTED = time.monotonic()


def step(text: str) -> None:
    """What happens next."""
    print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


def show(title: str, text: str) -> None:
    """A result."""
    print(f"\n{title}\n\n" + "\n".join(f"    {line}" for line in text.splitlines()) + "\n")


def bounces() -> Iterator[Bounce]:
    """Three weeks of a bounce mailbox, ending now."""
    generator = Generator(seed=2026, campaigns=tuple(SENT))
    start = float(int(time.time() - DAYS * DAY))
    mails = list(generator.mixed(COUNT, start, DAYS))
    for address, category in ESCALATING.items():
        mails += generator.escalating(address, diagnostic_of(category), start, STRIKES)
    return iter(sorted(mails, key=lambda mail: mail.arrival))


def nullsender(program: Program, *arguments: str) -> None:
    """Runs the program on our terminal, with its command line shown."""
    program.write_config()
    command = program.command(*arguments)
    print(f"\n    $ {' '.join(show_path(word) for word in command)}", flush=True)
    done = subprocess.run(command, env=environment() | {"TERM": "dumb"}, check=False)
    if done.returncode:
        raise LabError(f"nullsender {arguments[0]} ended with exit code {done.returncode}")


def show_path(word: str) -> str:
    """A path under the current folder is easier on the eye without it."""
    return os.path.relpath(word) if word.startswith(str(ROOT)) else word


def demo(build: Path, folder: Path, postgres: Postgres, dovecot: Dovecot) -> None:
    """From an empty database to the answers."""
    dovecot.add_user(MAILBOX)
    mails = list(bounces())
    dovecot.deliver(MAILBOX, ((mail.raw, mail.arrival) for mail in mails))
    step(f"{len(mails)} bounces of the last {DAYS} days lie in the mailbox {MAILBOX}")

    postgres.create_database(DATABASE)
    program = Program(build / "nullsender", folder, {"conninfo": postgres.conninfo(DATABASE)})
    program.add_mailbox("bounces", dovecot, MAILBOX)
    program.sections["policy"] = {"strikes": STRIKES}
    program.write_config()
    step(f"the configuration is {show_path(str(program.config))}")

    nullsender(program, "migrate")
    for campaign, sent in SENT.items():
        postgres.execute(f"INSERT INTO bounce.campaign VALUES ('{campaign}', {sent})", DATABASE)
    nullsender(program, "fetch")

    show_tables(postgres)
    example = folder / "example.eml"
    example.write_bytes(next(mail.raw for mail in mails if mail.format == "google"))
    nullsender(program, "explain", str(example))


def show_tables(postgres: Postgres) -> None:
    """What marketing looks at."""
    show(
        "The run (bounce.run):",
        postgres.table(
            "SELECT mailbox, fetched, stored, quarantined, already_known, filed, events,"
            " escalations, adds_up FROM bounce.run",
            DATABASE,
        ),
    )
    show(
        "What marketing asks first (bounce.campaign_summary):",
        postgres.table(
            "SELECT coalesce(nullif(campaign, ''), '(not known)') AS campaign, sent, bounced, hard,"
            " soft, block, complaint, their_fault, our_fault, hard_rate"
            " FROM bounce.campaign_summary ORDER BY sent DESC NULLS LAST, 1",
            DATABASE,
        ),
    )
    address = next(iter(ESCALATING))
    show(
        "An address that its soft bounces made hard (bounce.recipient_status):",
        postgres.table(
            "SELECT recipient, state, may_send, reason, since, strikes, escalated, events"
            f" FROM bounce.recipient_status WHERE recipient = '{address}'",
            DATABASE,
            expanded=True,
        ),
    )
    show(
        "Its strikes (bounce.event):",
        postgres.table(
            "SELECT occurred_at::date AS day, campaign, verdict, category,"
            " left(diagnostic, 70) AS said FROM bounce.event"
            f" WHERE recipient = '{address}' ORDER BY occurred_at",
            DATABASE,
        ),
    )


def stop_kept(folder: Path) -> None:
    """Stops what an earlier --keep has left running."""
    for pid_file in folder.glob("*.pid"):
        pid, number = map(int, pid_file.read_text().split())
        if str(folder) in command_line(pid) or "nullsender-lab-" in command_line(pid):
            os.kill(pid, number)
            deadline = time.monotonic() + STOP_SECONDS
            while command_line(pid) and time.monotonic() < deadline:
                time.sleep(0.05)
        pid_file.unlink()


def command_line(pid: int) -> str:
    """With what a process was started; empty when it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def remove_demo(folder: Path) -> None:
    """An earlier demo's servers and files."""
    stop_kept(folder)
    remove_folder(folder)
    folder.mkdir(parents=True)


def print_how_to_go_on(
    build: Path, folder: Path, postgres: Postgres, dovecot: Dovecot
) -> None:
    """For --keep."""
    for server in (postgres, dovecot):
        pid_file = folder / f"{server.name}.pid"
        pid_file.write_text(f"{server.pid} {int(server.stop_signal)}\n")
    program, place = show_path(str(build / "nullsender")), show_path(str(folder))
    print(f"""
The servers are still running.

    look at the tables    psql '{postgres.conninfo(DATABASE)}'
    fetch again           {program} fetch -c {place}/nullsender.conf
    the mailbox           imaps://localhost:{dovecot.tls_port}, user {MAILBOX},
                          password in {place}/bounces.password
    stop them             python3 {show_path(str(ROOT / "tests" / "demo.py"))} --stop
""")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build", type=Path, default=Path("build"), help="folder of the build")
    parser.add_argument("--folder", type=Path, help="where to work (default: demo in the build)")
    parser.add_argument("--keep", action="store_true", help="leave the servers running")
    parser.add_argument("--stop", action="store_true", help="stop what --keep has left")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    build = (ROOT / arguments.build).resolve()
    folder = (ROOT / arguments.folder).resolve() if arguments.folder else build / "demo"
    if arguments.stop:
        stop_kept(folder)
        return 0
    if not (build / "nullsender").exists():
        raise LabError(f"{show_path(str(build / 'nullsender'))} is not built yet: run make demo")
    remove_demo(folder)
    with contextlib.ExitStack() as stack:
        postgres = Postgres(folder / "postgres")
        stack.callback(postgres.stop)
        postgres.start(survive=arguments.keep)
        step(f"PostgreSQL listens on 127.0.0.1:{postgres.port}")
        dovecot = Dovecot(folder / "dovecot")
        stack.callback(dovecot.stop)
        dovecot.start(survive=arguments.keep)
        step(f"Dovecot listens on 127.0.0.1:{dovecot.tls_port} (imaps)")
        demo(build, folder, postgres, dovecot)
        if arguments.keep:
            stack.pop_all()
            print_how_to_go_on(build, folder, postgres, dovecot)
        else:
            step("stopping the servers")
    if not arguments.keep:
        step("done. make demo KEEP=1 leaves the servers running, to look around")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit(f"demo: {error}")
    except KeyboardInterrupt:
        sys.exit("demo: interrupted; everything is stopped")
