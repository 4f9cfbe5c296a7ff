"""Stored mails judged again under other rules: the difference, writing it, and taking it back."""

from __future__ import annotations

import random
import signal
import time
import uuid

from e2e.case import Case, use_lab
from lab.bounces import DAY, Bounce, Generator
from lab.diagnostics import diagnostic_of

setUpModule, tearDownModule = use_lab()

EX_NOT_FOUND, EX_USAGE = 1, 64

KILLS = 4

SEVERAL_PAGES = 2300  # a page has 1000 messages

# What a server says of dead addresses, taken for a blocklist by a rule of the house.
RULE = """
phase contra

rule     house-blocklist
text     User unknown in virtual mailbox table
verdict  block blocklisted
example  550 5.1.1 <ada@example.net>: User unknown in virtual mailbox table
"""

COMPUTED = ("recipient", "campaign_recipient", "escalation", "domain_window")
IN_FORCE = (
    "SELECT to_jsonb(e) AS row FROM bounce.event e WHERE superseded_by IS NULL"
    " ORDER BY recipient, message"
)

DEAD, SECOND, FULL = "dead@example.net", "second@example.net", "full@example.org"


class Reprocess(Case):
    """Mails whose judgement a rule of the house changes."""

    def setUp(self) -> None:
        super().setUp()
        self.rules = self.program.folder / "rules"
        self.rules.mkdir()
        self.program.sections["rules"] = {"directory": str(self.rules)}
        self.generator = Generator(11)
        self.now = float(int(time.time()))
        # A domain whose addresses all fail has no outage here.
        self.program.sections["policy"] = {"outage_recipients": 0}

    def bounces(self) -> list[Bounce]:
        unknown, full = diagnostic_of("user_unknown"), diagnostic_of("mailbox_full")
        make = self.generator.bounce
        return [
            make(self.now - 9 * DAY, "postfix", unknown, "spring26", DEAD),
            make(self.now - 8 * DAY, "exim", unknown, "summer26", SECOND),
            make(self.now - 7 * DAY, "postfix", full, "spring26", FULL),
        ]

    def add_rule(self, text: str = RULE) -> None:
        (self.rules / "house.rules").write_text(text)

    def reprocess(self, *arguments: str, code: int = 0) -> str:
        output, errors = self.run_program("reprocess", *arguments, code=code)
        return output if code == 0 else errors

    def computed(self) -> list[list[dict]]:
        """All that is computed from the ledger, and the judgements in force."""
        rows = "SELECT to_jsonb(t) AS row FROM bounce.{} t ORDER BY t::text"
        tables = [self.query(rows.format(table)) for table in COMPUTED]
        counts = "SELECT * FROM bounce.campaign_count WHERE recipients <> 0 ORDER BY 1, 2, 3, 4, 5"
        tables.append(self.query(counts))
        tables.append(self.query(IN_FORCE))
        tables.append(self.query("SELECT to_jsonb(m) AS row FROM bounce.message m ORDER BY id"))
        return tables

    def assert_rebuild_changes_nothing(self) -> None:
        before = self.computed()
        self.run_program("rebuild")
        self.assertEqual(self.computed(), before)

    def state(self, address: str) -> str:
        return self.value(f"SELECT state FROM bounce.recipient WHERE recipient = '{address}'")

    def test_the_difference_is_shown_and_nothing_is_changed(self) -> None:
        self.deliver(self.bounces())
        self.fetch()
        self.assertIn("3 messages judged again, 0 of them otherwise", self.reprocess())
        self.add_rule()
        before = self.computed()
        output = self.reprocess()
        message = self.value("SELECT min(message::text) FROM bounce.event WHERE verdict = 'hard'")
        self.assertIn("3 messages judged again, 2 of them otherwise", output)
        self.assertRegex(
            output, rf"2  hard/user_unknown -> block/blocklisted \(fault\) +message {message}"
        )
        self.assertRegex(output, rf"2  hard -> active +{DEAD}, {SECOND}")
        self.assertIn("--apply writes it", output)
        self.assertEqual(self.computed(), before)
        self.assertEqual(self.value("SELECT count(*) FROM bounce.suppression"), 2)
        self.assertEqual(self.value("SELECT count(*) FROM bounce.run WHERE command <> 'fetch'"), 0)

    def test_what_is_applied_is_taken_back_row_by_row(self) -> None:
        self.deliver(self.bounces())
        self.fetch()
        before = self.computed()
        self.add_rule()
        output = self.reprocess("--apply")
        self.assertIn("2 messages changed by run", output)
        self.assertEqual((self.state(DEAD), self.state(FULL)), ("active", "soft"))
        self.assert_rebuild_changes_nothing()
        self.assertIn("0 of them otherwise", self.reprocess("--apply"))
        (run,) = self.query("SELECT * FROM bounce.run WHERE stored > 0 AND command = 'reprocess'")
        self.assertEqual((run["fetched"], run["stored"], run["events"]), (3, 2, 2))
        self.assertTrue(run["adds_up"] and run["finished_at"] and run["ruleset"])
        superseded = f"SELECT count(*) FROM bounce.event WHERE superseded_by = '{run['id']}'"
        self.assertEqual(self.value(superseded), 2)

        preview = self.reprocess("--undo", run["id"][:8])
        self.assertIn("2  block/blocklisted -> hard/user_unknown", preview)
        self.assertIn("2  active -> hard", preview)
        self.assertEqual(self.state(DEAD), "active")
        self.reprocess("--undo", "last", "--apply")
        self.assertEqual(self.computed(), before)
        self.assert_rebuild_changes_nothing()
        self.assertIn("is undone already", self.reprocess("--undo", run["id"], code=EX_NOT_FOUND))

    def test_runs_are_undone_from_the_last_one_back(self) -> None:
        self.deliver(self.bounces())
        self.fetch()
        states = [self.computed()]
        self.add_rule()
        self.reprocess("--apply")
        states.append(self.computed())
        self.add_rule(RULE.replace("block blocklisted", "soft system_error"))
        self.reprocess("--apply")
        first = self.value(
            "SELECT id FROM bounce.run WHERE command = 'reprocess' ORDER BY started_at LIMIT 1"
        )
        self.assertIn("undo that one first", self.reprocess("--undo", first, code=EX_NOT_FOUND))
        for state in reversed(states):
            self.reprocess("--undo", "last", "--apply")
            self.assertEqual(self.computed(), state)
        self.reprocess("--undo", "last", code=EX_NOT_FOUND)
        # And once more from the start: revisions that were undone are in nobody's way.
        self.reprocess("--apply")
        self.assertEqual(self.state(DEAD), "soft")
        self.assert_rebuild_changes_nothing()

    def test_new_verp_settings_find_campaign_and_recipient(self) -> None:
        known = "SELECT campaign, recipient FROM bounce.event WHERE superseded_by IS NULL"
        patterns = self.program.sections.pop("verp")
        self.program.sections["verp"] = {"patterns": ["other+{campaign}-{recipient}@example.com"]}
        said = diagnostic_of("user_unknown")
        self.deliver([self.generator.bounce(self.now, "unknown", said, "a", DEAD)])
        self.fetch()
        before = self.computed()
        self.assertNotEqual(self.query(known), [{"campaign": "a", "recipient": DEAD}])
        self.program.sections["verp"] = patterns
        output = self.reprocess("--apply")
        self.assertRegex(output, r"hard/user_unknown -> hard/user_unknown \(.*campaign.*\)")
        self.assertEqual(self.query(known), [{"campaign": "a", "recipient": DEAD}])
        self.assertEqual(self.state(DEAD), "hard")
        self.assert_rebuild_changes_nothing()
        self.reprocess("--undo", "last", "--apply")
        self.assertEqual(self.computed(), before)

    def test_a_judgement_about_several_is_changed_where_it_differs(self) -> None:
        mails = [self.generator.bounce(self.now - DAY, "postfix-many") for _ in range(30)]
        self.deliver(mails)
        self.fetch()
        before = self.computed()
        self.add_rule()
        self.reprocess("--apply")
        changed = self.value("SELECT count(*) FROM bounce.event WHERE revision > 0")
        known = self.value(
            "SELECT count(*) FROM bounce.event WHERE revision = 0"
            " AND diagnostic LIKE '%User unknown in virtual mailbox table%'"
        )
        self.assertGreater(changed, 0)
        self.assertEqual(changed, known)
        self.assert_rebuild_changes_nothing()
        self.reprocess("--undo", "last", "--apply")
        self.assertEqual(self.computed(), before)

    def test_the_same_rules_judge_all_formats_as_the_fetch_did(self) -> None:
        self.deliver(self.mixed(300, seed=4))
        self.fetch()
        output = self.reprocess("--apply")
        self.assertIn("300 messages judged again, 0 of them otherwise", output)
        self.assertEqual(self.value("SELECT count(*) FROM bounce.event WHERE revision > 0"), 0)

    def test_what_differs_is_found_on_every_page(self) -> None:
        mails = self.mixed(SEVERAL_PAGES, seed=7)
        self.deliver(mails)
        self.fetch()
        concerned = self.value(
            "SELECT count(DISTINCT message) FROM bounce.event"
            " WHERE category = 'user_unknown' AND diagnostic LIKE '%in virtual mailbox table%'"
        )
        self.assertIn(f"{SEVERAL_PAGES} messages judged again, 0 of them", self.reprocess())
        self.add_rule()
        said = f"{SEVERAL_PAGES} messages judged again, {concerned} of them otherwise"
        self.assertIn(said, self.reprocess("--apply"))
        self.assertGreater(concerned, 0)
        self.assertIn(f"{SEVERAL_PAGES} messages judged again, 0 of them", self.reprocess())

    def test_the_choice(self) -> None:
        self.deliver(self.bounces())
        self.fetch()
        message = self.value(f"SELECT message FROM bounce.event WHERE recipient = '{FULL}'")
        rule = self.value(f"SELECT rule FROM bounce.event WHERE recipient = '{FULL}'")
        yesterday = time.strftime("%Y-%m-%d", time.gmtime(self.now - 7.5 * DAY))
        for options, count in (
            (("--campaign", "spring26"), 2),
            (("--category", "mailbox_full"), 1),
            (("--verdict", "hard"), 2),
            (("--recipient", DEAD.upper()), 1),
            (("--mailbox", "bounces"), 3),
            (("--rule", rule), 1),
            (("--message", message), 1),
            (("--since", f"{yesterday} 00:00 UTC"), len(self.since(yesterday))),
            (("--until", f"{yesterday} 00:00 UTC"), 3 - len(self.since(yesterday))),
            (("--campaign", "spring26", "--verdict", "hard"), 1),
        ):
            output = self.reprocess(*options)
            self.assertIn(f"{count} message{'' if count == 1 else 's'} judged", output, options)
        self.assertIn("no stored message fits", self.reprocess("--unmatched", code=EX_NOT_FOUND))

    def since(self, day: str) -> list[dict]:
        return self.query(f"SELECT id FROM bounce.message WHERE arrived_at >= '{day} 00:00 UTC'")

    def test_of_the_three_kinds_of_unknown_one_is_enough(self) -> None:
        odd = b"From: MAILER-DAEMON@example.net\nSubject: Undelivered Mail Returned to Sender\n\n"
        self.deliver(self.bounces())
        self.deliver_raw(odd + b"The mail to <odd@example.net> could not be delivered: gnarl.\n")
        self.fetch()
        unknown = self.value(
            "SELECT count(*) FROM bounce.message m WHERE outcome IN ('unmatched', 'quarantined')"
            " OR id IN (SELECT message FROM bounce.event WHERE category = 'undetermined')"
        )
        self.assertGreater(unknown, 0)
        output = self.reprocess("--undetermined", "--unmatched", "--quarantined")
        self.assertIn(f"{unknown} message", output)

    def test_values_that_nobody_knows(self) -> None:
        self.deliver(self.bounces())
        self.fetch()
        for options, words in (
            (("--campaign", "sprnig26"), "no campaign 'sprnig26'; did you mean 'spring26'?"),
            (("--mailbox", "bounce"), "did you mean 'bounces'?"),
            (("--verdict", "hrad"), "no verdict 'hrad'; did you mean 'hard'?"),
            (("--category", "user_unknow"), "did you mean 'user_unknown'?"),
            (("--recipient", "daed@example.net"), f"did you mean '{DEAD}'?"),
            (("--rule", "no-such-rule-anywhere"), "no rule 'no-such-rule-anywhere'"),
            (("--message", str(uuid.uuid4())), "no message '"),
            (("--undo", "last"), "no run of reprocess is known"),
            (("--undo", "123"), "no run of reprocess is known"),
        ):
            self.assertIn(words, self.reprocess(*options, code=EX_NOT_FOUND), options)
        for options, words in (
            (("--message", "4711"), "is no id of a message"),
            (("--since", "yesteryear"), "'yesteryear' is no time"),
            (("--undo", "last", "--campaign", "x"), "--campaign does not go with it"),
            (("--apply", "--dry-run"), "either --apply or --dry-run"),
        ):
            self.assertIn(words, self.reprocess(*options, code=EX_USAGE), options)
        self.add_rule()
        self.reprocess("--apply")
        run = self.value("SELECT id FROM bounce.run WHERE command = 'reprocess'")
        errors = self.reprocess("--undo", "f" * 36, code=EX_NOT_FOUND)
        self.assertIn(f"the latest: {run} (", errors)

    def test_pruned_bytes_are_counted(self) -> None:
        self.deliver(self.bounces())
        self.fetch()
        self.postgres.execute(
            "DELETE FROM bounce.message_raw WHERE message ="
            f" (SELECT message FROM bounce.event WHERE recipient = '{DEAD}')",
            self.database,
        )
        self.add_rule()
        output = self.reprocess("--apply")
        self.assertIn("2 messages judged again, 1 of them otherwise", output)
        self.assertIn("1 could not be judged again: their bytes are no longer kept", output)
        self.assertEqual((self.state(DEAD), self.state(SECOND)), ("hard", "active"))

    def test_mail_in_quarantine_gets_another_chance(self) -> None:
        mails = self.bounces()
        self.deliver(mails)
        self.fetch()
        truth = self.computed()
        # As a decoder leaves it that crashed on the mail.
        self.postgres.execute(
            "UPDATE bounce.message SET outcome = 'quarantined', outcome_reason = 'crashed';"
            "DELETE FROM bounce.event; SELECT bounce.rebuild()",
            self.database,
        )
        before = self.computed()
        output = self.reprocess("--quarantined", "--apply")
        self.assertIn("2  nothing -> hard/user_unknown", output)
        self.assertIn("3  quarantined -> judged", output)
        self.assert_ledger(mails)
        self.assertEqual(
            [row["row"]["state"] for row in self.computed()[0]],
            [row["row"]["state"] for row in truth[0]],
        )
        self.assert_rebuild_changes_nothing()
        self.reprocess("--undo", "last", "--apply")
        self.assertEqual(self.computed(), before)

    def test_killed_while_it_writes_the_next_run_does_the_rest(self) -> None:
        self.program.database["commit_messages"] = 4
        unknown = diagnostic_of("user_unknown")
        generator = Generator(12)
        self.deliver(
            generator.bounce(self.now - i * 600, "postfix", unknown, "spring26") for i in range(400)
        )
        self.fetch()
        before = self.computed()
        self.add_rule()
        changed = "SELECT count(*) FROM bounce.message_revision"
        rng = random.Random(1)
        kills = 0
        while kills < KILLS and self.value(changed) < 300:
            done = self.value(changed)
            process = self.program.start("reprocess", "--apply")
            self.wait_until(
                lambda: self.value(changed) > done or process.poll() is not None, "the first batch"
            )
            time.sleep(rng.random() * 0.05)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            self.assertEqual(process.returncode, -signal.SIGKILL)
            kills += 1
            # Whole messages only: one judgement of each is in force.
            self.assertEqual(
                self.value("SELECT count(*) FROM bounce.event WHERE superseded_by IS NULL"), 400
            )
            self.assert_rebuild_changes_nothing()
        self.assertGreater(kills, 0)
        self.reprocess("--apply")
        self.assertEqual(self.value(changed), 400)
        self.assertEqual(
            self.value("SELECT count(*) FROM bounce.recipient WHERE state = 'active'"), 400
        )
        self.assert_rebuild_changes_nothing()
        runs = 0
        while self.value("SELECT count(*) FROM bounce.message_revision WHERE undone_by IS NULL"):
            self.reprocess("--undo", "last", "--apply")
            runs += 1
        self.assertGreaterEqual(runs, kills)
        self.assertEqual(self.computed(), before)

    def test_beside_a_fetch(self) -> None:
        first, second = self.mixed(300, seed=8), self.mixed(400, seed=9)
        self.program.database["commit_messages"] = 10
        self.deliver(first)
        self.fetch()
        self.add_rule()
        self.deliver(second)
        fetch = self.program.start("fetch")
        self.reprocess("--apply")
        _, errors = fetch.communicate(timeout=120)
        self.assertEqual((fetch.returncode, errors), (0, ""))
        self.assertEqual(self.value("SELECT count(*) FROM bounce.message"), 700)
        self.assertGreater(self.value("SELECT count(*) FROM bounce.message_revision"), 0)
        self.assert_rebuild_changes_nothing()
        self.reprocess("--apply")
        self.assertEqual(
            self.value(
                "SELECT count(*) FROM bounce.event WHERE superseded_by IS NULL"
                " AND category = 'user_unknown' AND diagnostic LIKE '%in virtual mailbox table%'"
            ),
            0,
        )

    def test_hostile_addresses_do_not_reach_the_terminal(self) -> None:
        unknown = diagnostic_of("user_unknown")
        address = "jürgen\u202e@example.net"
        self.deliver([self.generator.bounce(self.now, "postfix", unknown, "a", address)])
        self.fetch()
        self.add_rule()
        output = self.reprocess()
        self.assertIn("rgen", output)
        self.assertNotIn("\u202e", output)
