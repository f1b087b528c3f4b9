import pytest

from service.carrier.refusals import read_refusal
from service.errors import CallOverError, CarrierUnavailableError, CommandRefusedError


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 599])
def test_what_was_retried_in_vain_is_unavailability(status: int) -> None:
    """These say nothing about the command."""
    assert isinstance(
        read_refusal(status, {"errors": [{"code": "90018"}]}), CarrierUnavailableError
    )


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 422])
def test_anything_else_is_final(status: int) -> None:
    """Its code is Telnyx's, its title may be missing."""
    error = read_refusal(status, {"errors": [{"code": 10009}, {"code": "second"}]})

    assert isinstance(error, CommandRefusedError)
    assert not isinstance(error, CallOverError)
    assert (error.code, error.title) == ("10009", f"HTTP {status}")


@pytest.mark.parametrize(
    "body",
    [
        None,
        "text",
        b"bytes",
        [],
        {},
        {"errors": None},
        {"errors": []},
        {"errors": {"code": "1"}},
        {"errors": ["1"]},
        {"errors": [{"code": {"a": 1}, "title": 7}]},
    ],
)
def test_a_body_of_any_shape_is_a_refusal(body: object) -> None:
    """What cannot be read has no code, and never raises."""
    error = read_refusal(422, body)

    assert isinstance(error, CommandRefusedError)
    assert error.code == ""


def test_an_endless_title_is_cut() -> None:
    """It goes into log lines."""
    error = read_refusal(422, {"errors": [{"code": "1", "title": "x" * 10_000}]})

    assert len(str(error)) < 200
