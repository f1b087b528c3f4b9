"""`callscribe init`: writes a first settings file, by asking or from flags."""

import argparse
import base64
import json
import os
import re
import secrets
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from service.cli.common import NO_KEYS, Commands, add_command, url
from service.errors import BadInputError, SettingsError
from service.exits import Exit
from service.reasons import system_fault

_SECRET_BYTES = 32
_HEAD = """\
# Callscribe: `callscribe check` tries all of this, `callscribe config` shows what is in force.
# Keys of Telnyx come from TELNYX_API_KEY and TELNYX_PUBLIC_KEY, or from files that
# TELNYX_API_KEY_FILE and TELNYX_PUBLIC_KEY_FILE name.
"""
_PUBLIC_URL = """
public_url = {public_url}  # how Telnyx reaches this machine: /webhooks/telnyx and /media/
"""
_ROUTE = """
# The first [[route]] that matches a call says how it is treated; other calls are left alone.
[[route]]
match = {match}
{connect}
source = {source}  # {explained}
engine = {engine}
"""
_CONNECT = "connect = {party}  # who is dialled for the caller, and bridged"
_NOBODY = """\
# connect = "+13125550177"  # who is dialled for the caller, and bridged: without it callers hear
#                             silence, unless answer = false leaves them to somebody else"""
_MEDIA = """\
model = "nova-3"
language = "en-US"
"""
_ROUTE_END = """\
roles = { inbound = "customer", outbound = "agent" }  # who is on which track of a call that came in
endpoints = [{name}]
# record = "audio"                 # keep the audio, too
# retention = { text_days = 30 }   # delete by itself; without it, never
"""
_WEBHOOK = """
[[endpoint]]
name = {name}
type = "webhook"
url = {url}
secret = {secret}  # the receiver verifies with it
partials = "all"  # all, stable, debounce:300ms or off
"""
_LOG = """
# Events go to the log until there is a receiver: type = "webhook", with a url and a secret.
[[endpoint]]
name = {name}
type = "log"
"""
_SOURCES = {
    "media": "the call's audio is forked to us and on to the engine",
    "in_call": "Telnyx transcribes in the call",
}


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "init",
        run,
        "Write a first callscribe.toml, with a secret of its own. On a terminal it asks for what "
        "no flag says.",
    )
    parser.add_argument(
        "--number", type=_number, metavar="PATTERN", help="called number, as in +1312*"
    )
    parser.add_argument(
        "--connect",
        type=_party,
        metavar="PARTY",
        help="a number or SIP address: who is dialled for the caller, and bridged",
    )
    parser.add_argument("--source", choices=tuple(_SOURCES), help="where the words come from")
    parser.add_argument(
        "--public-url", type=_public_url, metavar="URL", help="how Telnyx reaches this machine"
    )
    parser.add_argument("--endpoint", type=_webhook, metavar="URL", help="a webhook; else the log")
    parser.add_argument("--name", default="crm", help="the endpoint's name (default: crm)")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.add_argument(
        "--config", type=Path, default=Path("callscribe.toml"), metavar="FILE", help="where to"
    )


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Ask, see whether the settings can be used, write them, and say what comes next."""
    del environ
    _expect_room(arguments)
    if sys.stdin.isatty():
        _ask_for_all(arguments)
    text = _write(arguments)
    _try(text)
    _expect_room(arguments)  # whoever was asked took a while to answer
    try:
        _keep(arguments.config, text)
    except OSError as error:
        raise BadInputError(f"cannot write {arguments.config}: {system_fault(error)}") from error
    print(f"{arguments.config} is written, for nobody else to read: secrets stand in it.")
    print("Now set TELNYX_API_KEY and TELNYX_PUBLIC_KEY, then:")
    print("  callscribe check")
    print("  callscribe serve")
    return Exit.OK


def _expect_room(arguments: argparse.Namespace) -> None:
    path = arguments.config
    try:
        found = path.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise BadInputError(f"cannot write {path}: {system_fault(error)}") from error
    if not arguments.force:
        raise BadInputError(f"{path} is there already; --force writes over it")
    if not stat.S_ISREG(found):
        raise BadInputError(f"cannot write {path}: it is no file")


def _ask_for_all(arguments: argparse.Namespace) -> None:
    """Ask for what no flag said; an empty answer takes what stands in brackets."""
    if arguments.number is None:
        arguments.number = _ask("Which number is called, as in +1312*? [all]", _number)
    if arguments.connect is None:
        arguments.connect = _ask(
            "Whom are callers connected with, as in +13125550177? [nobody]", _party
        )
    if arguments.source is None:
        print("Where do the words come from?")
        for name, explained in _SOURCES.items():
            print(f"  {name:<8} {explained}")
        arguments.source = _ask("media or in_call? [media]", _source) or "media"
    if arguments.public_url is None and arguments.source == "media":
        arguments.public_url = _ask("How does Telnyx reach this machine? https://", _public_url)
    if arguments.endpoint is None:
        arguments.endpoint = _ask("Which webhook gets the events? [none: the log]", _webhook)


def _ask(question: str, read: Callable[[str], str]) -> str | None:
    """Ask until the answer can be read; None if it is empty."""
    while True:
        print(question, end=" ", flush=True)
        answer = sys.stdin.readline().strip()
        try:
            return read(answer) if answer else None
        except argparse.ArgumentTypeError as error:
            print(f"  It {error}.")


def _number(text: str) -> str:
    """Read a number as Telnyx writes it (E.164), or the beginning of some (argparse type)."""
    if not re.fullmatch(r"\+[1-9](\d{0,13}\*|\d{6,14})", text, re.ASCII):
        raise argparse.ArgumentTypeError(
            "should be a number as Telnyx has it, such as +13125550100, or how it begins: +1312*"
        )
    return text


def _party(text: str) -> str:
    """Read whom Telnyx can dial (argparse type)."""
    from service.wire.parties import check_party  # noqa: PLC0415 - keeps --help quick

    try:
        return check_party(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _public_url(text: str) -> str:
    """Read an address without a path; a mere name with dots is one of https (argparse type)."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - keeps --help quick

    is_name = "://" not in text and "." in text
    address = url("https", "http")(f"https://{text}" if is_name else text).rstrip("/")
    parts = urlsplit(address)
    if parts.path or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(
            "should have no path: the service answers at /webhooks/telnyx and /media/ of it"
        )
    return address


def _source(text: str) -> str:
    if text not in _SOURCES:
        raise argparse.ArgumentTypeError(f"should be {' or '.join(_SOURCES)}")
    return text


_webhook = url("https", "http")


def _write(arguments: argparse.Namespace) -> str:
    """Return the text of the file.

    Raises:
        SettingsError: Something is missing.
    """
    source = arguments.source or "media"
    public_url = arguments.public_url or ""
    if source == "media" and not public_url:
        raise SettingsError(["--public-url is missing: Telnyx sends the audio there"])
    match = {"direction": "incoming"} | ({"to": arguments.number} if arguments.number else {})
    name = json.dumps(arguments.name if arguments.endpoint else "log")
    parts = [_HEAD]
    if public_url:
        parts.append(_PUBLIC_URL.format(public_url=json.dumps(public_url)))
    parts.append(
        _ROUTE.format(
            match=f"{{ {', '.join(f'{key} = {json.dumps(one)}' for key, one in match.items())} }}",
            connect=_connect(arguments.connect),
            source=json.dumps(source),
            explained=_SOURCES[source],
            engine=json.dumps("Deepgram" if source == "media" else "Telnyx"),
        )
    )
    parts += [_MEDIA] if source == "media" else []
    parts += [_ROUTE_END.replace("{name}", name), _endpoint(arguments.endpoint, name)]
    return "".join(parts)


def _connect(party: str | None) -> str:
    return _NOBODY if party is None else _CONNECT.format(party=json.dumps(party))


def _endpoint(address: str | None, name: str) -> str:
    if address is None:
        return _LOG.format(name=name)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    text = _WEBHOOK.format(name=name, url=json.dumps(address), secret=json.dumps(secret))
    return text + ("allow_private = true  # on this machine\n" if _is_here(address) else "")


def _is_here(address: str) -> bool:
    from urllib.parse import urlsplit  # noqa: PLC0415 - keeps --help quick

    from service.settings.checks import is_loopback  # noqa: PLC0415

    return is_loopback(urlsplit(address).hostname or "")


def _try(text: str) -> None:
    """Read the text as the service would.

    Raises:
        SettingsError: What was said cannot be used; nothing was written.
    """
    import tempfile  # noqa: PLC0415 - keeps --help quick

    from service.settings import load_settings  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "callscribe.toml"
        path.write_text(text, encoding="utf-8")
        try:
            load_settings(path, {}, NO_KEYS)
        except SettingsError as error:
            raise SettingsError(
                [line.removeprefix(f"{folder}/") for line in error.problems]
            ) from None


def _keep(path: Path, text: str) -> None:
    """Write a file that nobody else can read; what was there stays until all of it is written."""
    import tempfile  # noqa: PLC0415 - keeps --help quick

    target = path.resolve()  # a symbolic link goes on leading where it leads
    descriptor, name = tempfile.mkstemp(prefix=".callscribe-", dir=target.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink()
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
