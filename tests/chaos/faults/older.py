"""An older version of the service, to run beside this one."""

import os
import subprocess
from pathlib import Path

VARIABLE = "CHAOS_OLDER"
"""Which commit is meant; else the one before the last that changed the service."""
_ROOT = Path(__file__).parents[3]


def older_version(folder: Path) -> Path | None:
    """Unpack it, and return where it is; None where there is no history."""
    place = folder / "older"
    place.mkdir()
    try:
        commit = os.environ.get(VARIABLE) or _git("log", "-1", "--format=%H^", "--", "service")
        archive = subprocess.run(
            ["git", "archive", commit.strip(), "service"],
            cwd=_ROOT, check=True, capture_output=True,
        )  # fmt: skip
        subprocess.run(["tar", "-x"], cwd=place, check=True, input=archive.stdout)
    except (OSError, subprocess.CalledProcessError):
        return None
    return place


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=_ROOT, check=True, capture_output=True, text=True
    )
    return done.stdout
