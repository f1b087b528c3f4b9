"""An hour in which nobody speaks, in virtual time: no word is recognised, and nobody is alarmed."""

from collections import Counter

import pytest

from tests.proof.runs import be_quiet
from tests.proof.world import Conditions, Evidence, run

HOUR_MS = 3_600_000
FAST_MS = 1_000
"""Of a frame: an hour of two tracks is 7,200 of them."""


@pytest.fixture(autouse=True)
def _quietly() -> None:
    be_quiet()


def listen(kind: str | None) -> Evidence:
    """Hear an hour of something on both tracks, or of nothing at all."""
    sounds = [
        {"speaker": speaker, "kind": kind, "at_ms": 0, "until_ms": HOUR_MS}
        for speaker in ("customer", "agent")
        if kind is not None
    ]
    # a word at the end makes the call an hour long
    say = [{"speaker": "agent", "text": "goodbye", "at_ms": HOUR_MS + 2_000}]
    call = {"talk": "on_answer", "say": say, "sound": sounds, "time_limit_s": 2 * 3600}
    scenario = {
        "seed": 1,
        "speed": 1.0,
        "recogniser": "script",
        "call": [call],
        "media": {"frame_ms": FAST_MS},
    }
    route = {"source": "media", "engine": "Deepgram", "model": "nova-3"}
    return run(Conditions(seed=1, scenario=scenario, route=route))


@pytest.mark.parametrize(
    "kind",
    [None, "noise", "ringback", "strings", "piano", "band"],
)
def test_an_hour_of_what_is_no_speech_is_no_trouble(kind: str | None) -> None:
    """Silence, noise, ringback and music on hold: the one word after it comes, and nothing else."""
    evidence = listen(kind)

    types = Counter(one.type for one in evidence.deliveries)
    texts = [one.data["text"] for one in evidence.deliveries if one.type == "transcript.final"]
    assert texts == ["goodbye"]
    assert not {"transcription.degraded", "transcription.failed", "transcript.gap"} & set(types)
    assert len(evidence.sessions) == 2
