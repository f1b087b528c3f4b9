"""File descriptors: how many this process may have, and who may have how many of them.

Whoever takes the last one takes it from Telnyx, from engines and from the journal. So listeners may
have half of them, and endpoints that hang, however many, a quarter.
"""

import errno
import os
import sys
from contextlib import suppress
from typing import Final

UNBOUNDED: Final = 1_048_576
"""What stands for the number where the system has no limit."""
_ENDPOINTS_SHARE: Final = 4
_NONE_LEFT: Final = frozenset({errno.EMFILE, errno.ENFILE})
_MAX_CAUSES: Final = 8


def most_descriptors() -> int:
    """Return how many this process may have open at once."""
    if sys.platform == "win32":
        return UNBOUNDED
    import resource  # noqa: PLC0415 - not there on Windows

    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return UNBOUNDED if limit == resource.RLIM_INFINITY else limit


def raise_limit() -> int:
    """Let this process open as many as it may let itself; return how many those are.

    A process begins with 1,024 mostly, for the sake of programs that know no higher numbers.
    """
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not there on Windows

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with suppress(OSError, ValueError):  # some systems call it unlimited, and do not mean it
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most_descriptors()


def sockets_for_each(endpoints: int, *, at_most: int, descriptors: int | None = None) -> int:
    """Return how many sockets each of so many endpoints may have, one at least.

    All together have a quarter of the descriptors. That is divided, not given out as it is asked
    for: those that hang would have it all.
    `descriptors` is what there is, by default what this process may have.
    """
    all_of_them = (most_descriptors() if descriptors is None else descriptors) // _ENDPOINTS_SHARE
    return max(1, min(at_most, all_of_them // max(1, endpoints)))


def is_out_of_descriptors(error: BaseException) -> bool:
    """Say whether something failed because this process, or its machine, had none left."""
    link: BaseException | None = error
    for _ in range(_MAX_CAUSES):
        if link is None:
            break
        if isinstance(link, OSError) and link.errno in _NONE_LEFT:
            return True
        link = link.__cause__ or link.__context__
    return False


def are_all_taken() -> bool:
    """Try whether there is none left now: look-ups of names fail for it without saying so."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as tried:
        return tried.errno in _NONE_LEFT
    return False
