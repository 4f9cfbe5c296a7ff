"""Signed VERP addresses, made as the README tells the sender's platform to make them."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from lab.place import ROOT

KEY = bytes(range(32))
KEY_ID = "k"
KEY_LINE = f"{KEY_ID} {KEY.hex()}\n"
BASE = "bounces@news.example.com"
LOCAL_PART_MAX = 64


@dataclass(frozen=True)
class Vector:
    """A row of the README's table; made with KEY, for BASE."""

    day: int
    campaign: str
    recipient: str
    address: str


def readme_vectors() -> list[Vector]:
    rows = re.findall(r"(?m)^\| (\d{5}) \|(.*)\| `(.*)` \| `(.*)` \|$", _readme())
    return [Vector(int(day), c.strip(" `"), r, address) for day, c, r, address in rows]


def _readme() -> str:
    return (ROOT / "README.md").read_text()


def _example():
    """The function in the README's example."""
    found: dict = {}
    code = re.search(r"(?s)```python\n(.*?)```", _readme())
    assert code, "the README has no example in Python"
    exec(compile(code[1], "README.md", "exec"), found)  # noqa: S102
    return found["verp_address"]


verp_address = _example()


def today() -> int:
    """Days since 1970-01-01 UTC."""
    return int(time.time()) // 86400


def signed(campaign: str, recipient: str, day: int | None = None, key: bytes = KEY,
           key_id: str = KEY_ID) -> str:  # fmt: skip
    """An address that counts today, unless the caller has it otherwise."""
    return verp_address(key_id, key, today() if day is None else day, campaign, recipient, BASE)
