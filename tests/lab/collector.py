"""Runs a command where this process is the system's journal or syslog: python3 -m lab.collector.

The sockets of both are at fixed places, so the command runs in a mount namespace of its own, in
which /run and /dev are empty.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

JOURNAL, SYSLOG = "/run/systemd/journal/socket", "/dev/log"
DEVICES = ("null", "zero", "random", "urandom")


def can_collect() -> bool:
    """Whether this machine lets us have a mount namespace."""
    return subprocess.run([*_unshare(), "true"], capture_output=True, check=False).returncode == 0


def collect(path: str, command: list[str]) -> tuple[int, str, list[bytes]]:
    """Runs the command; gives its exit code, its stderr, and what it sent to the socket."""
    script = [sys.executable, "-m", "lab.collector", path, *command]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [*_unshare(), *script], capture_output=True, text=True, env=environment, check=True
    )
    found = json.loads(done.stdout)
    return found["code"], found["stderr"], [bytes.fromhex(text) for text in found["datagrams"]]


def _unshare() -> list[str]:
    return ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--"]


def _mount(*arguments: str) -> None:
    subprocess.run(["/bin/mount", *arguments], check=True)


def _empty_run_and_dev() -> None:
    _mount("-t", "tmpfs", "tmpfs", "/run")
    old = Path("/run/dev")
    old.mkdir()
    _mount("--rbind", "/dev", str(old))
    _mount("-t", "tmpfs", "tmpfs", "/dev")
    for device in DEVICES:
        Path("/dev", device).touch()
        _mount("--bind", str(old / device), f"/dev/{device}")


def _main(path: str, *command: str) -> None:
    _empty_run_and_dev()
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        listener.bind(path)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        listener.setblocking(False)
        datagrams = []
        while True:
            try:
                datagrams.append(listener.recv(1 << 16).hex())
            except BlockingIOError:
                break
    print(json.dumps({"code": done.returncode, "stderr": done.stderr, "datagrams": datagrams}))


if __name__ == "__main__":
    _main(*sys.argv[1:])
