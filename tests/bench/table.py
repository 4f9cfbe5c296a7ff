"""The one table that make bench prints."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Row:
    """A measurement: ours, the other's, and how many times better ours is."""

    name: str
    ours: str
    other: str = ""
    ratio: float | None = None
    target: float | None = None  # the ratio to reach
    note: str = ""


@dataclass
class Table:
    """Rows under headings, printed as they come: a bench is long."""

    missed: list[str] = field(default_factory=list)

    def heading(self, text: str, ours: str = "nullsender", other: str = "the other") -> None:
        print(f"\n{text}", flush=True)
        print(f"  {'':44} {ours:>16} {other:>16} {'ratio':>8}  {'target':>6}")

    def add(self, row: Row) -> None:
        ratio = f"{row.ratio:.3g}" if row.ratio is not None else ""
        target = f"{row.target:g}" if row.target is not None else ""
        if row.ratio is not None and row.target is not None and row.ratio < row.target:
            self.missed.append(row.name)
            target += " missed"
        line = f"  {row.name:44} {row.ours:>16} {row.other:>16} {ratio:>8}  {target:>6}"
        print(f"{line.rstrip()}   {row.note}".rstrip(), flush=True)

    def end(self) -> None:
        if self.missed:
            print(f"\n{len(self.missed)} below the target: {'; '.join(self.missed)}")


def rate(per_second: float) -> str:
    return f"{per_second:,.0f} /s"


def megabytes(count: float) -> str:
    return f"{count / 1e6:.1f} MB"


def seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"
