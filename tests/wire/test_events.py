"""Our own events as JSON."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

import pytest
import standardwebhooks
from msgspec import structs

from service.calls.events import Event, TranscriptPartial
from service.calls.turn import Fact
from service.ids import CallId
from service.wire.events import delivery_id, encode, partial_id, read_subject, subject_of, timestamp
from tests.wire import builders


@pytest.mark.parametrize("kind", sorted(builders.bodies()))
def test_each_event_is_written_as_its_golden_example(kind: str) -> None:
    """Names, their order, numbers and nulls are what `fixtures/events/` shows."""
    shown = (builders.FOLDER / f"{kind}.json").read_bytes()

    assert builders.readable(builders.bodies()[kind]) == shown


def test_every_type_has_one_golden_example() -> None:
    """A new event type comes with its example, and an example does not outlive its type."""
    types = {kind.type for kind in (*get_args(Event), TranscriptPartial)}

    assert {path.stem for path in builders.FOLDER.glob("*.json")} == types
    assert set(builders.bodies()) == types


@pytest.mark.parametrize("kind", sorted(builders.bodies()))
def test_every_event_has_the_envelope(kind: str) -> None:
    """Type, time stamp and data; the data says which call, when, and what the route adds.

    Of an erased call nothing is added, nor to what is of no call.
    """
    event = json.loads(builders.bodies()[kind])

    assert list(event) == ["type", "timestamp", "data"]
    assert event["type"] == kind
    of_no_call = kind.startswith("endpoint.")
    assert event["data"]["call_id"] == (builders.SERVICE if of_no_call else builders.CALL)
    assert event["data"]["occurred_at"] == event["timestamp"]
    added = {} if of_no_call or kind == "transcript.erased" else {"queue": "bookings"}
    assert event["data"]["metadata"] == added


def test_a_partial_says_what_it_comes_after_and_has_no_seq() -> None:
    """`after_seq` is the last durable event before it; the utterance is that of its final."""
    partial = json.loads(builders.bodies()["transcript.partial"])["data"]
    final = json.loads(builders.bodies()["transcript.final"])["data"]

    assert "seq" not in partial
    assert partial["after_seq"] == final["seq"] - 1
    assert partial["utterance_id"] == final["utterance_id"]
    assert partial["revision"] < final["revision"]


def test_the_same_event_is_written_to_the_same_bytes() -> None:
    """What is signed once is what a later attempt sends."""
    assert builders.bodies() == builders.bodies()


def test_any_text_survives() -> None:
    """Quotes, control characters and other scripts come back as they went in."""
    text = 'say "no" \\ \n\t\x00 ünïcødé 電話 \U0001f4de </script>'
    event = replace(builders.FINAL, text=text)
    fact = structs.replace(builders.fact(event, 11.12, 1), metadata={"note": text})

    data = json.loads(encode(fact, now=0.0))["data"]

    assert data["text"] == text
    assert data["metadata"] == {"note": text}


def test_a_signed_event_passes_the_standard_verifier() -> None:
    """The envelope is one the Standard Webhooks library gives back."""
    body = builders.bodies()["call.ended"]
    webhook = standardwebhooks.Webhook("whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0")
    now = datetime.now(UTC)
    headers = {
        "webhook-id": delivery_id(builders.CALL, 8),
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": webhook.sign(delivery_id(builders.CALL, 8), now, body.decode()),
    }

    assert webhook.verify(body, headers)["type"] == "call.ended"


def test_ids_are_the_same_over_attempts_and_differ_over_events() -> None:
    """A receiver drops duplicates by them."""
    call = CallId("c1")

    assert delivery_id(call, 7) == delivery_id(call, 7) == "evt_c1_7"
    assert delivery_id(call, 8) != delivery_id(call, 7)
    assert partial_id(builders.PARTIAL) == f"prt_{builders.UTTERANCE}_1"
    assert partial_id(replace(builders.PARTIAL, revision=2)) == f"prt_{builders.UTTERANCE}_2"


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1795341600.1234, "2026-11-22T10:00:00.123Z"),
        (1795341600.9996, "2026-11-22T10:00:00.999Z"),
        (-1.5, "1969-12-31T23:59:58.500Z"),
    ],
)
def test_times_are_utc_with_milliseconds(at: float, written: str) -> None:
    """Always three digits and a Z, so that they sort as text."""
    assert timestamp(at) == written


def test_the_timing_of_heard_words_counts_from_the_end_of_their_speech() -> None:
    """On the call clock; reported words say nothing about it, and no clock runs backwards."""
    heard = builders.fact(builders.FINAL, 11.0, 1)
    reported = builders.fact(replace(builders.FINAL, time_source="estimated"), 11.0, 1)
    early = builders.fact(builders.FINAL, 1.0, 1)

    assert timing(heard, after_s=0.25) == {"stt_ms": 620, "queue_ms": 250}
    assert timing(reported, after_s=0.0) == {"stt_ms": None, "queue_ms": 0}
    assert timing(early, after_s=-1.0) == {"stt_ms": 0, "queue_ms": 0}
    assert timing(structs.replace(heard, answered_at=None), after_s=0.0)["stt_ms"] is None


def timing(fact: Fact, *, after_s: float) -> dict[str, int | None]:
    """Return the timing of an event that is written so long after it occurred."""
    spent = json.loads(encode(fact, now=fact.occurred_at + after_s))["data"]["timing"]
    assert isinstance(spent, dict)
    return spent


@pytest.mark.parametrize("fact", builders.facts(), ids=lambda fact: fact.event.type)
def test_whose_words_an_event_is_about_is_read_back_as_it_was_known(fact: Fact) -> None:
    """Who has the event and who has its bytes say the same."""
    assert read_subject(encode(fact, now=fact.occurred_at)) == subject_of(fact.event)
