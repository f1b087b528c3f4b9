"""What programs that tests start are to heed, whoever started the tests."""

import signal


def heed_signals() -> None:
    """Undo what a shell and `nohup` do to jobs in the background: they ignore Ctrl-C and hang-ups.

    For `preexec_fn`: what a process ignores, its children ignore as well.
    """
    for one in (signal.SIGINT, signal.SIGHUP):
        signal.signal(one, signal.SIG_DFL)
