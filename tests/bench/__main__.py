"""Measures nullsender beside its peers and prints one table; `make bench` builds what it needs."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from bench import fetch, growth, parse, start, verp, whole
from bench.measure import load
from bench.table import Table
from lab.place import ROOT, LabError, remove_folder

DEFAULT = ("parse", "start", "verp", "fetch", "whole")  # growth takes an hour and more


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--build", type=Path, default=Path("build"), help="folder of the build")
    parser.add_argument("--corpus", default="", help="a folder of real mails, *.eml, to parse too")
    parser.add_argument("--parse", type=int, default=20_000, help="mails to parse")
    parser.add_argument("--addresses", type=int, default=1_000_000, help="addresses to sign")
    parser.add_argument("--fetch", type=int, default=20_000, help="mails to fetch")
    parser.add_argument("--messages", type=int, default=100_000, help="mails from end to end")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000],
        help="messages stored, for growth",
    )  # fmt: skip
    parser.add_argument("--events", type=int, default=10_000_000, help="events, for growth")
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help="which parts (default: all but growth)"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    build = (ROOT / arguments.build).resolve()
    place = build / "bench" / "run"
    parts = {
        "parse": lambda: parse.measure(table, build, place, arguments.parse, arguments.corpus),
        "start": lambda: start.measure(table, build, place),
        "verp": lambda: verp.measure(table, build, place, arguments.addresses),
        "fetch": lambda: fetch.measure(table, build, place, arguments.fetch),
        "whole": lambda: whole.measure(table, build, place, arguments.messages),
        "growth": lambda: growth.measure(table, build, place, arguments.sizes, arguments.events),
    }
    unknown = set(arguments.parts) - set(parts)
    if unknown:
        parser.error(f"no part {', '.join(unknown)}: there are {', '.join(parts)}")
    table = Table()
    started = time.monotonic()
    print(f"load of this machine before: {load():.1f}")
    for name, measure in parts.items():
        if name in (arguments.parts or DEFAULT):
            remove_folder(place)
            place.mkdir(parents=True)
            measure()
            remove_folder(place)
    table.end()
    print(f"\n{time.monotonic() - started:.0f} s; load of this machine at the end: {load():.1f}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit("bench: interrupted")
