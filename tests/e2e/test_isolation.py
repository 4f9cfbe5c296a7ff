"""Mail that is written to do harm, and what the processes that decode it know and may do."""

import json
import os
import re
import signal
import subprocess
import time
import unittest
from pathlib import Path

from e2e.case import QUARANTINE, SANITIZED, Case, use_lab
from lab.bounces import Truth
from lab.dovecot import PASSWORD
from lab.place import ROOT
from lab.program import write_secret
from lab.proxy import Proxy

setUpModule, tearDownModule = use_lab()

SECONDS_OF_A_MESSAGE = 20  # WORKER_SECONDS_MAX

# What stops libetpan when it is given the whole: stack overflows, and eight seconds for the last.
DEEP = {
    "comments in a date": b"Date: " + b"(" * 105_000 + b"\n",
    "comments in an address": b"From: " + b"(" * 105_000 + b"\n",
    "comments in a content type": b"Content-Type: " + b"(" * 105_000 + b"\n",
    "returned mails": b"Content-Type: message/rfc822\n\n" * 28_000,
    "multiparts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(10_000)
    ),
}

CAP_SYS_PTRACE = 19  # capabilities(7)

# What the decoder of faulty_decoder.c does, and the words for it.
FAULTS = {
    "crash": "the decoder crashed (signal 11, Segmentation fault)",
    "leave": "the decoder ended (status 3)",
    "open a file": "the decoder asked for a system call that decoding does not need (signal 31, "
    "Bad system call)",
    "talk nonsense": "the decoder answered nonsense",
    "use all memory": "the decoder ran out of memory",
}

VERP = "bounces+spring26-{}=example.net@news.example.com"
BOUNCE = """\
Return-Path: <>
Delivered-To: {verp}
From: MAILER-DAEMON@mx.example.net
Date: {date}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {name}@example.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b--
"""


def hostile_bounce(fault: str) -> bytes:
    """A bounce of an address with the fault's name, readable but for its date."""
    name = fault.replace(" ", "-")
    return BOUNCE.format(verp=VERP.format(name), name=name, date=fault).encode()


def truth_of(fault: str) -> Truth:
    return Truth("spring26", f"{fault.replace(' ', '-')}@example.net", "hard", "user_unknown")


def workers_of(pid: int) -> list[int]:
    """The workers of a running nullsender that have locked themselves in."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        pids = [int(word) for word in children.read_text().split()]
        return [p for p in pids if "\nSeccomp:\t2\n" in Path(f"/proc/{p}/status").read_text()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def may_trace() -> bool:
    """Whether we may look into every process: root, unless a container has taken that from it."""
    (rights,) = re.findall(r"CapEff:\t(\w+)", Path("/proc/self/status").read_text())
    return bool(int(rights, 16) >> CAP_SYS_PTRACE & 1)


def memory_holds(pid: int, *secrets: bytes) -> list[bytes]:
    """Which of these bytes stand somewhere in the memory of a process."""
    found = set()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            first, last, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if "r" not in rights or "[v" in line:
                continue
            try:
                memory.seek(int(first, 16))
                held = memory.read(int(last, 16) - int(first, 16))
            except OSError:
                continue
            found |= {secret for secret in secrets if secret in held}
    return sorted(found)


class Hostile(Case):
    """One mail costs one mail."""

    def fetch_while(self, proxy: Proxy, act) -> None:
        """A fetch through the proxy; `act` is called with its process while it is under way."""
        self.mailbox["port"] = proxy.port
        process = self.program.start("fetch", "-v", "--workers", "2")
        self.wait_until(lambda: len(workers_of(process.pid)) > 0, "the first worker")
        act(process)
        output, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, f"{output}\n{errors}")
        self.mailbox["port"] = self.dovecot.tls_port

    def quarantined(self) -> list[dict]:
        return self.query(
            "SELECT outcome_reason AS reason, encode(raw, 'escape') AS raw FROM bounce.message m"
            " JOIN bounce.message_raw r ON r.message = m.id WHERE outcome = 'quarantined'"
            " ORDER BY 1"
        )

    def test_mails_that_are_too_deep_for_the_library_are_read(self) -> None:
        good = self.mixed(20)
        self.deliver(good[:10])
        self.deliver_raw(*(deep + b"\nHello.\n" for deep in DEEP.values()))
        self.deliver(good[10:])
        self.fetch()
        self.assert_rows([row for row in self.ledger() if row.recipient], good)
        self.assert_folders(inbox=0, processed=20 + len(DEEP))
        for name, deep in DEEP.items():
            with self.subTest(name):
                mail = self.program.folder / "deep.eml"
                mail.write_bytes(deep + b"\nHello.\n")
                (line,) = map(json.loads, self.run_program("parse", str(mail))[0].splitlines())
                self.assertEqual(line["category"], "not_a_bounce")

    @unittest.skipIf(SANITIZED, "the sanitizer wants to be the first library that is loaded")
    def test_a_decoder_that_fails_costs_the_message_it_fails_at(self) -> None:
        library = self.program.folder / "faulty_decoder.so"
        subprocess.run(
            ["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library]
            + [str(ROOT / "tests/lab/faulty_decoder.c"), "-ldl"],
            check=True,
        )
        hostile = {fault: hostile_bounce(fault) for fault in FAULTS}
        good = self.mixed(60)
        self.deliver(good[:30])
        self.deliver_raw(*hostile.values())
        self.deliver(good[30:])

        self.program.variables = {"LD_PRELOAD": str(library)}
        self.assert_parse_goes_on(hostile, good[0].raw)
        self.fetch()
        self.assert_ledger(good)
        self.assert_folders(inbox=0, processed=60, quarantine=len(FAULTS))
        rows = self.quarantined()
        self.assertEqual([row["reason"] for row in rows], sorted(FAULTS.values()))
        kept = {row["raw"].replace("\r\n", "\n") for row in rows}
        self.assertEqual(kept, {mail.decode() for mail in hostile.values()})
        filed = {mail.replace(b"\r\n", b"\n") for mail in self.dovecot.mails(self.user, QUARANTINE)}
        self.assertEqual(filed, set(hostile.values()))

        # With a decoder that can read them, their bytes are as good as on the first day.
        self.program.variables = {}
        self.run_program("reprocess", "--quarantined", "--apply")
        truth = [row for mail in good for row in mail.truth] + [*map(truth_of, FAULTS)]
        self.assertEqual(self.ledger(), sorted(truth))

    def assert_parse_goes_on(self, hostile: dict[str, bytes], good: bytes) -> None:
        folder = self.program.folder / "mails"
        folder.mkdir()
        for fault, mail in hostile.items():
            (folder / f"{fault}.eml").write_bytes(mail)
        (folder / "zzz.eml").write_bytes(good)
        output, errors = self.run_program("parse", str(folder))
        self.assertEqual(errors, "")
        lines = {Path(line["path"]).stem: line for line in map(json.loads, output.splitlines())}
        self.assertIn("verdict", lines.pop("zzz"))
        failures = {name: line["failure"] for name, line in lines.items()}
        self.assertEqual(failures, FAULTS)
        output, _ = self.run_program("explain", str(folder / "crash.eml"))
        self.assertIn(FAULTS["crash"], output)

    def test_workers_that_are_killed_from_outside_are_replaced(self) -> None:
        mails = self.mixed(400)
        self.deliver(mails)
        killed = 0

        def kill_them(process: subprocess.Popen) -> None:
            nonlocal killed
            while process.poll() is None and killed < 40:
                for worker in workers_of(process.pid):
                    os.kill(worker, signal.SIGKILL)
                    killed += 1
                time.sleep(0.01)

        with Proxy(self.dovecot.tls_port, bytes_per_second=800_000) as proxy:
            self.fetch_while(proxy, kill_them)
        self.assertGreater(killed, 10)
        rows = self.quarantined()
        reasons = {row["reason"] for row in rows}
        self.assertLessEqual(reasons, {"the decoder was killed (signal 9, Killed)"})
        self.assert_folders(inbox=0, processed=400 - len(rows), quarantine=len(rows))
        if rows:  # of those that were given to a worker alone, and it was killed again
            self.run_program("reprocess", "--quarantined", "--apply")
        self.assert_ledger(mails)

    def test_workers_that_hang_are_replaced(self) -> None:
        mails = self.mixed(50)
        self.deliver(mails)

        def stop_one(process: subprocess.Popen) -> None:
            proxy.stalled.wait(60)
            os.kill(workers_of(process.pid)[0], signal.SIGSTOP)
            proxy.release()

        started = time.monotonic()
        with Proxy(self.dovecot.tls_port, stall_after=40_000) as proxy:
            self.fetch_while(proxy, stop_one)
        self.assertGreater(time.monotonic() - started, SECONDS_OF_A_MESSAGE)
        self.assert_ledger(mails)
        self.assert_folders(inbox=0, processed=50)


class Secrets(Case):
    """What must not be anywhere but in the one process that needs it."""

    database_secret = "database-secret-4711"
    environment_secret = "environment-secret-0815"
    mailbox_secret = PASSWORD
    file_secret = "database-file-secret-1234"

    def setUp(self) -> None:
        super().setUp()
        self.deliver(self.mixed(300))
        self.secrets = [
            self.database_secret,
            self.environment_secret,
            self.mailbox_secret,
            self.file_secret,
        ]
        conninfo = self.program.database["conninfo"]
        file = self.program.folder / "database.password"
        write_secret(file, self.file_secret)
        self.program.database |= {
            "conninfo": f"{conninfo} password={self.database_secret}",
            "password_file": str(file),
        }
        self.program.variables = {"PGPASSWORD": self.environment_secret}

    def assert_no_secret(self, text: str) -> None:
        for secret in self.secrets:
            self.assertNotIn(secret, text)

    def test_a_running_fetch(self) -> None:
        with Proxy(self.dovecot.tls_port, stall_after=100_000) as proxy:
            self.mailbox["port"] = proxy.port
            process = self.program.start("fetch", "-v", "-v")
            self.wait_until(proxy.stalled.is_set, "the fetch is under way")
            workers = workers_of(process.pid)
            self.assertGreater(len(workers), 0)
            self.assert_no_secret(Path(f"/proc/{process.pid}/cmdline").read_text())
            for worker in workers:
                self.assert_worker_has_nothing(worker)
            if may_trace():  # whoever may look at all finds it in the parent only
                secrets = [secret.encode() for secret in self.secrets]
                self.assertIn(self.database_secret.encode(), memory_holds(process.pid, *secrets))
                for worker in workers:
                    self.assertEqual(memory_holds(worker, *secrets), [])
            proxy.release()
            output, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, errors)
        self.assertIn("UID FETCH", errors)  # the conversation is there
        self.assert_no_secret(output + errors)

    def assert_worker_has_nothing(self, worker: int) -> None:
        process = Path(f"/proc/{worker}")
        self.assertEqual((process / "cmdline").read_bytes(), b"nullsender: worker\0")
        status = (process / "status").read_text()
        self.assertIn("\nNoNewPrivs:\t1\n", status)
        self.assertIn("\nCapEff:\t0000000000000000\n", status)
        self.assertIn("\nThreads:\t1\n", status)
        if SANITIZED:
            return
        self.assertRegex((process / "limits").read_text(), r"Max core file size +0 +0")
        if os.geteuid() != 0:
            with self.assertRaises(PermissionError):  # of the same user, and still
                (process / "environ").read_bytes()
        if not may_trace():
            return
        self.assertEqual((process / "environ").read_bytes(), b"TZ=UTC0\0")
        files = {entry.name: os.readlink(entry) for entry in (process / "fd").iterdir()}
        self.assertRegex(files.pop("0"), "^socket:")
        self.assertEqual(files, {"1": "/dev/null", "2": "/dev/null"})

    def test_errors(self) -> None:
        def fails(*arguments: str) -> None:
            done = self.program.run(*arguments)
            self.assertNotEqual(done.returncode, 0)
            self.assertNotEqual(done.stderr, "")
            self.assert_no_secret(done.stdout + done.stderr)

        conninfo = self.program.database["conninfo"]
        broken = (
            f"host=127.0.0.1 port=1 password={self.database_secret}",
            f"{conninfo} {self.database_secret}",
            f"password = 'x {self.database_secret}",
            f"postgresql://x:{self.database_secret}@127.0.0.1:1/x",
            f"postgresql://x:{self.database_secret}@127.0.0.1:port/x",
            f"postgresql://x:%zz{self.database_secret}@127.0.0.1/x",
        )
        for text in broken:
            with self.subTest(text):
                self.program.database["conninfo"] = text
                fails("fetch", "-v", "-v")
        self.program.database["conninfo"] = conninfo
        write_secret(self.program.folder / "bounces.password", self.file_secret)
        fails("fetch", "-v", "-v")
        write_secret(self.program.folder / "bounces.password", PASSWORD)
        (self.program.folder / "bounces.password").chmod(0o644)
        fails("fetch", "-v", "-v")
        self.mailbox["password_command"] = f"echo '{PASSWORD}'; exit 3"
        del self.mailbox["password_file"]
        fails("fetch", "-v", "-v")
