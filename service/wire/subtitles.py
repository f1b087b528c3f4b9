"""Subtitles as players read them: SubRip and WebVTT."""

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import webvtt

from service.wire.shown import one_line
from service.words import join_words, pieces_within, width_of
from service.words import words_of as cut_to_words

SubtitleForm = Literal["srt", "vtt"]

MAX_CUE_MS = 7_000
MAX_CUE_COLUMNS = 84
"""Two lines of 42 letters, or of 21 wide ones: what people can read while it is shown."""
PAUSE_MS = 1_000
"""A longer one begins a new cue."""
_MIN_CUE_MS = 1
_LOOKALIKES = str.maketrans("<>{}", "\u2039\u203a()")
_TIME = re.compile(r"(?<=\d):(?=\d+(:\d+)?[.,]\d)")


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown at once, on one line. `voice` is whose it is, as it is shown."""

    start_ms: int
    end_ms: int
    text: str
    voice: str | None = None


def is_long(cue: Cue) -> bool:
    """Tell whether it is more than people can read at once."""
    return cue.end_ms - cue.start_ms > MAX_CUE_MS or width_of(cue.text) > MAX_CUE_COLUMNS


def joined(words: Iterable[Cue]) -> Iterator[Cue]:
    """Yield words as they are shown together: one voice, no pause, not too long.

    A word that is too long by itself is cut between letters.
    """
    group: list[Cue] = []
    width = 0
    for word in _cut_up(words):
        if group and not (width + width_of(word.text) <= MAX_CUE_COLUMNS and _fits(group, word)):
            yield _together(group)
            group = []
        group.append(word)
        width = width_of(join_words([one.text for one in group])) + 1
    if group:
        yield _together(group)


def words_of(cue: Cue) -> Iterator[Cue]:
    """Yield the words of a cue; each gets of its time what it has of its letters."""
    return _shared(cue, cut_to_words(cue.text))


def write_subtitles(cues: Iterable[Cue], form: SubtitleForm) -> str:
    """Return the cues in a format, with a line end. Nothing in a text is taken for the format."""
    captions = webvtt.WebVTT(captions=[_caption(cue, form) for cue in cues])
    out = io.StringIO()
    captions.write(out, format=form)
    return out.getvalue().rstrip("\n") + "\n"


def clock(ms: int) -> str:
    """Write a place on the call clock as `00:00:00.000`."""
    minutes, ms = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{ms // 1000:02}.{ms % 1000:03}"


def _cut_up(words: Iterable[Cue]) -> Iterator[Cue]:
    for word in words:
        yield from _shared(word, pieces_within(word.text, MAX_CUE_COLUMNS))


def _shared(cue: Cue, pieces: list[str]) -> Iterator[Cue]:
    """Yield the pieces of a cue; each gets of its time what it has of its letters."""
    letters = sum(map(len, pieces))
    length_ms = cue.end_ms - cue.start_ms
    said = 0
    for piece in pieces:
        start_ms = cue.start_ms + length_ms * said // letters
        said += len(piece)
        yield Cue(start_ms, cue.start_ms + length_ms * said // letters, piece, cue.voice)


def _fits(group: list[Cue], word: Cue) -> bool:
    return (
        word.voice == group[0].voice
        and word.start_ms - group[-1].end_ms <= PAUSE_MS
        and word.end_ms - group[0].start_ms <= MAX_CUE_MS
    )


def _together(group: list[Cue]) -> Cue:
    text = join_words([word.text for word in group])
    return Cue(group[0].start_ms, group[-1].end_ms, text, group[0].voice)


def _caption(cue: Cue, form: SubtitleForm) -> webvtt.Caption:
    text = one_line(cue.text)
    if form == "vtt":
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        text = text if cue.voice is None else f"<v {cue.voice}>{text}"
    else:
        # SubRip knows no escapes: an arrow or a time would begin a cue, a bracket is markup
        text = _TIME.sub("\u2236", text.translate(_LOOKALIKES))
        text = text if cue.voice is None else f"[{cue.voice}] {text}"
    end_ms = max(cue.end_ms, cue.start_ms + _MIN_CUE_MS)
    return webvtt.Caption(start=clock(cue.start_ms), end=clock(end_ms), text=text)
