"""The mails that are measured, and whether the answers to them are right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.measure import BenchError
from lab.bounces import Bounce, Generator

SEED = 2026
START = 1763000000.0  # a fixed day: the same mails in every run
WRONG_SHOWN = 5


def generated(count: int) -> Iterator[Bounce]:
    """All formats, in the order of their arrival."""
    return Generator(SEED).mixed(count, START)


def write(mails: Iterable[Bounce], folder: Path) -> dict[str, Bounce]:
    """A file a mail; which file is which."""
    folder.mkdir(parents=True)
    written = {}
    for number, mail in enumerate(mails):
        path = folder / f"{number:07}"
        path.write_bytes(mail.raw)
        written[str(path)] = mail
    return written


def check_parsed(output: bytes, written: dict[str, Bounce]) -> None:
    """The rows of `parse --format tsv` say what is true of each mail: whom it names, what of it."""
    wrong = []
    lines = output.decode().splitlines()
    for line in lines:
        path, *columns = line.split("\t")
        recipients, verdicts, categories = (column.split(",") for column in columns[:3])
        found = Counter(zip(recipients, verdicts, categories, strict=True))
        truth = Counter((t.recipient, t.verdict, t.category) for t in written[path].truth)
        if found != truth:
            wrong.append(f"{path}: {dict(found)} instead of {dict(truth)}")
    if len(lines) != len(written):
        wrong.append(f"{len(lines)} lines for {len(written)} mails")
    if wrong:
        raise BenchError("wrong answers:\n" + "\n".join(wrong[:WRONG_SHOWN]))
