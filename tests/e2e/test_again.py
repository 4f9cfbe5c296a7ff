"""The same mails once more, under other UIDs: known by their bytes, and not counted again."""

import re

from e2e.case import PROCESSED, Case, use_lab
from lab.proxy import Proxy

setUpModule, tearDownModule = use_lab()

COUNT = 40


class Again(Case):
    """Mails that were read before."""

    def setUp(self) -> None:
        super().setUp()
        self.mails = self.mixed(COUNT)
        self.deliver(self.mails)

    def fetch_first(self) -> None:
        """The first time; remembers what everybody sees of it."""
        self.fetch()
        self.assert_ledger(self.mails)
        self.seen = self.everything_seen()

    def everything_seen(self) -> dict[str, list[dict]]:
        """What a repeated mail must not change."""
        tables = ("message", "event", "recipient", "escalation", "campaign_count")
        return {t: self.query(f"SELECT * FROM bounce.{t} t ORDER BY t::text") for t in tables}

    def assert_known(self, fetched: int) -> None:
        """The last run met so many mails, all of them known, and changed no verdict or count."""
        self.assertEqual(self.everything_seen(), self.seen)
        (run,) = self.query("SELECT * FROM bounce.run ORDER BY started_at DESC LIMIT 1")
        self.assertEqual(
            (run["fetched"], run["already_known"], run["stored"], run["events"]),
            (fetched, fetched, 0, 0),
        )
        self.assertTrue(run["adds_up"])

    def forget_uids(self) -> int:
        """The server gives the inbox a new UIDVALIDITY and new UIDs; returns the old one."""
        before = self.value("SELECT max(uidvalidity) FROM bounce.fetched")
        # A session that is still there would write its files again.
        self.wait_until(lambda: self.dovecot.sessions(self.user) == 0, "the end of the session")
        for path in self.dovecot.folder_path(self.user).glob("dovecot*"):
            path.unlink()
        self.set_uidvalidity(before + 1)
        return before

    def set_uidvalidity(self, validity: int) -> None:
        """The inbox of the test's account has this UIDVALIDITY from now on."""
        update = ("mailbox", "update", "-u", self.user, "--uid-validity", str(validity), "INBOX")
        self.dovecot.doveadm(*update)

    def test_mails_delivered_again_are_filed_away_and_not_counted(self) -> None:
        self.fetch_first()
        self.deliver(self.mails)
        self.fetch()
        self.assert_known(COUNT)
        self.assert_folders(inbox=0, processed=2 * COUNT)

    def test_a_new_uidvalidity_between_two_runs(self) -> None:
        self.fetch_first()
        before = self.forget_uids()
        self.deliver(self.mails)
        self.fetch()
        self.assert_known(COUNT)
        self.assertGreater(
            self.value("SELECT count(*) FROM bounce.fetched"
                       f" WHERE uidvalidity <> {before}"), 0, "the server has kept UIDVALIDITY"
        )  # fmt: skip
        self.assert_folders(inbox=0, processed=2 * COUNT)

    def test_other_mails_under_the_uids_of_old_ones_are_new(self) -> None:
        self.fetch_first()
        self.forget_uids()
        others = self.mixed(COUNT, seed=99)
        self.deliver(others)
        self.fetch()
        self.assert_ledger(self.mails + others)
        self.assert_folders(inbox=0, processed=2 * COUNT)

    def test_mails_that_were_stored_but_not_filed_when_the_folder_was_made_anew(self) -> None:
        self.mailbox["after"] = "keep"
        self.fetch_first()
        self.mailbox["after"] = "move"
        self.forget_uids()
        self.fetch()
        self.assert_known(COUNT)
        self.assert_folders(inbox=0, processed=COUNT)

    def test_mails_kept_in_place_are_read_again_and_not_counted(self) -> None:
        self.mailbox["after"] = "keep"
        self.fetch_first()
        self.forget_uids()
        self.fetch()
        self.assert_known(COUNT)
        self.fetch()
        self.assert_known(0)
        self.assert_folders(inbox=COUNT)

    def test_a_mailbox_that_moved_to_another_account_and_name(self) -> None:
        self.fetch_first()
        self.user = f"moved-{self.user}"
        self.dovecot.add_user(self.user)
        self.program.mailboxes.clear()
        self.program.add_mailbox("bounces-2027", self.dovecot, self.user)
        self.deliver(self.mails)
        self.fetch()
        self.assert_known(COUNT)
        self.assert_folders(inbox=0, processed=COUNT)

    def other_account(self) -> None:
        """The mailbox's section names another account, whose inbox has the same UIDVALIDITY."""
        validity = self.value("SELECT max(uidvalidity) FROM bounce.fetched")
        self.user = f"other-{self.user}"
        self.dovecot.add_user(self.user)
        self.mailbox["user"] = self.user
        self.set_uidvalidity(validity)

    def test_another_account_with_the_same_uidvalidity(self) -> None:
        self.fetch_first()
        self.other_account()
        others = self.mixed(COUNT, seed=99)
        self.deliver(others)
        self.fetch()
        self.assert_ledger(self.mails + others)
        self.assert_folders(inbox=0, processed=COUNT)

    def test_another_account_with_the_same_uidvalidity_and_mails_kept_in_place(self) -> None:
        self.mailbox["after"] = "keep"
        self.fetch_first()
        self.other_account()
        others = self.mixed(COUNT, seed=99)
        self.deliver(others)
        self.fetch()
        self.assert_ledger(self.mails + others)

    def test_without_uidvalidity_mails_kept_in_place_are_told_apart_by_their_bytes(self) -> None:
        def hide(data: bytes) -> bytes:
            return re.sub(rb"\* OK \[UIDVALIDITY [^\n]*\n", b"", data)

        with Proxy(self.dovecot.port, edit=hide) as proxy:
            self.mailbox |= {"after": "keep", "tls": "none", "port": proxy.port}
            self.fetch_first()
            self.fetch()
            self.assert_known(COUNT)
            self.dovecot.doveadm("expunge", "-u", self.user, "mailbox", "INBOX", "all")
            self.forget_uids()
            others = self.mixed(COUNT, seed=99)
            self.deliver(others)
            self.fetch()
            self.assert_ledger(self.mails + others)

    def test_deleting_removes_what_is_known_as_well(self) -> None:
        self.fetch_first()
        self.mailbox["after"] = "delete"
        self.deliver(self.mails)
        self.fetch()
        self.assert_known(COUNT)
        filed = self.count(PROCESSED)
        self.assertEqual((self.count(), filed), (0, COUNT))

    def test_the_folder_for_what_is_done_may_be_made_anew(self) -> None:
        self.fetch_first()
        self.dovecot.doveadm("mailbox", "delete", "-u", self.user, PROCESSED)
        self.deliver(self.mails)
        self.fetch()
        self.assert_known(COUNT)
        self.assert_folders(inbox=0, processed=COUNT)
