"""Runs all checks at once and shows what they find in a fixed order."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path

import aiohttp

from service.cli.check.database_checks import check_database
from service.cli.check.findings import Finding, ok, warn
from service.cli.check.local_checks import check_codecs, check_endpoint, check_public_url
from service.cli.check.provider_checks import check_providers
from service.cli.check.telnyx_checks import check_api, check_recogniser, heard_routes
from service.settings import Settings, advise

TIMEOUT_S = 10.0


async def run_checks(
    settings: Settings, config: Path | None, show: Callable[[Finding], None], *, workers: int = 1
) -> int:
    """Try everything at once, show the findings in a fixed order, return how many failed.

    `config` is the file that the settings were read from; so many `workers` are to run.
    """
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    shown = dict.fromkeys(_check_settings(settings, config))
    for finding in shown:
        show(finding)
    async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in _checks(session, settings, workers)]
        for task in tasks:
            for finding in await task:
                if finding not in shown:  # routes of one engine find the same
                    shown[finding] = None
                    show(finding)
    return sum(finding.level == "FAIL" for finding in shown)


def _checks(
    session: aiohttp.ClientSession, settings: Settings, workers: int
) -> list[Coroutine[None, None, list[Finding]]]:
    return [
        check_api(session, settings),
        *(check_recogniser(session, settings, route) for route in heard_routes(settings)),
        check_providers(session, settings),
        check_public_url(session, settings),
        *(check_endpoint(endpoint) for endpoint in settings.endpoint_list()),
        check_database(settings, workers),
    ]


def _check_settings(settings: Settings, config: Path | None) -> Iterator[Finding]:
    routes = settings.routes()
    yield ok("settings", f"routes: {len(routes)}, endpoints: {len(settings.endpoint)}")
    yield ok("public key", f"of the right form: {len(settings.public_keys())}")
    yield from (warn(one.subject, one.text) for one in advise(settings, config))
    yield from check_codecs(settings)
