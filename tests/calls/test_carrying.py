"""What a call's own application says of it goes out with its events."""

from dataclasses import replace

import msgspec
import pytest

from service.calls.carrying import MAX_CHARS, MAX_TAGS
from service.calls.events import CallStarted, TranscriptErased
from service.calls.inputs import EraseAsked, LegInitiated
from service.calls.route_choice import choose_route
from service.calls.routes import Route
from tests.calls.harness import (
    IN_CALL,
    MEDIA,
    T0,
    Driver,
    answered,
    initiated,
    media_started,
    said,
)

CARRY = ("client_state.ticket", "header.X-Queue", "tag", "caller_name", "parameter.campaign")


def ringing(**facts: object) -> LegInitiated:
    """A leg rings, and its application said something of it."""
    return msgspec.structs.replace(initiated(), **facts)


def metadata_of(call: Driver) -> list[dict[str, object]]:
    """Return the metadata of each event, in order."""
    return [dict(fact.metadata) for fact in call.records]


def test_what_a_route_carries_goes_out_with_every_event() -> None:
    """Beside its own metadata; and nothing that it does not carry."""
    route = replace(IN_CALL, carry=CARRY, metadata={"queue": "x", "ticket": "none"})
    call = Driver(route)
    said_of_it = {
        "client_state": {"ticket": "T-7", "secret": "s"},
        "headers": {"x-queue": "billing", "x-other": "o"},
        "tags": ("vip", "de"),
        "caller_name": "Ann",
    }

    call.receive(ringing(**said_of_it), now=T0)
    call.receive(answered(), now=T0 + 1)

    carried = {
        "queue": "x",
        "ticket": "T-7",
        "X-Queue": "billing",
        "tag": ["vip", "de"],
        "caller_name": "Ann",
    }
    assert call.types[:2] == ["call.started", "call.answered"]
    assert metadata_of(call) == [carried] * len(call.records)


def test_what_comes_later_is_newer() -> None:
    """A command of its application may set the state when the call goes on."""
    call = Driver(replace(IN_CALL, carry=("client_state.ticket",)))
    call.receive(initiated(), now=T0)
    call.receive(answered(), now=T0 + 1)
    assert metadata_of(call)[-1] == {}

    words = msgspec.structs.replace(said("hello", T0 + 3), client_state={"ticket": "T-8"})
    call.receive(words, now=T0 + 3)
    call.receive(said("you", T0 + 4), now=T0 + 4)
    call.run_until(T0 + 5)

    assert [final.text for final in call.finals] == ["hello", "you"]
    assert metadata_of(call)[-2:] == [{"ticket": "T-8"}] * 2


def test_what_the_stream_says_is_carried_from_then_on() -> None:
    """Its parameters; others are nobody's."""
    call = Driver(replace(MEDIA, carry=CARRY))
    call.receive(initiated(), now=T0)
    call.receive(answered(), now=T0 + 1)

    started = replace(media_started(), parameters={"campaign": "c" * 999, "other": "o"})
    call.receive(started, now=T0 + 1.2)

    assert metadata_of(call)[-1] == {"campaign": "c" * MAX_CHARS}


def test_it_has_bounds() -> None:
    """Long values are cut off, and of many tags the first are taken."""
    call = Driver(replace(IN_CALL, carry=CARRY))
    facts = {
        "client_state": {"ticket": "t" * 999},
        "headers": {"x-queue": "q" * 999},
        "tags": ("g" * 999,) * 99,
        "caller_name": "n" * 999,
    }

    call.receive(ringing(**facts), now=T0)

    (began,) = metadata_of(call)
    assert call.events(CallStarted)
    tags = began.pop("tag")
    assert [len(one) for one in tags] == [MAX_CHARS] * MAX_TAGS  # type: ignore[attr-defined]  # texts
    assert {len(str(value)) for value in began.values()} == {MAX_CHARS}


def test_an_erased_call_carries_nothing() -> None:
    """It may be the ticket that is to be forgotten."""
    call = Driver(replace(IN_CALL, carry=CARRY))
    call.receive(ringing(client_state={"ticket": "T-7"}), now=T0)

    call.receive(EraseAsked(at=T0 + 1, reason="api"), now=T0 + 1)

    assert call.events(TranscriptErased)
    assert metadata_of(call)[-1] == {}
    assert call.session.state.carried == {}


BILLING = Route(name="billing", match={"to": "nobody"}, redact=("pci",), model="nova-2")
ROUTES = [Route(name="rest"), BILLING]


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ({}, ROUTES[0]),
        ({"callscribe_route": "billing"}, BILLING),
        ({"callscribe_route": "bills"}, ROUTES[0]),
        ({"callscribe_language": "de"}, replace(ROUTES[0], language="de")),
        (
            {"callscribe_route": "billing", "callscribe_engine": "Google"},
            replace(BILLING, engine="Google", model=None),
        ),
        (
            {"callscribe_route": "billing", "callscribe_model": "nova-3"},
            replace(BILLING, model="nova-3"),
        ),
        ({"callscribe_route": "billing", "callscribe_language": "fr"}, BILLING),
        ({"callscribe_engine": "Azure", "callscribe_language": "de"}, ROUTES[0]),
    ],
)
def test_its_application_may_name_the_route_and_the_language(
    state: dict[str, str], found: Route
) -> None:
    """Of what cannot be, nothing is taken: no engine that refuses, no words that are not hidden."""
    routes = [replace(one, source="in_call") for one in ROUTES]

    chosen = choose_route(routes, ringing(client_state=state))

    assert chosen == replace(found, source="in_call")


def test_a_header_names_no_route() -> None:
    """Any caller may send one."""
    headers = {"callscribe_route": "billing", "x-callscribe-route": "billing"}

    assert choose_route(ROUTES, ringing(headers=headers)) is ROUTES[0]
