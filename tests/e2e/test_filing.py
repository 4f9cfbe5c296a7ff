"""Filing away what is stored: over the connection that reads, or over one of its own."""

import re

from e2e.case import PROCESSED, Case, use_lab
from lab.bounces import Bounce
from lab.dovecot import WITHOUT_MOVE
from lab.place import write_file
from lab.proxy import Proxy

setUpModule, tearDownModule = use_lab()

EX_TEMPORARY = 75
COMMIT_MESSAGES = 10
FEW = 9 * COMMIT_MESSAGES  # too few for a connection of their own
MANY = 20 * COMMIT_MESSAGES


class Filing(Case):
    """A mailbox that is read through a proxy, which counts the connections."""

    def setUp(self) -> None:
        super().setUp()
        self.program.database["commit_messages"] = COMMIT_MESSAGES

    def fill(self, count: int) -> list[Bounce]:
        mails = self.mixed(count)
        self.deliver(mails)
        return mails

    def connections_of_fetch(self, *arguments: str) -> int:
        with Proxy(self.dovecot.tls_port) as proxy:
            self.mailbox["port"] = proxy.port
            self.fetch(*arguments)
            return proxy.connections

    def assert_all_filed(self, mails: list[Bounce]) -> None:
        self.assert_ledger(mails)
        self.assert_folders(inbox=0, processed=len(mails))
        sums = self.query("SELECT sum(stored)::int AS stored, bool_and(adds_up) FROM bounce.run")
        self.assertEqual(sums, [{"stored": len(mails), "bool_and": True}])

    def test_few_messages_go_over_the_connection_that_reads(self) -> None:
        mails = self.fill(FEW)
        self.assertEqual(self.connections_of_fetch(), 1)
        self.assert_all_filed(mails)

    def test_many_go_over_one_of_their_own(self) -> None:
        mails = self.fill(MANY)
        self.assertEqual(self.connections_of_fetch(), 2)
        self.assert_all_filed(mails)
        self.assertEqual(self.value("SELECT filed FROM bounce.run"), MANY)

    def test_one_is_enough_where_nothing_is_filed(self) -> None:
        mails = self.fill(MANY)
        self.mailbox["after"] = "keep"
        self.assertEqual(self.connections_of_fetch(), 1)
        self.assert_ledger(mails)
        self.assert_folders(inbox=MANY)

    def test_one_is_enough_for_a_small_limit(self) -> None:
        self.fill(MANY)
        self.assertEqual(self.connections_of_fetch("--limit", str(FEW)), 1)
        self.assert_folders(inbox=MANY - FEW, processed=FEW)

    def test_whoever_says_how_many_to_ask_for_gets_one(self) -> None:
        mails = self.fill(MANY)
        self.mailbox["fetch_messages"] = COMMIT_MESSAGES
        self.assertEqual(self.connections_of_fetch(), 1)
        self.assert_all_filed(mails)

    def test_what_an_earlier_run_stored_goes_over_it_too(self) -> None:
        mails = self.fill(MANY)
        self.mailbox["after"] = "keep"
        self.fetch()
        self.mailbox["after"] = "move"
        self.assertEqual(self.connections_of_fetch(), 2)
        self.assert_all_filed(mails)

    def test_deleting(self) -> None:
        mails = self.fill(MANY)
        self.mailbox["after"] = "delete"
        self.assertEqual(self.connections_of_fetch(), 2)
        self.assert_ledger(mails)
        left = self.value("SELECT count(*) FROM bounce.message WHERE outcome <> 'judged'")
        self.assert_folders(inbox=0, quarantine=left)

    def test_copies_are_removed_where_the_server_cannot_move(self) -> None:
        self.use_dovecot("without-move", {"imap_capability": WITHOUT_MOVE})
        mails = self.fill(MANY)
        self.assertEqual(self.connections_of_fetch(), 2)
        self.assert_all_filed(mails)

    def test_where_a_second_connection_is_refused_one_does_both(self) -> None:
        self.use_dovecot("one-connection", {"mail_max_userip_connections": "1"})
        mails = self.fill(MANY)
        _, errors = self.run_program("fetch", "-v")
        self.assertIn("no second connection for filing away, one does both", errors)
        self.assertIn("Maximum number of connections", errors)  # Dovecot's own words
        self.assert_all_filed(mails)

    def test_a_uid_without_uidvalidity_means_nothing_to_another_connection(self) -> None:
        def forget(data: bytes) -> bytes:
            return re.sub(rb"\* OK \[UIDVALIDITY [^\n]*\n", b"", data)

        mails = self.fill(MANY)
        with Proxy(self.dovecot.port, edit=forget) as proxy:
            self.mailbox |= {"tls": "none", "port": proxy.port}
            self.fetch()
            self.assertEqual(proxy.connections, 1)
        self.assert_all_filed(mails)

    def test_what_the_server_says_at_each_login_is_told_once(self) -> None:
        def alert(data: bytes) -> bytes:
            return re.sub(rb"(\w+ OK [^\r\n]*Logged in)", rb"* OK [ALERT] Please move\r\n\1", data)

        self.fill(MANY)
        with Proxy(self.dovecot.port, edit=alert) as proxy:
            self.mailbox |= {"tls": "none", "port": proxy.port}
            _, errors = self.run_program("fetch")
            self.assertEqual(proxy.connections, 2)
        self.assertEqual(errors.count("Please move"), 1, errors)

    def test_a_connection_that_breaks_off_is_told_and_nothing_is_lost(self) -> None:
        with Proxy(self.dovecot.tls_port, cut_after=4000, cut_number=2) as proxy:
            self.mailbox |= {"port": proxy.port, "retries": 0}
            mails = self.fill(MANY)
            _, errors = self.run_program("fetch", code=EX_TEMPORARY)
            self.assertIn("mailbox bounces: the connection that files away: ", errors)
        self.assert_ledger(mails)  # all of it is read over the other one
        self.mailbox["port"] = self.dovecot.tls_port
        self.fetch()
        self.assert_all_filed(mails)

    def test_a_connection_that_breaks_off_is_replaced_by_the_same_run(self) -> None:
        mails = self.fill(MANY)
        with Proxy(self.dovecot.tls_port, cut_after=4000, cut_number=2) as proxy:
            self.mailbox |= {"port": proxy.port, "retries": 1}
            self.fetch()
            self.assertGreater(proxy.connections, 2)
        self.assert_all_filed(mails)

    def test_an_interrupted_run_takes_what_it_asked_for_and_so_unlocks_the_folder(self) -> None:
        # More than all buffers between Dovecot and the program hold is asked for at once.
        count, octets = 50, 2 * 1024 * 1024
        self.use_dovecot("mbox", {"mail_location": "mbox:~/mbox:INBOX=~/inbox"})
        self.program.database["commit_messages"] = count // 10
        self.mailbox |= {"timeout": 10, "message_octets": octets}
        inbox = self.dovecot.folder_path(self.user).parent / "inbox"
        lines = ("x" * 79 + "\n") * (octets // 80)
        letter = f"From ada Sat Nov 21 12:00:00 2026\nSubject: %d\n\n{lines}\n"
        write_file(inbox, "".join(letter % i for i in range(count)), self.dovecot.owner)
        process = self.program.start("fetch")
        self.wait_until(lambda: self.value("SELECT count(*) FROM bounce.message"), "under way")
        process.terminate()
        output, errors = process.communicate(timeout=60)
        self.assertEqual((process.returncode, output, errors), (0, "", ""))
        (run,) = self.query("SELECT stored::int, filed::int FROM bounce.run")
        self.assertEqual(run["stored"], run["filed"])
        self.assertLess(run["stored"], count)

    def test_where_the_second_connection_ends_the_first_the_next_try_does_without(self) -> None:
        mails = self.fill(MANY)
        with Proxy(self.dovecot.port, only_one=True) as proxy:
            self.mailbox |= {"tls": "none", "port": proxy.port, "retries": 1}
            self.fetch()
            self.assertEqual(proxy.connections, 3)
        self.assert_all_filed(mails)

    def test_a_watcher_does_without_a_second_connection_that_ends_the_first(self) -> None:
        mails = self.fill(MANY)
        with Proxy(self.dovecot.port, only_one=True) as proxy:
            self.mailbox |= {"tls": "none", "port": proxy.port}
            process = self.program.start("fetch", "--watch")
            self.wait_until(lambda: self.count(PROCESSED) == MANY, "all filed away")
            process.terminate()
            process.communicate(timeout=60)
            self.assertEqual((process.returncode, proxy.connections), (0, 3))
        self.assert_ledger(mails)

    def test_what_the_server_refuses_to_move_is_an_error_and_does_not_count(self) -> None:
        refused = []

        def refuse(data: bytes) -> bytes:
            if refused or b"OK Move completed" not in data:
                return data
            refused.append(True)
            return data.replace(b"OK Move completed", b"NO [OVERQUOTA] Quota exceeded", 1)

        mails = self.fill(MANY)
        with Proxy(self.dovecot.port, edit=refuse) as proxy:
            self.mailbox |= {"tls": "none", "port": proxy.port, "retries": 0}
            _, errors = self.run_program("fetch", code=EX_TEMPORARY)
            self.assertEqual(proxy.connections, 2)
        self.assertIn(f"the server refuses to move messages to \"{PROCESSED}\"", errors)
        self.assertIn("Quota exceeded", errors)
        self.assertEqual(self.value("SELECT filed FROM bounce.run"), MANY - COMMIT_MESSAGES)
        self.assert_ledger(mails)
