"""Whatever the numbers of frames count, and when they are not to be believed."""

import pytest

from service.wire.media import WireNumber
from tests.ingress.jitter.builders import audio_of, on_time, spoken
from tests.ingress.jitter.harness import assert_intact, open_buffer, play


def test_where_tracks_share_numbers_the_one_behind_has_lost_the_frame() -> None:
    """A number that never came belongs to the track with less audio."""
    sent = spoken(40, "stream")
    kept = [frame for frame in sent if frame.chunk not in ("41", "43", "45")]

    feed, _ = play(on_time(kept))

    assert sum(feed.skipped_ms("inbound")) == 60
    assert feed.skipped_ms("outbound") == []


@pytest.mark.parametrize("ahead", [0, 1, 4, 10, 40, 300, 5000])
@pytest.mark.parametrize("joins_s", [0, 0.3, 2])
def test_tracks_that_count_by_themselves_may_count_from_anywhere(
    ahead: int, joins_s: float
) -> None:
    """However far apart their numbers are, and whenever the second track joins."""
    inbound = [frame for frame in spoken(300) if frame.track == "inbound"]
    outbound = [
        frame._replace(chunk=str(int(str(frame.chunk)) + ahead), at=frame.at + joins_s)
        for frame in spoken(150)
        if frame.track == "outbound"
    ]

    feed, _ = play(on_time(inbound + outbound))

    assert feed.heard["inbound"] == audio_of(inbound, "inbound")
    assert feed.audio("outbound") == b"".join(audio_of(outbound, "outbound"))


def test_a_counter_that_begins_anew_costs_no_audio() -> None:
    """A jump of thousands, forwards or back, is a new numbering and no loss."""
    sent = spoken(40, first=90_000) + [
        frame._replace(at=frame.at + 0.8) for frame in spoken(40, first=1)
    ]

    feed, buffer = play(on_time(sent))

    assert_intact(feed, sent)
    assert buffer.counts.lost_frames == 0
    assert buffer.counts.renumberings == 2


def test_a_counter_that_begins_anew_nearby_costs_a_second_at_most() -> None:
    """Fifty old numbers in a row with other audio are a new numbering."""
    old, new = spoken(80), spoken(200)
    new = [frame._replace(at=frame.at + 1.6, payload=b"new" + frame.payload) for frame in new]

    feed, _ = play(on_time(old + new))

    assert feed.heard["inbound"][-1] == audio_of(new, "inbound")[-1]
    assert len(feed.audio("inbound")) >= (80 + 149) * 160


@pytest.mark.parametrize("step", [20, 160])
def test_numbers_that_count_something_else_are_not_believed(step: int) -> None:
    """A `chunk` in milliseconds or bytes gives way to `sequence_number`, or to arrival."""
    sent = spoken(30)
    in_steps = [frame._replace(chunk=str(int(str(frame.chunk)) * step)) for frame in sent]
    numbered = [frame._replace(sequence_number=str(n)) for n, frame in enumerate(in_steps)]
    numbered[40], numbered[42] = numbered[42], numbered[40]

    plain, _ = play(on_time(in_steps))
    ordered, _ = play([(sent[n].at, frame) for n, frame in enumerate(numbered)])

    assert_intact(plain, sent)
    assert_intact(ordered, sent)


@pytest.mark.parametrize("chunk", [None, "", "-1", "7.5", "x", "3", "9" * 5000, 10**30, -4])
def test_frames_with_hostile_numbers_pass_as_they_come(chunk: WireNumber) -> None:
    """No number, or none that is one, is no reason to lose audio."""
    sent = [frame._replace(chunk=chunk) for frame in spoken(20)]

    feed, _ = play(on_time(sent))

    assert_intact(feed, sent)


def test_numbers_that_keep_jumping_are_not_believed_for_long() -> None:
    """After some jumps frames pass as they come, and nothing of them is lost."""
    sent = spoken(300)
    jumpy = [
        frame._replace(chunk=str(nth * 7919 % 100_003 if nth > 60 else frame.chunk))
        for nth, frame in enumerate(sent)
    ]

    feed, buffer = play(on_time(jumpy))

    assert feed.heard["inbound"][-200:] == audio_of(sent, "inbound")[-200:]
    assert buffer.counts.renumberings < 12


def test_messages_that_are_no_frames_use_numbers_up() -> None:
    """A dtmf in the middle is no lost frame where `sequence_number` counts."""
    _, buffer = open_buffer()
    sent = spoken(40, "sequence")
    for nth, frame in enumerate(sent):
        if nth + 1 in (5, 60):
            buffer.count_message(str(nth + 1), frame.at)
        else:
            buffer.push(*frame[:2], chunk=None, sequence_number=str(nth + 1), now=frame.at)

    buffer.flush(1.0)

    assert buffer.counts.lost_frames == 0
