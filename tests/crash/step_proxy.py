"""A proxy that knows where a command ends, and does something at the n-th of them."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass

CHUNK = 64 * 1024
END_SECONDS = 90  # what is done to a server may have to wait for its start

BEFORE, AFTER, ANSWER = "before", "after", "answer"
POSITIONS = (BEFORE, AFTER, ANSWER)


class ImapSplitter:
    """What a client sends in IMAP: lines. A line that goes on with a literal is one more step."""

    def __init__(self) -> None:
        self._rest = b""

    def split(self, data: bytes) -> list[bytes]:
        """The whole lines that these bytes complete."""
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        return [line + b"\r\n" for line in lines]


class PostgresSplitter:
    """What a client sends in PostgreSQL's protocol 3: a startup packet, then typed messages."""

    def __init__(self) -> None:
        self._rest = b""
        self._started = False

    def split(self, data: bytes) -> list[bytes]:
        """The whole messages that these bytes complete."""
        self._rest += data
        messages = []
        while True:
            type_size = 1 if self._started else 0
            if len(self._rest) < type_size + 4:
                return messages
            (length,) = struct.unpack_from("!I", self._rest, type_size)
            if len(self._rest) < type_size + length:
                return messages
            messages.append(self._rest[: type_size + length])
            self._rest = self._rest[type_size + length :]
            self._started = True


@dataclass
class Trap:
    """What happens at one step. Steps count from 1, over all connections of a proxy.

    `before`: the step's bytes have not been forwarded; `after`: they have; `answer`: the server's
    first bytes after them have come and are not delivered.
    """

    step: int
    position: str
    spring: Callable[[], None]
    cut: bool = True  # end the connection with a reset then
    stall: bool = False  # or leave it open, and let nothing pass any more
    sprung: bool = False


class StepProxy:
    """Forwards connections to a local port, message by message."""

    def __init__(self, target_port: int, splitter: type) -> None:
        self._target_port = target_port
        self._splitter = splitter
        self._lock = threading.Condition()
        self._open = 0
        self._closed = threading.Event()
        self.trap: Trap | None = None
        self.steps = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Ends the proxy and all that runs through it."""
        self._closed.set()
        self._listener.close()

    def set(self, trap: Trap | None) -> None:
        """Counts anew, with this trap in the way."""
        with self._lock:
            self.trap = trap
            self.steps = 0

    def wait_for_end(self) -> None:
        """Until no connection is open: what the client sent last has been dealt with."""
        with self._lock:
            if not self._lock.wait_for(lambda: not self._open, END_SECONDS):
                raise TimeoutError("a connection through the proxy does not end")

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client, contextlib.suppress(OSError):
                self._forward(client)
        finally:
            with self._lock:
                self._open -= 1
                self._lock.notify_all()

    def _forward(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._target_port))
        except OSError:
            reset(client)
            return
        with server:
            for side in (client, server):  # messages are small and forwarded one by one
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Connection(self, client, server, self._splitter()).run()

    def take_step(self) -> Trap | None:
        """Counts a step; the trap, if this is its step."""
        with self._lock:
            self.steps += 1
            trap = self.trap
            return trap if trap and not trap.sprung and trap.step == self.steps else None

    @property
    def is_closed(self) -> bool:
        return self._closed.is_set()


class Connection:
    """One connection through a proxy, in a thread of its own."""

    def __init__(self, proxy: StepProxy, client: socket.socket, server: socket.socket, splitter):
        self._proxy = proxy
        self._client = client
        self._server = server
        self._splitter = splitter
        self._armed: Trap | None = None  # springs at the server's next bytes

    def run(self) -> None:
        """Until one side closes or a trap ends it."""
        while not self._proxy.is_closed:
            ready, _, _ = select.select([self._client, self._server], [], [], 1)
            if self._server in ready and not self._downward():
                return
            if self._client in ready and not self._upward():
                return

    def _downward(self) -> bool:
        data = self._server.recv(CHUNK)
        trap, self._armed = (self._armed, None) if data else (None, self._armed)
        if trap and not self._spring(trap):
            return False
        self._client.sendall(data)
        return bool(data)

    def _upward(self) -> bool:
        data = self._client.recv(CHUNK)
        for message in self._splitter.split(data):
            trap = self._proxy.take_step()
            if trap and trap.position == BEFORE and not self._spring(trap):
                return False
            self._server.sendall(message)
            if trap and trap.position == AFTER and not self._spring(trap):
                return False
            if trap and trap.position == ANSWER:
                self._armed = trap
        return bool(data)

    def _spring(self, trap: Trap) -> bool:
        """False where that has ended the connection."""
        trap.sprung = True
        trap.spring()
        if trap.stall:
            while not self._proxy.is_closed and not is_closed_by_peer(self._client):
                pass
        if trap.stall or trap.cut:
            reset(self._client)
            reset(self._server)
            return False
        return True  # what was done to a server or a worker comes through by itself


def is_closed_by_peer(connection: socket.socket) -> bool:
    """Waits up to a second for the peer's end; what it sends is left where it is."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    return bool(poll.poll(1000))


def reset(connection: socket.socket) -> None:
    """Ends a connection with RST, as a firewall does that has forgotten it."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
