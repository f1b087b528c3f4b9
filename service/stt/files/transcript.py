"""What comes back for a whole file: the text, and its times where the model gives any.

Source: SDK 4.189 `audio_transcribe_response` and Telnyx's REST response format page. OpenAI's
`language` and our own recogniser's answers fit in as well.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from service.errors import BadInputError

_MAX_S = 1e7
"""No recording is longer; nonsense past it is cut to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWord:
    """One word of a file; times in seconds from its beginning."""

    text: str
    start_s: float
    end_s: float
    confidence: float | None = None
    speaker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSegment:
    """A stretch of speech; times in seconds. `speakers` are numbered per channel."""

    text: str
    start_s: float
    end_s: float
    channel: int | None = None
    speakers: tuple[str, ...] = ()
    words: tuple[FileWord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTranscript:
    """A file's text. The rest is empty where the model gives none, or was not asked to."""

    text: str
    duration_s: float | None = None
    language: str | None = None
    segments: tuple[FileSegment, ...] = ()
    words: tuple[FileWord, ...] = ()


_Name = int | str | None


class _Word(msgspec.Struct, frozen=True):
    start: float
    end: float
    word: str = ""
    punctuated_word: str | None = None
    confidence: float | None = None
    speaker: _Name = None


class _Segment(msgspec.Struct, frozen=True):
    text: str
    start: float = 0.0
    end: float = 0.0
    channel: int | None = None
    speakers: tuple[_Name, ...] | None = None
    words: tuple[_Word, ...] | None = None


class _Answer(msgspec.Struct, frozen=True):
    text: str
    duration: float | None = None
    language: str | None = None
    segments: tuple[_Segment, ...] | None = None
    words: tuple[_Word, ...] | None = None


class _Bare(msgspec.Struct, frozen=True):
    text: str


_decoder = msgspec.json.Decoder(_Answer)
_bare_decoder = msgspec.json.Decoder(_Bare)


def parse_file_transcript(data: bytes) -> FileTranscript:
    """Read an answer; times in a shape nobody documented do not cost the text they are of.

    Raises:
        BadInputError: There is not even a text in it.
    """
    try:
        answer = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        try:
            return FileTranscript(text=_bare_decoder.decode(data).text)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise BadInputError("a transcript that is not one") from error
    return FileTranscript(
        text=answer.text,
        duration_s=None if answer.duration is None else _seconds(answer.duration),
        language=answer.language,
        segments=tuple(_segment(segment) for segment in answer.segments or ()),
        words=_words(answer.words),
    )


def _segment(segment: _Segment) -> FileSegment:
    start_s = _seconds(segment.start)
    return FileSegment(
        text=segment.text,
        start_s=start_s,
        end_s=max(start_s, _seconds(segment.end)),
        channel=segment.channel,
        speakers=tuple(str(one) for one in segment.speakers or () if one is not None),
        words=_words(segment.words),
    )


def _words(words: Iterable[_Word] | None) -> tuple[FileWord, ...]:
    return tuple(
        FileWord(
            text=word.punctuated_word or word.word,
            start_s=_seconds(word.start),
            end_s=max(_seconds(word.start), _seconds(word.end)),
            confidence=word.confidence,
            speaker=None if word.speaker is None else str(word.speaker),
        )
        for word in words or ()
    )


def _seconds(value: float) -> float:
    return min(max(value, 0.0), _MAX_S)
