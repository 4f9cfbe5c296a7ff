"""Where a throwaway server lives, and as whom it runs.

PostgreSQL refuses to run as root, and Dovecot need not; as root, both run as `nobody`, who has no
rights anywhere. A checkout under /root cannot be reached by that account, and a deep one makes
socket paths longer than the 107 bytes that the kernel allows: then the data goes to /var/tmp and
the place under build/ is a symbolic link to it.
"""

from __future__ import annotations

import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Room for "/data/.s.PGSQL.12345" and "/run/login/ssl-params" within the kernel's 107 bytes.
LONGEST_FOLDER = 80

# Below the range from which the kernel takes the ports of outgoing connections, so that none of
# those takes one between the moment it is found free and the moment the server listens.
PORTS = range(20000, 32000)


class LabError(Exception):
    """Something of the lab does not work; the text is for the person who started it."""


@dataclass(frozen=True)
class Account:
    """The user as whom the servers run."""

    name: str
    uid: int
    gid: int

    def command(self, command: list[str], die_with_parent: bool = False) -> list[str]:
        """`command` as this user. `die_with_parent`: it is interrupted when the process that
        starts it dies without having stopped it (killed with SIGKILL, say)."""
        options = []
        if os.geteuid() == 0:
            options += [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        if die_with_parent:
            options += ["--pdeathsig=INT"]
        return ["setpriv", *options, "--", *command] if options else command


def account() -> Account:
    """The caller, or `nobody` where the caller is root."""
    entry = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def make_folder(path: Path, owner: Account) -> Path:
    """An empty folder for `owner` at `path`; returns where it really is. What was there goes."""
    remove_folder(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if len(os.fsencode(path)) <= LONGEST_FOLDER and _can_reach(path.parent, owner):
        path.mkdir()
        real = path
    else:
        real = Path(tempfile.mkdtemp(prefix="nullsender-lab-", dir="/var/tmp"))
        path.symlink_to(real)
    real.chmod(0o755)
    os.chown(real, owner.uid, owner.gid)
    return real


def remove_folder(path: Path) -> None:
    """Removes what make_folder made, or a folder of such; nothing there is fine."""
    if path.is_symlink():
        target = path.readlink()
        if target.name.startswith("nullsender-lab-"):
            shutil.rmtree(target, ignore_errors=True)
        path.unlink()
    elif path.is_dir():
        for link in filter(Path.is_symlink, path.iterdir()):
            remove_folder(link)
        shutil.rmtree(path)


def make_subfolder(folder: Path, owner: Account, mode: int = 0o755) -> Path:
    """A folder inside one of make_folder's."""
    folder.mkdir(mode=mode)
    os.chown(folder, owner.uid, owner.gid)
    return folder


def write_file(path: Path, text: str, owner: Account, mode: int = 0o644) -> Path:
    """A file that `owner` can read, never open to others for a moment if `mode` says so."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    os.chown(path, owner.uid, owner.gid)
    os.chmod(path, mode)
    return path


def free_port() -> int:
    """A TCP port on which nobody listens on loopback."""
    for port in random.sample(PORTS, 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise LabError("no free TCP port on 127.0.0.1")


def _can_reach(folder: Path, owner: Account) -> bool:
    command = owner.command(["test", "-x", str(folder)])
    return subprocess.run(command, check=False).returncode == 0
