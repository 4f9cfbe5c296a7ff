"""The whole content of a ledger, as lines that can be compared."""

from __future__ import annotations

from collections import Counter

from lab.postgres import Postgres

# What depends on when and in which run something was stored, and not on what is true.
RUN_COLUMNS = "'run', 'stored_at', 'updated_at'"

# A message whose decoder was killed says with which signal; that it is quarantined is compared.
TABLES = {
    "message": "SELECT to_jsonb(t) - ARRAY[{run}]"
    " - CASE WHEN outcome = 'quarantined' THEN 'outcome_reason' ELSE '' END"
    " FROM bounce.message t",
    "message_raw": "SELECT jsonb_build_object('message', message, 'sha256',"
    " encode(sha256(raw), 'hex')) FROM bounce.message_raw",
    "fetched": "SELECT jsonb_build_object('mailbox', mailbox, 'message', message)"
    " FROM bounce.fetched",
    # The log has the times of commits, and what a batch before said.
    "suppression_log": "SELECT DISTINCT ON (recipient) to_jsonb(t) - 'changed_at'"
    " FROM bounce.suppression_log t ORDER BY recipient, changed_at DESC",
}
PLAIN_TABLES = (
    "event",
    "recipient",
    "escalation",
    "domain_window",
    "campaign_recipient",
    "campaign_count",
    "campaign",
    "operator_action",
    "delivery",
)
KEPT_TABLES = ("schema_version", "category", "policy", "expiry_clock")

LINES_SHOWN = 12


class Ledger:
    """The ledger in a database."""

    def __init__(self, server: Postgres, database: str) -> None:
        self._server = server
        self._database = database

    def empty(self) -> None:
        """As migrate left it; kept through a crash of the server."""
        tables = self._server.value(
            "SELECT string_agg('bounce.' || tablename, ', ') FROM pg_tables"
            " WHERE schemaname = 'bounce' AND tablename NOT IN"
            f" ({', '.join(map(repr, KEPT_TABLES))})",
            self._database,
        )
        self._server.execute(
            f"BEGIN; SET LOCAL synchronous_commit = on; TRUNCATE {tables}; COMMIT", self._database
        )

    def content(self) -> Counter[str]:
        """All rows of all tables, each a line; what is stored twice is there twice."""
        selects = {name: f"SELECT to_jsonb(t) - ARRAY[{{run}}] FROM bounce.{name} t"
                   for name in PLAIN_TABLES} | TABLES  # fmt: skip
        sql = " UNION ALL ".join(
            f"SELECT '{name} ' || row::text FROM ({select.format(run=RUN_COLUMNS)}) AS {name} (row)"
            for name, select in selects.items()
        )
        return Counter(self._server.execute(sql, self._database).splitlines())

    def last_run(self) -> dict:
        """The row of the run that was started last."""
        (row,) = self._server.query(
            "SELECT * FROM bounce.run ORDER BY started_at DESC LIMIT 1", self._database
        )
        return row

    def is_empty(self) -> bool:
        """Whether no message has been stored."""
        return not self._server.value(
            "SELECT EXISTS (SELECT FROM bounce.message) OR EXISTS (SELECT FROM bounce.fetched)",
            self._database,
        )


def difference(right: Counter[str], found: Counter[str]) -> str:
    """What is missing and what is there beside it, for people; empty where there is none."""
    missing, wrong = right - found, found - right
    if not missing and not wrong:
        return ""
    lines = [f"the ledger: {missing.total()} rows are missing, {wrong.total()} are wrong"]
    lines += [f"missing  {line[:400]}" for line in sorted(missing.elements())[:LINES_SHOWN]]
    lines += [f"wrong    {line[:400]}" for line in sorted(wrong.elements())[:LINES_SHOWN]]
    return "\n".join(lines)
