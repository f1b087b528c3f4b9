"""A call's state outlives the process, and the version that wrote it."""

import msgspec
import pytest

from service.calls.state import (
    LAYOUT,
    CallState,
    Desired,
    Leg,
    OpenGap,
    Pause,
    Phase,
    Progress,
    Request,
    Stream,
    UtteranceSequence,
)
from service.errors import JournalTooNewError
from service.ids import StreamId
from service.runtime.codec import decode_state, encode_state
from tests.calls.harness import CALL, STREAM, A, B, talking
from tests.calls.harness import MEDIA as ROUTE

SECOND = StreamId("stream-1#1")
OLDEST = {
    "call_id": CALL,
    "phase": "talking",
    "seq": 7,
    "wish": "paused",
    "quiet": [{"since": 5.0, "until": None}],
    "quiet_before_ms": 250,
    "holes": {"inbound": {"since_ms": 90, "reason": "media_dropped"}},
    "lines": {"0i": {"settled": 3, "end_ms": 1200}},
    "legs": {
        A: {"number": 0, "answered": True, "fork": "on", "takes": 2},
        B: {"number": 1, "fork": "asked", "restarts": 3, "restart_at": 5.0},
    },
    "streams": {
        STREAM: {"leg_id": A, "offset_ms": 1, "hearing": ["inbound"], "cut_ms": 800},
        SECOND: {"leg_id": A, "offset_ms": 2, "held": True, "socket_id": STREAM},
    },
}
"""A paused call as the first version of the service wrote it."""


def test_a_state_comes_back_as_it_was() -> None:
    """Whatever a call remembers."""
    state = talking(ROUTE).session.state

    assert decode_state(encode_state(state)) == state


def test_a_call_goes_on_over_an_upgrade() -> None:
    """What the first version of the service remembered has other names now, and is all there."""
    assert decode_state(msgspec.msgpack.encode(OLDEST)) == CallState(
        call_id=CALL,
        phase=Phase.TALKING,
        seq=7,
        desired=Desired.PAUSED,
        pauses=[Pause(since=5.0)],
        paused_before_ms=250,
        open_gaps={"inbound": OpenGap(90, "media_dropped")},
        sequences={"0i": UtteranceSequence(finals=3, end_ms=1200)},
        legs={
            A: Leg(0, answered=True, expected=True, transcribing=Request(Progress.ON, 2)),
            B: Leg(1, streaming=Request(), transcribing=Request(Progress.ASKED)),
        },
        streams={
            STREAM: Stream(A, 1, recognising=["inbound"], ends_ms=800),
            SECOND: Stream(A, 2, paused=True, socket_id=STREAM),
        },
    )


@pytest.mark.parametrize(
    "data",
    [
        msgspec.msgpack.encode({"call_id": CALL, "layout": LAYOUT + 1}),
        msgspec.msgpack.encode({"call_id": CALL, "layout": LAYOUT, "phase": "dreaming"}),
        msgspec.msgpack.encode({**OLDEST, "legs": {A: {}}}),
        b"",
        b"\xc1",
    ],
)
def test_what_this_version_does_not_know_is_refused(data: bytes) -> None:
    """Nothing of the call is made up; the version that wrote it is to be run."""
    with pytest.raises(JournalTooNewError):
        decode_state(data)
