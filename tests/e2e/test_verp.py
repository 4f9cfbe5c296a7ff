"""VERP addresses: made, read and checked by commands, with their tokens in a real database."""

import json
import stat
import subprocess

from e2e.case import Case, use_lab
from lab.program import environment

setUpModule, tearDownModule = use_lab()

EX_NOT_FOUND, EX_DATA, EX_CANNOT_CREATE, EX_CONFIG = 1, 65, 73, 78
BASE = "bounces@news.example.com"
PATTERNS = [f"signed {BASE}", f"token {BASE}", f"nullsender {BASE}"]
LONG = "ada.king-noel.countess.of.lovelace@analytical-engine.example"


class Verp(Case):
    """The verp commands with a configuration that signs."""

    def setUp(self) -> None:
        super().setUp()
        self.keys = self.program.folder / "verp.keys"
        self.program.sections["verp"] = {"patterns": PATTERNS, "key_file": str(self.keys)}
        self.run_program("verp keygen")

    def verp(self, verb: str, *arguments: str, code: int = 0) -> str:
        """What a verp command prints."""
        return self.run_program(f"verp {verb}", *arguments, code=code)[0]

    def encode(self, lines: str, *arguments: str, code: int = 0) -> str:
        """What verp encode makes of standard input."""
        done = subprocess.run(
            self.program.command("verp encode", *arguments),
            input=lines, capture_output=True, text=True, env=environment(), check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout

    def tokens(self) -> list[dict]:
        sql = "SELECT campaign, recipient, domain FROM bounce.verp_token ORDER BY recipient"
        return self.query(sql)

    def test_what_is_made_decodes_and_is_valid(self) -> None:
        address = self.verp("encode", "spring26", "Ada@Example.net").strip()
        self.assertRegex(address, r"^bounces\+spring26-Ada=example\.net\+a[a-z2-7]{18}@news\.")
        shown = json.loads(self.verp("decode", "--format", "json", address))
        self.assertEqual(
            (shown["campaign"], shown["recipient"], shown["key"]),
            ("spring26", "Ada@example.net", "a"),
        )
        self.assertIn("valid", self.verp("check", address.upper()))

    def test_check_says_why_not(self) -> None:
        address = self.verp("encode", "spring26", "ada@example.net").strip()
        local, _, domain = address.partition("@")
        for wrong, outcome in (
            (address.replace("ada", "bob"), "wrong"),
            (address.replace("+a", "+q", 1), "unknown_key"),
            ("bounces+spring26-ada=example.net@news.example.com", "unsigned"),
            (f"bounces+aaaaaaaaaaaaaaaaaaa@{domain}", "unknown_token"),
            (f"{local}@example.org", "no_match"),
            ("ada@example.net", "no_match"),
        ):
            with self.subTest(wrong):
                line = self.verp("check", "--format", "json", wrong, code=EX_NOT_FOUND)
                self.assertEqual(json.loads(line)["outcome"], outcome)
        self.assertIn(domain, self.verp("check", f"{local}@example.org", code=EX_NOT_FOUND))

    def test_a_list_of_one_campaign_and_a_list_of_campaigns(self) -> None:
        one = self.encode("ada@example.net\n\nbob@example.net\r\n", "spring26").split("\n")
        many = self.encode("spring26\tada@example.net\n\nspring26\tbob@example.net\n").split("\n")
        self.assertEqual(one, many)
        self.assertEqual([bool(line) for line in one], [True, False, True, False])
        for wrong in ("no address", "ada@example.net\0", "\0", "ada@example.net\0@example.org"):
            lines = f"ada@example.net\n{wrong}\nbob@example.net\n"
            mixed = self.encode(lines, "spring26", code=EX_DATA)
            self.assertEqual(mixed.split("\n"), one, repr(wrong))

    def test_what_does_not_fit_is_a_token_in_the_database(self) -> None:
        address = self.verp("encode", "spring26", LONG).strip()
        self.assertRegex(address, r"^bounces\+a[a-z2-7]{18}@news\.example\.com$")
        self.assertEqual(
            self.tokens(),
            [{"campaign": "spring26", "recipient": LONG, "domain": "news.example.com"}],
        )
        self.assertEqual(self.verp("encode", "spring26", LONG).strip(), address)
        self.assertEqual(len(self.tokens()), 1)
        self.assertIn(LONG, self.verp("decode", address.upper()))
        self.assertIn("valid", self.verp("check", address))

    def test_tokens_of_a_long_list_are_all_stored(self) -> None:
        recipients = [f"{number}.{LONG}" for number in range(2500)]
        made = self.encode("\n".join(recipients), "spring26").split()
        self.assertEqual(len(set(made)), 2500)
        stored = self.value("SELECT count(*) FROM bounce.verp_token")
        self.assertEqual(stored, 2500)

    def test_nothing_is_printed_whose_token_is_not_stored(self) -> None:
        self.postgres.execute("DROP TABLE bounce.verp_token", self.database)
        output = self.encode(f"ada@example.net\n{LONG}\n", "spring26", code=EX_CONFIG)
        self.assertEqual(output, "")

    def test_keys_are_made_once_and_rotate(self) -> None:
        before = self.keys.read_text()
        self.assertEqual(stat.S_IMODE(self.keys.stat().st_mode), 0o600)
        self.run_program("verp keygen", code=EX_CANNOT_CREATE)
        self.assertEqual(self.keys.read_text(), before)
        old = self.verp("encode", "spring26", "ada@example.net").strip()
        self.assertIn("accepted still: a;", self.verp("keygen", "--add"))
        new = self.verp("encode", "spring26", "ada@example.net").strip()
        self.assertRegex(new, r"\+b[a-z2-7]{18}@")
        self.verp("check", old, new)
        lines = self.keys.read_text().splitlines(keepends=True)
        self.keys.write_text("".join(line for line in lines if not line.startswith("a ")))
        self.assertIn("unknown_key", self.verp("check", old, new, code=EX_NOT_FOUND))

    def test_a_key_file_that_others_can_read_is_refused(self) -> None:
        self.keys.chmod(0o640)
        _, errors = self.run_program("verp encode", "a", "ada@example.net", code=EX_CONFIG)
        self.assertIn("chmod 600", errors)

    def test_without_keys_addresses_are_not_signed_and_not_checked(self) -> None:
        self.program.sections["verp"] = {"patterns": PATTERNS}
        address = self.verp("encode", "spring26", "ada@example.net").strip()
        self.assertEqual(address, "bounces+spring26-ada=example.net@news.example.com")
        self.assertIn("ada@example.net", self.verp("decode", address))
        self.run_program("verp check", address, code=EX_CONFIG)

    def test_patterns_alone_need_no_configuration(self) -> None:
        done = subprocess.run(
            [self.program.path, "verp", "encode", "--verp", f"xverp {BASE}", "", "ada@example.net"],
            capture_output=True, text=True, env=environment(), check=False,
        )  # fmt: skip
        self.assertEqual(done.stdout, "bounces+ada=example.net@news.example.com\n", done.stderr)
