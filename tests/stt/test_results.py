"""Results: words kept whatever comes with them, errors sorted into for good and for now."""

import pytest

from service.errors import BadInputError, RecognitionLostError, RecognitionRefusedError
from service.stt.results import fault_in, fault_of_status, read_result


def test_words_in_an_unknown_shape_do_not_cost_the_text() -> None:
    """The rest of such a result is passed over."""
    result = read_result('{"transcript":"Hello.","is_final":true,"words":[{"w":1}],"errors":{}}')

    assert (result.transcript, result.is_final, result.words) == ("Hello.", True, None)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"[]", b"null", b'{"transcript":5}', b'{"errors":{}}', b"[" * 100_000],
)
def test_what_holds_no_text_is_unreadable(data: bytes) -> None:
    """Hostile or broken, it is one kind of error."""
    with pytest.raises(BadInputError):
        read_result(data)


@pytest.mark.parametrize("code", ["40001", "40007", 40003, "10009", "10010", "401", "20012"])
def test_a_bad_setting_or_key_is_for_good(code: str | int) -> None:
    """No retry would help."""
    text = (
        f'{{"errors":[{{"code":{code if isinstance(code, int) else chr(34) + code + chr(34)}}}]}}'
    )
    fault = fault_in(read_result(text))

    assert isinstance(fault, RecognitionRefusedError)
    assert fault.code == str(code)


@pytest.mark.parametrize(
    "text",
    [
        '{"errors":[{"code":"10011","title":"Too many requests"}]}',
        '{"errors":[{"title":"no code"}]}',
        '{"type":"error","error":"customer said something"}',
        '{"type":"error"}',
        '{"error":"oops"}',
    ],
)
def test_any_other_error_is_for_now(text: str) -> None:
    """And the engine's own words are not in it."""
    fault = fault_in(read_result(text))

    assert isinstance(fault, RecognitionLostError)
    assert str(fault) == "engine_error"


@pytest.mark.parametrize(
    "text", ['{"transcript":"x","is_final":true}', '{"errors":[]}', '{"errors":null}', "{}"]
)
def test_a_result_without_an_error_is_no_fault(text: str) -> None:
    """Empty lists and unknown objects included."""
    assert fault_in(read_result(text)) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, RecognitionRefusedError),
        (404, RecognitionRefusedError),
        (302, RecognitionRefusedError),
        (408, RecognitionLostError),
        (429, RecognitionLostError),
        (502, RecognitionLostError),
    ],
)
def test_a_status_says_whether_to_come_again(status: int, kind: type[Exception]) -> None:
    """Only what time may heal is tried again."""
    assert isinstance(fault_of_status(status), kind)
