"""A journal as SQL that people can read, and a journal made of it again."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

Value = int | float | str | bytes | None
_INDEX_OF_WORDS = "utterance_words"
_PRAGMAS = ("application_id", "user_version")


def dump(path: Path) -> str:
    """Return a journal as SQL: its tables, a line for each row, then what is kept of them.

    Bytes that are text are written as text. The index of words is made anew by the last line.
    """
    with closing(sqlite3.connect(path)) as db:
        return "".join(f"{line};\n" for line in _lines(db))


def restore(script: str, path: Path) -> None:
    """Make the journal that a dump was taken of."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"BEGIN;{script}COMMIT;")


def _lines(db: sqlite3.Connection) -> Iterator[str]:
    for pragma in _PRAGMAS:
        ((value,),) = db.execute(f"PRAGMA {pragma}")
        yield f"PRAGMA {pragma} = {value}"
    made = [row for row in db.execute("SELECT type, name, sql FROM sqlite_schema") if row[2]]
    tables = {name: sql for kind, name, sql in made if kind == "table" and _is_plain(name)}
    for name, sql in tables.items():
        yield sql
        yield from (_insert(name, row) for row in db.execute(f'SELECT * FROM "{name}"'))  # noqa: S608 - its own names
    yield "DELETE FROM sqlite_sequence"
    numbers = db.execute("SELECT * FROM sqlite_sequence")
    yield from (_insert("sqlite_sequence", row) for row in numbers)
    indexed = [sql for _, name, sql in made if name == _INDEX_OF_WORDS]
    yield from indexed
    yield from (sql for kind, _, sql in made if kind in ("index", "trigger"))
    if indexed:
        yield "INSERT INTO utterance_words (utterance_words) VALUES ('rebuild')"


def _is_plain(name: str) -> bool:
    return not name.startswith(("sqlite_", _INDEX_OF_WORDS))


def _insert(table: str, row: tuple[Value, ...]) -> str:
    values = ", ".join(_literal(value) for value in row)
    return f"INSERT INTO {table} VALUES ({values})"  # noqa: S608 - its own rows


def _literal(value: Value) -> str:
    match value:
        case None:
            return "NULL"
        case bytes():
            text = value.decode(errors="ignore")
            is_text = text.isprintable() and text.encode() == value
            return f"CAST({_literal(text)} AS BLOB)" if is_text else f"x'{value.hex()}'"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case _:
            return repr(value)
