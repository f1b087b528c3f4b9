"""Loads an adapter's SQL from the package: its named statements and numbered migrations."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

_ADAPTERS = files("service.journal")
_NAME = re.compile(r"^-- name: (\w+)(?: row: (.+))?\n", re.MULTILINE)


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One statement. Where it holds `{rows}` it is written for a number of rows."""

    text: str
    row: str = ""
    _written: dict[int, str] = field(default_factory=dict)

    def sql(self, rows: int = 1) -> str:
        """Return the text for that many rows; the same object each time, so it stays prepared."""
        written = self._written.get(rows)
        if written is None:
            listed = ", ".join(self.row.replace("{n}", str(n)) for n in range(rows))
            written = self._written[rows] = self.text.replace("{rows}", listed)
        return written


@cache
def load_statements(adapter: str, name: str) -> Mapping[str, Statement]:
    """Return the statements in `<adapter>/sql/<name>.sql` by name."""
    text = (_ADAPTERS / adapter / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    _, *parts = _NAME.split(text)
    rows, bodies = parts[1::3], parts[2::3]
    return {
        name: Statement(body.strip().removesuffix(";"), row or "")
        for name, row, body in zip(parts[0::3], rows, bodies, strict=True)
    }


def load_migrations(adapter: str) -> list[str]:
    """Return `<adapter>/sql/migrations/`; the first script brings an empty database to version 1.

    They only ever go forward: a script that was released is never edited.
    """
    scripts = (_ADAPTERS / adapter / "sql" / "migrations").iterdir()
    return [script.read_text(encoding="utf-8") for script in sorted(scripts, key=_number)]


def _number(script: object) -> int:
    return int(getattr(script, "name", "").partition("_")[0])
