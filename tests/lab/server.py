"""A server process: started in the background, waited for, stopped by its pid."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from lab.place import Account, LabError

START_SECONDS = 60  # a busy machine with cold disks needs a tenth of it
STOP_SECONDS = 20
POLL_SECONDS = 0.02
LOG_LINES = 40


class Server:
    """One server. Use it as a context manager: whatever happens, it is stopped."""

    name = "server"
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path, owner: Account) -> None:
        self.folder = folder
        self.owner = owner
        self.log = folder / f"{self.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The pid of the server's main process."""
        if not self.process:
            raise LabError(f"{self.name} does not run")
        return self.process.pid

    def start(self, survive: bool = False) -> None:
        """Starts it and waits until it answers. `survive`: it outlives this process."""
        self.launch(self.command(), survive)
        try:
            self.wait_until(self.is_ready, START_SECONDS, f"{self.name} did not get ready")
        except BaseException:
            self.stop()
            raise

    def command(self) -> list[str]:
        """The command line that runs the server in the foreground."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Whether the server answers."""
        raise NotImplementedError

    def launch(self, command: list[str], survive: bool) -> None:
        """Starts `command` in a session of its own: Ctrl-C on the terminal reaches us, not it."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.owner.command(command, die_with_parent=not survive),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )

    def wait_until(self, ready: Callable[[], bool], seconds: float, complaint: str) -> None:
        """Polls `ready`; the server's log is part of the error when it does not come."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process and self.process.poll() is not None:
                raise LabError(f"{self.name} ended with {self.process.returncode}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise LabError(f"{complaint} within {seconds} s:\n{self.tail()}")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stops it and waits for its end; nothing to do where it does not run."""
        process, self.process = self.process, None
        if process:
            stop_process(process, self.stop_signal)

    def kill(self) -> None:
        """Ends it at once, as a power cut would; children that hang on are ended with it."""
        process, self.process = self.process, None
        if process:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def tail(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(f"    {line}" for line in lines[-LOG_LINES:]) or "    (empty log)"


def stop_process(process: subprocess.Popen[bytes], number: int) -> None:
    """Sends the signal, waits, and kills its process group where that does not help."""
    process.send_signal(number)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
