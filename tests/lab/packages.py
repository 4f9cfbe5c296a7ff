"""Debian packages unpacked into a folder instead of installed: no maintainer script runs, no daemon
starts, nothing outside the folder changes, and packages that conflict live side by side."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from lab.place import ROOT, LabError

CACHE = ROOT / "build" / "packages"


def unpack(names: Iterable[str], folder: Path) -> None:
    """Unpacks packages into `folder`; their files are fetched with apt where they are not yet
    under build/."""
    for file in _files(tuple(names)):
        done = subprocess.run(
            ["dpkg-deb", "--extract", file, folder], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise LabError(f"dpkg-deb --extract {file}: {done.stderr.strip()}")
    for path in folder.rglob("*"):
        # Nothing here shall run with other rights than its caller's; the dynamic linker also
        # ignores LD_LIBRARY_PATH for what is set-user-ID, as exim4 is.
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID):
            path.chmod(mode & 0o777)


def _files(names: tuple[str, ...]) -> list[Path]:
    missing = [name for name in names if not _cached(name)]
    if missing:
        _download(missing)
    return [_cached(name)[0] for name in names]


def _cached(name: str) -> list[Path]:
    return sorted(CACHE.glob(f"{name}_*.deb"))


def _download(names: list[str]) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    # Into a folder of our own first: another run may be doing the same.
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        problem = _apt_get(folder, ["download", *names])
        if problem:
            # Images of Debian have no package lists; these need no root and go with the folder.
            options = []
            for place in ("State::Lists", "Cache"):
                path = Path(folder, place.replace("::", "-"))
                (path / "partial").mkdir(parents=True)
                options += ["-o", f"Dir::{place}={path}"]
            problem = _apt_get(folder, [*options, "update"])
            problem = problem or _apt_get(folder, [*options, "download", *names])
        if problem:
            raise LabError(f"apt-get download {' '.join(names)}: {problem}")
        for file in Path(folder).glob("*.deb"):
            file.rename(CACHE / file.name)


def _apt_get(folder: str, arguments: list[str]) -> str:
    """Runs apt-get in `folder`; what was wrong, or nothing."""
    # As root, apt would become a user of its own who cannot write into the folder.
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=", *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        env=dict(os.environ, LC_ALL="C"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.strip() if done.returncode else ""
