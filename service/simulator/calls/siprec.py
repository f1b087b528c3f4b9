"""SIPREC: the streams of somebody else's call, each of which Telnyx makes a call of its own.

Each carries one side as its inbound track, and says in custom headers which session and stream of
it that is (TELNYX.md §4.6). They share the talk.
"""

import base64
from collections.abc import Mapping
from typing import Final

from service.ids import Track
from service.simulator.rng import Rng
from service.simulator.scenario import CallPlan

SIDES: Final[tuple[Track, Track]] = ("inbound", "outbound")
"""Of the call that is sent, by stream."""
_METADATA = (
    '<?xml version="1.0" encoding="UTF-8"?><recording xmlns="urn:ietf:params:xml:ns:recording:1"/>'
)


def stream_plan(plan: CallPlan, rng: Rng, number: int) -> CallPlan:
    """Return the plan of one stream's call; `rng` is that of the session."""
    if plan.siprec is None:
        return plan
    return plan.model_copy(
        update={"headers": {**plan.headers, **_headers(rng, number, plan.siprec[number])}}
    )


def _headers(rng: Rng, number: int, label: str) -> Mapping[str, str]:
    return {
        "X-DestHost": "simulated",
        "X-Label": label,
        "X-ParticipantID": rng.derive(f"participant {number}").uuid(),
        "X-SIPREC-SessionID": rng.derive("session").uuid(),
        "X-StreamID": rng.derive(f"stream {number}").uuid(),
        "X-metadata-xml": base64.b64encode(_METADATA.encode()).decode(),
    }
