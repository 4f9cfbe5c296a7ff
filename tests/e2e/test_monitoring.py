"""Metrics for Prometheus, pings for a healthcheck service, and the alarm when nothing bounces."""

from __future__ import annotations

import json
import os
import stat
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from e2e.case import Case, use_lab
from lab.bounces import DAY, Generator
from lab.exposition import Family, read_exposition
from lab.place import free_port

setUpModule, tearDownModule = use_lab()

EX_USAGE, EX_TEMPORARY, EX_PERMISSION = 64, 75, 77

EVERY_FAMILY = {
    "nullsender_info",
    "nullsender_last_run_timestamp_seconds",
    "nullsender_last_run_duration_seconds",
    "nullsender_last_run_exit_code",
    "nullsender_last_success_timestamp_seconds",
    "nullsender_last_run_messages",
    "nullsender_waiting_messages",
    "nullsender_oldest_message_seconds",
    "nullsender_messages_total",
    "nullsender_events_total",
    "nullsender_runs_total",
    "nullsender_login_failures_total",
    "nullsender_bad_sums_total",
    "nullsender_silent_campaigns",
}


class Metrics(Case):
    """The file for node_exporter."""

    def setUp(self) -> None:
        super().setUp()
        self.path = self.program.folder / "nullsender.prom"
        self.program.sections["monitoring"] = {"metrics_file": str(self.path)}

    def metrics(self) -> dict[str, Family]:
        """What the file says; it has every family, whatever happened."""
        families = read_exposition(self.path.read_text())
        self.assertEqual(set(families), EVERY_FAMILY)
        self.assertEqual(list(self.path.parent.glob("*.new")), [])
        return families

    def value(self, name: str, **labels: str):
        """One sample."""
        return self.metrics()[f"nullsender_{name}"].value(**labels)

    def refuse_login(self) -> None:
        self.mailbox["user"] = "nobody@news.example.com"

    def test_totals_are_what_the_ledger_has(self) -> None:
        mails = self.mixed(40)
        self.deliver(mails)
        self.deliver_raw(b"Subject: hello\n\nNo bounce.\n")
        before = time.time()
        self.fetch()
        events = Counter((t.verdict, t.category) for mail in mails for t in mail.truth)
        found = {
            (dict(labels)["verdict"], dict(labels)["category"]): count
            for labels, count in self.metrics()["nullsender_events_total"].samples.items()
        }
        self.assertEqual({pair: found.get(pair) for pair in events}, dict(events))
        outcomes = self.query("SELECT outcome, count(*) FROM bounce.message GROUP BY 1")
        for row in outcomes:
            told = self.value("messages_total", mailbox="bounces", outcome=row["outcome"])
            self.assertEqual(told, row["count"], row)
        self.assertEqual(self.value("runs_total", mailbox="bounces", exit_code="0"), 1)
        self.assertEqual(self.value("last_run_messages", mailbox="bounces"), len(mails) + 1)
        self.assertEqual(self.value("waiting_messages", mailbox="bounces"), 0)
        oldest = before - min(mail.arrival for mail in mails)
        lag = self.value("oldest_message_seconds", mailbox="bounces")
        self.assertLess(abs(lag - oldest), 60)
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o644)

    def test_totals_only_grow_and_what_came_twice_does_not_count(self) -> None:
        mails = self.mixed(10)
        self.deliver(mails[:6])
        self.fetch()
        before = self.metrics()
        self.deliver(mails)
        self.fetch("--limit", "9")
        self.assertEqual(self.value("waiting_messages", mailbox="bounces"), 1)
        self.fetch()
        after = self.metrics()
        for name, family in before.items():
            if family.kind == "counter":
                for labels, count in family.samples.items():
                    self.assertGreaterEqual(after[name].samples[labels], count, (name, labels))
        self.assertEqual(sum(after["nullsender_messages_total"].samples.values()), 10)
        self.assertEqual(
            sum(after["nullsender_events_total"].samples.values()),
            sum(len(mail.truth) for mail in mails),
        )

    def test_a_failure_is_seen_and_the_last_success_stays(self) -> None:
        self.deliver(self.mixed(5))
        self.fetch()
        success = self.value("last_success_timestamp_seconds", mailbox="bounces")
        tried = self.value("last_run_timestamp_seconds", mailbox="bounces")
        self.refuse_login()
        self.run_program("fetch", code=EX_PERMISSION)
        self.assertEqual(self.value("last_success_timestamp_seconds", mailbox="bounces"), success)
        self.assertEqual(self.value("last_run_messages", mailbox="bounces"), 5)
        self.assertGreater(self.value("last_run_timestamp_seconds", mailbox="bounces"), tried)
        self.assertEqual(self.value("last_run_exit_code", mailbox="bounces"), EX_PERMISSION)
        self.assertEqual(self.value("login_failures_total", mailbox="bounces"), 1)
        self.assertEqual(self.value("runs_total", mailbox="bounces", exit_code="77"), 1)

    def test_without_a_database_the_totals_stay(self) -> None:
        self.deliver(self.mixed(5))
        self.fetch()
        before = self.metrics()
        self.program.database["conninfo"] = f"host=127.0.0.1 port={free_port()} dbname=x"
        self.run_program("fetch", code=EX_TEMPORARY)
        after = self.metrics()
        for name, family in before.items():
            if family.kind == "counter" or "success" in name:
                self.assertEqual(after[name].samples, family.samples, name)
        self.assertEqual(self.value("last_run_exit_code", mailbox="bounces"), EX_TEMPORARY)

    def test_a_mailbox_that_is_not_read_keeps_its_values(self) -> None:
        name = 'the "second"\\one'
        self.program.add_mailbox("second", self.dovecot, self.user)
        self.program.mailboxes[name.replace("\\", "\\\\").replace('"', '\\"')] = (
            self.program.mailboxes.pop("second")
        )
        self.fetch()
        first = self.value("last_success_timestamp_seconds", mailbox="bounces")
        second = self.value("last_success_timestamp_seconds", mailbox=name)
        self.fetch("bounces")
        self.assertGreater(self.value("last_success_timestamp_seconds", mailbox="bounces"), first)
        self.assertEqual(self.value("last_success_timestamp_seconds", mailbox=name), second)

    def test_runs_at_the_same_time_leave_a_whole_file(self) -> None:
        for i in range(4):
            self.program.add_mailbox(f"box{i}", self.dovecot, self.user)
        runs = [self.program.start("fetch", f"box{i}") for i in range(4)]
        for run in runs:
            _, errors = run.communicate(timeout=60)
            self.assertEqual((run.returncode, errors), (0, ""))
        for i in range(4):
            self.assertEqual(self.value("last_run_exit_code", mailbox=f"box{i}"), 0)

    def test_the_collector_may_read_it_whatever_the_umask(self) -> None:
        left_by_a_killed_run = self.path.with_name(f"{self.path.name}.new")
        left_by_a_killed_run.write_text("nullsender_in")
        before = os.umask(0o077)
        self.addCleanup(os.umask, before)
        self.fetch()
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o644)
        self.metrics()

    def test_a_file_that_cannot_be_written_is_a_warning(self) -> None:
        self.program.sections["monitoring"] = {"metrics_file": "/nonexistent/x.prom"}
        _, errors = self.run_program("fetch")
        start = "nullsender: warning: metrics_file: folder of /nonexistent/x.prom: No such file"
        self.assertTrue(errors.startswith(start), errors)
        self.assertEqual(errors.count("\n"), 1)

    def test_a_dry_run_tells_nobody(self) -> None:
        self.run_program("fetch", "--dry-run")
        self.assertFalse(self.path.exists())


class Healthchecks(BaseHTTPRequestHandler):
    """What such a service does: note the path and say OK."""

    def do_GET(self) -> None:
        self.server.paths.append(self.path)  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, format: str, *_) -> None:
        """Nothing on the tests' stderr."""


class Ping(Case):
    """A service that sounds the alarm when nothing comes."""

    def setUp(self) -> None:
        super().setUp()
        self.service = ThreadingHTTPServer(("127.0.0.1", 0), Healthchecks)
        self.service.paths = []  # type: ignore[attr-defined]
        self.service.status = 200  # type: ignore[attr-defined]
        threading.Thread(target=self.service.serve_forever, daemon=True).start()
        self.addCleanup(self.service.server_close)
        self.addCleanup(self.service.shutdown)
        self.set_url(f"http://127.0.0.1:{self.service.server_port}/c0ffee")

    def set_url(self, url: str) -> None:
        self.program.sections["monitoring"] = {"ping_url": url}

    def paths(self) -> list[str]:
        return self.service.paths  # type: ignore[attr-defined]

    def test_start_and_success(self) -> None:
        self.fetch()
        self.assertEqual(self.paths(), ["/c0ffee/start", "/c0ffee"])

    def test_start_and_failure(self) -> None:
        self.mailbox["user"] = "nobody@news.example.com"
        self.run_program("fetch", code=EX_PERMISSION)
        self.assertEqual(self.paths(), ["/c0ffee/start", "/c0ffee/fail"])

    def test_a_database_that_is_down_is_a_failure(self) -> None:
        self.program.database["conninfo"] = f"host=127.0.0.1 port={free_port()} dbname=x"
        self.run_program("fetch", code=EX_TEMPORARY)
        self.assertEqual(self.paths()[-1], "/c0ffee/fail")

    def test_a_query_stays_behind_the_path(self) -> None:
        self.set_url(f"http://127.0.0.1:{self.service.server_port}/c0ffee/?rid=1")
        self.fetch()
        self.assertEqual(self.paths(), ["/c0ffee/start?rid=1", "/c0ffee?rid=1"])

    def test_what_is_no_run_pings_nobody(self) -> None:
        self.run_program("fetch", "--dry-run")
        self.run_program("fetch", "typo", code=EX_USAGE)
        self.assertEqual(self.paths(), [])

    def test_a_service_that_fails_is_a_warning_without_the_secret(self) -> None:
        self.deliver(self.mixed(3))
        self.service.status = 404  # type: ignore[attr-defined]
        _, errors = self.run_program("fetch")
        self.assertEqual(errors.count("warning: ping_url http://127.0.0.1"), 2, errors)
        self.assertIn("404", errors)
        self.assertNotIn("c0ffee", errors)
        self.assert_folders(inbox=0, processed=3)
        self.set_url(f"http://127.0.0.1:{free_port()}/c0ffee")
        _, errors = self.run_program("fetch")
        self.assertEqual(errors.count("warning: ping_url"), 2, errors)
        self.assertNotIn("c0ffee", errors)
        shown, _ = self.run_program("config", "ping_url")
        self.assertNotIn("c0ffee", shown)
        self.assertIn('/*****"', shown)


class Silence(Case):
    """Nothing has bounced for an unusual time after a big send."""

    def set_campaign(self, name: str, sent: int, hours: float, bounced: int = 0) -> None:
        """A campaign of so many mails so long ago, of which so many bounced."""
        self.postgres.execute(
            f"INSERT INTO bounce.campaign (campaign, sent, sent_at)"
            f" VALUES ('{name}', {sent}, now() - interval '{hours} hours');"
            f"INSERT INTO bounce.campaign_count VALUES ('{name}', current_date, 'hard',"
            f" 'user_unknown', 'recipient', {bounced})",
            self.database,
        )

    def silent(self) -> list[str]:
        rows = self.query("SELECT campaign FROM bounce.silence ORDER BY campaign")
        return [row["campaign"] for row in rows]

    def test_what_should_have_bounced_by_now_is_silent(self) -> None:
        self.set_campaign("usual", 10000, 30 * 24, bounced=200)  # 2 %
        self.set_campaign("big", 500, 7)  # 10 to be expected
        self.assertEqual(self.silent(), ["big"])

    def test_what_may_be_chance_or_is_too_early_or_long_ago_is_not(self) -> None:
        self.set_campaign("small", 100000, 7)  # nothing is usual yet
        self.assertEqual(self.silent(), [])
        self.set_campaign("usual", 10000, 30 * 24, bounced=200)
        self.postgres.execute(
            "UPDATE bounce.campaign SET sent = 490 WHERE campaign = 'small'", self.database
        )
        self.set_campaign("just sent", 50000, 5.9)
        self.set_campaign("long ago", 50000, 73)
        self.set_campaign("one came", 50000, 24, bounced=1)
        self.assertEqual(self.silent(), [])

    def test_check_and_metrics_tell(self) -> None:
        path = self.program.folder / "nullsender.prom"
        self.program.sections["monitoring"] = {"metrics_file": str(path)}
        self.set_campaign("usual", 10000, 30 * 24, bounced=200)
        self.set_campaign("autumn", 20000, 9)
        output, _ = self.run_program("check", "--format", "json")
        (check,) = [c for c in json.loads(output)["checks"] if c["check"] == "silence"]
        self.assertEqual(check["result"], "warning")
        self.assertIn("campaign autumn: 20000 sent 9 hours ago", check["text"])
        self.assertIn("about 4", check["text"])
        self.fetch()
        families = read_exposition(path.read_text())
        self.assertEqual(families["nullsender_silent_campaigns"].value(), 1)
        generator = Generator(1)
        mail = generator.bounce(time.time() - DAY, "postfix")
        self.deliver([mail])
        self.run_program("campaign", "set", mail.truth[0].campaign, "--sent", "20000")
        self.fetch()
        self.assertEqual(self.silent(), ["autumn"])
