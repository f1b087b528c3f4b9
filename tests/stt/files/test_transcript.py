"""Transcripts of files: read in every documented shape, and never lost over odd times."""

import json

import pytest

from service.errors import BadInputError
from service.stt.files.transcript import FileTranscript, parse_file_transcript

VERBOSE = {
    "text": "Hello there.",
    "duration": 3,
    "segments": [
        {
            "id": 0,
            "text": "Hello there.",
            "start": 0.0,
            "end": 3.42,
            "channel": 1,
            "speakers": [0],
            "words": [
                {"word": "hello", "start": 0.1, "end": 0.4, "confidence": 0.98, "speaker": 0}
                | {"speaker_confidence": 0.7, "punctuated_word": "Hello"}
            ],
        }
    ],
    "words": [{"word": "hello", "start": 0.1, "end": 0.4}],
}


def test_a_plain_answer_is_its_text() -> None:
    """As `json` gives it; what nobody knows is passed over."""
    assert parse_file_transcript(b'{"text":"hi","usage":{"x":[1]}}') == FileTranscript(text="hi")


def test_a_verbose_answer_has_times_words_and_speakers() -> None:
    """Words as they are to be shown, speakers as text."""
    transcript = parse_file_transcript(json.dumps(VERBOSE).encode())

    segment = transcript.segments[0]
    assert (transcript.duration_s, segment.end_s) == (3.0, 3.42)
    assert (segment.channel, segment.speakers) == (1, ("0",))
    assert [(word.text, word.speaker) for word in segment.words] == [("Hello", "0")]
    assert [(word.text, word.start_s) for word in transcript.words] == [("hello", 0.1)]


@pytest.mark.parametrize(
    "odd",
    [
        {"segments": "none"},
        {"segments": [{"text": "a", "start": "soon"}]},
        {"words": [{"word": "a"}]},
        {"duration": "long"},
    ],
)
def test_odd_times_do_not_cost_the_text(odd: dict[str, object]) -> None:
    """The text alone is left."""
    data = json.dumps({"text": "kept"} | odd).encode()

    assert parse_file_transcript(data) == FileTranscript(text="kept")


def test_impossible_times_are_made_possible() -> None:
    """Nothing is before the beginning, ends before it began, or lasts for ever."""
    data = b'{"text":"a","duration":1e300,"segments":[{"text":"a","start":5,"end":-1}]}'

    transcript = parse_file_transcript(data)
    assert transcript.duration_s == 1e7
    assert (transcript.segments[0].start_s, transcript.segments[0].end_s) == (5, 5)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"null", b'{"text":null}', b"\xff", b'{"text":"\xff"}']
)
def test_what_holds_no_text_is_not_a_transcript(data: bytes) -> None:
    """Whoever asked is told so."""
    with pytest.raises(BadInputError):
        parse_file_transcript(data)
