"""`callscribe health`: does what runs on this machine answer? For a container's health check."""

import argparse
from collections.abc import Mapping

from service.cli.common import Commands, add_command, add_config, read_local_settings
from service.cli.recogniser import LISTEN_VARIABLE, RECOGNISER_LISTEN
from service.errors import CallscribeError
from service.exits import Exit

_VARIABLE = "CALLSCRIBE_LISTEN"
_PATH = "/healthz"
_TIMEOUT_S = 2.0
_OK = 200
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - where one of them listens, loopback answers


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "health",
        run,
        "Ask the service on this machine, and else the recogniser, whether it is alive. "
        "Exit code 0 if one is.",
    )
    add_config(parser)


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Ask where the service listens, then where the recogniser does."""
    ours = environ.get(_VARIABLE) or read_local_settings(arguments, environ).listen
    theirs = environ.get(LISTEN_VARIABLE) or RECOGNISER_LISTEN
    for listen in (ours, theirs):
        if _answers(listen):
            print(f"{listen}  is alive")
            return Exit.OK
    raise CallscribeError(f"nothing is alive, neither on {ours} nor on {theirs}")


def _answers(listen: str) -> bool:
    from http.client import HTTPConnection, HTTPException  # noqa: PLC0415 - keeps --help quick
    from urllib.parse import urlsplit  # noqa: PLC0415

    try:
        parts = urlsplit(f"//{listen}")
        host = parts.hostname or ""
        where = "127.0.0.1" if host in _EVERYWHERE else host
        asking = HTTPConnection(where, parts.port, timeout=_TIMEOUT_S)
        asking.request("GET", _PATH)
        return asking.getresponse().status == _OK
    except (OSError, HTTPException, ValueError):
        return False
