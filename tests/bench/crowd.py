"""Two hundred endpoints of which one in ten is dead, slow or unknown: what the others feel of it.

The same calls are played with the bad ones and without them, in turn. Each call goes to ten
endpoints, one of them bad.
"""

import asyncio
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import msgspec

from service.delivery.host import MAX_POSTS
from tests.bench.carrier import Telnyx, open_telnyx, webhook
from tests.bench.processes import Program, started
from tests.bench.table import Row
from tests.name_server import open_name_server

GROUP = 10
FINALS = 4
_SPEAKS_S = 0.5
_FEW_POSTS = 8
"""Places for all, where nothing is apart: enough for those that are well."""
_SECRET = "whsec_" + "A" * 43 + "="
_WARM_UP = 20
"""Calls before those that count."""
_QUIET_S = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is played."""

    endpoints: int
    calls: int
    calls_per_s: float
    rounds: int
    apart: bool = True
    """False: all endpoints are taken for one host, with a breaker and a few places in common."""


@dataclass(slots=True)
class Felt:
    """How long each took in one run, in seconds; and what the deliveries cost the processor."""

    delivery_s: list[float]
    webhook_s: list[float]
    command_s: list[float]
    cpu_s: float

    @property
    def arrived(self) -> int:
        """How many deliveries there were."""
        return len(self.delivery_s)


@dataclass(slots=True)
class Peers:
    """Whoever is at the other ends."""

    telnyx: Telnyx
    good_port: int
    slow_port: int
    dead_port: int
    nameserver: str
    answers_s: list[float] = field(default_factory=list)


async def measure(load: Load) -> list[Row]:
    """Play the calls with and without bad endpoints, in turn, and compare."""
    runs: dict[bool, list[Felt]] = {False: [], True: []}
    with _refusing_port() as dead_port:
        async with (
            open_telnyx() as telnyx,
            open_name_server() as names,
            started("tests.bench.crowd_receiver") as receiver,
        ):
            names.silent = True
            good, slow = (int(port) for port in receiver.url.split())
            peers = Peers(telnyx, good, slow, dead_port, names.address)
            for _ in range(load.rounds):
                for bad in (False, True):
                    runs[bad].append(await _play(peers, load, bad=bad))
    return _rows(load, runs[False], runs[True])


def _rows(load: Load, without: list[Felt], beside: list[Felt]) -> list[Row]:
    few = load.endpoints // GROUP
    how = "" if load.apart else ", as one host"
    rows = [Row(f"{load.endpoints} endpoints, {few} of them bad{how}", "with", "without", None, "")]
    for what, name in (
        ("the others' delivery p99", "delivery_s"),
        ("webhook answer p99", "webhook_s"),
        ("time to the first command p99", "command_s"),
    ):
        ours, bare = ([getattr(one, name) for one in runs] for runs in (beside, without))
        ratio = _p99(chain(*ours)) / _p99(chain(*bare))
        rows.append(Row(f"  {what}", _shown(ours), _shown(bare), ratio, "<= 1.25"))
    spent, bare_spent = (
        sum(one.cpu_s for one in runs) / sum(one.arrived for one in runs)
        for runs in (beside, without)
    )
    shown = f"{spent * 1e6:.0f} µs", f"{bare_spent * 1e6:.0f} µs"
    rows.append(Row("  processor time a delivery", *shown, spent / bare_spent, ""))
    came, due = (sum(one.arrived for one in runs) for runs in (beside, without))
    rows.append(Row("  delivered to the others", f"{came:,}", f"{due:,}", came / due, "1.00"))
    return rows


async def _play(peers: Peers, load: Load, *, bad: bool) -> Felt:
    peers.telnyx.first_commands.clear()
    with TemporaryDirectory() as folder:
        settings = _settings(peers, load, Path(folder) / "bench.db", bad=bad)
        how = "apart" if load.apart else "together"
        async with (
            started("tests.bench.crowd_server", settings, peers.nameserver, how) as ours,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        ):
            await _call_all(session, ours, peers, range(load.calls, load.calls + _WARM_UP), load)
            await _all_late_s(session, peers, before=0)
            peers.answers_s.clear()
            began_cpu_s = ours.cpu_s
            rang_at = await _call_all(session, ours, peers, range(load.calls), load)
            late_s = await _all_late_s(session, peers, before=load.calls)
            cpu_s = ours.cpu_s - began_cpu_s
    commands = peers.telnyx.first_commands
    asked_s = [commands[leg] - at for leg, at in rang_at.items() if leg in commands]
    return Felt(late_s, list(peers.answers_s), asked_s, cpu_s)


async def _all_late_s(session: aiohttp.ClientSession, peers: Peers, *, before: int) -> list[float]:
    """Return how late what came of calls before this number was, once no more comes."""
    url, late_s = f"http://127.0.0.1:{peers.good_port}/figures", list[float]()
    while True:
        await asyncio.sleep(_QUIET_S)
        async with session.get(url) as answer:
            more = await answer.json()
        if not more:
            return late_s
        numbered = [(int(one.split("_")[1][-12:]), late) for one, late in more]
        late_s += [late for number, late in numbered if number < before]


async def _call_all(
    session: aiohttp.ClientSession, ours: Program, peers: Peers, numbers: range, load: Load
) -> dict[str, float]:
    """Play the calls, each beginning at its time; return when the leg of each rang."""
    rang_at: dict[str, float] = {}
    began = time.perf_counter()
    async with asyncio.TaskGroup() as calls:
        for nth, number in enumerate(numbers):
            await asyncio.sleep(began + nth / load.calls_per_s - time.perf_counter())
            rang_at[f"v3:leg-{number}"] = time.perf_counter()
            group = number % (load.endpoints // GROUP)
            calls.create_task(_call(session, f"{ours.url}/webhooks/telnyx", peers, number, group))
    return rang_at


async def _call(
    session: aiohttp.ClientSession, url: str, peers: Peers, number: int, group: int
) -> None:
    to = _number(group)

    async def post(kind: str, **payload: object) -> None:
        signed = webhook(peers.telnyx, kind, number, to=to, **payload)
        began = time.perf_counter()
        async with session.post(url, data=signed.body, headers=signed.headers) as answer:
            answer.raise_for_status()
        peers.answers_s.append(time.perf_counter() - began)

    await post("call.initiated", direction="incoming")
    await post("call.answered")
    for nth in range(FINALS):
        await asyncio.sleep(_SPEAKS_S)
        await post("call.transcription", transcription_data=_said(nth))
    await post("call.hangup", hangup_cause="normal_clearing")


def _said(nth: int) -> dict[str, object]:
    return {
        "transcript": f"this is sentence number {nth} of the call",
        "is_final": True,
        "confidence": 0.97,
        "transcription_track": "inbound",
    }


def _settings(peers: Peers, load: Load, database: Path, *, bad: bool) -> str:
    endpoints = list(_endpoints(peers, load.endpoints, bad=bad))
    groups = range(load.endpoints // GROUP)
    of_group = {
        group: [one["name"] for one in endpoints if one["group"] == group] for group in groups
    }
    plain = [{key: one[key] for key in one if key != "group"} for one in endpoints]
    return msgspec.json.encode(
        {
            "listen": "127.0.0.1:0",
            "database_url": f"sqlite:///{database}",
            "telnyx_api_key": "KEY",
            "telnyx_public_key": peers.telnyx.public_key,
            "telnyx_base_url": peers.telnyx.url,
            "drain_timeout_s": 0,
            "max_posts_per_host": MAX_POSTS if load.apart else _FEW_POSTS,
            "endpoint": {str(at): one for at, one in enumerate(plain)},
            "route": {
                str(group): {
                    "match": {"to": _number(group)},
                    "source": "in_call",
                    "engine": "Telnyx",
                    "endpoints": of_group[group],
                }
                for group in groups
            },
        }
    ).decode()


def _endpoints(peers: Peers, count: int, *, bad: bool) -> Iterator[dict[str, object]]:
    """Yield endpoints, each at an address of its own; the last of each group is bad, or absent."""
    for number in range(count):
        group, nth = divmod(number, GROUP)
        url = f"http://127.1.{number // 250}.{number % 250 + 1}:{peers.good_port}/"
        if nth == GROUP - 1:
            if not bad:
                continue
            url = _bad_url(peers, group)
        yield {
            "group": group,
            "name": f"e{number}",
            "type": "webhook",
            "url": url,
            "secret": _SECRET,
            "allow_private": True,
        }


def _bad_url(peers: Peers, group: int) -> str:
    kinds = (
        f"http://127.2.0.{group + 1}:{peers.dead_port}/",
        f"http://127.3.0.{group + 1}:{peers.slow_port}/",
        f"http://crm{group}.example/",
    )
    return kinds[group % len(kinds)]


def _number(group: int) -> str:
    return f"+1555{group:07d}"


def _shown(rounds: list[list[float]]) -> str:
    """Return the 99th percentile of all rounds together, and between which those of each are."""
    each = [_p99(one) for one in rounds]
    low, high = min(each), max(each)
    return f"{_p99(chain(*rounds)) * 1000:.0f} ms ({low * 1000:.0f}-{high * 1000:.0f})"


def _p99(times_s: Iterable[float]) -> float:
    ordered = sorted(times_s)
    return ordered[int(len(ordered) * 0.99)]


@contextmanager
def _refusing_port() -> Iterator[int]:
    """Have a port that nobody else gets, and that refuses every connection."""
    with socket.socket() as bound:
        bound.bind(("0.0.0.0", 0))
        yield bound.getsockname()[1]
