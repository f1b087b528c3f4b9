"""Calls in which a few words were said, and what was heard of them."""

from service.ids import Track
from service.simulator.report import CallReport, Said, StreamEnd, StreamReport
from service.simulator.speech.script import TRACK_OF, Speaker, Word
from service.simulator.words.records import Final

TALK_MS = 10_000
OFFSET_MS = 300
"""From the answer to the beginning of the talk: the first word begins then."""
WORD_MS = 400


def said(speaker: Speaker, *texts: str) -> Said:
    """Return an utterance from the beginning of the talk on, a word every 400 ms."""
    words = tuple(
        Word(text, OFFSET_MS + n * WORD_MS, OFFSET_MS + (n + 1) * WORD_MS)
        for n, text in enumerate(texts)
    )
    return Said(speaker, TRACK_OF[speaker], " ".join(texts), OFFSET_MS, words[-1].end_ms, words)


def call(
    *utterances: Said, name: str = "call", streams: list[StreamReport] | None = None
) -> CallReport:
    """Return the report of a call, of which everything was sent unless streams say otherwise."""
    return CallReport(
        call_id=name,
        leg_id=f"v3:{name}",
        from_number="+1",
        to_number="+2",
        direction="incoming",
        answered=True,
        talk_offset_ms=OFFSET_MS,
        talk_ms=TALK_MS,
        transcribed=[] if streams else [(0, TALK_MS)],
        streams=streams or [],
        said=utterances,
    )


def stream(track: Track, *spans: tuple[int, int], end: StreamEnd = "stopped") -> StreamReport:
    """Return the report of a stream that brought these milliseconds of the talk."""
    report = StreamReport("v3:call", "stream", spans={track: list(spans)})
    report.end = end
    return report


def final(
    speaker: Speaker | None, text: str, start_ms: int | None = None, end_ms: int | None = None
) -> Final:
    """Return a final of the call."""
    return Final(call="call", speaker=speaker, text=text, start_ms=start_ms, end_ms=end_ms)
