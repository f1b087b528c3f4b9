"""An older version of the service, to run beside this one."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.oracle import SkippedError

VARIABLE = "CHAOS_OLDER"
"""Which commit is meant; else the one before the last that changed the service."""
_ROOT = Path(__file__).parents[3]
_SCRIPTS = Path("service/journal/postgresql/sql/migrations")


@dataclass(frozen=True, slots=True)
class Older:
    """An older version: the folder that it is in, and whether it starts beside this one.

    It does not once the database has a schema that it does not know; what runs of it goes on.
    """

    folder: Path
    starts_beside: bool


def older_version(folder: Path) -> Older:
    """Unpack an older version.

    Raises:
        SkippedError: There is no history to take it from.
    """
    place = folder / "older"
    place.mkdir()
    try:
        commit = os.environ.get(VARIABLE) or _git("log", "-1", "--format=%H^", "--", "service")
        archive = subprocess.run(
            ["git", "archive", commit.strip(), "service"],
            cwd=_ROOT, check=True, capture_output=True,
        )  # fmt: skip
        subprocess.run(["tar", "-x"], cwd=place, check=True, input=archive.stdout)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SkippedError("there is no history to take an older version from") from error
    return Older(place, _scripts(place) == _scripts(_ROOT))


def _scripts(root: Path) -> list[str]:
    return sorted(script.name for script in (root / _SCRIPTS).glob("*.sql"))


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=_ROOT, check=True, capture_output=True, text=True
    )
    return done.stdout
