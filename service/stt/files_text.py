"""A file's transcript as text, JSON or subtitles."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
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
    voice: str | None = None
    """Whose it is, as it is shown: "Speaker 0", "Channel 1", or both."""


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
    captions = webvtt.WebVTT(captions=[_caption(cue, form) for cue in cues])
    out = io.StringIO()
    captions.write(out, format=form)
    return out.getvalue().rstrip("\n") + "\n"


def cues_of(transcript: FileTranscript, *, words: bool = False) -> list[Cue]:
    """Return the transcript cut into cues, in order: segments, shorter where they have words."""
    segments = _segments(transcript)
    if words and all(segment.channel is None for segment in segments):
        return [cue for word in _words(transcript) if (cue := _cue([word], None)).text]
    if not segments:
        return [_cue(group, None) for group in _groups(_words(transcript))]
    cues = []
    for segment in segments:
        channel = segment.channel
        if words:
            cues += [cue for word in segment.words if (cue := _cue([word], channel)).text]
        elif segment.words and _is_long(segment):
            cues += [_cue(group, channel) for group in _groups(segment.words)]
        elif text := plain(segment.text):
            voice = _voice(channel, _speaker(segment))
            cues.append(Cue(start_s=segment.start_s, end_s=segment.end_s, text=text, voice=voice))
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


def _segments(transcript: FileTranscript) -> tuple[FileSegment, ...]:
    """Return the segments; a channel that is the only one tells nothing."""
    if len({segment.channel for segment in transcript.segments}) > 1:
        return transcript.segments
    return tuple(replace(segment, channel=None) for segment in transcript.segments)


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


def _cue(words: list[FileWord], channel: int | None) -> Cue:
    return Cue(
        start_s=words[0].start_s,
        end_s=words[-1].end_s,
        text=plain(" ".join(word.text for word in words)),
        voice=_voice(channel, words[0].speaker),
    )


def _caption(cue: Cue, form: Format) -> webvtt.Caption:
    if form == "vtt":
        text = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        text = text if cue.voice is None else f"<v {cue.voice}>{text}"
    else:
        # SubRip knows no escapes: an arrow would read as a time, a bracket as markup
        text = cue.text.replace("<", "\u2039").replace(">", "\u203a")
        text = text if cue.voice is None else f"[{cue.voice}] {text}"
    end_s = max(cue.end_s, cue.start_s + _SHORTEST_CUE_S)
    return webvtt.Caption(start=_stamp(cue.start_s), end=_stamp(end_s), text=text)


def _stamp(seconds: float) -> str:
    total_ms = round(seconds * 1000)
    minutes, ms = divmod(total_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{ms // 1000:02}.{ms % 1000:03}"


def _text(transcript: FileTranscript) -> str:
    turns = list(_turns(transcript))
    if all(voice is None for voice, _ in turns):
        return plain(transcript.text) + "\n"
    lines = [text if voice is None else f"{voice}: {text}" for voice, text in turns]
    return "\n".join(lines) + "\n"


def _turns(transcript: FileTranscript) -> Iterator[tuple[str | None, str]]:
    """Yield who said what, one turn after the other."""
    turn: list[str] = []
    last: str | None = None
    for voice, text in _said(transcript):
        if turn and voice != last:
            yield last, plain(" ".join(turn))
            turn = []
        turn.append(text)
        last = voice
    if turn:
        yield last, plain(" ".join(turn))


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
