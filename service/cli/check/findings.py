"""What `callscribe check` finds, one line each."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "FAIL"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One checked thing. `text` says what is, and for `FAIL` what to do, without any secret."""

    level: Level
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.level:<4}  {self.subject:<16}  {self.text}"


def ok(subject: str, text: str) -> Finding:
    """Make the finding that all is well."""
    return Finding("ok", subject, text)


def warn(subject: str, text: str) -> Finding:
    """Make a finding that may be meant as it is, and may not."""
    return Finding("warn", subject, text)


def fail(subject: str, text: str) -> Finding:
    """Make the finding that something cannot work as it is."""
    return Finding("FAIL", subject, text)
