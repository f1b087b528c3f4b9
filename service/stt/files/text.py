"""A file's transcript as text, JSON or subtitles."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from typing import Literal

import msgspec

from service.errors import RecognitionLostError
from service.stt.files.transcript import FileSegment, FileTranscript, FileWord
from service.wire.shown import one_line
from service.wire.subtitles import Cue, is_long, joined, write_subtitles
from service.words import join_pieces

Format = Literal["txt", "json", "srt", "vtt"]
FORMATS: tuple[Format, ...] = ("txt", "json", "srt", "vtt")

_ESCAPES = {
    code: f"\\u{code:04x}"
    for code in (*range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
"""Control characters and bidi overrides, which JSON need not escape."""


def write_transcript(transcript: FileTranscript, form: Format, *, words: bool = False) -> str:
    """Return the transcript in a format, with a line end. Control characters are left out.

    `words` wants words, each a cue of subtitles. Subtitles need times, and text tells speakers
    and channels apart where the transcript does.

    Raises:
        RecognitionLostError: Subtitles or words are wanted, and their times did not come back.
    """
    if words and not _words(transcript) and transcript.text.strip():
        raise RecognitionLostError("no times of words came back")
    if form == "json":
        return _json(transcript)
    if form == "txt":
        return _text(transcript)
    cues = cues_of(transcript, words=words)
    if not cues and transcript.text.strip():
        raise RecognitionLostError("no times came back, and subtitles need them")
    return write_subtitles(cues, form)


def cues_of(transcript: FileTranscript, *, words: bool = False) -> list[Cue]:
    """Return the transcript cut into cues, in order: segments, shorter where they have words."""
    segments = _segments(transcript)
    if words and all(segment.channel is None for segment in segments):
        return _word_cues(_words(transcript), None)
    if not segments:
        return list(joined(_word_cues(_words(transcript), None)))
    cues: list[Cue] = []
    for segment in segments:
        channel = segment.channel
        if words:
            cues += _word_cues(segment.words, channel)
        elif segment.words and _is_long(segment):
            cues += joined(_word_cues(segment.words, channel))
        elif text := one_line(segment.text):
            voice = _voice(channel, _speaker(segment))
            cues.append(Cue(_ms(segment.start_s), _ms(segment.end_s), text, voice))
    return cues


def escape_controls(text: str) -> str:
    """Return JSON with the characters escaped that steer a terminal, and that it leaves be."""
    return text.translate(_ESCAPES)


def _words(transcript: FileTranscript) -> tuple[FileWord, ...]:
    return transcript.words or tuple(
        word for segment in transcript.segments for word in segment.words
    )


def _segments(transcript: FileTranscript) -> tuple[FileSegment, ...]:
    """Return the segments; a channel that is the only one tells nothing."""
    if len({segment.channel for segment in transcript.segments}) > 1:
        return transcript.segments
    return tuple(replace(segment, channel=None) for segment in transcript.segments)


def _is_long(segment: FileSegment) -> bool:
    shown = Cue(_ms(segment.start_s), _ms(segment.end_s), segment.text)
    return is_long(shown) or len(segment.speakers) > 1


def _word_cues(words: Iterable[FileWord], channel: int | None) -> list[Cue]:
    return [
        Cue(_ms(word.start_s), _ms(word.end_s), text, _voice(channel, word.speaker))
        for word in words
        if (text := one_line(word.text))
    ]


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _text(transcript: FileTranscript) -> str:
    turns = list(_turns(transcript))
    if all(voice is None for voice, _ in turns):
        return one_line(transcript.text) + "\n"
    lines = [text if voice is None else f"{voice}: {text}" for voice, text in turns]
    return "\n".join(lines) + "\n"


def _turns(transcript: FileTranscript) -> Iterator[tuple[str | None, str]]:
    """Yield who said what, one turn after the other."""
    turn: list[str] = []
    last: str | None = None
    for voice, text in _said(transcript):
        if turn and voice != last:
            yield last, one_line(join_pieces(turn))
            turn = []
        turn.append(text)
        last = voice
    if turn:
        yield last, one_line(join_pieces(turn))


def _said(transcript: FileTranscript) -> list[tuple[str | None, str]]:
    """Return whose voice said what: by words if they tell, or else by segments."""
    segments = _segments(transcript)
    channels = any(segment.channel is not None for segment in segments)
    words = (
        [] if channels else [(_voice(None, one.speaker), one.text) for one in _words(transcript)]
    )
    if any(voice is not None for voice, _ in words):
        return words
    return [(_voice(one.channel, _speaker(one)), one.text) for one in segments]


def _speaker(segment: FileSegment) -> str | None:
    return segment.speakers[0] if len(segment.speakers) == 1 else None


def _voice(channel: int | None, speaker: str | None) -> str | None:
    # names come from the same stranger as the text, and must not end what they stand in
    named = "".join(letter for letter in speaker or "" if letter.isalnum())
    names = [f"Channel {channel}"] if channel is not None else []
    names += [f"Speaker {named}"] if speaker is not None else []
    return ", ".join(names) or None


def _json(transcript: FileTranscript) -> str:
    """Write what there is; what could steer a terminal is escaped."""
    document = _without_nothing(asdict(transcript))
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    return escape_controls(text) + "\n"


def _without_nothing(value: object) -> object:
    if isinstance(value, dict):
        kept = {key: _without_nothing(one) for key, one in value.items()}
        return {key: one for key, one in kept.items() if one not in (None, [])}
    if isinstance(value, list | tuple):
        return [_without_nothing(one) for one in value]
    return value
