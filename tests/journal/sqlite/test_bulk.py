"""Many rows in one statement."""

import sqlite3
from contextlib import closing

import pytest

from service.journal.sqlite.bulk import find_rows, write_rows
from service.journal.statements import Statement

WRITE = Statement("INSERT INTO t VALUES {rows}", "(?, ?)")
FIND = Statement(
    "WITH given (n, a) AS (VALUES {rows})"
    " SELECT json_group_array(json_array(n, b)) FROM given CROSS JOIN t USING (a)",
    "({n}, ?)",
)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 255, 256, 257, 511, 1000])
def test_any_number_of_rows_goes_in_and_is_found(count: int) -> None:
    """In order, whatever the parts they are written in."""
    rows = [(f"key {n}", n) for n in range(count)]
    keys = [key for key, _ in rows]
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE t (a TEXT PRIMARY KEY, b INTEGER)")
        write_rows(db, WRITE, rows)

        assert db.execute("SELECT a, b FROM t ORDER BY rowid").fetchall() == rows
        found = list(find_rows(db, FIND, ["missing", *keys, "missing too"]))
    assert found == [(key, [n]) for key, n in rows]
