"""What of a call's audio was sent at all, and which words lost a piece on the way. Pure."""

from collections.abc import Iterable, Sequence

from service.ids import Track
from service.simulator.report import CallReport, StreamReport
from service.simulator.speech.script import Word
from service.simulator.words.spans import Span, missing

SHORT_MS = 500
"""A hole that is shorter is booked, and makes no event."""
LAST_FRAME_MS = 100
"""How long the longest frame is, which may be under way when a connection is cut."""
_CUT = frozenset({"dropped", "closed_by_peer"})


def span_of(word: Word) -> Span:
    """Return when a word was said."""
    return Span(word.start_ms, word.end_ms)


def streamed(call: CallReport, track: Track) -> list[tuple[int, int]]:
    """Return what streams brought of a track, in milliseconds of the talk."""
    streams = [stream for stream in call.streams if not _is_turned_away(stream)]
    return [span for stream in streams for span in stream.spans.get(track, ())]


def holes(call: CallReport, sent: Iterable[tuple[int, int]]) -> list[Span]:
    """Return when nothing was sent while they talked, on the call's clock.

    `sent` is what was, in milliseconds of the talk.
    """
    offset_ms = call.talk_offset_ms
    whole = Span(offset_ms, offset_ms + call.talk_ms)
    return missing(whole, [Span(start + offset_ms, end + offset_ms) for start, end in sent])


def edges(call: CallReport, track: Track) -> list[int]:
    """Return where connections were cut, by the network or by who listens, on the call's clock."""
    cut = [stream.spans.get(track, ()) for stream in call.streams if stream.end in _CUT]
    return [spans[-1][1] + call.talk_offset_ms for spans in cut if spans]


def late_ms(call: CallReport, word: Word) -> int:
    """Return how late a talk was at most, until a word was sent: for want of a processor.

    Nobody who hears it can tell that from time in which nothing was said or sent. So whatever is
    told of the word, and where it was, may be as much behind it.
    """
    sent_ms = word.end_ms - call.talk_offset_ms
    return max((late for position_ms, late in call.late if position_ms <= sent_ms), default=0)


def is_chipped(word: Word, never_sent: Sequence[Span], cut_at: Sequence[int]) -> bool:
    """Say whether a word lost a piece that is too short to be told of.

    So does one in the midst of which a connection was cut: what was under way is gone.
    """
    mine = [hole for hole in never_sent if hole.cut(span_of(word)).length]
    is_cut = any(word.start_ms < edge < word.end_ms + LAST_FRAME_MS for edge in cut_at)
    return (is_cut or bool(mine)) and all(hole.length < SHORT_MS for hole in mine)


def _is_turned_away(stream: StreamReport) -> bool:
    """Say whether nobody took what a stream sent: it was closed at once, after a frame or two."""
    sent_ms = sum(end - start for spans in stream.spans.values() for start, end in spans)
    return stream.end == "closed_by_peer" and sent_ms < SHORT_MS
