"""`callscribe endpoints`: how they do, and switching, testing and moving them."""

import argparse
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from service.cli.common import (
    Commands,
    add_command,
    add_config,
    counted,
    open_journal_beside,
    read_local_settings,
    shown_time,
)
from service.cli.table import print_table
from service.exits import Exit
from service.ids import EndpointName

if TYPE_CHECKING:
    from service.delivery.endpoints import Endpoint
    from service.delivery.switches import Moved
    from service.ports import Journal, LaneRow
    from service.settings import Settings

_ENABLE = (
    "Have disabled endpoints get everything they missed, and what comes. Of those that are "
    "enabled, have what waits for its next try be tried now."
)
_PARTS = (
    ("enable", _ENABLE, "+"),
    ("disable", "Have endpoints get nothing more until they are enabled; all of it is kept.", "+"),
    ("test", "Send endpoints an event of the type endpoint.test, once.", "*"),
    ("park", "Give up what endpoints that are configured no more did not get.", "+"),
)


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command and its parts."""
    parser = add_command(
        commands,
        "endpoints",
        run_list,
        "See how endpoints do; switch, test and move them. A running service follows in seconds.",
    )
    parts = parser.add_subparsers(title="parts", metavar="PART", required=True)
    listing = (
        "List endpoints, what they did not get, and why. One is failing if the last attempt at "
        "what waits there longest went wrong; callscribe deliveries shows the rest."
    )
    add_config(add_command(parts, "ls", run_list, listing))
    for name, summary, number in _PARTS:
        part = add_command(parts, name, run_part, summary)
        part.set_defaults(part=name)
        part.add_argument("name", metavar="NAME", nargs=number, help="the endpoint's name")
        add_config(part)
    moving = add_command(
        parts,
        "move",
        run_move,
        "Give an endpoint what another one did not get, which is configured no more.",
    )
    moving.add_argument("old", metavar="OLD", help="the one that is configured no more")
    moving.add_argument("new", metavar="NEW", help="the one that takes over")
    add_config(moving)


def run_list(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print a line for each endpoint, also for those that are configured no more."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    rows = asyncio.run(_list(read_local_settings(arguments, environ)))
    print_table(
        ("ENDPOINT", "TYPE", "CALLS BEHIND", "PARKED", "STATE"),
        rows,
        empty="no endpoints are configured",
    )
    return Exit.OK


def run_part(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Do it to each, and say how it went; fail unless all of it worked."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    settings = read_local_settings(arguments, environ)
    names = [EndpointName(name) for name in arguments.name]
    work = {"enable": _switch, "disable": _switch, "test": _test, "park": _park}[arguments.part]
    return Exit.OK if asyncio.run(work(settings, names, arguments.part)) else Exit.FAILED


def run_move(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Move the lanes."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    settings = read_local_settings(arguments, environ)
    old, new = EndpointName(arguments.old), EndpointName(arguments.new)
    moved, is_disabled = asyncio.run(_move(settings, old, new))
    once = "once it is enabled, " if is_disabled else ""
    print(f"{once}{new} will get what {old} did not get, of {counted(moved.calls, 'call')}")
    if moved.parked:
        what = counted(moved.parked, "parked delivery is", "parked deliveries are")
        retry = f"`callscribe deliveries retry --all --endpoint {new}`"
        print(f"{what} {new}'s now and not sent by that: {retry}")
    return Exit.OK


async def _list(settings: "Settings") -> list[tuple[str, str, int, int, str]]:
    from service.delivery.host import neighbours  # noqa: PLC0415 - keeps --help quick
    from service.delivery.replays import count_parked  # noqa: PLC0415

    types = {one.name: one.type for one in settings.endpoint_list()}
    beside = neighbours(settings.endpoint_list())
    async with open_journal_beside(settings) as journal:
        lanes, parked = await journal.backlog(), await count_parked(journal)
        states = await _states(journal, list(types), lanes)
    behind = Counter(lane.endpoint for lane in lanes)
    gone = sorted((behind.keys() | parked.keys()) - types.keys())
    for name, others in beside.items():
        if others:
            states[name] += f", on one host with {', '.join(others)}"
    for name in gone:
        remedy = f"`callscribe endpoints move {name} NEW`"
        states[name] = f"configured no more: {remedy}{f', or park {name}' * (name in behind)}"
    return [
        (name, types.get(name, "-"), behind[name], parked[name], states[name])
        for name in [*types, *gone]
    ]


async def _states(
    journal: "Journal", names: list[EndpointName], lanes: "list[LaneRow]"
) -> dict[EndpointName, str]:
    """Return how each endpoint does, in words."""
    from service.archive.wording import why  # noqa: PLC0415 - keeps --help quick
    from service.delivery.trouble import find_trouble, note_held_up  # noqa: PLC0415

    disabled = await journal.disabled()
    held_up: dict[EndpointName, LaneRow] = {}
    for lane in lanes:
        note_held_up(held_up, lane)
    states = dict.fromkeys(names, "enabled")
    for name in names:
        if name in disabled:
            states[name] = f"disabled: {why(disabled[name])}"
        elif name in held_up:
            trouble = await find_trouble(journal, held_up[name])
            if (error := trouble.last_error) is not None:
                what = f"HTTP {error.status}" if error.status else error.answer
                at = shown_time(error.made_at)
                states[name] = f"failing: {what} at {at}, to an event of {trouble.since}"
    return states


async def _switch(settings: "Settings", names: list[EndpointName], part: str) -> bool:
    import time  # noqa: PLC0415 - keeps --help quick

    from service.delivery.switches import disable, enable, hurry  # noqa: PLC0415 - keeps --help quick

    known = _known(settings, names)
    async with open_journal_beside(settings) as journal:
        for name in names:
            if part == "enable":
                changed = await enable(journal, list(known), name, now=time.time())
            elif changed := name not in await journal.disabled():
                await disable(journal, list(known), name, "by_hand", now=time.time())
            told = f"{part}d" if changed else f"is {part}d already"
            if part == "enable" and not changed and (number := await hurry(journal, name)):
                told += f"; what waited there of {counted(number, 'call')} is tried now"
            print(f"{name}  {told}")
    return True


async def _test(settings: "Settings", names: list[EndpointName], _: str) -> bool:
    from service.delivery.switches import try_endpoint  # noqa: PLC0415 - keeps --help quick

    all_arrived, known = True, _known(settings, names)
    for name in names or known:
        tried = await try_endpoint(known[name])
        result = "arrived" if tried.arrived else f"failed: {tried.error}"
        print(f"{name}  {result}  ({tried.took_s * 1000:.0f} ms)", flush=True)
        all_arrived = all_arrived and tried.arrived
    return all_arrived


async def _park(settings: "Settings", names: list[EndpointName], _: str) -> bool:
    import time  # noqa: PLC0415 - keeps --help quick

    from service.delivery.switches import park  # noqa: PLC0415 - keeps --help quick

    configured = [one.name for one in settings.endpoint_list()]
    async with open_journal_beside(settings) as journal:
        for name in names:
            parked = await park(journal, configured, name, now=time.time())
            print(f"{name}  parked {counted(parked, 'delivery', 'deliveries')}")
    return True


async def _move(settings: "Settings", old: EndpointName, new: EndpointName) -> "tuple[Moved, bool]":
    from service.delivery.switches import move  # noqa: PLC0415 - keeps --help quick
    from service.ports import EVERYTHING  # noqa: PLC0415

    endpoints = {one.name: one for one in settings.endpoint_list()}
    wanted = endpoints[new].filter if new in endpoints else EVERYTHING
    async with open_journal_beside(settings) as journal:
        moved = await move(journal, list(endpoints), old, new, wanted=wanted)
        return moved, new in await journal.disabled()


def _known(settings: "Settings", names: list[EndpointName]) -> "dict[EndpointName, Endpoint]":
    from service.delivery.endpoints import unknown_endpoint  # noqa: PLC0415 - keeps --help quick

    known = {one.name: one for one in settings.endpoint_list()}
    for name in names:
        if name not in known:
            raise unknown_endpoint(name, known)
    return known
