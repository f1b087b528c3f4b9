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


def reason(error: BaseException) -> str:
    """Say in words why a connection failed. The text of the error is left out: it holds URLs."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) and len(chain) < _MAX_CAUSES:
        chain.append(cause)
    for kind, words in _REASONS:
        if any(kind in {base.__name__ for base in type(link).__mro__} for link in chain):
            return words
    return type(error).__name__


_MAX_CAUSES = 8
_REASONS = (
    ("AddressRefusedError", "its address is not a public one"),
    ("SSLCertVerificationError", "its TLS certificate does not hold"),
    ("SSLError", "TLS failed"),
    ("gaierror", "its name does not resolve"),
    ("ClientConnectorDNSError", "its name does not resolve"),
    ("TimeoutError", "no answer in time"),
    ("ConnectionRefusedError", "nothing listens there"),
    ("ConnectionError", "the connection was lost"),
    ("ServerDisconnectedError", "the connection was lost"),
    ("OSError", "no connection"),
)
