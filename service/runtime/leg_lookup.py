"""Which call a leg is of that this process has not met: kept, named, or that of its session."""

from collections.abc import Sequence
from typing import Final

from service.calls import siprec
from service.calls.connecting import call_of
from service.calls.inputs import WebhookInput
from service.calls.routes import Route
from service.calls.state import Phase
from service.ids import CallId
from service.ports import Journal
from service.runtime.codec import decode_state

MAX_RECORDINGS: Final = 100
"""How often a client may begin to send one and the same session; from then on it is the last."""
_OVER = frozenset({Phase.ENDING, Phase.COMPLETE})


async def call_of_leg(item: WebhookInput, routes: Sequence[Route], journal: Journal) -> CallId:
    """Return the call of a webhook's leg: the one that it is known to be of, or is to be of.

    Raises:
        JournalUnavailableError: Nobody can tell now.
    """
    if (kept := await journal.find_call(item.leg_id)) is not None:
        return kept
    session = siprec.call_of(item, routes)
    return call_of(item) if session is None else await _unless_over(session, journal)


async def _unless_over(first: CallId, journal: Journal) -> CallId:
    """Return the call of a SIPREC session, or the next one if the client sends it once more."""
    call_id = first
    for number in range(1, MAX_RECORDINGS):
        stored = await journal.load(call_id)
        if stored is None:
            break
        state = decode_state(stored.state)
        if state.phase not in _OVER and not state.erased:
            break
        call_id = CallId(f"{first}_{number}")
    return call_id
