"""SQL as it is packaged."""

import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from service.journal.statements import Statement, load_migrations, load_statements

ROOT = Path(__file__).parents[2]


def test_a_statement_is_written_for_the_rows_at_hand() -> None:
    """Each row may have its number; the same text is the same object."""
    statement = Statement("VALUES {rows}", "({n}, ?)")

    assert statement.sql(3) == "VALUES (0, ?), (1, ?), (2, ?)"
    assert statement.sql(3) is statement.sql(3)
    assert Statement("SELECT 1").sql() == "SELECT 1"


def test_statements_are_found_by_name() -> None:
    """With their row, where they have one."""
    statements = load_statements("sqlite", "journal")

    assert statements["adopt"].sql().startswith("UPDATE call SET epoch = epoch + 1")
    assert statements["write_legs"].row == "(?, ?)"
    assert all(bool(one.row) == ("{rows}" in one.text) for one in statements.values())


def test_migrations_come_in_order() -> None:
    """The first one makes the tables; none is missing in between."""
    assert "CREATE TABLE call" in load_migrations("sqlite")[0]
    names = sorted(path.name for path in (ROOT / "service/journal/sqlite/sql/migrations").iterdir())
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


@pytest.mark.slow
def test_the_wheel_carries_the_sql(tmp_path: Path) -> None:
    """Whoever installs the package has the migrations and statements."""
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])

    with zipfile.ZipFile(wheel) as archive:
        sql = {name for name in archive.namelist() if name.endswith(".sql")}
    here = {str(path.relative_to(ROOT)) for path in (ROOT / "service/journal").rglob("*.sql")}
    assert sql >= here
    assert len(here) > 1
