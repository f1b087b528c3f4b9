"""What a `database_url` says. Pure."""

from pathlib import Path

_POSTGRESQL = ("postgresql", "postgres")


def parse_database_url(text: str) -> Path:
    """Return the SQLite file of a URL: `sqlite:///` and a relative path, `sqlite:////` if absolute.

    Raises:
        ValueError: It names none that can be used. The URL is not repeated: it may hold a password.
    """
    scheme, _, rest = text.partition(":")
    if scheme.lower().partition("+")[0] in _POSTGRESQL:
        raise ValueError("PostgreSQL is not built yet; use sqlite:///callscribe.db")
    path = rest.removeprefix("///")
    if scheme != "sqlite" or path == rest or not path.strip("/") or path == ":memory:":
        raise ValueError("should be sqlite:/// and the path of a file")
    if "?" in path or path.endswith("/"):
        raise ValueError("should name a file, without options after it")
    return Path(path)
