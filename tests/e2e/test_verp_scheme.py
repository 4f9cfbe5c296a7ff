"""The scheme of signed addresses, written down three times: the program, the README's example in
Python, and the SQL in etc/verp.sql. They agree, on the README's vectors and on random input."""

import random
import subprocess

from e2e.case import Case, use_lab
from lab.place import ROOT
from lab.program import environment, write_secret
from lab.verp import BASE, KEY, KEY_ID, KEY_LINE, readme_vectors, signed, verp_address

setUpModule, tearDownModule = use_lab()

RANDOM_COUNT = 3000
LOCAL = "abcXYZ019.._-+=!#$%&'*/?^`{|}~üé漢"
NAME = "abcxyzABC0123456789.._- =+/@#é漢"


def random_pair(rng: random.Random) -> tuple[str, str]:
    campaign = "".join(rng.choices(NAME, k=rng.randint(1, 20)))
    local = "".join(rng.choices(LOCAL, k=rng.randint(1, 24)))
    return campaign, f"{local}@{rng.choice(('Example.NET', 'a.b.example', 'x-y.example'))}"


class Scheme(Case):
    def setUp(self) -> None:
        super().setUp()
        keys = self.program.folder / "verp.keys"
        write_secret(keys, KEY_LINE.strip())
        self.program.sections["verp"] = {
            "patterns": [f"signed {BASE}", f"token {BASE}"],
            "key_file": str(keys),
        }
        self.postgres.execute("CREATE EXTENSION pgcrypto", self.database)
        self.postgres.execute((ROOT / "etc/verp.sql").read_text(), self.database)

    def made_by_sql(self, pairs: list[tuple[str, str]], day: str = "") -> list[str]:
        values = ", ".join(
            f"({n}, {quoted(campaign)}, {quoted(recipient)})"
            for n, (campaign, recipient) in enumerate(pairs)
        )
        more = f", {day}" if day else ""
        rows = self.query(
            f"SELECT bounce.verp_encode('\\x{KEY.hex()}', '{KEY_ID}', c, r, '{BASE}'{more}) AS made"
            f" FROM (VALUES {values}) AS v (n, c, r) ORDER BY n"
        )
        return [row["made"] for row in rows]

    def test_python_and_sql_make_the_readmes_vectors(self) -> None:
        vectors = readme_vectors()
        self.assertGreater(len(vectors), 5)
        for v in vectors:
            with self.subTest(v.address):
                made = verp_address(KEY_ID, KEY, v.day, v.campaign, v.recipient)
                self.assertEqual(made, v.address)
                made_by_sql = self.made_by_sql([(v.campaign, v.recipient)], str(v.day))
                self.assertEqual(made_by_sql, [v.address])

    def test_all_three_agree_on_random_input(self) -> None:
        rng = random.Random(26)
        pairs = [random_pair(rng) for _ in range(RANDOM_COUNT)]
        pairs = [(c, r) for c, r in pairs if len(c.encode()) <= 255]
        self.program.write_config()
        done = subprocess.run(
            [self.program.path, "verp", "encode", "-c", self.program.config],
            input="".join(f"{campaign}\t{recipient}\n" for campaign, recipient in pairs),
            capture_output=True, text=True, env=environment(), check=True,
        )  # fmt: skip
        program = done.stdout.splitlines()
        python = [signed(campaign, recipient) for campaign, recipient in pairs]
        by_sql = self.made_by_sql(pairs)
        for pair, *made in zip(pairs, program, python, by_sql, strict=True):
            self.assertEqual(len(set(made)), 1, (pair, made))
        tokens = self.value("SELECT count(*) FROM bounce.verp_token")
        self.assertEqual(tokens, len({a for a in program if len(a.partition("@")[0]) == 27}))
        self.assertGreater(tokens, 0)

    def test_sql_makes_nothing_of_what_it_cannot_write(self) -> None:
        pairs = [("a", '"a b"@example.net'), ("a", "ada@bücher.example"), ("a", "ada")]
        self.assertEqual(self.made_by_sql(pairs), [None, None, None])


def quoted(text: str) -> str:
    """An SQL literal."""
    return "'" + text.replace("'", "''") + "'"
