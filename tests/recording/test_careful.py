"""What is held back: given out when it is known, silent where it is hidden, never otherwise."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ids import Track
from service.ports import Verdict
from service.recording.careful import MAX_HELD_MS, CarefulMixer
from service.recording.wav import Layout
from tests.recording.test_mixer import channels

MULAW = Layout("PCMU", 8000)
PCM = Layout("L16", 16000)
MS = 8
QUIET = b"\xff"


def mixer(layout: Layout = MULAW, begin: int = 0) -> CarefulMixer:
    """Return one that has given out nothing yet."""
    return CarefulMixer(layout, written=0, begin=begin)


def speak(mixed: CarefulMixer, ms: int) -> None:
    """Place so much of both tracks."""
    mixed.place("inbound", b"\x01" * (ms * MS))
    mixed.place("outbound", b"\x02" * (ms * MS))


def know(mixed: CarefulMixer, until_ms: int) -> None:
    """Say that both tracks are known so far, and harmless."""
    mixed.judge(Verdict("inbound", until_ms))
    mixed.judge(Verdict("outbound", until_ms))


def given_out(mixed: CarefulMixer, *, everything: bool = False) -> tuple[bytes, bytes]:
    """Return what is given out now of the two tracks."""
    return channels(b"".join(mixed.take(everything=everything)), MULAW)


def test_nothing_is_given_out_before_it_is_known() -> None:
    """The track that is known least decides: both lie side by side."""
    mixed = mixer()
    speak(mixed, 100)
    assert given_out(mixed) == (b"", b"")

    mixed.judge(Verdict("inbound", 80))
    mixed.judge(Verdict("outbound", 30))
    assert given_out(mixed) == (b"\x01" * (30 * MS), b"\x02" * (30 * MS))


def test_what_is_hidden_is_silent_on_its_own_track_alone() -> None:
    """And it is said how much that is; what never came is not counted."""
    mixed = mixer()
    speak(mixed, 100)
    mixed.judge(Verdict("inbound", 100, hidden=((20, 40), (30, 50), (90, 500))))
    mixed.judge(Verdict("outbound", 100))
    left, right = given_out(mixed)

    assert left == b"\x01" * 20 * MS + QUIET * 30 * MS + b"\x01" * 40 * MS + QUIET * 10 * MS
    assert right == b"\x02" * 100 * MS
    assert mixed.silenced == 40 * MS


def test_samples_of_two_bytes_become_silence_whole() -> None:
    """On the other channel every byte stays."""
    mixed = mixer(PCM)
    mixed.place("inbound", b"\x11\x12" * 160)
    mixed.place("outbound", b"\x21\x22" * 160)
    mixed.judge(Verdict("outbound", 10, hidden=((0, 5),)))
    mixed.judge(Verdict("inbound", 10))
    left, right = channels(b"".join(mixed.take()), PCM)

    assert left == b"\x11\x12" * 160
    assert right == b"\0\0" * 80 + b"\x21\x22" * 80


@pytest.mark.parametrize(
    ("earlier", "heard"), [("release", b"\x01"), ("hide", QUIET)], ids=["harmless", "secret"]
)
def test_an_open_number_waits_for_what_comes_of_it(earlier: str, heard: bytes) -> None:
    """Nothing behind it is given out, of either track; then it is heard, or it is not."""
    mixed = mixer()
    speak(mixed, 100)
    mixed.judge(Verdict("inbound", 100, open=((40, 60),)))
    mixed.judge(Verdict("outbound", 100))
    assert given_out(mixed) == (b"\x01" * 40 * MS, b"\x02" * 40 * MS)

    mixed.judge(Verdict("outbound", 100, earlier=earlier))  # type: ignore[arg-type]
    assert given_out(mixed)[0] == heard * 20 * MS + b"\x01" * 40 * MS


def test_what_nobody_judges_becomes_silence() -> None:
    """No more than a minute waits in memory, and what is not known at the end is not kept."""
    mixed = mixer()
    for _ in range(MAX_HELD_MS // 1000 + 5):
        speak(mixed, 1000)
    left, right = given_out(mixed)
    assert left == right == QUIET * 5000 * MS

    know(mixed, 6000)
    assert given_out(mixed) == (b"\x01" * 1000 * MS, b"\x02" * 1000 * MS)
    left, right = given_out(mixed, everything=True)
    assert left == right == QUIET * (MAX_HELD_MS - 1000) * MS


def test_a_number_that_waits_too_long_is_hidden_whole() -> None:
    """It was open, and nobody said that it is harmless."""
    mixed = mixer()
    speak(mixed, 1000)
    mixed.judge(Verdict("inbound", 1000, open=((500, 700),)))
    mixed.judge(Verdict("outbound", 1000))
    for second in range(2, MAX_HELD_MS // 1000 + 3):
        speak(mixed, 1000)
        know(mixed, second * 1000)
    left, _ = given_out(mixed)

    assert left[500 * MS : 700 * MS] == QUIET * 200 * MS
    assert left.count(QUIET) == 200 * MS
    assert len(left) == (MAX_HELD_MS + 2000) * MS


def test_a_pause_holds_nothing_up() -> None:
    """Where no audio came there is nothing to judge."""
    mixed = mixer(begin=10 * MS)
    speak(mixed, 10)
    know(mixed, 10)
    mixed.skip("inbound", 600)
    mixed.skip("outbound", 600)

    assert given_out(mixed)[0] == QUIET * 10 * MS + b"\x01" * 10 * MS + QUIET * 600 * MS
    assert mixed.silenced == 0


@given(st.integers(0, 2**32))
def test_no_secret_is_ever_given_out(seed: int) -> None:
    """However audio, verdicts and writes follow each other, and all else is, once it is known."""
    dice, mixed = random.Random(seed), mixer()  # noqa: S311 - to draw examples
    tracks: tuple[Track, Track] = ("inbound", "outbound")
    place, secrets = dict.fromkeys(tracks, 0), {track: list[tuple[int, int]]() for track in tracks}
    known, left, right = dict.fromkeys(tracks, 0), b"", b""
    for _ in range(30):
        track = dice.choice(tracks)
        if dice.random() < 0.6:
            size = dice.randrange(60)  # no track is too far behind the other
            mixed.place(track, b"\x01" * (size * MS))
            place[track] += size
        else:
            begin, until = known[track], dice.randint(known[track], place[track])
            first = dice.randint(begin, until)
            last = dice.randint(first, until)
            mixed.judge(Verdict(track, until, hidden=((first, last),)))
            secrets[track].append((first, last))
            known[track] = until
        more = given_out(mixed)
        left, right = left + more[0], right + more[1]
    for track, data in zip(tracks, (left, right), strict=True):
        assert len(data) <= max(known.values()) * MS or not data.strip(QUIET)
        for at, byte in enumerate(data):
            secret = any(first <= at // MS < last for first, last in secrets[track])
            silent = secret or at >= place[track] * MS
            assert (byte == QUIET[0]) == silent
