"""All checks of a receiver, and who runs them."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final

import aiohttp

from service.client_connections import ClientConnector
from service.delivery.certification import deliveries, forgeries, samples
from service.delivery.certification.receiver import Receiver
from service.errors import SettingsError
from service.wire.webhook_secret import check_webhook_secret

CONTRACTS: Final = ("partials", "report", "batch")
"""What comes only to endpoints that ask for it, by the key they do it with."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was done, and what is wrong, if anything; or why it was not tried."""

    check: str
    problem: str | None
    tried: bool = True


Check = Callable[[Receiver], Awaitable[str | None]]
_PLAIN: Final = "a call's events, signed"
_NO_USE: Final = "a plain call is not taken as it should be"
_SILENT: Final = "nobody answered"
_TAKEN: Final[dict[str, Check]] = {
    "numbers such as 1.0": deliveries.numbers,
    "letters of all languages": deliveries.letters,
    "fields that are null": deliveries.nulls,
    "a partial, which has no seq": deliveries.partials,
    "an event of 200 KB": deliveries.large,
    "the report of a long call": deliveries.reports,
    "several events in one request": deliveries.batches,
    "an array of one event": deliveries.batches_of_one,
    "a number that is missing": deliveries.missing_numbers,
    "a call without its beginning": deliveries.no_beginning,
    "the same event twice": deliveries.repeats,
    "a call that is replayed": deliveries.replays,
    "headers in other letters": deliveries.capitals,
    "several signatures, as while secrets rotate": deliveries.rotation,
    "two calls at once": deliveries.interleaved,
    "many calls at once": deliveries.crowds,
    "a type that nobody knows yet": deliveries.unknown_types,
    "fields that nobody knows yet": deliveries.unknown_fields,
    "a value that nobody knows yet": deliveries.unknown_values,
    "an erasure": deliveries.erasures,
    "an event of no call": deliveries.notices,
    "a test of the endpoint": deliveries.tests,
    "a slow sender, beside a quick one": deliveries.slow_senders,
    "a sender that hangs up in the middle": deliveries.broken_senders,
    "an id that was forged before": forgeries.remembered,
    "an answer in good time": deliveries.slowness,
}
_REFUSED: Final[dict[str, Check]] = {
    "a signature of somebody else": forgeries.strangers,
    "a body that was changed": forgeries.tampered,
    "no signature": forgeries.unsigned,
    "headers that are none": forgeries.malformed,
    "an old time stamp": forgeries.old,
    "a time stamp of the future": forgeries.early,
}
_OF_A_CONTRACT: Final[dict[Check, str]] = {
    deliveries.partials: "partials",
    deliveries.reports: "report",
    deliveries.batches: "batch",
    deliveries.batches_of_one: "batch",
}


async def certify(url: str, secret: str, *, without: Collection[str] = ()) -> list[Finding]:
    """Try a receiver with everything that may come; return a finding for each check.

    `without` names `CONTRACTS` that the endpoint does not have. Where a plain call is not taken, or
    not any more after a check, nothing else is tried: who refuses everything shows nothing.

    Raises:
        SettingsError: The secret cannot be used.
    """
    check_secret(secret)
    async with aiohttp.ClientSession(
        connector=ClientConnector(), timeout=aiohttp.ClientTimeout(), trust_env=False
    ) as session:
        receiver = Receiver(url, secret, session)
        findings = [Finding(_PLAIN, await deliveries.a_call(receiver))]
        takes = findings[0].problem is None
        no_use = None if takes else _NO_USE if receiver.has_answered else _SILENT
        for name, check in (*_TAKEN.items(), *_REFUSED.items()):
            if _OF_A_CONTRACT.get(check) not in without:
                findings.append(await _try(name, check, receiver, no_use))
                no_use = no_use or await _broken_by(findings[-1], receiver)
        return findings


async def _try(name: str, check: Check, receiver: Receiver, no_use: str | None) -> Finding:
    if no_use is not None:
        return Finding(name, no_use, tried=False)
    return Finding(name, await check(receiver))


async def _broken_by(finding: Finding, receiver: Receiver) -> str | None:
    """Say that a check left a receiver that takes nothing any more: all that is next would fail."""
    if finding.problem is None or (await receiver.deliver(samples.first("after"))).taken:
        return None
    return f"since {finding.check!r} it does not even take what it took before"


def check_secret(secret: str) -> None:
    """See that it is a secret.

    Raises:
        SettingsError: It is not.
    """
    try:
        check_webhook_secret(secret)
    except ValueError as error:
        raise SettingsError([f"the secret {error}"]) from None
