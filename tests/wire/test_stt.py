"""The speech-to-text WebSocket's messages."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadInputError
from service.wire.stt import (
    CLOSE_STREAM,
    FINALIZE,
    KEEP_ALIVE,
    HeardWord,
    SttResult,
    WireError,
    encode_error,
    encode_transcript,
    encode_utterance_end,
    parse_result,
)

WITH_WORDS = """{"start_time":1.5,"duration":0.4,"channel":0,
 "words":[{"word":"hi","start":1.5,"end":1.9,"confidence":0.9}]}"""


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (
            '{"transcript":"How are you?","is_final":true,"speech_final":true,"confidence":0.98}',
            SttResult(transcript="How are you?", is_final=True, speech_final=True, confidence=0.98),
        ),
        (
            '{"transcript": "hel", "is_final": false, "confidence": 0.0}',
            SttResult(transcript="hel", is_final=False, confidence=0.0),
        ),
        (
            '{"transcript": "مرحبا", "is_final": true, "confidence": null}',
            SttResult(transcript="مرحبا", is_final=True),
        ),
        (
            '{"transcript": "hoi", "is_final": true}',
            SttResult(transcript="hoi", is_final=True),
        ),
        (
            '{"transcript": "", "is_final": true, "utterance_end": true}',
            SttResult(transcript="", is_final=True, utterance_end=True),
        ),
        (
            '{"type":"transcript","transcript":"yes","is_final":true,"confidence":1}',
            SttResult(type="transcript", transcript="yes", is_final=True, confidence=1.0),
        ),
        (
            '{"type":"error","error":"no such engine"}',
            SttResult(type="error", error="no such engine"),
        ),
        (
            WITH_WORDS,
            SttResult(
                start_time=1.5,
                duration=0.4,
                words=(HeardWord(word="hi", start=1.5, end=1.9, confidence=0.9),),
            ),
        ),
        ('{"event":"EndOfTurn","turn_index":0}', SttResult()),
        ("{}", SttResult()),
    ],
    ids=[
        "documented",
        "partial of zero confidence",
        "null confidence",
        "no confidence",
        "utterance end",
        "schema of the SDK",
        "error of the SDK",
        "words and times",
        "unknown",
        "empty",
    ],
)
def test_every_shape_an_engine_answers_in_is_read(sent: str, read: SttResult) -> None:
    """What is documented, what the SDK's schema says, what was seen, and what nobody named yet."""
    assert parse_result(sent) == read
    assert parse_result(sent.encode()) == read


def test_documented_errors_are_read() -> None:
    """The parameter at fault is told where Telnyx says it."""
    answer = parse_result(
        '{"errors": [{"code": "40002", "title": "Unsupported format", "detail": "not with this",'
        ' "source": {"parameter": "input_format"}, "meta": {}}, {"code": 40003}]}'
    )

    assert answer.errors is not None
    first, second = answer.errors
    assert (first.code, first.title, first.detail) == (
        "40002",
        "Unsupported format",
        "not with this",
    )
    assert first.source is not None
    assert first.source.parameter == "input_format"
    assert second == WireError(code=40003)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"null",
        b"[]",
        b'"hello"',
        b"{",
        b'{"transcript": 7}',
        b'{"transcript": "a", "is_final": "true"}',
        b'{"transcript": "a", "confidence": "high"}',
        b'{"transcript": "a", "confidence": NaN}',
        b'{"words": [{"word": "a"}]}',
        b'{"errors": "no"}',
        b'{"transcript": "\xff"}',
        b'{"transcript": "\\ud800"}',
        b'{"x": ' + b"[" * 200_000,
        b'{"transcript": "a"} {"transcript": "b"}',
        "{\ud800}",
    ],
    ids=lambda sent: repr(sent[:24]),
)
def test_an_answer_that_is_none_is_refused_without_a_trace_of_its_text(sent: bytes | str) -> None:
    """Whatever a broken server sends, there is one kind of error, and it quotes nothing."""
    with pytest.raises(BadInputError) as failure:
        parse_result(sent)

    assert str(failure.value) == "an STT result that is not one"


@given(st.binary(max_size=200))
def test_no_bytes_make_the_parser_fail_otherwise(sent: bytes) -> None:
    """An answer or a `BadInputError`: nothing else comes out."""
    try:
        answer = parse_result(sent)
    except BadInputError:
        return
    assert isinstance(answer, SttResult)


def test_a_transcript_leaves_out_what_is_not_known() -> None:
    """`transcript` and `is_final` are always there, even empty and false."""
    assert json.loads(encode_transcript("", is_final=False)) == {
        "type": "transcript",
        "transcript": "",
        "is_final": False,
    }


@given(
    text=st.text(max_size=40),
    is_final=st.booleans(),
    confidence=st.none() | st.floats(0, 1),
    start_time=st.none() | st.floats(0, 1e6),
)
def test_a_written_transcript_is_read_back(
    text: str,
    is_final: bool,  # noqa: FBT001 - hypothesis hands arguments by name
    confidence: float | None,
    start_time: float | None,
) -> None:
    """Our recogniser and our client agree."""
    words = (HeardWord(word=text, start=0.5, end=0.75, confidence=confidence),)

    answer = parse_result(
        encode_transcript(
            text,
            is_final=is_final,
            confidence=confidence,
            speech_final=is_final,
            words=words,
            start_time=start_time,
            duration=0.25,
        )
    )

    assert answer == SttResult(
        transcript=text,
        is_final=is_final,
        confidence=confidence,
        speech_final=is_final,
        words=words,
        start_time=start_time,
        duration=0.25,
        type="transcript",
    )


def test_an_utterance_end_is_an_empty_final() -> None:
    """A client that does not know the flag sees nothing to add."""
    assert parse_result(encode_utterance_end()) == SttResult(
        transcript="", is_final=True, utterance_end=True, type="transcript"
    )


def test_an_error_is_written_as_documented() -> None:
    """The code is a string, the source is there only where it is known; the SDK has its own."""
    written = encode_error("40001", "Invalid Parameter", "mp4", parameter="input_format")

    assert json.loads(written) == {
        "type": "error",
        "error": "mp4",
        "errors": [
            {
                "code": "40001",
                "title": "Invalid Parameter",
                "detail": "mp4",
                "source": {"parameter": "input_format"},
            }
        ],
    }
    assert "source" not in encode_error("50000", "Engine Error", "gone")


def test_control_messages_are_spelt_as_documented() -> None:
    """Unknown text is silently ignored by the server, so the spelling must be right."""
    said = [json.loads(message) for message in (FINALIZE, CLOSE_STREAM, KEEP_ALIVE)]

    assert said == [{"type": "Finalize"}, {"type": "CloseStream"}, {"type": "KeepAlive"}]
