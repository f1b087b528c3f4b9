"""Bindings on a command line: `--route` and `--metadata` of a key."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.ports import Binding
    from service.settings import Settings


def add_binding(parser: argparse.ArgumentParser) -> None:
    """Let a key be bound to some calls."""
    parser.add_argument(
        "--route",
        action="append",
        default=[],
        metavar="NAME",
        help="only calls of the route of this name; more than once: of any of them",
    )
    parser.add_argument(
        "--metadata",
        action="append",
        default=[],
        type=_pair,
        metavar="KEY=VALUE",
        help="only calls whose metadata say so; more than once: of a key any of the values",
    )


def read_binding(arguments: argparse.Namespace, settings: "Settings") -> "Binding":
    """Return what a key is to be bound to.

    Raises:
        SettingsError: It is too much, or no route has such a name.
    """
    from service.errors import SettingsError  # noqa: PLC0415 - keeps --help quick
    from service.ports import bind  # noqa: PLC0415

    faults = list(_faults(arguments.route, arguments.metadata, settings))
    if faults:
        raise SettingsError(faults)
    return bind(arguments.route, arguments.metadata)


def describe_binding(binding: "Binding") -> str:
    """Return a binding in a few words, as it was asked for; "all calls" if there is none."""
    if binding.is_unbound:
        return "all calls"
    said = [f"route={name}" for name in binding.routes or ()]
    return " ".join(said + [f"{key}={one}" for key, values in binding.metadata for one in values])


def _faults(
    routes: list[str], metadata: list[tuple[str, str]], settings: "Settings"
) -> Iterator[str]:
    from service.ports import binding as limits  # noqa: PLC0415 - keeps --help quick

    known = sorted({route.name for route in settings.route.values() if route.name})
    listed = f"there is {', '.join(known)}" if known else "no [[route]] has a name"
    yield from (
        f'--route: no route is called "{one}"; {listed}' for one in routes if one not in known
    )
    if len(set(routes)) > limits.MAX_ROUTES:
        yield f"--route: at most {limits.MAX_ROUTES}"
    if len(set(metadata)) > limits.MAX_METADATA:
        yield f"--metadata: at most {limits.MAX_METADATA}"
    for key, value in metadata:
        if len(key) > limits.MAX_KEY_CHARS or len(value) > limits.MAX_VALUE_CHARS:
            said = f"{limits.MAX_KEY_CHARS} characters, and values {limits.MAX_VALUE_CHARS}"
            yield f"--metadata: keys have at most {said}"


def _pair(text: str) -> tuple[str, str]:
    key, is_there, value = text.partition("=")
    if not key or not is_there or not text.isprintable():
        raise argparse.ArgumentTypeError("should be KEY=VALUE, such as queue=billing")
    return key, value
