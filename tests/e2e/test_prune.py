"""What is not kept for ever, and what ends by itself."""

import csv
import io
import time

from e2e.case import Case, use_lab
from lab.bounces import DAY, Bounce, Generator
from lab.diagnostics import diagnostic_of

setUpModule, tearDownModule = use_lab()

EX_CONFIG = 78

DEAD, BLOCKED, FULL = "dead@example.net", "blocked@example.org", "full@example.net"
COMPUTED = ("recipient", "campaign_recipient", "campaign_count", "escalation", "domain_window")


class OldMail(Case):
    """A dead address and a blocked one of 400 days ago; their mails stay in the mailbox."""

    def setUp(self) -> None:
        super().setUp()
        self.generator = Generator(21)
        self.now = float(int(time.time()))
        self.mailbox["after"] = "keep"
        self.program.database["keep_raw_days"] = 100
        self.program.database["keep_events_days"] = 300
        self.old = [
            self.bounce(DEAD, "user_unknown", 400),
            self.bounce(BLOCKED, "blocklisted", 400),
        ]
        self.deliver(self.old)

    def bounce(self, recipient: str, category: str, days_ago: float, campaign: str = "") -> Bounce:
        """A mail of then."""
        return self.generator.bounce(
            self.now - days_ago * DAY, "postfix", diagnostic_of(category), campaign, recipient
        )

    def recipients(self) -> list[str]:
        rows = self.query("SELECT recipient FROM bounce.recipient ORDER BY recipient")
        return [row["recipient"] for row in rows]

    def computed(self) -> list[list[dict]]:
        rows = "SELECT t::text AS row FROM bounce.{} t ORDER BY 1"
        return [self.query(rows.format(table)) for table in COMPUTED]

    def state(self, recipient: str) -> str:
        return self.value(f"SELECT state FROM bounce.recipient WHERE recipient = '{recipient}'")


class Prune(OldMail):
    """What is removed, and what stays as it is."""

    def test_what_was_forgotten_is_not_fetched_again(self) -> None:
        self.fetch()
        self.assertEqual(self.recipients(), [DEAD])
        summary = self.query("SELECT * FROM bounce.campaign_summary ORDER BY campaign")
        self.assertEqual(sum(row["bounced"] for row in summary), 2)
        self.fetch()
        # A folder that is made anew gives every message another UID.
        self.postgres.execute("UPDATE bounce.mailbox SET uidvalidity = 1", self.database)
        self.postgres.execute("UPDATE bounce.fetched SET uidvalidity = 1", self.database)
        self.fetch()
        known = "SELECT already_known FROM bounce.run ORDER BY started_at DESC LIMIT 1"
        self.assertEqual(self.value(known), 2)
        self.assertEqual(self.recipients(), [DEAD])
        self.assertEqual(
            self.query("SELECT * FROM bounce.campaign_summary ORDER BY campaign"), summary
        )

    def test_a_rebuild_afterwards_gives_the_same(self) -> None:
        self.deliver([self.bounce(FULL, "mailbox_full", 3)])
        self.fetch()
        before = self.computed()
        self.run_program("rebuild")
        self.assertEqual(self.computed(), before)

    def test_a_dry_run_says_what_would_go(self) -> None:
        self.program.database["keep_events_days"] = 0
        self.program.database["keep_raw_days"] = 0
        self.fetch()
        output, _ = self.run_program("prune")
        self.assertIn("keeps everything", output)
        self.program.database["keep_events_days"] = 300
        output, _ = self.run_program("prune", "--dry-run")
        self.assertIn("1 addresses with 1 events would go", output)
        self.assertEqual(self.recipients(), [BLOCKED, DEAD])
        output, _ = self.run_program("prune")
        self.assertIn("1 addresses with 1 events removed", output)
        self.assertEqual(self.recipients(), [DEAD])
        (log,) = self.query("SELECT addresses, complete FROM bounce.prune_log")
        self.assertEqual(log, {"addresses": 1, "complete": True})

    def test_a_dry_fetch_removes_nothing(self) -> None:
        self.program.database["keep_events_days"] = 0
        self.fetch()
        self.program.database["keep_events_days"] = 300
        self.run_program("fetch", "--dry-run")
        self.assertEqual(self.recipients(), [BLOCKED, DEAD])

    def test_bytes_go_when_they_are_old(self) -> None:
        self.fetch()
        bytes_left = "SELECT count(*) FROM bounce.message_raw"
        self.assertEqual(self.value(bytes_left), 1)  # counted from when they were stored
        self.postgres.execute(
            "UPDATE bounce.message_raw SET stored_at = now() - interval '101 days'", self.database
        )
        output, _ = self.run_program("prune")
        self.assertIn("the bytes of 1 messages removed", output)
        self.assertEqual(self.value(bytes_left), 0)
        self.assertEqual(self.recipients(), [DEAD])


class Expiry(OldMail):
    """A full mailbox is given another chance where the policy says so."""

    def test_a_full_mailbox_gets_another_chance(self) -> None:
        self.program.sections["policy"] = {"strikes": 2, "expire": ["mailbox_full 30"]}
        self.deliver(
            [self.bounce(FULL, "mailbox_full", days, f"letter_{days}") for days in (12, 11)]
        )
        self.fetch()
        self.assertEqual(self.state(FULL), "hard")
        story, _ = self.run_program("explain", FULL)
        self.assertIn("It ends by itself on ", story)
        self.program.sections["policy"]["expire"] = ["mailbox_full 6"]
        self.fetch()
        self.assertEqual(self.state(FULL), "soft")
        self.assertEqual(self.state(DEAD), "hard")
        output, _ = self.run_program("export", "--since", "2000-01-01")
        rows = list(csv.DictReader(io.StringIO(output, newline="")))
        changes = [row["suppressed"] for row in rows if row["recipient"] == FULL]
        self.assertEqual(changes, ["true", "false"])
        before = self.computed()
        self.run_program("rebuild")
        self.assertEqual(self.computed(), before)
        self.deliver([self.bounce(FULL, "mailbox_full", 0, "today")])
        self.fetch()
        self.assertEqual(self.state(FULL), "hard")

    def test_what_never_heals_cannot_be_made_to(self) -> None:
        for text, words in (
            ("user_unknown 90", "user_unknown does not come to life by itself"),
            ("blocklisted 90", "blocklisted makes no address hard"),
            ("mailbox_full 0", "a number from 1 to 36500"),
            ("mailbox_ful 9", "no category 'mailbox_ful'; did you mean 'mailbox_full'?"),
        ):
            self.program.sections["policy"] = {"expire": [text]}
            _, errors = self.run_program("fetch", code=EX_CONFIG)
            self.assertIn(words, errors)
