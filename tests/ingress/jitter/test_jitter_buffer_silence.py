"""Speech of which little is sent while nobody speaks: the silence is played, and is not missing."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.wire.audio import payload_timing
from tests.ingress.jitter.builders import Sent, on_time
from tests.ingress.jitter.harness import play
from tests.ingress.peers import RecordingFeed
from tests.wire.speech import amr_wb_frames, opus_packets

NOISE = b"\xf0\x4c" + bytes(5)
"""A payload of AMR-WB, octet-aligned: comfort noise, which is sent every 160 ms."""


def speech(count: int) -> list[bytes]:
    """Return payloads of AMR-WB that somebody speaks in."""
    return [b"\xf0" + frame for frame in amr_wb_frames("jfk")[100 : 100 + count]]


def sent(*spoken: tuple[float, bytes]) -> list[Sent]:
    """Number the payloads of one track; each was spoken up to its time."""
    return [Sent("inbound", payload, str(n), None, at) for n, (at, payload) in enumerate(spoken)]


def talk(*, silence_s: float, every_s: float = 0.16) -> list[Sent]:
    """Half a second of speech, silence with a sign of life now and then, and half a second more."""
    words = speech(25)
    before = [(0.02 * (n + 1), payload) for n, payload in enumerate(words)]
    signs = [(0.52 + n * every_s, NOISE) for n in range(int(silence_s / every_s))]
    after = [(0.52 + silence_s + 0.02 * n, payload) for n, payload in enumerate(words)]
    return sent(*before, *signs, *after)


def position_s(feed: RecordingFeed) -> float:
    """Return how much was heard and skipped before the second half second of speech."""
    heard = feed.heard["inbound"]
    last_noise = max(n for n, each in enumerate(heard) if each == NOISE)
    return sum(each / 1000 if isinstance(each, int) else 0.02 for each in heard[: last_noise + 1])


@pytest.mark.parametrize("silence_s", [0.32, 1.6, 8.0, 60.8])
def test_silence_that_was_announced_is_played(silence_s: float) -> None:
    """To the frame, however long it is; nothing counts as missing."""
    feed, _ = play(on_time(talk(silence_s=silence_s)), encoding="AMR-WB")

    assert feed.skipped_ms("inbound") == []
    assert position_s(feed) == pytest.approx(0.5 + silence_s, abs=0.011)


def test_an_uneven_network_does_not_add_up() -> None:
    """Frames 0 to 50 ms late for a minute: speech goes on where it was, within that."""
    frames = talk(silence_s=60.8)
    arrivals = [(frame.at + 0.05 * (n * 7 % 11) / 10, frame) for n, frame in enumerate(frames)]

    feed, _ = play(arrivals, encoding="AMR-WB")

    assert feed.skipped_ms("inbound") == []
    assert position_s(feed) == pytest.approx(61.3, abs=0.06)


def test_silence_without_a_sign_of_life_is_missing() -> None:
    """Nobody who still sends is quiet for five seconds: that is told, as always."""
    feed, _ = play(on_time(talk(silence_s=5.0, every_s=5.0)), encoding="AMR-WB")

    assert feed.skipped_ms("inbound") == [pytest.approx(4980, abs=150)]


def test_a_pause_in_the_frames_that_was_not_announced_is_none_of_it() -> None:
    """After speech there is no silence to play."""
    words = speech(50)
    frames = sent(*((0.02 * (n + 1) + (0.4 if n >= 25 else 0), p) for n, p in enumerate(words)))

    feed, _ = play(on_time(frames), encoding="AMR-WB")

    assert feed.heard["inbound"] == words


def test_a_stream_that_is_played_fast_plays_what_it_was_sent() -> None:
    """The wall clock says nothing about it."""
    frames = talk(silence_s=8.0)

    feed, _ = play([(f.at / 5, f) for f in frames], is_fast=True, encoding="AMR-WB")

    assert feed.heard["inbound"] == [frame.payload for frame in frames]


def test_opus_announces_silence_by_a_packet_without_audio() -> None:
    """Sent every 400 ms; what is played in between is that packet again."""
    words = opus_packets()[50:60]
    quiet = words[-1][:1]
    frames = sent(
        *((0.02 * (n + 1), packet) for n, packet in enumerate(words)),
        *((0.22 + 0.4 * n, quiet) for n in range(5)),
        (2.22, words[0]),
    )

    feed, _ = play(on_time(frames), encoding="OPUS")

    assert feed.heard["inbound"] == [*words, *[quiet] * 100, words[0]]


arrivals = st.lists(
    st.tuples(
        st.sampled_from([NOISE, b"", *speech(3)]) | st.binary(max_size=40),
        st.floats(0, 2, allow_nan=False),
    ),
    max_size=60,
)


@given(arrivals, st.sampled_from(["AMR-WB", "OPUS"]))
def test_only_what_is_silent_is_played_more_than_once(
    coming: list[tuple[bytes, float]], encoding: str
) -> None:
    """Whatever comes, whenever it comes: each frame once and in order, and silence between."""
    times = accumulate(pause_s for _, pause_s in coming)
    frames = sent(*((at, payload) for (payload, _), at in zip(coming, times, strict=True)))

    feed, buffer = play(on_time(frames), encoding=encoding)
    buffer.flush(1e3)

    left = [frame.payload for frame in frames]
    read = payload_timing(encoding, 16_000).read
    for played in (each for each in feed.heard.get("inbound", []) if isinstance(each, bytes)):
        if left and played == left[0]:
            left.pop(0)
        else:
            assert read(played).begins_silence
    assert left == []
