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
}
"""Pairs of which nobody could know what was said where, and why. Only `--fault` plays them."""

_HALF = (
    "half of an utterance comes as a final, since the session ends, which nobody knows yet:"
    " from an engine that is seconds late and gives no times, before anything is known of how"
    " fast the speaker is. It may be all that was said there"
)
UNPLACED = {
    frozenset({"late_and_closed", "session_limit"}): _HALF,
    frozenset({"late_answers", "session_limit"}): _HALF,
    frozenset({"late_throughout", "session_limit"}): _HALF,
}
"""Pairs of which nobody could know where a text was said, and why. All but offsets is judged."""

TIMED = {
    frozenset({"wrong_order", "falls_back_midway"}): (
        "finals without partials that come out of their order, and all at once where audio is sent"
        " again: but for the engine's times nothing says which of them was said first"
    ),
}
"""Pairs that are played with an engine that gives times only, and why."""

UNORDERED = {
    frozenset({"wrong_order", other}) for other in ("no_partials", "falls_back", "only_16_khz")
}
"""Pairs of which nobody knows what was said first, where two finals come in the same moment.

The engine gives no partials, and no times. So each of the two may be the first, and that is marked.
"""
OVERLOAD = frozenset(
    {
        frozenset({"late_answers", "closed_every_5_s"}),
        frozenset({"late_throughout", "closed_every_5_s"}),
        frozenset({"late_answers", "session_limit"}),
        frozenset({"late_throughout", "session_limit"}),
        frozenset({"late_answers", "half_open"}),
    }
)
"""Pairs that outlast the buffer, though neither of them does: words may be lost, and are told.

Answers come up to ten seconds late, or none sooner than after two to six, and sessions end after
five seconds of audio. Each answer has to be waited for with nothing sent, so that it takes longer
to answer than people speak.

Or they end after eight to twenty seconds, and what they have not answered by then they never will,
or as half an utterance that is given for a whole one. At the end of the call nobody is left to say
which it was: the words behind it are told, or the final is marked where it ends.

Or a socket is dead, which nothing shows but that no answer comes: for as long as those may be late
anyway. If that is close to the end of the call, another session is asked too late to answer.
"""


def room_of(name: str) -> str:
    """Return where a fault strikes."""
    return next(
        room for room, faults in _ROOMS.items() if any(fault.name == name for fault in faults)
    )
