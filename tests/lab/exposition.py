"""A strict reader of Prometheus' text exposition format, version 0.0.4."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)")
VALUE = re.compile(r"[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Inf)|NaN")
TYPES = ("counter", "gauge", "histogram", "summary", "untyped")

Labels = tuple[tuple[str, str], ...]


@dataclass
class Family:
    """A metric: its samples by their labels."""

    kind: str
    help: str
    samples: dict[Labels, float] = field(default_factory=dict)

    def value(self, **labels: str) -> float | None:
        """The sample with exactly these labels."""
        return self.samples.get(tuple(sorted(labels.items())))


def read_exposition(text: str) -> dict[str, Family]:
    """All families by name. Raises ValueError where the text breaks a rule of the format: lines and
    their order, one HELP and one TYPE before the samples, each series once."""
    if text and not text.endswith("\n"):
        raise ValueError("the last line does not end")
    families: dict[str, Family] = {}
    help_name = help_text = current = ""
    for number, line in enumerate(text.split("\n")[:-1], 1):
        if found := re.fullmatch(rf"# HELP ({NAME}) ((?:[^\\]|\\\\|\\n)+)", line):
            help_name, help_text = found.groups()
        elif found := re.fullmatch(rf"# TYPE ({NAME}) (\w+)", line):
            current, kind = found.groups()
            if current != help_name or current in families or kind not in TYPES:
                raise ValueError(f"line {number}: {line}")
            if (kind == "counter") != current.endswith("_total"):
                raise ValueError(f"line {number}: a {kind} is called {current}")
            families[current] = Family(kind, help_text)
        elif found := SAMPLE.fullmatch(line):
            name, labels, value = found[1], found[2] or "", found[found.lastindex or 0]
            if name != current or not VALUE.fullmatch(value):
                raise ValueError(f"line {number}: {line}")
            pairs = [(key, _unescape(text)) for key, text in re.findall(LABEL, labels)]
            key = tuple(sorted(pairs))
            if len({name for name, _ in pairs}) != len(pairs) or key in families[name].samples:
                raise ValueError(f"line {number}: twice: {line}")
            families[name].samples[key] = float(value)
        else:
            raise ValueError(f"line {number}: {line!r}")
    return families


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), text)
