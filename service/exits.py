"""Exit codes: what a finished process says to whatever started it. And signals that end none."""

import signal
from enum import IntEnum
from typing import Final

HELD_BACK: Final = (signal.SIGTERM, signal.SIGHUP)
"""A supervisor starts workers with these held back, until each is ready to heed them."""


class Exit(IntEnum):
    """The exit codes of `callscribe`, all of them."""

    OK = 0
    """Done; for `serve`: drained, with nothing left to deliver, or stopped before it began."""
    FAILED = 1
    """It did not work: a failed check, a crash, something missing in the demo."""
    USAGE = 2
    """The command line or the settings cannot be used; nothing was started."""
    WORK_LEFT = 3
    """`serve` stopped at its deadline; what was left is in the journal for the next start."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C, as shells count it."""
