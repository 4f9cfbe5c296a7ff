"""fetch --watch: a bounce is in the ledger when it comes, whatever happens to the servers."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from e2e.case import OWNER, PROCESSED, Case, use_lab
from lab.bounces import Bounce
from lab.dovecot import WITHOUT_MOVE, Dovecot
from lab.place import free_port
from lab.program import write_secret
from lab.proxy import Proxy

setUpModule, tearDownModule = use_lab()

EX_USAGE, EX_NO_HOST, EX_PERMISSION, EX_CONFIG = 64, 68, 77, 78
BEAT = {"WATCHDOG_USEC": "4000000"}  # a sign of life a second, for which IDLE is said anew


class Manager:
    """What systemd is to a service: the socket at which it says how it is."""

    def __init__(self, name: str) -> None:
        self.variables = {"NOTIFY_SOCKET": f"@{name}"}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{name}")
        self._said: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def said(self) -> list[str]:
        """All that it said so far."""
        return list(self._said)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _listen(self) -> None:
        """Who says something waits for a socket whose short queue is full."""
        with contextlib.suppress(OSError):
            while data := self._socket.recv(4096):
                self._said += data.decode().splitlines()


class Watched(Case):
    """A test whose program runs on; what it says it says to the test's own service manager."""

    def setUp(self) -> None:
        super().setUp()
        self.manager = Manager(f"nullsender-{os.getpid()}-{self.database}")
        self.addCleanup(self.manager.close)
        self.program.variables |= self.manager.variables
        self.mails = self.mixed(12)
        self.given: list[Bounce] = []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        process = self.program.start("fetch", "--watch", *arguments)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        return process

    def start_and_wait(self, *arguments: str) -> subprocess.Popen[str]:
        """A watcher that has read the mailbox."""
        process = self.start(*arguments)
        self.wait_while(process, lambda: "READY=1" in self.manager.said(), "READY=1")
        return process

    def wait_while(
        self, process: subprocess.Popen[str], ready: Callable[[], bool], what: str
    ) -> None:
        """Waits for something while the program runs, which it must."""
        self.wait_until(lambda: ready() or process.poll() is not None, what)
        if process.poll() is not None:
            self.fail(f"{what}: it ended with {process.returncode}: {process.communicate()}")

    def give(self, count: int, user: str = "") -> None:
        """The next mails come."""
        some = self.mails[len(self.given) :][:count]
        self.deliver(some, user)
        self.given += some

    def wait_for_all(self, process: subprocess.Popen[str]) -> None:
        """All that came is in the ledger, each once, and filed away."""
        self.wait_while(
            process,
            lambda: self.value("SELECT count(*) FROM bounce.message") == len(self.given)
            and self.value("SELECT count(*) FROM bounce.run WHERE finished_at IS NULL") == 0,
            "the mails are stored",
        )
        self.assert_ledger(self.given)

    def end(
        self, process: subprocess.Popen[str], number: int = signal.SIGTERM, code: int = 0
    ) -> tuple[str, str]:
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, code, errors)
        return output, errors

    def end_silently(self, process: subprocess.Popen[str], number: int = signal.SIGTERM) -> None:
        self.assertEqual(self.end(process, number), ("", ""))
        self.wait_until(lambda: "STOPPING=1" in self.manager.said(), "STOPPING=1")

    def children(self, process: subprocess.Popen[str]) -> list[int]:
        path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        return [int(word) for word in path.read_text().split()]

    def through(self, proxy: Proxy) -> None:
        self.mailbox["port"] = proxy.port


class Mail(Watched):
    """What comes is read."""

    def test_mails_are_stored_as_they_come(self) -> None:
        self.give(2)  # before it is started
        process = self.start_and_wait()
        self.wait_for_all(process)
        for count in (1, 4):
            self.give(count)
            self.wait_for_all(process)
        self.assert_folders(inbox=0, processed=7)
        self.assertTrue(self.value("SELECT bool_and(adds_up) FROM bounce.run"))
        self.assertEqual(self.value("SELECT sum(stored)::int FROM bounce.run"), 7)
        self.end_silently(process)

    def test_waiting_is_no_run_and_holds_no_claim(self) -> None:
        self.program.variables |= BEAT
        process = self.start_and_wait()
        self.wait_while(process, lambda: self.manager.said().count("WATCHDOG=1") > 2, "some beats")
        self.assertEqual(self.query("SELECT * FROM bounce.run"), [])
        self.fetch()
        self.assertEqual(self.value("SELECT count(*) FROM bounce.run"), 1, "it was left alone")
        self.end_silently(process, signal.SIGINT)

    def test_messages_that_stay_are_read_once(self) -> None:
        self.mailbox["after"] = "keep"
        self.give(3)
        process = self.start_and_wait()
        self.give(1)
        self.wait_for_all(process)
        self.assert_folders(inbox=4)
        self.assertEqual(self.value("SELECT sum(fetched)::int FROM bounce.run"), 4)
        self.end_silently(process)

    def test_two_mailboxes_one_of_them_on_a_server_without_idle(self) -> None:
        capability = WITHOUT_MOVE.replace(" IDLE", "")
        old = self.lab.add(Dovecot(self.lab.place("no-idle"), {"imap_capability": capability}))
        old.add_user(self.user)
        self.program.add_mailbox("old", old, self.user)
        self.program.variables |= BEAT  # which asks as often
        process = self.start_and_wait("--verbose")
        self.give(1)
        self.wait_for_all(process)
        some = self.mails[1:4]
        old.deliver(self.user, [(mail.raw, mail.arrival) for mail in some])
        self.given += some
        self.wait_for_all(process)
        output, errors = self.end(process)
        self.assertIn("mailbox old: the server has no IDLE; it is asked every 10 s", errors)
        self.assertNotIn("mailbox bounces: the server has no IDLE", errors)
        self.assertIn("mailbox bounces: 1 fetched = 1 stored", output)

    def test_a_second_watcher_and_a_fetch_beside_it_do_no_harm(self) -> None:
        process = self.start_and_wait()
        other = self.start()
        for _ in range(3):
            self.give(4)
            self.run_program("fetch")
            self.wait_for_all(process)
        self.assert_folders(inbox=0, processed=12)
        stored = self.value("SELECT sum(stored + quarantined)::int FROM bounce.run")
        self.assertEqual(stored, 12)
        self.end(other)
        self.end_silently(process)


class Trouble(Watched):
    """It goes on when the trouble is over, and does not speak of what is over soon."""

    def test_mail_server_restarted(self) -> None:
        process = self.start_and_wait()
        self.dovecot.stop()
        self.give(3)
        self.dovecot.start()
        self.wait_for_all(process)
        self.end_silently(process)

    def test_database_restarted_while_it_waits(self) -> None:
        process = self.start_and_wait()
        self.postgres.stop()
        self.give(3)
        self.postgres.start()
        self.wait_for_all(process)
        self.end_silently(process)

    def test_connection_cut(self) -> None:
        with Proxy(self.dovecot.tls_port) as proxy:
            self.through(proxy)
            process = self.start_and_wait()
            proxy.cut()
            self.give(3)
            self.wait_for_all(process)
            self.assertEqual(proxy.connections, 2)
            self.end_silently(process)

    def test_connection_that_has_gone_dead(self) -> None:
        self.program.variables |= BEAT
        with Proxy(self.dovecot.tls_port) as proxy:
            self.through(proxy)
            self.mailbox["timeout"] = 2
            process = self.start_and_wait()
            proxy.stall()
            self.give(3)
            self.wait_while(process, lambda: proxy.connections > 1, "a new connection")
            proxy.release()
            self.wait_for_all(process)
            self.end_silently(process)

    def test_watcher_killed(self) -> None:
        process = self.start_and_wait()
        (watcher,) = self.children(process)
        os.kill(watcher, signal.SIGKILL)
        self.give(3)
        self.wait_for_all(process)
        self.end_silently(process)

    def test_the_watchers_end_with_their_parent(self) -> None:
        process = self.start_and_wait()
        process.kill()
        self.wait_until(lambda: self.dovecot.sessions(self.user) == 0, "the end of the session")
        process.communicate(timeout=60)  # which ends when nobody holds its output any more

    def test_sigterm_in_the_middle_of_a_backlog(self) -> None:
        self.program.database["commit_messages"] = 50
        self.mails = self.mixed(300)
        self.give(300)
        with Proxy(self.dovecot.tls_port, bytes_per_second=400_000) as proxy:
            self.through(proxy)
            process = self.start()
            self.wait_while(
                process,
                lambda: self.value("SELECT count(*) FROM bounce.message") > 0,
                "the first batch",
            )
            self.end_silently(process)
        stored = self.value("SELECT count(*) FROM bounce.message")
        self.assertLess(stored, 300, "the signal came too late to show anything")
        self.assert_folders(inbox=300 - stored, processed=stored)
        self.assertIsNotNone(self.value("SELECT finished_at FROM bounce.run"))

    def test_what_is_not_over_soon_is_told(self) -> None:
        self.program.database["conninfo"] = f"host=127.0.0.1 port={free_port()} user={OWNER}"
        process = self.start()
        line = process.stderr.readline()
        self.assertIn("nullsender: warning: mailbox bounces: database", line)
        self.assertIn("it is tried again until it works", line)
        self.assertTrue(
            any(
                said.startswith("STATUS=0 of 1 mailboxes watched, 0 messages so far; mailbox boun")
                for said in self.manager.said()
            ),
            self.manager.said(),
        )
        self.assertNotIn("READY=1", self.manager.said())
        self.program.database["conninfo"] = self.postgres.conninfo(self.database, OWNER)
        self.program.write_config()
        self.wait_while(process, lambda: "READY=1" in self.manager.said(), "READY=1")
        _, errors = self.end(process)
        self.assertRegex(errors, r"^nullsender: warning: mailbox bounces: it works again, after ")
        self.assertEqual(errors.count("\n"), 1)


class Refused(Watched):
    """What waiting does not mend is not tried again."""

    def fails(self, process: subprocess.Popen[str], code: int) -> str:
        """The error with which it ends: one line."""
        output, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, code, errors)
        self.assertEqual((output, errors.count("\n")), ("", 1), errors)
        return errors

    def test_wrong_password(self) -> None:
        write_secret(self.program.folder / "bounces.password", "not the password")
        with Proxy(self.dovecot.tls_port) as proxy:
            self.through(proxy)
            self.assertIn("Authentication failed", self.fails(self.start(), EX_PERMISSION))
            self.assertEqual(proxy.connections, 1, "accounts get locked")
        self.assertNotIn("READY=1", self.manager.said())

    def test_password_that_has_changed(self) -> None:
        with Proxy(self.dovecot.tls_port) as proxy:
            self.through(proxy)
            process = self.start_and_wait()
            write_secret(self.program.folder / "bounces.password", "not the password")
            proxy.cut()
            self.assertIn("Authentication failed", self.fails(process, EX_PERMISSION))
            self.assertEqual(proxy.connections, 2, "accounts get locked")

    def test_a_mailbox_that_is_refused_does_not_keep_the_others_from_being_read(self) -> None:
        refused = dict(self.mailbox, user="nobody@news.example.com")
        self.program.mailboxes = {"refused": refused, "bounces": self.mailbox}
        process = self.start_and_wait()
        self.give(2)
        self.wait_for_all(process)
        _, errors = self.end(process, code=EX_PERMISSION)
        self.assertIn("mailbox refused: ", errors)
        self.assertIn("the mailbox is given up, the others are watched on", errors)

    def test_configuration_that_cannot_work(self) -> None:
        self.mailbox["host"] = "imap.invalid"
        self.assertIn("imap.invalid", self.fails(self.start(), EX_NO_HOST))
        self.program.sections["verp"] = {"patterns": ["bounces@news.example.com"]}
        self.fails(self.start(), EX_CONFIG)
        self.assertIn("--dry-run", self.fails(self.start("--dry-run"), EX_USAGE))
        self.assertIn("no mailbox 'x'", self.fails(self.start("x"), EX_USAGE))


class Service(Watched):
    """What systemd is told."""

    def test_ready_status_watchdog_and_stopping(self) -> None:
        self.program.variables |= BEAT
        self.give(2)
        process = self.start_and_wait()
        self.wait_for_all(process)
        self.wait_while(process, lambda: self.manager.said().count("WATCHDOG=1") > 3, "beats")
        self.wait_while(
            process,
            lambda: "STATUS=1 of 1 mailboxes watched, 2 messages so far" in self.manager.said(),
            "the status",
        )
        (watcher,) = self.children(process)
        os.kill(watcher, signal.SIGSTOP)
        before = len(self.manager.said())
        self.wait_until(lambda: _is_stopped(watcher), "the watcher hangs")
        time.sleep(3)  # in which it would have said so three times
        self.assertLessEqual(self.manager.said()[before:].count("WATCHDOG=1"), 1)
        os.kill(watcher, signal.SIGCONT)
        self.end_silently(process)
        self.assertEqual(self.manager.said().count("READY=1"), 1)


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
