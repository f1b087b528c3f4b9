"""A file's transcript as text, JSON or subtitles."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

import msgspec
import webvtt

from service.errors import RecognitionLostError
from service.stt.files_transcript import FileSegment, FileTranscript, FileWord

Format = Literal["txt", "json", "srt", "vtt"]
FORMATS: tuple[Format, ...] = ("txt", "json", "srt", "vtt")

_LONGEST_CUE_S = 7.0
_LONGEST_CUE = 84
"""Two lines of 42 letters: what people can read while it is shown."""
_PAUSE_S = 1.0
"""A longer one begins a new cue."""
_SHORTEST_CUE_S = 0.001
_ESCAPES = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}
"""Control characters that JSON need not escape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A line of subtitles; times in seconds."""

    start_s: float
    end_s: float
    text: str
    speaker: str | None = None


def write_transcript(transcript: FileTranscript, form: Format, *, words: bool = False) -> str:
    """Return the transcript in a format, with a line end. Control characters are left out.

    `words` wants words, each a cue of subtitles. Subtitles need times, and text tells speakers
    apart where the transcript does.

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
    captions = webvtt.WebVTT(captions=[_caption(cue, form) for cue in cues])
    out = io.StringIO()
    captions.write(out, format=form)
    return out.getvalue().rstrip("\n") + "\n"


def cues_of(transcript: FileTranscript, *, words: bool = False) -> list[Cue]:
    """Return the transcript cut into cues, in order: segments, shorter where they have words."""
    every = _words(transcript)
    if words:
        return [cue for word in every if (cue := _cue([word])).text]
    if not transcript.segments:
        return [_cue(group) for group in _groups(every)]
    cues = []
    for segment in transcript.segments:
        if segment.words and _is_long(segment):
            cues += [_cue(group) for group in _groups(segment.words)]
        elif text := plain(segment.text):
            speaker = segment.speakers[0] if len(segment.speakers) == 1 else None
            cues.append(
                Cue(start_s=segment.start_s, end_s=segment.end_s, text=text, speaker=speaker)
            )
    return cues


def plain(text: str) -> str:
    """Return text on one line, without what could steer a terminal."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def escape_controls(text: str) -> str:
    """Return JSON with the control characters escaped that it leaves as they are."""
    return text.translate(_ESCAPES)


def _words(transcript: FileTranscript) -> tuple[FileWord, ...]:
    return transcript.words or tuple(
        word for segment in transcript.segments for word in segment.words
    )


def _is_long(segment: FileSegment) -> bool:
    length_s = segment.end_s - segment.start_s
    return (
        length_s > _LONGEST_CUE_S or len(segment.text) > _LONGEST_CUE or len(segment.speakers) > 1
    )


def _groups(words: Iterable[FileWord]) -> Iterator[list[FileWord]]:
    """Yield words that are shown together."""
    group: list[FileWord] = []
    for word in words:
        if group and not _fits(group, word):
            yield group
            group = []
        if plain(word.text):
            group.append(word)
    if group:
        yield group


def _fits(group: list[FileWord], word: FileWord) -> bool:
    length = sum(len(one.text) + 1 for one in group) + len(word.text)
    return (
        word.speaker == group[0].speaker
        and word.start_s - group[-1].end_s <= _PAUSE_S
        and word.end_s - group[0].start_s <= _LONGEST_CUE_S
        and length <= _LONGEST_CUE
    )


def _cue(words: list[FileWord]) -> Cue:
    return Cue(
        start_s=words[0].start_s,
        end_s=words[-1].end_s,
        text=plain(" ".join(word.text for word in words)),
        speaker=words[0].speaker,
    )


def _caption(cue: Cue, form: Format) -> webvtt.Caption:
    if form == "vtt":
        text = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        # a voice's name may hold no bracket, and comes from the same stranger as the text
        name = "".join(letter for letter in cue.speaker or "" if letter.isalnum())
        text = f"<v Speaker {name}>{text}" if cue.speaker is not None else text
    else:
        # SubRip knows no escapes: an arrow would read as a time, a bracket as markup
        text = cue.text.replace("<", "\u2039").replace(">", "\u203a")
        text = text if cue.speaker is None else f"[Speaker {_name(cue.speaker)}] {text}"
    end_s = max(cue.end_s, cue.start_s + _SHORTEST_CUE_S)
    return webvtt.Caption(start=_stamp(cue.start_s), end=_stamp(end_s), text=text)


def _stamp(seconds: float) -> str:
    total_ms = round(seconds * 1000)
    minutes, ms = divmod(total_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{ms // 1000:02}.{ms % 1000:03}"


def _text(transcript: FileTranscript) -> str:
    turns = list(_turns(transcript))
    if all(speaker is None for speaker, _ in turns):
        return plain(transcript.text) + "\n"
    lines = [
        text if speaker is None else f"Speaker {_name(speaker)}: {text}" for speaker, text in turns
    ]
    return "\n".join(lines) + "\n"


def _turns(transcript: FileTranscript) -> Iterator[tuple[str | None, str]]:
    """Yield who said what, one turn after the other."""
    said: list[tuple[str | None, str]] = [(word.speaker, word.text) for word in _words(transcript)]
    if all(speaker is None for speaker, _ in said):
        said = [
            (segment.speakers[0] if len(segment.speakers) == 1 else None, segment.text)
            for segment in transcript.segments
        ]
    turn: list[str] = []
    last: str | None = None
    for speaker, text in said:
        if turn and speaker != last:
            yield last, plain(" ".join(turn))
            turn = []
        turn.append(text)
        last = speaker
    if turn:
        yield last, plain(" ".join(turn))


def _name(speaker: str) -> str:
    return "".join(letter for letter in speaker if letter.isalnum())


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
