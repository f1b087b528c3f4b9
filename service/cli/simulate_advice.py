"""What a run of `callscribe simulate` may have met that nobody wanted, and what to do about it."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.simulator.report import Report

_AGAIN = "paste the lines above again, in the shell that starts the application"
_BAD_SIGNATURE = (401, 403)
_REASONS: dict[int | None, str] = {
    **dict.fromkeys(_BAD_SIGNATURE, f"it verifies them with another TELNYX_PUBLIC_KEY: {_AGAIN}"),
    404: "nothing takes webhooks there: Callscribe does at /webhooks/telnyx",
    None: "no answer came in time",
}


def advise(report: "Report") -> Iterator[str]:
    """Yield a line for each thing to look at."""
    if report.refused_keys:
        yield (
            f"requests with another TELNYX_API_KEY than the one above: {report.refused_keys}, each"
            f" answered 401; every seed and scenario has its own: {_AGAIN}"
        )
    for status, count in _refused(report).items():
        named = "not answered" if status is None else f"answered HTTP {status}"
        why = _REASONS.get(status, "its log says why")
        yield f"webhooks that the application left: {count}, {named}; {why}"
    if not report.refused_keys and _is_idle(report):
        yield (
            "webhooks were taken and no command followed: the application's journal has these"
            f" calls already (--seed {report.seed + 1} makes others), or it has no route for them"
        )


def _refused(report: "Report") -> Counter[int | None]:
    return Counter(left.status for call in report.calls for left in call.unacknowledged)


def _is_idle(report: "Report") -> bool:
    """Say whether the application heard of calls, and did nothing with any."""
    heard = any(sent.acknowledged for call in report.calls for sent in call.webhooks)
    return heard and not any(call.commands or call.streams for call in report.calls)
