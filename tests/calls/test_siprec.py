"""SIPREC: two legs that each bring one side of somebody else's call, and hear nothing."""

from dataclasses import replace

import msgspec
import pytest

from service.calls import siprec
from service.calls.commands import (
    Answer,
    OpenRecognition,
    PauseStream,
    StartStreaming,
    StartTranscription,
)
from service.calls.events import CallAnswered, TranscriptCompleted, TranscriptGap
from service.calls.inputs import (
    ControlAsked,
    LegInitiated,
    MediaStarted,
    RecognitionFailed,
    RecognitionFinished,
    TrackRef,
    WordsHeard,
)
from service.calls.routes import Fallback, Route
from service.calls.webhook import SiprecStream
from service.ids import LegId, Role, StreamId, Track
from tests.calls.harness import (
    IN_CALL,
    MEDIA,
    T0,
    A,
    B,
    Driver,
    answered,
    hung_up,
    initiated,
    said,
)

BY_MEDIA = replace(MEDIA, siprec=True)
BY_WORDS = replace(IN_CALL, siprec=True, engine="Deepgram")
SESSION = "1772ce22-99ca-476a-b58f-1b848702e2ce"


def ringing(leg: LegId, label: str, *, session: str = SESSION) -> LegInitiated:
    """One stream of the session rings, as a call of its own."""
    return msgspec.structs.replace(
        initiated(leg=leg), siprec=SiprecStream(session_id=session, label=label)
    )


def both(route: Route, *labels: str) -> Driver:
    """Return a call both of whose sides are there."""
    driver = Driver(route)
    for leg, label in zip((A, B), labels or ("inbound", "outbound"), strict=True):
        driver.receive(ringing(leg, label), now=T0)
    driver.receive(answered(leg=A), answered(leg=B), now=T0 + 1)
    return driver


def streamed(route: Route = BY_MEDIA) -> Driver:
    """Return a call both of whose sides are heard."""
    driver = both(route)
    for leg in (A, B):
        stream = MediaStarted(
            leg_id=leg,
            stream_id=StreamId(f"stream {leg}"),
            at=T0 + 1.2,
            encoding="PCMU",
            sample_rate_hz=8000,
        )
        driver.receive(stream, now=T0 + 1.2)
    return driver


def ref(leg: LegId, track: Track) -> TrackRef:
    """Name the recognition of a side."""
    return TrackRef(leg, StreamId(f"stream {leg}"), track)


def words(leg: LegId, track: Track, text: str, start_ms: int) -> WordsHeard:
    """Hear a side say something."""
    return WordsHeard(
        ref=ref(leg, track), text=text, is_final=True, start_ms=start_ms, end_ms=start_ms + 400
    )


@pytest.mark.parametrize("route", [BY_MEDIA, BY_WORDS], ids=["media", "in_call"])
def test_each_side_is_answered_and_heard_by_itself(route: Route) -> None:
    """What a leg is sent is silence, so that nobody is to hear that."""
    driver = both(route)

    assert {one.leg_id for one in driver.asked(Answer)} == {A, B}
    asked = driver.asked(StartStreaming if route.source == "media" else StartTranscription)
    assert [(one.leg_id, one.tracks) for one in asked] == [(A, "inbound"), (B, "inbound")]  # type: ignore[attr-defined]


def test_a_side_is_recognised_as_the_one_that_it_is() -> None:
    """Its audio comes as the inbound track of its leg, whichever side of the call that is."""
    driver = streamed()
    opened = [(one.ref.leg_id, one.ref.track, one.carried) for one in driver.asked(OpenRecognition)]
    assert opened == [(A, "inbound", "inbound"), (B, "outbound", "inbound")]
    driver.receive(words(A, "inbound", "hello", 500), now=T0 + 3)
    driver.receive(words(B, "outbound", "good morning", 1500), now=T0 + 4)

    assert [(final.role, final.track, final.leg) for final in driver.finals] == [
        ("customer", "inbound", A),
        ("agent", "outbound", B),
    ]
    assert driver.events(TranscriptGap) == []


def test_in_call_words_of_a_leg_are_its_side() -> None:
    """Whatever track Telnyx names."""
    driver = both(BY_WORDS)
    driver.receive(said("hello", T0 + 3, track="inbound"), now=T0 + 3)
    driver.receive(said("good morning", T0 + 5, track=None, leg=B), now=T0 + 5)
    driver.run_until(T0 + 6)

    assert [(final.role, final.track) for final in driver.finals] == [
        ("customer", "inbound"),
        ("agent", "outbound"),
    ]


@pytest.mark.parametrize(
    ("labels", "roles"),
    [
        (("outbound", "inbound"), ["agent", "customer"]),
        (("1", "2"), ["customer", "agent"]),
        (("Inbound ", ""), ["customer", "unknown"]),
        (("", "inbound"), ["unknown", "unknown"]),
        (("inbound", "inbound"), ["customer", "unknown"]),
        (("98", "99"), ["unknown", "unknown"]),
    ],
)
def test_roles_are_those_of_the_labels(labels: tuple[str, str], roles: list[Role]) -> None:
    """A label that says nothing makes nobody's words another's; each is on a side of its own."""
    driver = both(BY_WORDS, *labels)
    driver.receive(said("hello", T0 + 3, track=None), now=T0 + 3)
    driver.receive(said("good morning", T0 + 5, track=None, leg=B), now=T0 + 5)
    driver.run_until(T0 + 6)

    assert [final.role for final in driver.finals] == roles
    assert {final.track for final in driver.finals} == {"inbound", "outbound"}


def test_a_route_that_wants_one_side_has_the_leg_of_that() -> None:
    """The other one is answered, so that the client goes on sending, and heard by nobody."""
    for route in (BY_MEDIA, BY_WORDS):
        driver = both(replace(route, tracks="outbound"))
        asked = driver.asked(StartStreaming if route.source == "media" else StartTranscription)
        assert [one.leg_id for one in asked] == [B]  # type: ignore[attr-defined]


def test_the_call_begins_with_whichever_side_is_there_first() -> None:
    """It goes on until the last of them is gone."""
    driver = Driver(BY_WORDS)
    driver.receive(ringing(A, "inbound"), ringing(B, "outbound"), now=T0)
    driver.receive(answered(leg=B), now=T0 + 1)
    assert [event.leg for event in driver.events(CallAnswered)] == [B]
    driver.receive(said("good morning", T0 + 3, leg=B), now=T0 + 3)
    driver.receive(answered(T0 + 4, leg=A), now=T0 + 4)
    driver.receive(said("hello", T0 + 6), now=T0 + 6)
    driver.receive(hung_up(T0 + 8, leg=B), now=T0 + 8)
    driver.receive(said("hello?", T0 + 12), now=T0 + 12)
    driver.receive(hung_up(T0 + 14), now=T0 + 14)
    driver.run_until(T0 + 30)

    assert [(final.role, final.text) for final in driver.finals] == [
        ("agent", "good morning"),
        ("customer", "hello"),
        ("customer", "hello?"),
    ]
    (completed,) = driver.events(TranscriptCompleted)
    assert [one.role for one in completed.participants] == ["customer", "agent"]


def test_a_side_that_is_not_heard_from_the_first_word_on_is_told() -> None:
    """The other one, which is, has no gap."""
    driver = Driver(BY_WORDS)
    driver.receive(ringing(A, "inbound"), ringing(B, "outbound"), now=T0)
    driver.receive(answered(leg=A), now=T0 + 1)
    driver.receive(answered(T0 + 2.5, leg=B), now=T0 + 2.5)
    driver.receive(said("hello", T0 + 6), said("good morning", T0 + 6.5, leg=B), now=T0 + 7)
    driver.run_until(T0 + 8)

    gaps = driver.events(TranscriptGap)
    assert [(gap.track, gap.start_ms, gap.end_ms) for gap in gaps] == [("outbound", 0, 1500)]


def test_a_pause_is_one_of_both_sides() -> None:
    """So is what comes after it."""
    driver = streamed()
    for action in ("pause", "resume"):
        driver.receive(ControlAsked(action=action, at=T0 + 5, asked_at=T0 + 5), now=T0 + 5)

    assert {one.leg_id for one in driver.asked(PauseStream)} == {A, B}
    opened = [(one.ref.leg_id, one.ref.track) for one in driver.asked(OpenRecognition)]
    assert opened == [(A, "inbound"), (B, "outbound")] * 2


def test_where_an_engine_fails_both_sides_are_heard_by_the_next() -> None:
    """No word of the one is heard twice, by the engine that is left and by the next."""
    driver = streamed(replace(BY_MEDIA, fallback=(Fallback(engine="Telnyx", source="in_call"),)))
    failed = RecognitionFailed(ref=ref(A, "inbound"), reason="engine_error", code="10011")
    driver.receive(failed, now=T0 + 5)
    finished = (
        RecognitionFinished(ref=ref(A, "inbound"), audio_ms=3800),
        RecognitionFinished(ref=ref(B, "outbound"), audio_ms=3800),
    )
    driver.receive(*finished, now=T0 + 5.5)

    assert [one.leg_id for one in driver.asked(StartTranscription)] == [A, B]
    assert driver.session.state.streams == {}


def test_only_a_route_that_expects_them_joins_calls() -> None:
    """Headers are a stranger's; so are ids, which may be of any length."""
    first, second = ringing(A, "inbound"), ringing(B, "outbound")
    joined = siprec.call_of(first, [BY_MEDIA])

    assert joined is not None
    assert joined == siprec.call_of(second, [BY_MEDIA])
    assert SESSION not in joined
    assert len(joined) < 50
    assert joined != siprec.call_of(ringing(A, "inbound", session="another"), [BY_MEDIA])
    assert siprec.call_of(initiated(), [BY_MEDIA]) is None
    assert siprec.call_of(first, [MEDIA]) is None
    assert siprec.call_of(first, []) is None


def test_a_leg_that_says_nothing_of_a_session_is_a_call_as_any() -> None:
    """So is one with such headers where nobody expects them."""
    plain, strange = Driver(BY_MEDIA), Driver(MEDIA)
    plain.receive(initiated(), now=T0)
    strange.receive(ringing(A, "outbound"), now=T0)
    for driver in (plain, strange):
        driver.receive(answered(), now=T0 + 1)
        assert [one.tracks for one in driver.asked(StartStreaming)] == ["both"]
