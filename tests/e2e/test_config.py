"""A configuration that is wrong: where, what, and what would be right."""

from e2e.case import PROGRAM, Case, use_lab
from lab.bounces import Generator
from lab.diagnostics import DIAGNOSTICS
from lab.program import Value

setUpModule, tearDownModule = use_lab()

EX_USAGE, EX_NO_INPUT, EX_CONFIG = 64, 66, 78


class Config(Case):
    """Nothing is fetched with a configuration that is wrong."""

    def setUp(self) -> None:
        super().setUp()
        self.deliver(self.mixed(3))
        self.program.write_config()
        self.valid = self.program.config.read_text()

    def fetch_fails(self, code: int = EX_CONFIG) -> str:
        """The one line with which a fetch ends that must not touch the mailbox."""
        output, errors = self.run_program("fetch", code=code)
        self.assertEqual(output, "")
        self.assertEqual(errors.count("\n"), 1, errors)
        self.assert_folders(inbox=3)
        return errors

    def fetch_fails_with(self, old: str, new: str) -> str:
        """The same with a change in the file that works."""
        self.assertIn(old, self.valid)
        text = self.valid.replace(old, new, 1)
        self.program.write_config = lambda: self.program.config.write_text(text)
        return self.fetch_fails()

    def line_of(self, words: str) -> str:
        """File and line of these words, as errors give it."""
        line = self.valid[: self.valid.index(words)].count("\n") + 1
        return f"{self.program.config}:{line}:"

    def test_a_typo_in_a_key_is_told_with_file_line_and_the_right_key(self) -> None:
        errors = self.fetch_fails_with("    host =", "    hots =")
        self.assertIn(self.line_of("host ="), errors)
        self.assertIn("hots", errors)
        self.assertIn("'host'", errors)

    def test_a_typo_in_a_section(self) -> None:
        errors = self.fetch_fails_with("verp {", "vrep {")
        self.assertIn(self.line_of("verp {"), errors)
        self.assertIn("vrep", errors)
        self.assertIn("'verp'", errors)

    def test_a_missing_quote(self) -> None:
        errors = self.fetch_fails_with('host = "localhost"', 'host = "localhost')
        self.assertIn(f"{self.program.config}:", errors)

    def test_a_missing_brace(self) -> None:
        self.valid = self.valid.rstrip()
        errors = self.fetch_fails_with(self.valid, self.valid.removesuffix("}"))
        self.assertIn(f"{self.program.config}:", errors)

    def assert_refused(self, key: str, value: Value, *expected: str) -> None:
        """A key of the mailbox with this value is refused in these words."""
        with self.subTest(key=key, value=value):
            kept = self.mailbox.get(key)
            self.mailbox[key] = value
            errors = self.fetch_fails()
            self.mailbox[key] = kept
            for words in (key, str(self.program.config), *expected):
                self.assertIn(words, errors)
            if kept is None:
                del self.mailbox[key]

    def test_values_that_cannot_be(self) -> None:
        self.assert_refused("port", 99999, "65535")
        self.assert_refused("port", -1, "65535")
        self.assert_refused("after", "burn", "move delete keep")
        self.assert_refused("tls", "maybe", "implicit starttls none")
        self.assert_refused("host", "")
        self.assert_refused("user", "")
        self.assert_refused("processed_folder", "INBOX")

    def test_a_verp_pattern_that_is_none(self) -> None:
        self.program.sections["verp"] = {"patterns": ["bounces+{campain}-{recipient}@example.com"]}
        errors = self.fetch_fails()
        self.assertIn("campain", errors)
        self.assertIn("campaign", errors)

    def test_no_such_file(self) -> None:
        self.program.write_config = lambda: self.program.config.unlink(missing_ok=True)
        errors = self.fetch_fails(code=EX_NO_INPUT)
        self.assertIn(str(self.program.config), errors)

    def test_a_password_file_that_others_can_read_is_refused(self) -> None:
        secret = self.program.folder / "bounces.password"
        for mode in (0o644, 0o640, 0o604):
            with self.subTest(mode=oct(mode)):
                secret.chmod(mode)
                errors = self.fetch_fails()
                self.assertIn(str(secret), errors)
                self.assertNotIn(secret.read_text().strip(), errors)
        secret.chmod(0o600)
        self.fetch()

    def test_a_password_from_a_command(self) -> None:
        secret = self.program.folder / "bounces.password"
        del self.mailbox["password_file"]
        self.mailbox["password_command"] = f"cat '{secret}'"
        self.fetch()
        self.assert_folders(inbox=0, processed=3)

    def test_a_password_command_that_fails(self) -> None:
        del self.mailbox["password_file"]
        self.mailbox["password_command"] = "echo no key >&2; exit 3"
        output, errors = self.run_program("fetch", code=EX_CONFIG)
        self.assertIn("password_command", errors)
        self.assertIn("3", errors)
        self.assertEqual(output, "")

    def test_two_sources_of_a_password(self) -> None:
        self.assert_refused("password_command", "true", "password_file")


class Rules(Case):
    """Rule files of one's own."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.program.folder / "rules.d"
        self.folder.mkdir()
        self.program.sections["rules"] = {"directory": str(self.folder)}

    def write_rules(self, *lines: str) -> None:
        text = "".join(f"{line}\n" for line in ("phase local", *lines))
        (self.folder / "90-local.rules").write_text(text)

    def test_what_is_wrong_in_a_rule_file_is_told_with_file_and_line(self) -> None:
        self.deliver(self.mixed(3))
        for line, rule in (
            (4, ("rule mine", "verdict hard user_unknown", "text broken (")),
            (3, ("rule mine", "verdict hard user_unkown", "text broken")),
            (3, ("rule mine", "txet broken", "verdict hard user_unknown")),
        ):
            with self.subTest(rule=rule):
                self.write_rules(*rule)
                output, errors = self.run_program("fetch", code=EX_CONFIG)
                self.assertEqual(output, "")
                self.assertIn(f"90-local.rules:{line}:", errors)
                self.assert_folders(inbox=3)

    def test_a_rule_of_ones_own_overrides_the_shipped_ones(self) -> None:
        self.write_rules("rule mine", "text No such user here", "verdict soft undetermined")
        generator = Generator(3)
        diagnostic = next(d for d in DIAGNOSTICS if d.text == "No such user here")
        self.deliver([generator.bounce(1.79e9, "postfix", diagnostic)])
        self.fetch()
        (event,) = self.query("SELECT verdict, category, rule FROM bounce.event")
        expected = {"verdict": "soft", "category": "undetermined", "rule": "mine"}
        self.assertEqual(event, expected)


class CommandLine(Case):
    """What is no command line."""

    def assert_usage(self, *arguments: str, words: str) -> None:
        _, errors = self.run_program(*arguments, code=EX_USAGE)
        self.assertIn(words, errors)

    def test_typos_are_answered_with_what_would_be_right(self) -> None:
        self.assert_usage("fecth", words="'fetch'")
        self.assert_usage("fetch", "--dry-rnu", words="dry-run")
        self.assert_usage("migrate", "now", words="migrate")
        self.assert_usage("fetch", "--limit=x", words="--limit")

    def test_help_names_every_command(self) -> None:
        output, errors = self.run_program("--help")
        self.assertEqual(errors, "")
        for command in ("fetch", "migrate", "parse", "explain"):
            self.assertIn(command, output)
            page, _ = self.run_program(command, "--help")
            self.assertIn(command, page)
        self.assertTrue(PROGRAM.exists())
