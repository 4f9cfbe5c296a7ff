"""Through a PgBouncer that gives each transaction another connection, everything is the same."""

from __future__ import annotations

import subprocess

from e2e.case import OWNER, Case, use_lab
from lab.pgbouncer import POOL, PgBouncer

RULE = """
phase local

rule     house-unknown
text     user unknown
verdict  block policy_rejected
example  550 5.1.1 <ada@example.net>: User unknown
"""

setUpModule, tearDownModule = use_lab()


class Pooler(Case):
    """PgBouncer with pool_mode = transaction."""

    def setUp(self) -> None:
        super().setUp()
        place = self.lab.place("pgbouncer")
        pooler = PgBouncer(place, self.postgres, OWNER)
        self.enterContext(pooler)
        self.conninfo = pooler.conninfo(self.database, OWNER)
        self.program.database["conninfo"] = self.conninfo

    def open_all(self) -> None:
        """Makes the pooler open all its server connections, among which it then goes round."""
        command = ["psql", "-X", "-c", "SELECT pg_sleep(0.5)", self.conninfo]
        sleepers = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(POOL)]
        for sleeper in sleepers:
            self.assertEqual(sleeper.wait(), 0)

    def test_commands_do_what_they_do_without(self) -> None:
        mails = self.mixed(150)
        self.deliver(mails)
        self.open_all()
        self.run_program("migrate")
        self.fetch()
        self.assert_ledger(mails)
        self.fetch()
        address = self.value("SELECT min(recipient) FROM bounce.suppression")
        for command in (
            ("explain", address),
            ("export",),
            ("report",),
            ("reinstate", address, "--reason", "test"),
            ("suppress", address, "--reason", "test"),
            ("review",),
            ("rebuild",),
            ("prune",),
            ("reprocess", "--apply"),
        ):
            self.run_program(*command)
        self.assertEqual(self.value("SELECT count(*) FROM bounce.run WHERE NOT adds_up"), 0)

    def test_a_judgement_changes_and_comes_back(self) -> None:
        mails = self.mixed(60)
        self.deliver(mails)
        self.fetch()
        self.open_all()
        before = self.ledger()
        rules = self.program.folder / "rules"
        rules.mkdir()
        (rules / "house.rules").write_text(RULE)
        self.program.sections["rules"] = {"directory": str(rules)}
        self.run_program("reprocess", "--apply")
        self.assertNotEqual(self.ledger(), before)
        self.run_program("reprocess", "--undo", "last", "--apply")
        self.assertEqual(self.ledger(), before)
        left = "SELECT count(*) FROM pg_class WHERE relname LIKE 'reprocess%'"
        self.assertEqual(self.value(left), 0)
