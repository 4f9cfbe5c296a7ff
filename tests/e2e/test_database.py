"""The schema: made once, guarded, explained, and readable by those who may only read."""

import time

from e2e.case import OWNER, Case, use_lab
from lab.bounces import DAY, Generator
from lab.diagnostics import diagnostic_of
from lab.place import LabError

setUpModule, tearDownModule = use_lab()

EX_TEMPORARY, EX_PERMISSION, EX_CONFIG = 75, 77, 78

READER = "marketing"
VERDICTS = ("none", "block", "soft", "hard", "complaint")
VIEWS = ("campaign_summary", "campaign_bounces", "suppression", "recipient_status")


class Migrate(Case):
    """nullsender migrate."""

    def versions(self) -> list[dict]:
        return self.query("SELECT * FROM bounce.schema_version ORDER BY version")

    def test_a_second_time_changes_nothing(self) -> None:
        before = self.versions()
        self.assertGreater(len(before), 0)
        self.run_program("migrate")
        self.assertEqual(self.versions(), before)

    def test_two_at_once_make_it_once(self) -> None:
        self.postgres.create_database(f"{self.database}_new", OWNER)
        self.program.database["conninfo"] = self.postgres.conninfo(f"{self.database}_new", OWNER)
        runs = [self.program.start("migrate") for _ in range(3)]
        for run in runs:
            _, errors = run.communicate(timeout=60)
            self.assertEqual(run.returncode, 0, errors)
        made = self.postgres.query("SELECT * FROM bounce.schema_version", f"{self.database}_new")
        self.assertEqual(len(made), len(self.versions()))

    def test_a_newer_database_is_left_alone(self) -> None:
        self.postgres.execute(
            "INSERT INTO bounce.schema_version (version, name, sha256)"
            " SELECT 9999, '9999_future.sql', sha256 FROM bounce.schema_version LIMIT 1",
            self.database,
        )
        for command in ("migrate", "fetch"):
            _, errors = self.run_program(command, code=EX_CONFIG)
            self.assertIn("newer", errors)

    def test_a_changed_migration_is_noticed(self) -> None:
        self.postgres.execute(
            "UPDATE bounce.schema_version SET sha256 = '\\x00' WHERE version = 1", self.database
        )
        _, errors = self.run_program("migrate", code=EX_CONFIG)
        self.assertRegex(errors, r"00?1_")

    def test_dry_run_makes_nothing(self) -> None:
        self.postgres.create_database(f"{self.database}_new", OWNER)
        self.program.database["conninfo"] = self.postgres.conninfo(f"{self.database}_new", OWNER)
        self.run_program("migrate", "--dry-run", code=EX_CONFIG)
        schemas = self.postgres.query(
            "SELECT nspname FROM pg_namespace WHERE nspname = 'bounce'", f"{self.database}_new"
        )
        self.assertEqual(schemas, [])

    def test_no_such_database(self) -> None:
        self.program.database["conninfo"] = self.postgres.conninfo("nowhere", OWNER)
        _, errors = self.run_program("migrate", code=EX_CONFIG)
        self.assertIn("nowhere", errors)

    def test_every_table_view_and_column_is_explained(self) -> None:
        self.assertEqual(
            self.query(
                "SELECT c.relname, a.attname FROM pg_class c"
                " JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'bounce'"
                " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
                " AND NOT a.attisdropped"
                " WHERE c.relkind IN ('r', 'v', 'p', 'm')"
                " AND (obj_description(c.oid) IS NULL OR col_description(c.oid, a.attnum) IS NULL)"
            ),
            [],
        )


class Reader(Case):
    """The role for marketing and dashboards."""

    def setUp(self) -> None:
        super().setUp()
        exists = self.postgres.query(f"SELECT FROM pg_roles WHERE rolname = '{READER}'")
        if not exists:
            self.postgres.execute(f"CREATE ROLE {READER} LOGIN")
            self.postgres.execute(f"GRANT nullsender_reader TO {READER}")
        self.mails = self.mixed(60)
        self.deliver(self.mails)
        self.fetch()

    def test_it_reads_every_view(self) -> None:
        for view in VIEWS:
            rows = self.postgres.query(f"SELECT * FROM bounce.{view}", self.database, READER)
            self.assertGreater(len(rows), 0, view)

    def test_it_cannot_write(self) -> None:
        tables = self.query(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'bounce' AND c.relkind IN ('r', 'v')"
        )
        for table in (row["relname"] for row in tables):
            for statement in (f"DELETE FROM bounce.{table}", f"TRUNCATE bounce.{table}"):
                with self.assertRaises(LabError, msg=statement):
                    self.postgres.execute(statement, self.database, READER)
        for statement in (
            "INSERT INTO bounce.operator_action (recipient, action, reason)"
            " VALUES ('ada@example.net', 'reinstate', 'x')",
            "CREATE TABLE bounce.mine ()",
            "UPDATE bounce.recipient SET state = 'active'",
        ):
            with self.assertRaisesRegex(LabError, "permission denied", msg=statement):
                self.postgres.execute(statement, self.database, READER)

    def test_it_cannot_read_other_peoples_mail(self) -> None:
        with self.assertRaisesRegex(LabError, "permission denied"):
            self.postgres.query("SELECT * FROM bounce.message_raw", self.database, READER)


class Views(Case):
    """What marketing counts is what happened."""

    def test_the_summary_of_a_campaign_counts_each_recipient_once(self) -> None:
        mails = self.mixed(300)
        self.deliver(mails)
        self.fetch()
        counts: dict[str, dict[str, int]] = {}
        for row in (row for mail in mails for row in mail.truth if row.campaign):
            campaign = counts.setdefault(row.campaign, dict.fromkeys(VERDICTS, 0))
            campaign[row.verdict] += 1
        for row in self.query("SELECT * FROM bounce.campaign_summary WHERE campaign <> ''"):
            expected = counts.pop(row["campaign"])
            for verdict in VERDICTS[1:]:
                self.assertEqual(row[verdict], expected[verdict], (row["campaign"], verdict))
            self.assertEqual(row["other"], expected["none"])
        self.assertEqual(counts, {})

    def test_a_delay_and_the_failure_after_it_are_one(self) -> None:
        generator = Generator(23)
        now = float(int(time.time()))
        unknown = diagnostic_of("user_unknown")
        to = ("spring26", "ada@example.net")
        self.deliver(
            [
                generator.bounce(now - 2 * DAY, "delay", None, *to),
                generator.bounce(now - DAY, "postfix", unknown, *to),
                generator.bounce(now - DAY, "exim", unknown, *to),
            ]
        )
        self.fetch()
        (row,) = self.query("SELECT * FROM bounce.campaign_summary")
        self.assertEqual((row["hard"], row["soft"], row["other"]), (1, 0, 0))
        self.assertEqual(len(self.query("SELECT * FROM bounce.campaign_bounces")), 1)

    def test_a_policy_of_three_strikes(self) -> None:
        self.program.sections["policy"] = {"strikes": 3}
        start = float(int(time.time() - 15 * DAY))
        full = diagnostic_of("mailbox_full")
        self.deliver(Generator(29).escalating("ada@full.example", full, start, 3))
        self.fetch()
        (row,) = self.query("SELECT * FROM bounce.recipient_status")
        self.assertEqual((row["state"], row["may_send"], row["escalated"]), ("hard", False, True))

    def test_five_bounces_of_one_day_are_one_strike(self) -> None:
        generator = Generator(31)
        noon = float(int(time.time()) // 86400 * 86400 - DAY + 12 * 3600)
        full = diagnostic_of("mailbox_full")
        self.deliver(
            generator.bounce(noon + i, "google", full, f"campaign_{i}", "ada@full.example")
            for i in range(5)
        )
        self.fetch()
        (row,) = self.query("SELECT * FROM bounce.recipient_status")
        self.assertEqual((row["state"], row["strikes"], row["may_send"]), ("soft", 1, True))
