"""A TCP proxy on loopback: a line that breaks where a test wants it to, or that is long."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable

CHUNK = 16 * 1024
LONG_LINE_CHUNK = 256 * 1024


class Proxy:
    """Forwards connections to a local port.

    `cut_after`: both sides see the connection end once so many bytes came from the server;
    `cut_connections`: this befalls only so many connections, the first ones;
    `cut_number`: this befalls only the connection of this number, 1 for the first, and ends no
    other one;
    `only_one`: a new connection ends those before it once its client selects a folder;
    `last_words`: what the client hears before the end.
    `stall_after`: from there on the server's bytes wait until release().
    `bytes_per_second`: how fast the server's bytes pass, at most.
    `round_trip`: seconds that an answer takes longer, however much is on its way.
    `edit`: what the client gets in the place of what the server sent at once.
    """

    def __init__(
        self,
        target_port: int,
        cut_after: int | None = None,
        cut_connections: int | None = None,
        cut_number: int | None = None,
        only_one: bool = False,
        last_words: bytes = b"",
        stall_after: int | None = None,
        bytes_per_second: int | None = None,
        round_trip: float = 0,
        edit: Callable[[bytes], bytes] = bytes,
    ) -> None:
        self._target_port = target_port
        self._cut_after = cut_after
        self._cut_connections = cut_connections
        self._cut_number = cut_number
        self._only_one = only_one
        self._last_words = last_words
        self._stall_after = stall_after
        self._bytes_per_second = bytes_per_second
        self._round_trip = round_trip
        self._edit = edit
        self._released = threading.Event()
        self.stalled = threading.Event()  # set once the server's bytes wait
        self.connections = 0
        self.received = 0  # bytes from the server, over all connections
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def stall(self) -> None:
        """From now on the server's bytes wait until release()."""
        self._stall_after = 0

    def release(self) -> None:
        """Lets the server's bytes pass again."""
        self._stall_after = None
        self._released.set()

    def close(self) -> None:
        """Ends the proxy and all that runs through it."""
        self._released.set()
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Ends all connections, as a pulled cable's reset does."""
        self._end(self._open)

    def _end(self, connections: list[socket.socket]) -> None:
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target_port))
            except OSError:
                return
            self.connections += 1
            self._open += [client, server]
            if self._round_trip:
                for ends in ((client, server), (server, client)):
                    self._start_long_line(*ends)
                continue
            threading.Thread(target=self._upward, args=(client, server), daemon=True).start()
            threading.Thread(target=self._downward, args=(server, client), daemon=True).start()

    def _start_long_line(self, source: socket.socket, target: socket.socket) -> None:
        """One direction; each takes half of the round trip."""
        source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        under_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

        def take() -> None:
            data = b"to be read"
            while data:
                try:
                    data = source.recv(LONG_LINE_CHUNK)
                except OSError:
                    data = b""
                under_way.put((time.monotonic() + self._round_trip / 2, data))

        def give() -> None:
            with contextlib.suppress(OSError):
                while True:
                    due, data = under_way.get()
                    time.sleep(max(0, due - time.monotonic()))
                    if not data:
                        target.shutdown(socket.SHUT_WR)
                        return
                    target.sendall(data)

        for work in (take, give):
            threading.Thread(target=work, daemon=True).start()

    def _upward(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(CHUNK):
                if self._only_one and b" SELECT " in data:
                    self._end([each for each in self._open if each not in (client, server)])
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _downward(self, server: socket.socket, client: socket.socket) -> None:
        passed = 0
        cut_after = self._cut_after
        if self._cut_connections is not None and self.connections > self._cut_connections:
            cut_after = None
        if self._cut_number is not None and self.connections != self._cut_number:
            cut_after = None
        with contextlib.suppress(OSError):
            while data := self._edit(server.recv(CHUNK)):
                if self._stall_after is not None and passed >= self._stall_after:
                    self.stalled.set()
                    self._released.wait()
                if cut_after is not None and passed + len(data) >= cut_after:
                    client.sendall(data[: cut_after - passed] + self._last_words)
                    self._end([server, client] if self._cut_number else self._open)
                    return
                client.sendall(data)
                passed += len(data)
                self.received += len(data)
                if self._bytes_per_second:
                    time.sleep(len(data) / self._bytes_per_second)
            client.shutdown(socket.SHUT_WR)
