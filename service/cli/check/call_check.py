"""`callscribe check --call`: one real call, what Telnyx did in it, and what the simulator does."""

import re
from collections.abc import Callable, Sequence

import aiohttp

from service.calls.routes import Route
from service.cli.check.findings import Finding, fail, ok, warn
from service.cli.check.telnyx_checks import find_application, heard_routes
from service.errors import CarrierUnavailableError, SettingsError
from service.settings import Settings
from service.tasks import open_tasks
from service.trial import (
    Facts,
    Outcome,
    Patience,
    Trial,
    compare,
    judge,
    place_call,
    place_simulated,
)

_PLAIN_NUMBER = re.compile(r"\+[0-9]{5,18}")
_MAX_ENGINES = 4
"""So many listen to the stream, and so many in the call: each of these has the sentence said."""


async def check_call(
    settings: Settings,
    to: str,
    from_: str | None,
    show: Callable[[str], None],
    *,
    patience: Patience,
) -> bool:
    """Place the call, show the report and what to do; return whether all of it works.

    Raises:
        SettingsError: Nothing says from which number, or through which application.
    """
    trial = await _plan(settings, to, from_)
    show("calling; this takes about a minute. Pick up, and say nothing.")
    placed = await _place(trial, patience, settings)
    if isinstance(placed, Finding):
        show(str(placed))
        return False
    here, there = placed
    show(
        "\nWhat Telnyx did; nobody's number, word or key is in it. After !, the simulator's way:\n"
    )
    for line in compare(here, there):
        show(line)
    show("")
    outcome = judge(here, there)
    for finding in _found(outcome):
        show(str(finding))
    return not outcome.faults


async def _place(
    trial: Trial, patience: Patience, settings: Settings
) -> tuple[Facts, Facts] | Finding:
    """Place the call, and at the same time the simulated one; where it cannot be, say why."""
    async with open_tasks() as tasks:
        simulating = tasks.start(place_simulated(trial, patience), "simulated_call")
        try:
            return await place_call(trial, patience), await simulating
        except CarrierUnavailableError as error:
            return fail("call", str(error))
        except OSError:
            text = f"cannot listen on {settings.listen}; stop the service for the time of this call"
            return fail("call", text)


async def _plan(settings: Settings, to: str, from_: str | None) -> Trial:
    if settings.public_url is None:
        raise SettingsError(["public_url: the call's webhooks and audio come in through it"])
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        application = _named(settings) or await find_application(session, settings)
    if application is None:
        raise SettingsError(["connection_id: nothing says through which Voice API application"])
    routes = [route for route in heard_routes(settings) if route.engine != "local"]
    return Trial(
        base_url=settings.telnyx_base_url,
        stt_url=settings.telnyx_stt_url,
        api_key=settings.telnyx_api_key.get_secret_value(),
        public_keys=settings.public_keys(),
        public_url=settings.public_url,
        listen=settings.listen_address,
        connection_id=application,
        from_number=from_ or _own_number(settings),
        to_number=to,
        streamed=_engines(routes, "media"),
        in_call=_engines(routes, "in_call") or _engines(routes, "media")[:1],
    )


def _engines(routes: Sequence[Route], source: str) -> list[Route]:
    return [route for route in routes if route.source == source][:_MAX_ENGINES]


def _named(settings: Settings) -> str | None:
    """Return the application that the settings name: their own, or a route's."""
    patterns = (route.match.get("connection_id", "") for route in settings.routes())
    return settings.connection_id or next((one for one in patterns if one.isdecimal()), None)


def _own_number(settings: Settings) -> str:
    numbers = (route.match.get("to", "") for route in settings.routes())
    found = next((one for one in numbers if _PLAIN_NUMBER.fullmatch(one)), None)
    if found is None:
        raise SettingsError(["--from: which of your Telnyx numbers is calling?"])
    return found


def _found(outcome: Outcome) -> list[Finding]:
    found = [fail(subject, text) for subject, text in outcome.faults]
    if outcome.differing:
        text = f"{outcome.differing} of these are otherwise; send us the lines above, please"
        found.append(warn("simulator", text))
    return found or [ok("call", "all went as it does with the simulator")]
