"""nullsender check: what is wrong is found, all of it at once, and nothing is changed."""

import json
import time

from e2e.case import OWNER, Case, use_lab
from lab.bounces import DAY, Generator
from lab.dovecot import Dovecot
from lab.place import free_port

setUpModule, tearDownModule = use_lab()

EX_USAGE, EX_NO_INPUT, EX_TEMPORARY, EX_PERMISSION, EX_CONFIG = 64, 66, 75, 77, 78

CERTIFICATE_DAYS = 5
WITHOUT_MOVE_AND_UIDPLUS = "IMAP4rev1 LITERAL+ SASL-IR ENABLE IDLE UNSELECT"


class Check(Case):
    """One thing after the other is broken."""

    def setUp(self) -> None:
        super().setUp()
        # A temporary folder of the tests is as open as any: the file need not be.
        self.program.write_config()
        self.program.config.chmod(0o600)
        self.write = self.program.write_config

    def check(self, *arguments: str, code: int = 0) -> dict[str, dict[str, list[dict]]]:
        """What it says, by section and name of the check."""
        output, _ = self.run_program("check", "--format", "json", *arguments, code=code)
        self.answer = json.loads(output)
        self.assertEqual(self.answer["exit_code"], code)
        found: dict[str, dict[str, list[dict]]] = {}
        for check in self.answer["checks"]:
            found.setdefault(check["section"], {}).setdefault(check["check"], []).append(check)
        return found

    def assert_said(self, checks: list[dict], result: str, *words: str) -> None:
        """These words stand in one of the checks, which has this result."""
        for check in checks:
            text = f"{check['text']} -> {check['advice']}"
            if check["result"] == result and all(word in text for word in words):
                return
        self.fail(f"not {result} with {words}: {checks}")

    def test_all_is_well_and_nothing_is_changed(self) -> None:
        output, errors = self.run_program("check")
        self.assertEqual(errors, "")
        for section in ("configuration", "rules", "workers", "verp", "database", "mailbox bounces"):
            self.assertRegex(output, rf"(?m)^{section}")
        self.check()
        for check in self.answer["checks"]:
            # What isolates the workers depends on the kernel, and on the sanitizers.
            if not check["section"].startswith("workers"):
                self.assertEqual(check["result"], "ok", check)
        self.assertEqual(self.value("SELECT count(*) FROM bounce.run"), 0)
        self.assertFalse(self.dovecot.folder_path(self.user, "Processed").exists())
        self.assertFalse(self.dovecot.folder_path(self.user, "Quarantine").exists())

    def test_a_check_leaves_what_is_waiting_as_it_is(self) -> None:
        mails = [Generator(5).bounce(time.time() - days * DAY, "postfix") for days in (9, 3, 1)]
        self.deliver(mails)
        found = self.check()["mailbox bounces"]["folder"]
        self.assert_said(found, "warning", "INBOX, 3 waiting", "for 9 days", "cron")
        self.assert_folders(inbox=3)
        self.assertNotIn("S", self.dovecot.flags(self.user))
        self.fetch()
        found = self.check()["mailbox bounces"]
        self.assert_said(found["folder"], "ok", "INBOX, nothing waiting")
        self.assert_said(found["processed"], "ok", "Processed, 3 messages")
        self.assert_said(found["last run"], "ok", "well, ")

    def test_of_a_mailbox_whose_messages_stay_only_what_is_new_waits(self) -> None:
        self.mailbox["after"] = "keep"
        self.deliver(self.mixed(4))
        self.fetch()
        self.deliver([Generator(6).bounce(time.time() - 3600 * 3.5, "postfix")])
        found = self.check()["mailbox bounces"]["folder"]
        self.assert_said(found, "ok", "INBOX, 1 waiting, the first of them for 3 hours")

    def test_a_refused_login_does_not_keep_the_rest_from_being_tried(self) -> None:
        self.program.add_mailbox("second", self.dovecot, self.user)
        self.mailbox["user"] = "nobody@news.example.com"
        found = self.check(code=EX_PERMISSION)
        self.assert_said(found["mailbox bounces"]["login"], "fail", "AUTHENTICATIONFAILED")
        self.assert_said(found["mailbox second"]["login"], "ok", self.user)
        self.assert_said(found["database"]["privileges"], "ok", OWNER)
        self.check("--mailbox", "second")
        self.assertNotIn("mailbox bounces", {c["section"] for c in self.answer["checks"]})
        self.run_program("check", "--mailbox", "third", code=EX_USAGE)

    def test_what_will_not_go_away_counts_more_than_what_may(self) -> None:
        self.program.database["conninfo"] = f"host=127.0.0.1 port={free_port()} dbname=x"
        found = self.check(code=EX_TEMPORARY)
        self.assertEqual(list(found["database"]), ["connection"])
        self.assert_said(found["mailbox bounces"]["login"], "ok", self.user)
        self.mailbox["user"] = "nobody@news.example.com"
        self.check(code=EX_PERMISSION)

    def test_a_certificate_that_ends_soon(self) -> None:
        place = self.lab.place("dovecot")
        server = self.lab.add(Dovecot(place, certificate_days=CERTIFICATE_DAYS))
        server.add_user(self.user)
        self.program.add_mailbox("bounces", server, self.user)
        found = self.check()["mailbox bounces"]["certificate"]
        self.assert_said(found, "warning", "verified, but it ends in", "renewed")
        (check,) = found
        days = int(check["text"].split()[-2])
        self.assertIn(CERTIFICATE_DAYS - days, (0, 1), check)
        self.assertEqual(self.answer["result"], "warning")

    def test_a_server_that_cannot_remove_single_messages(self) -> None:
        settings = {"imap_capability": WITHOUT_MOVE_AND_UIDPLUS}
        server = self.lab.add(Dovecot(self.lab.place("dovecot"), settings))
        server.add_user(self.user)
        self.program.add_mailbox("bounces", server, self.user)
        found = self.check()["mailbox bounces"]["capabilities"]
        self.assert_said(found, "warning", "neither MOVE nor UIDPLUS", "keep")

    def test_a_folder_that_is_not_there(self) -> None:
        self.mailbox["folder"] = "Bounces"
        found = self.check(code=69)["mailbox bounces"]
        self.assert_said(found["folder"], "fail", "Bounces", "INBOX")

    def test_a_run_that_failed(self) -> None:
        self.mailbox["folder"] = "Bounces"
        self.run_program("fetch", code=69)
        self.mailbox["folder"] = "INBOX"
        found = self.check()["mailbox bounces"]["last run"]
        self.assert_said(found, "warning", "failed", "Bounces")

    def test_a_file_that_others_may_write(self) -> None:
        def write() -> None:
            self.write()
            self.program.config.chmod(mode)

        self.program.write_config = write
        for mode, result, code in ((0o600, "ok", 0), (0o644, "ok", 0), (0o646, "fail", EX_CONFIG)):
            with self.subTest(mode=oct(mode)):
                found = self.check(code=code)["configuration"]["file"]
                self.assert_said(found, result, f"mode {mode:03o}")
        self.program.database["conninfo"] += " password=hunter2"
        for mode, result, code in ((0o600, "warning", 0), (0o644, "fail", EX_CONFIG)):
            with self.subTest(mode=oct(mode), password=True):
                found = self.check(code=code)["configuration"]["secrets"]
                self.assert_said(found, result, "conninfo holds a password")
                self.assertNotIn("hunter2", json.dumps(self.answer))

    def test_a_configuration_that_is_none(self) -> None:
        self.program.sections["policy"] = {"strikes": 0}
        found = self.check(code=EX_CONFIG)
        self.assert_said(found["configuration"]["file"], "fail", "strikes = 0")
        self.program.write_config = lambda: self.program.config.unlink(missing_ok=True)
        self.assert_said(self.check(code=EX_NO_INPUT)["configuration"]["file"], "fail")

    def test_a_rule_that_is_wrong(self) -> None:
        folder = self.program.folder / "rules.d"
        folder.mkdir()
        self.program.sections["rules"] = {"directory": str(folder)}
        (folder / "10-mine.rules").write_text("phase local\nrule mine\ntxet broken\n")
        found = self.check(code=EX_CONFIG)
        self.assert_said(found["rules"]["compile"], "fail", "10-mine.rules:3:")
        self.assert_said(found["database"]["schema"], "ok")
        (folder / "10-mine.rules").write_text(
            "phase local\nrule mine\nverdict soft undetermined\ntext broken\n"
        )
        self.assert_said(self.check()["rules"]["your own"], "ok", str(folder))

    def test_patterns_go_there_and_back(self) -> None:
        keys = self.program.folder / "verp.keys"
        self.program.sections["verp"] = {
            "patterns": ["b+{tag}-{campaign}-{recipient}@a.example", "xverp b@lists.example"],
            "key_file": str(keys),
        }
        self.assert_said(self.check(code=EX_NO_INPUT)["verp"]["keys"], "fail", str(keys))
        self.run_program("verp", "keygen")
        found = self.check()["verp"]
        self.assert_said(found["keys"], "ok", "1, of which")
        self.assert_said(found["example"], "ok", "@a.example: spring26 to ada@example.net, signed")
        self.program.sections["verp"] = {"patterns": ["b+{campain}@a.example"]}
        self.assert_said(self.check(code=EX_CONFIG)["verp"]["pattern"], "fail", "campain")

    def test_a_database_without_tables(self) -> None:
        self.postgres.create_database(f"{self.database}_new", OWNER)
        self.program.database["conninfo"] = self.postgres.conninfo(f"{self.database}_new", OWNER)
        found = self.check(code=EX_CONFIG)
        self.assert_said(found["database"]["schema"], "fail", "run nullsender migrate")
        self.assert_said(found["mailbox bounces"]["login"], "ok", self.user)

    def test_a_role_that_may_only_read(self) -> None:
        role = f"reader_{self.database}"
        self.postgres.execute(f"CREATE ROLE {role} LOGIN IN ROLE nullsender_reader")
        self.program.database["conninfo"] = self.postgres.conninfo(self.database, role)
        found = self.check(code=EX_PERMISSION)["database"]["privileges"]
        missing = "DELETE, INSERT, UPDATE on bounce.event"
        self.assert_said(found, "fail", missing, f"GRANT them to {role}")
        self.assert_said(found, "fail", "SELECT, UPDATE on bounce.message_raw")

    def test_a_server_that_only_reads(self) -> None:
        self.postgres.execute(
            f"ALTER ROLE {OWNER} IN DATABASE {self.database}"
            " SET default_transaction_read_only = on"
        )
        found = self.check(code=EX_TEMPORARY)["database"]["server"]
        self.assert_said(found, "fail", "only reads", "target_session_attrs")

    def test_it_is_laid_out_in_columns(self) -> None:
        self.mailbox["user"] = "nobody@news.example.com"
        output, errors = self.run_program("check", code=EX_PERMISSION)
        self.assertRegex(errors, r"^nullsender: 1 check failed, \d warnings?\n$")
        lines = [line for line in output.splitlines() if line.startswith("  ")]
        texts = {line.index(text) for text, line in self.texts(lines)}
        self.assertEqual(len(texts), 1, output)

    def texts(self, lines: list[str]) -> list[tuple[str, str]]:
        """The text of each check, and the line that shows it."""
        self.check(code=EX_PERMISSION)
        return [
            (check["text"], line)
            for check, line in zip(self.answer["checks"], lines, strict=True)
            if not check["advice"]
        ]
