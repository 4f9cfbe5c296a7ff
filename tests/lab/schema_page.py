#!/usr/bin/python3
"""The manual page of the schema, nullsender-schema(7), made from the comments in the database.

    python3 tests/lab/schema_page.py build/nullsender > etc/man/nullsender-schema.7
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.postgres import Postgres
from lab.program import Program

OBJECTS = """
    SELECT c.relname AS name, c.relkind AS kind, obj_description(c.oid) AS comment, c.oid::int AS id
    FROM pg_class c WHERE c.relnamespace = 'bounce'::regnamespace AND c.relkind IN ('r', 'v', 'p')
        AND NOT c.relispartition
    ORDER BY c.relname"""
COLUMNS = """
    SELECT attrelid::int AS id, attname AS name, format_type(atttypid, atttypmod) AS type,
        col_description(attrelid, attnum) AS comment
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE c.relnamespace = 'bounce'::regnamespace AND attnum > 0 AND NOT attisdropped
    ORDER BY attrelid, attnum"""
FUNCTIONS = """
    SELECT proname AS name, pg_get_function_identity_arguments(p.oid) AS arguments,
        obj_description(p.oid, 'pg_proc') AS comment
    FROM pg_proc p WHERE pronamespace = 'bounce'::regnamespace AND prokind = 'f'
        AND obj_description(p.oid, 'pg_proc') IS NOT NULL
    ORDER BY proname, arguments"""

HEAD = r""".\" Made by tests/lab/schema_page.py from the comments in migrations/: change them there.
.Dd November 22, 2026
.Dt NULLSENDER-SCHEMA 7
.Os
.Sh NAME
.Nm nullsender-schema
.Nd tables and views of nullsender
.Sh DESCRIPTION
.Xr nullsender 8
keeps what it learns in the schema
.Ic bounce
of a PostgreSQL database.
Events are facts and stay; the states of addresses are computed from them.
People and dashboards read the views; the role
.Ic nullsender_reader
may read all but the bytes of mails:
.Pp
.Dl GRANT nullsender_reader TO marketing;
.Pp
The sender's own system may write into
.Ic campaign
and
.Ic delivery ;
everything else is written by
.Xr nullsender 8 .
In
.Xr psql 1 ,
.Ql \ed+ bounce.suppression
shows the same explanations.
"""
TAIL = """.Sh SEE ALSO
.Xr psql 1 ,
.Xr nullsender.conf 5 ,
.Xr nullsender 8
"""


def text(words: str | None) -> str:
    """Words as mdoc: one line a sentence, nothing that is taken for a macro."""
    escaped = (words or "").replace("\\", "\\e").replace("-", "\\-")
    lines = escaped.replace(". ", ".\n").splitlines()
    return "\n".join(f"\\&{line}" if line[:1] in (".", "'") else line for line in lines)


def objects(rows: list[dict], columns: dict[int, list[dict]]) -> str:
    page = ""
    for row in rows:
        page += f".Ss bounce.{row['name']}\n{text(row['comment'])}\n.Bl -tag -width Ds\n"
        for column in columns[row["id"]]:
            page += f".It Ic {column['name']} Pq \"{column['type']}\"\n{text(column['comment'])}\n"
        page += ".El\n"
    return page


def schema_page(postgres: Postgres, database: str) -> str:
    """The page, from a database that is up to date."""
    columns: dict[int, list[dict]] = {}
    for column in postgres.query(COLUMNS, database):
        columns.setdefault(int(column["id"]), []).append(column)
    rows = [row | {"id": int(row["id"])} for row in postgres.query(OBJECTS, database)]
    page = HEAD
    page += ".Sh VIEWS\n" + objects([row for row in rows if row["kind"] == "v"], columns)
    page += ".Sh TABLES\n" + objects([row for row in rows if row["kind"] != "v"], columns)
    page += ".Sh FUNCTIONS\n.Bl -tag -width Ds\n"
    for function in postgres.query(FUNCTIONS, database):
        arguments = text(function["arguments"]).replace("\n", " ")
        page += f".It Ic bounce.{function['name']} Ns Pq \"{arguments}\"\n"
        page += f"{text(function['comment'])}\n"
    return page + ".El\n" + TAIL


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with Postgres(place / "postgres") as postgres:
            postgres.create_database("schema")
            conninfo = {"conninfo": postgres.conninfo("schema")}
            program = Program(Path(sys.argv[1]), place / "program", conninfo)
            done = program.run("migrate")
            if done.returncode:
                sys.exit(done.stderr)
            sys.stdout.write(schema_page(postgres, "schema"))


if __name__ == "__main__":
    main()
