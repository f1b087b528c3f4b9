"""What a `database_url` says. Pure."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_POSTGRESQL = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class SqliteAddress:
    """A SQLite file."""

    path: Path


@dataclass(frozen=True, slots=True)
class PostgresqlAddress:
    """A PostgreSQL database. The URL may hold a password: never log it."""

    url: str = field(repr=False)


def parse_database_url(text: str) -> SqliteAddress | PostgresqlAddress:
    """Return what a URL names: `sqlite:///` and a path, or `postgresql://user@host/database`.

    Three slashes and a relative path, or four for an absolute one.

    Raises:
        ValueError: It names none that can be used. The URL is not repeated: it may hold a password.
    """
    scheme, _, rest = text.partition(":")
    if scheme in _POSTGRESQL:
        return _postgresql(text)
    if scheme.lower().partition("+")[0] in _POSTGRESQL:
        raise ValueError("should begin with postgresql://, whatever the driver")
    path = rest.removeprefix("///")
    if scheme != "sqlite" or path == rest or not path.strip("/") or path == ":memory:":
        raise ValueError(
            "should be sqlite:/// and the path of a file, or postgresql://user@host/database"
        )
    if "?" in path or path.endswith("/"):
        raise ValueError("should name a file, without options after it")
    return SqliteAddress(Path(path))


def _postgresql(text: str) -> PostgresqlAddress:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("should be postgresql://user@host:port/database") from None
    if not parts.path.strip("/") or port == 0:
        raise ValueError("should name a database: postgresql://user@host/database")
    return PostgresqlAddress(text)
