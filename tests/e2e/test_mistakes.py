"""What a new user gets wrong: one line that says what, where and what to do."""

from collections.abc import Callable
from pathlib import Path

from e2e.case import OWNER, Case, use_lab
from lab.place import free_port

setUpModule, tearDownModule = use_lab()

EX_NO_INPUT, EX_NO_HOST, EX_UNAVAILABLE, EX_TEMPORARY = 66, 68, 69, 75
EX_PERMISSION, EX_CONFIG = 77, 78


class Mistakes(Case):
    """Each alone, in a configuration that is right otherwise."""

    def assert_told(self, mistake: Callable[[], object], code: int, *words: str) -> None:
        database, mailbox = dict(self.program.database), dict(self.mailbox)
        with self.subTest(words[0]):
            mistake()
            output, errors = self.run_program("fetch", code=code)
            self.assertEqual((output, errors.count("\n")), ("", 1), errors)
            for word in words:
                self.assertIn(word, errors)
        self.program.database.update(database)
        self.mailbox.update(mailbox)

    def connect(self, database: str, role: str = OWNER) -> Callable[[], None]:
        conninfo = self.postgres.conninfo(database, role)
        return lambda: self.program.database.update(conninfo=conninfo)

    def set(self, **keys: str | int) -> Callable[[], None]:
        return lambda: self.mailbox.update(keys)

    def test_no_configuration(self) -> None:
        done = self.program.path, "fetch", "-c", "/nonexistent/nullsender.conf"
        self.program.command = lambda *_: [str(word) for word in done]
        self.assert_told(
            lambda: None, EX_NO_INPUT, "/nonexistent/nullsender.conf: No such file",
            "--config names another", "nullsender.conf(5)",
        )  # fmt: skip

    def test_database(self) -> None:
        self.postgres.execute("CREATE ROLE newcomer LOGIN")
        self.postgres.create_database("empty", OWNER)
        nothing = f"host=127.0.0.1 port={free_port()} dbname=x"
        down = self.program.database
        self.assert_told(
            lambda: down.update(conninfo=nothing), EX_TEMPORARY, "Is the server running"
        )
        self.assert_told(
            self.connect("nosuch"), EX_CONFIG, '"nosuch" does not exist', "createdb makes it"
        )
        self.assert_told(self.connect("empty"), EX_CONFIG, "run nullsender migrate")
        self.assert_told(
            self.connect(self.database, "nosuch"), EX_PERMISSION, 'role "nosuch" does not exist',
            "name another role in conninfo",
        )  # fmt: skip
        self.assert_told(
            self.connect(self.database, "newcomer"), EX_PERMISSION, "permission denied for schema",
            "conninfo has to name the role that owns the database",
        )  # fmt: skip

    def test_mailbox(self) -> None:
        wrong = Path(self.program.folder / "wrong.password")
        wrong.touch(0o600)
        wrong.write_text("wrong\n")
        self.assert_told(
            self.set(host="imap.example.invalid"), EX_NO_HOST, "mailbox bounces: ",
            "resolve host: imap.example.invalid (are `host` and `port` right?)",
        )  # fmt: skip
        self.assert_told(
            self.set(port=free_port()), EX_TEMPORARY, "Failed to connect", "are `host` and `port`"
        )
        self.assert_told(
            self.set(password_file=str(wrong)), EX_PERMISSION, f"refuses user {self.user}",
            "is `user` right, and its password or token?",
        )  # fmt: skip
        self.assert_told(
            self.set(password_file="/nonexistent/password"), EX_NO_INPUT,
            "mailbox bounces: password_file: /nonexistent/password: No such file",
        )  # fmt: skip
        self.assert_told(
            self.set(ca_file="/nonexistent/ca.pem"), EX_CONFIG, "/nonexistent/ca.pem: ",
            "access rights?",
        )  # fmt: skip
        self.assert_told(
            self.set(folder="Bounces"), EX_UNAVAILABLE, "folder Bounces", "there are: ", "INBOX"
        )
