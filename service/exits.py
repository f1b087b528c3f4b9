"""Exit codes: what a finished process says to whatever started it."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of `callscribe`, all of them."""

    OK = 0
    """Done; for `serve`: drained, with nothing left to deliver."""
    FAILED = 1
    """It did not work: a failed check, a crash, something missing in the demo."""
    USAGE = 2
    """The command line or the settings cannot be used; nothing was started."""
    WORK_LEFT = 3
    """`serve` stopped at its deadline; what was left is in the journal for the next start."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C, as shells count it."""
