"""Servers that refuse, vanish or lie in the middle: a clear word, and nothing lost."""

import signal
import time
from collections import Counter

from e2e.case import OWNER, PROCESSED, Case, use_lab
from lab.dovecot import Dovecot
from lab.place import free_port
from lab.postgres import Postgres
from lab.program import write_secret
from lab.proxy import Proxy

setUpModule, tearDownModule = use_lab()

EX_NO_HOST, EX_UNAVAILABLE, EX_TEMPORARY, EX_PERMISSION = 68, 69, 75, 77


class Refused(Case):
    """What cannot work, and who says why."""

    def setUp(self) -> None:
        super().setUp()
        self.mails = self.mixed(5)
        self.deliver(self.mails)

    def fetch_fails(self, code: int) -> str:
        """The error of a fetch, which must be one line and leave everything as it was."""
        output, errors = self.run_program("fetch", code=code)
        self.assertEqual(output, "")
        self.assertEqual(errors.count("\n"), 1, errors)
        self.assert_folders(inbox=5)
        self.assertEqual(self.ledger(), [])
        return errors

    def test_wrong_password(self) -> None:
        write_secret(self.program.folder / "bounces.password", "not the password")
        errors = self.fetch_fails(EX_PERMISSION)
        self.assertIn("Authentication failed", errors)  # Dovecot's own words
        self.assertIn("bounces", errors)
        self.assertNotIn("not the password", errors)

    def test_a_refused_password_is_tried_once(self) -> None:
        write_secret(self.program.folder / "bounces.password", "not the password")
        with Proxy(self.dovecot.tls_port) as proxy:
            self.mailbox |= {"port": proxy.port, "retries": 3}
            self.fetch_fails(EX_PERMISSION)
            self.assertEqual(proxy.connections, 1, "accounts get locked")

    def test_unknown_user(self) -> None:
        self.mailbox["user"] = "nobody@news.example.com"
        self.assertIn("Authentication failed", self.fetch_fails(EX_PERMISSION))

    def test_certificate_of_an_unknown_authority(self) -> None:
        stranger = self.lab.add(Dovecot(self.lab.place("stranger")))
        self.mailbox["ca_file"] = str(stranger.ca)
        errors = self.fetch_fails(EX_UNAVAILABLE)
        self.assertRegex(errors, "(?i)certificate")

    def test_certificate_for_another_host(self) -> None:
        other = Dovecot(self.lab.place("other-name"), names=("DNS:imap.example.net",))
        self.lab.add(other)
        self.mailbox |= {"port": other.tls_port, "ca_file": str(other.ca)}
        errors = self.fetch_fails(EX_UNAVAILABLE)
        self.assertRegex(errors, "(?i)certificate|host ?name")
        self.assertNotIn("Login", other.log.read_text())

    def test_certificate_that_does_not_verify_under_starttls(self) -> None:
        stranger = self.lab.add(Dovecot(self.lab.place("stranger")))
        self.mailbox |= {
            "tls": "starttls",
            "port": self.dovecot.port,
            "ca_file": str(stranger.ca),
        }
        self.assertRegex(self.fetch_fails(EX_UNAVAILABLE), "(?i)certificate")

    def test_imaps_on_a_port_without_tls(self) -> None:
        self.mailbox["port"] = self.dovecot.port
        output, errors = self.run_program("fetch", code=EX_UNAVAILABLE)
        self.assertRegex(errors, "TLS")
        self.assertEqual(output, "")

    def test_starttls_that_is_not_on_offer(self) -> None:
        plain = self.lab.add(Dovecot(self.lab.place("without-tls"), {"ssl": "no"}))
        plain.add_user(self.user)
        self.mailbox |= {"tls": "starttls", "port": plain.port}
        self.assertRegex(self.fetch_fails(EX_UNAVAILABLE), "TLS")
        self.assertNotIn("Login", plain.log.read_text())

    def test_unknown_folder(self) -> None:
        self.mailbox["folder"] = "Bouncess"
        errors = self.fetch_fails(EX_UNAVAILABLE)
        self.assertIn("Bouncess", errors)
        self.assertIn("INBOX", errors)

    def test_nobody_listens(self) -> None:
        self.mailbox["port"] = free_port()
        self.assertRegex(self.fetch_fails(EX_TEMPORARY), "(?i)connect")

    def test_a_host_name_that_does_not_exist(self) -> None:
        self.mailbox["host"] = "imap.invalid"
        self.assertIn("imap.invalid", self.fetch_fails(EX_NO_HOST))

    def test_database_down(self) -> None:
        port = free_port()
        self.program.database["conninfo"] = f"host=127.0.0.1 port={port} dbname=x user=x"
        output, errors = self.run_program("fetch", code=EX_TEMPORARY)
        self.assertIn(str(port), errors)
        self.assertEqual(output, "")
        self.assert_folders(inbox=5)

    def test_database_without_the_schema(self) -> None:
        self.postgres.create_database(f"{self.database}_empty")
        self.program.database["conninfo"] = self.postgres.conninfo(f"{self.database}_empty")
        _, errors = self.run_program("fetch", code=78)
        self.assertIn("nullsender migrate", errors)
        self.assert_folders(inbox=5)

    def test_one_mailbox_that_fails_does_not_keep_the_others_from_being_read(self) -> None:
        broken = dict(self.mailbox, port=free_port())
        self.program.mailboxes = {"broken": broken, "bounces": self.mailbox}
        _, errors = self.run_program("fetch", code=EX_TEMPORARY)
        self.assertIn("broken", errors)
        self.assert_ledger(self.mails)
        self.assert_folders(inbox=0, processed=5)


class Broken(Case):
    """What ends in the middle is completed by the next run."""

    count_ = 300
    commit_messages_ = 50
    connections_ = 1  # that a run opens

    def setUp(self) -> None:
        super().setUp()
        self.program.database["commit_messages"] = self.commit_messages_
        self.mails = self.mixed(self.count_)
        self.deliver(self.mails)

    def assert_nothing_lost(self) -> None:
        """Every mail is in the inbox or filed away, and what is filed away is in the ledger."""
        # A client that is gone does not keep the server from finishing its last command.
        self.wait_until(lambda: self.dovecot.sessions(self.user) == 0, "the end of the session")
        processed = self.dovecot.mails(self.user, PROCESSED)
        inbox = self.dovecot.mails(self.user)
        everything = sorted(mail.raw for mail in self.mails)
        self.assertEqual(len(processed) + len(inbox), len(everything))
        self.assertTrue(sorted(processed + inbox) == everything, "the mails have changed")
        rows = self.query("SELECT encode(raw, 'hex') AS hex FROM bounce.message_raw")
        kept = {row["hex"] for row in rows}
        for mail in processed:
            self.assertIn(mail.replace(b"\n", b"\r\n").hex(), kept)

    def assert_next_run_completes(self) -> None:
        self.fetch()
        self.assert_ledger(self.mails)
        self.assert_folders(inbox=0, processed=self.count_)

    def test_server_closes_in_the_middle_of_a_fetch(self) -> None:
        with Proxy(self.dovecot.tls_port) as proxy:
            self.mailbox["port"] = proxy.port
            self.fetch()
            session = proxy.received  # bytes of a whole one
        for part in (0.05, 0.3, 0.6, 0.9):
            self.setUp()
            with Proxy(self.dovecot.tls_port, cut_after=int(session * part)) as proxy:
                self.mailbox["port"] = proxy.port
                _, errors = self.run_program("fetch", code=EX_TEMPORARY)
                self.assertRegex(errors, "(?i)closed|lost|reset")
                self.assert_nothing_lost()
            self.mailbox["port"] = self.dovecot.tls_port
            self.assert_next_run_completes()

    def test_server_closes_at_any_moment_of_the_login(self) -> None:
        for cut_after in (1, 10, 500, 1200, 1800, 2500, 3000):
            with Proxy(self.dovecot.tls_port, cut_after=cut_after) as proxy:
                self.mailbox["port"] = proxy.port
                _, errors = self.run_program("fetch", code=EX_TEMPORARY)
                self.assertEqual(errors.count("\n"), 1, errors)
                self.assert_nothing_lost()

    def test_a_run_goes_on_over_a_new_connection(self) -> None:
        for cut_after in (1000, 100_000):  # in the login, in a FETCH
            self.setUp()
            with Proxy(self.dovecot.tls_port, cut_after=cut_after, cut_connections=1) as proxy:
                self.mailbox |= {"port": proxy.port, "retries": 1}
                self.fetch()
                self.assertGreaterEqual(proxy.connections, 1 + self.connections_)
            self.assert_ledger(self.mails)
            self.assert_folders(inbox=0, processed=self.count_)
            (run,) = self.query("SELECT * FROM bounce.run")
            self.assertTrue(run["adds_up"])
            self.assertEqual(run["stored"], self.count_)

    def test_a_server_that_wants_to_be_left_alone_is(self) -> None:
        words = b"* BYE Request is throttled. Suggested Backoff Time: 2000 milliseconds\r\n"
        with Proxy(
            self.dovecot.port, cut_after=0, cut_connections=1, last_words=words
        ) as proxy:
            self.mailbox |= {"tls": "none", "port": proxy.port, "retries": 1}
            started = time.monotonic()
            output, errors = self.run_program("fetch", "-v")
            self.assertGreaterEqual(time.monotonic() - started, 2)
        self.assertIn("milliseconds; trying again in 2 s", errors)
        self.assert_ledger(self.mails)

    def test_what_a_lost_mailbox_leaves_behind_is_not_taken_for_the_next_ones(self) -> None:
        other = f"other-{self.user}"
        self.dovecot.add_user(other)
        self.program.add_mailbox("other", self.dovecot, other)
        others = self.mixed(100, seed=2)
        self.deliver(others, other)
        with Proxy(self.dovecot.tls_port, cut_after=200_000) as proxy:
            self.mailbox["port"] = proxy.port
            self.run_program("fetch", code=EX_TEMPORARY)
        truth = Counter(row for mail in self.mails + others for row in mail.truth)
        self.assertEqual(Counter(self.ledger()) - truth, Counter(), "rows that are not true")
        self.assertEqual(self.dovecot.count(other), 0)
        self.mailbox["port"] = self.dovecot.tls_port
        self.fetch()
        self.assert_ledger(self.mails + others)

    def test_silent_server_is_given_up(self) -> None:
        with Proxy(self.dovecot.tls_port, stall_after=40000) as proxy:
            self.mailbox |= {"port": proxy.port, "timeout": 2}
            started = time.monotonic()
            self.run_program("fetch", code=EX_TEMPORARY)
            self.assertLess(time.monotonic() - started, 20)
        self.assert_nothing_lost()
        self.mailbox["port"] = self.dovecot.tls_port
        self.assert_next_run_completes()

    def database_through(self, proxy: Proxy) -> None:
        """Lets the program reach its database through a proxy."""
        self.program.database["conninfo"] = (
            f"host=127.0.0.1 port={proxy.port} dbname={self.database} user={OWNER}"
        )

    def test_database_lost_in_the_middle(self) -> None:
        with Proxy(self.postgres.port) as proxy:
            self.database_through(proxy)
            self.fetch()
            session = proxy.received
        for part in (0.2, 0.4, 0.6, 0.8):
            self.setUp()
            with Proxy(self.postgres.port, cut_after=int(session * part)) as proxy:
                self.database_through(proxy)
                self.run_program("fetch", code=EX_TEMPORARY)
                self.assert_nothing_lost()
            self.program.database["conninfo"] = self.postgres.conninfo(self.database, OWNER)
            self.assert_next_run_completes()

    def test_server_process_of_the_database_killed_in_the_middle(self) -> None:
        with Proxy(self.dovecot.tls_port, stall_after=300_000) as proxy:
            self.mailbox["port"] = proxy.port
            process = self.program.start("fetch")
            self.wait_until(proxy.stalled.is_set, "the fetch is under way")
            self.postgres.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                f" WHERE datname = '{self.database}'"
            )
            proxy.release()
            _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, EX_TEMPORARY, errors)
        self.assert_nothing_lost()
        self.mailbox["port"] = self.dovecot.tls_port
        self.assert_next_run_completes()

    def test_whole_database_server_lost_in_the_middle(self) -> None:
        server = self.lab.add(Postgres(self.lab.place("crashing"), {"fsync": "on"}))
        server.create_database("ledger")
        self.program.database["conninfo"] = server.conninfo("ledger")
        self.run_program("migrate")
        self.postgres, self.database = server, "ledger"
        with Proxy(self.dovecot.tls_port, stall_after=300_000) as proxy:
            self.mailbox["port"] = proxy.port
            process = self.program.start("fetch")
            self.wait_until(proxy.stalled.is_set, "the fetch is under way")
            server.kill()
            proxy.release()
            _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, EX_TEMPORARY, errors)
        server.start()
        self.assert_nothing_lost()
        self.mailbox["port"] = self.dovecot.tls_port
        self.assert_next_run_completes()

    def test_killed_in_the_middle(self) -> None:
        for stall_after in (60_000, 300_000, 700_000):
            with Proxy(self.dovecot.tls_port, stall_after=stall_after) as proxy:
                self.mailbox["port"] = proxy.port
                process = self.program.start("fetch")
                self.wait_until(
                    lambda: proxy.stalled.is_set() or process.poll() is not None, "under way"
                )
                process.kill()
                process.communicate(timeout=60)
            self.assert_nothing_lost()
        self.mailbox["port"] = self.dovecot.tls_port
        self.assert_next_run_completes()

    def test_sigterm_finishes_the_batch_and_leaves_cleanly(self) -> None:
        with Proxy(self.dovecot.tls_port, bytes_per_second=400_000) as proxy:
            self.mailbox["port"] = proxy.port
            process = self.program.start("fetch")
            self.wait_until(
                lambda: self.value("SELECT count(*) FROM bounce.message") > 0, "the first batch"
            )
            process.send_signal(signal.SIGTERM)
            output, errors = process.communicate(timeout=60)
        self.assertEqual((process.returncode, output, errors), (0, "", ""))
        self.assert_nothing_lost()
        stored = self.value("SELECT count(*) FROM bounce.message")
        self.assert_folders(inbox=self.count_ - stored, processed=stored)
        self.assertLess(stored, self.count_, "the signal came too late to show anything")
        self.assertIsNotNone(self.value("SELECT finished_at FROM bounce.run"))
        self.mailbox["port"] = self.dovecot.tls_port
        self.assert_next_run_completes()

    def test_a_second_run_beside_the_first_leaves_quietly(self) -> None:
        with Proxy(self.dovecot.tls_port, stall_after=100_000) as proxy:
            self.mailbox["port"] = proxy.port
            first = self.program.start("fetch")
            self.wait_until(proxy.stalled.is_set, "the first run is under way")
            self.mailbox["port"] = self.dovecot.tls_port
            started = time.monotonic()
            self.fetch()
            self.assertLess(time.monotonic() - started, 10)
            self.assertEqual(proxy.connections, self.connections_)
            self.assertIsNone(first.poll(), "the first run is no longer under way")
            proxy.release()
            output, errors = first.communicate(timeout=60)
        self.assertEqual((first.returncode, output, errors), (0, "", ""))
        self.assert_ledger(self.mails)
        self.assert_folders(inbox=0, processed=self.count_)


class BrokenOverTwoConnections(Broken):
    """The same where a second connection files away."""

    commit_messages_ = 10
    connections_ = 2
