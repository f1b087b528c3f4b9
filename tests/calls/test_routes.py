"""Which route a call gets."""

from dataclasses import replace

import pytest

from service.calls.inputs import LegAnswered, LegInitiated
from service.calls.route_choice import choose_route
from service.calls.routes import Fallback, Route
from service.ids import CallId, InputId, LegId

LEG = LegInitiated(
    input_id=InputId("1"),
    call_id=CallId("c"),
    leg_id=LegId("l"),
    occurred_at=0.0,
    direction="incoming",
    from_number="+15550100",
    to_number="+13125550111",
    connection_id="17",
    client_state={"queue": "billing"},
    headers={"x-tenant": "acme"},
)


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ({}, True),
        ({"direction": "incoming"}, True),
        ({"direction": "outgoing"}, False),
        ({"to": "+1312*"}, True),
        ({"to": "+1312*", "from": "+49*"}, False),
        ({"connection_id": "17"}, True),
        ({"client_state.queue": "bill*"}, True),
        ({"client_state.team": "?*"}, False),
        ({"header.X-Tenant": "acme"}, True),
        ({"header.X-Other": "*"}, True),
    ],
)
def test_every_pattern_must_fit(match: dict[str, str], *, fits: bool) -> None:
    """Shell-style patterns over the facts of the leg; what is missing reads as empty."""
    route = Route(match=match)

    assert (choose_route([route], LEG) is route) == fits


def test_the_first_route_that_fits_wins() -> None:
    """Order decides, so the general rule comes last."""
    billing, rest = Route(match={"client_state.queue": "billing"}), Route()

    assert choose_route([billing, rest], LEG) is billing
    assert choose_route([], LEG) is None


def test_a_leg_whose_ringing_was_lost_is_routed_by_what_is_known() -> None:
    """An answer has no headers; the numbers may be missing as well."""
    answer = LegAnswered(input_id=InputId("2"), call_id=None, leg_id=LegId("l"), occurred_at=0.0)

    assert choose_route([Route(match={"header.X-Tenant": "acme"})], answer) is None
    assert choose_route([Route(match={"from": "+1*"})], answer) is None
    assert choose_route([Route()], answer) is not None


def test_both_tracks_are_heard_inbound_first() -> None:
    """Or the one that was asked for."""
    assert Route().heard_tracks == ("inbound", "outbound")
    assert Route(tracks="outbound").heard_tracks == ("outbound",)


def test_a_route_has_a_choice_for_each_engine_that_may_give_its_words() -> None:
    """What a fallback does not say is as the route has it."""
    route = Route(
        engine="Deepgram",
        model="nova-3",
        language="en-US",
        keyterms=("Callscribe",),
        fallback=(Fallback(engine="Google"), Fallback(engine="Telnyx", source="in_call")),
    )
    first, second, third = route.choices

    assert first == replace(route, fallback=())
    assert (second.source, second.engine, second.model) == ("media", "Google", None)
    assert (second.language, second.keyterms) == ("en-US", ("Callscribe",))
    assert (third.source, third.engine, third.fallback) == ("in_call", "Telnyx", ())
