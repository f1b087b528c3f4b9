"""What recognitions of one track say comes in the order of their audio."""

from service.calls.inputs import AudioSettled, Input, TrackRef, WordsHeard
from service.ids import LegId, StreamId
from service.runtime.succession import Succession


def _ref(number: int) -> TrackRef:
    return TrackRef(LegId("leg"), StreamId(f"stream-{number}"), "inbound")


def _words(number: int, *, is_final: bool = True) -> WordsHeard:
    return WordsHeard(ref=_ref(number), text="hello", is_final=is_final, start_ms=0, end_ms=100)


def test_who_hears_later_audio_speaks_once_the_last_words_before_it_came() -> None:
    """Through several who wait at once, some of whom have ended; what comes in time comes at once.

    Partials of later audio would be shown in the place of what is still waited for.
    """
    said: list[Input] = []
    succession: Succession[str] = Succession()
    first, second, third = (succession.next("inbound", said.append) for _ in range(3))
    first.say(_words(1, is_final=False))
    third.say(_words(3))
    second.say(_words(2, is_final=False))
    second.say(_words(2))
    second.say(AudioSettled(ref=_ref(2), until_ms=200))
    succession.end("inbound", second)
    assert said == [_words(1, is_final=False)]

    first.say(_words(1))
    succession.end("inbound", first)
    third.say(_words(3, is_final=False))
    assert said[1:] == [
        _words(1),
        _words(2),
        AudioSettled(ref=_ref(2), until_ms=200),
        _words(3),
        _words(3, is_final=False),
    ]


def test_nobody_waits_for_another_track_or_for_who_has_ended() -> None:
    """And what has ended is forgotten."""
    said: list[Input] = []
    succession: Succession[str] = Succession()
    inbound = succession.next("inbound", said.append)
    succession.next("outbound", said.append).say(_words(1))
    succession.end("inbound", inbound)
    succession.next("inbound", said.append).say(_words(2))

    assert said == [_words(1), _words(2)]
