"""A certificate authority for a minute, and a server certificate of it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab.place import LabError

LOOPBACK = ("DNS:localhost", "IP:127.0.0.1")


@dataclass(frozen=True)
class Certificates:
    """PEM files: what clients trust, and what the server shows."""

    ca: Path
    certificate: Path
    key: Path


def make_certificates(
    folder: Path, names: tuple[str, ...] = LOOPBACK, days: int = 30
) -> Certificates:
    """A new authority, and a server certificate for `names` (in openssl's words) by it."""
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    certificate, key = folder / "server.pem", folder / "server.key"
    request, extensions = folder / "server.csr", folder / "server.ext"
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    _openssl(
        *["req", "-x509", *new_key, "-keyout", ca_key, "-out", ca, "-days", "30"],
        *["-subj", "/CN=nullsender throwaway CA"],
        *["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign"],
    )
    _openssl("req", "-new", *new_key, "-keyout", key, "-out", request, "-subj", "/CN=throwaway")
    extensions.write_text(f"subjectAltName={','.join(names)}\nextendedKeyUsage=serverAuth\n")
    _openssl(
        *["x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial"],
        *["-out", certificate, "-days", str(days), "-extfile", extensions],
    )
    return Certificates(ca, certificate, key)


def _openssl(*arguments: str | Path) -> None:
    command = ["openssl", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"openssl {arguments[0]} failed:\n{done.stderr}")
