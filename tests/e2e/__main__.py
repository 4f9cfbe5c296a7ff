"""Runs modules of end-to-end tests and prints TAP."""

import signal
import sys

from lab import tap

if __name__ == "__main__":
    # unittest takes every other exception for a failing test and goes on.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(tap.run_modules([f"e2e.{name}" for name in sys.argv[1:]]))
