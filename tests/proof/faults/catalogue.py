"""Every fault of the proof, by name."""

from tests.proof.changes import BOTH, Change, Fault
from tests.proof.faults.carrier import CARRIER
from tests.proof.faults.ourselves import OURSELVES
from tests.proof.faults.recogniser import RECOGNISER
from tests.proof.faults.stream import CODECS, STREAM

NONE = Fault(name="none", alarms=False, make=lambda _: Change(), sources=BOTH)
FAULTS = {
    fault.name: fault for fault in (NONE, *RECOGNISER, *CODECS, *STREAM, *CARRIER, *OURSELVES)
}

_ROOMS = {
    "recogniser": RECOGNISER,
    "stream": (*CODECS, *STREAM),
    "carrier": CARRIER,
    "ourselves": OURSELVES,
}

UNDECIDABLE = {
    frozenset({"wrong_order", "no_is_final"}): (
        "texts without times, ends or partials, and not in their order: nothing says where one was"
    ),
    frozenset({"late_answers", "session_limit"}): (
        "answers that come later than the sessions last: the engine answers nothing"
    ),
    frozenset({"late_answers", "closed_every_5_s"}): (
        "answers that come later than the sessions last, unless each is waited for with nothing"
        " sent: then it takes longer to answer than people speak, and more than the buffer is owed"
    ),
}
"""Pairs of which nobody could know what was said where, and why. Only `--fault` plays them."""


def room_of(name: str) -> str:
    """Return where a fault strikes."""
    return next(
        room for room, faults in _ROOMS.items() if any(fault.name == name for fault in faults)
    )
