"""Tokens: what is signed is what is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.tokens import Claims, read_token, sign_token
from service.errors import ForgedInputError
from service.ids import CallId

SECRET = bytes(range(32))
CLAIMS = Claims(key_id="k", scopes=("live",), call_id=CallId("v3:a/b+ü"), expires_at=100.0)


def test_a_token_says_what_was_signed() -> None:
    """Any call id fits in."""
    assert read_token(SECRET, sign_token(SECRET, CLAIMS), now=99.9) == CLAIMS


def test_a_token_ends() -> None:
    """At the second it says."""
    with pytest.raises(ForgedInputError, match="expired"):
        read_token(SECRET, sign_token(SECRET, CLAIMS), now=100.0)


def test_a_token_of_another_installation_is_none() -> None:
    """Each has a secret of its own."""
    with pytest.raises(ForgedInputError):
        read_token(bytes(32), sign_token(SECRET, CLAIMS), now=0)


@given(st.data())
def test_a_changed_token_is_none(data: st.DataObject) -> None:
    """Whichever character it is, also where base64 would read the same bytes."""
    token = sign_token(SECRET, CLAIMS)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda one: one != token[place]))

    with pytest.raises(ForgedInputError):
        read_token(SECRET, token[:place] + other + token[place + 1 :], now=0)


@given(st.text())
def test_rubbish_is_no_token(text: str) -> None:
    """It is refused, and nothing else is raised."""
    with pytest.raises(ForgedInputError):
        read_token(SECRET, "cst_" + text, now=0)
