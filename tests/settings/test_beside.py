"""Settings of a service that stands beside somebody else's call flow."""

import pytest

from service.forwarding.post import ForwardTarget
from tests.settings.harness import Load

ROUTE = '[[route]]\nsource = "in_call"\n'
FORWARD = '[forward]\nurl = "https://ivr.example.com/telnyx"\n'


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        (ROUTE, True),
        ("copies = true\n" + ROUTE, False),
        (FORWARD + ROUTE, False),
        ("copies = true\n" + ROUTE + "answer = true\n", True),
        (ROUTE + "answer = false\n", False),
    ],
)
def test_calls_are_left_to_whom_they_are(load: Load, text: str, *, answers: bool) -> None:
    """Unless the route says otherwise."""
    (route,) = load(text).routes()

    assert route.answer is answers


def test_webhooks_are_passed_on_where_there_is_somewhere(load: Load) -> None:
    """By the rules of endpoints."""
    assert load().forward.build() is None
    assert load(FORWARD + "timeout_s = 3").forward.build() == ForwardTarget(
        url="https://ivr.example.com/telnyx", timeout_s=3.0
    )


def test_endpointing_is_milliseconds_or_off(load: Load) -> None:
    """In the file and in the environment."""
    off = load(ROUTE + "endpointing_ms = false").routes()[0]
    number = load(ROUTE, CALLSCRIBE_ROUTE__0__ENDPOINTING_MS="300").routes()[0]
    said = load(ROUTE, CALLSCRIBE_ROUTE__0__ENDPOINTING_MS="false").routes()[0]

    assert (off.endpointing_ms, number.endpointing_ms, said.endpointing_ms) == (False, 300, False)


def test_a_route_has_a_name_and_carries_what_it_says(load: Load) -> None:
    """The call core gets both."""
    carry = 'carry = ["client_state.ticket", "header.X-Queue", "parameter.a", "tag", "caller_name"]'
    (route,) = load(ROUTE + 'name = "billing"\n' + carry).routes()

    assert route.name == "billing"
    assert route.carry[0] == "client_state.ticket"
    assert len(route.carry) == 5
