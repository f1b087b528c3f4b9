"""What was said in a run, and what of it could be heard at all: by the simulator's own report."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.ids import Track
from service.simulator.report import CallReport
from service.simulator.speech.script import Word
from service.simulator.words.sent import edges, holes, span_of, streamed
from service.simulator.words.spans import Span, missing, overlap, union
from tests.proof.changes import IN_CALL, MEDIA, Source
from tests.proof.world import Evidence

ROLES: dict[Track, str] = {"inbound": "customer", "outbound": "agent"}
ENDPOINTING_MS = 500
"""How long after its end the final of an utterance comes at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackTruth:
    """One track of one call, in milliseconds of the call's clock."""

    track: Track
    words: Sequence[Word]
    utterances: Sequence[Sequence[Word]]
    """The same words, as they were said in one go."""
    unheard: Sequence[Span]
    """What nobody was sent, or asked to transcribe, by the carrier."""
    paused: Sequence[Span]
    """When nobody need be heard."""
    silent: Sequence[Span]
    """When nobody may be heard."""
    edges: Sequence[int]
    """Where connections were cut."""
    cut: frozenset[str]
    """Words of utterances that a pause cuts: in the call such an utterance is not kept."""

    @property
    def is_repetitive(self) -> bool:
        """Whether the same words are said again and again."""
        return len({word.text for word in self.words}) < len(self.words)

    def is_paused(self, word: Word) -> bool:
        """Say whether a word was said, some of it, when nobody was to hear."""
        return word.text in self.cut or overlap(span_of(word), self.paused) > 0

    def is_cut(self, word: Word) -> bool:
        """Say whether somebody was to hear a part of a word."""
        return 0 < overlap(span_of(word), self.paused) < span_of(word).length

    def is_unheard(self, word: Word) -> bool:
        """Say whether the audio of a word, or some of it, never came."""
        return overlap(span_of(word), self.unheard) > 0


def read_truth(evidence: Evidence, source: Source) -> list[TrackTruth]:
    """Return the truth of both tracks of the only call."""
    (call,) = evidence.calls
    tracks: tuple[Track, ...] = ("inbound", "outbound")
    paused = _on_clock(evidence, call, [pause.may_s for pause in evidence.pauses])
    silent = _on_clock(evidence, call, [pause.must_s for pause in evidence.pauses])
    held = _held(evidence, call, paused) if source == MEDIA else []
    return [
        TrackTruth(
            track=track,
            words=[word for said in call.said if said.track == track for word in said.words],
            utterances=[said.words for said in call.said if said.track == track and said.words],
            unheard=_without(paused, union([*_unheard(call, track, source), *held])),
            paused=paused,
            silent=silent,
            edges=edges(call, track),
            cut=_cut(call, paused) if source == IN_CALL else frozenset(),
        )
        for track in tracks
    ]


def _unheard(call: CallReport, track: Track, source: Source) -> list[Span]:
    heard = call.transcribed
    if source == MEDIA or not heard:
        heard = streamed(call, track) if source == MEDIA else [*heard, *streamed(call, track)]
    return holes(call, heard)


def _held(evidence: Evidence, call: CallReport, paused: Sequence[Span]) -> list[Span]:
    """Return what was said before a pause, and came only when nobody was to hear any more."""
    bursts = [
        Span(start + call.talk_offset_ms, end + call.talk_offset_ms)
        for start, end in evidence.bursts_ms
    ]
    return [
        Span(burst.start, pause.start)
        for burst in bursts
        for pause in paused
        if burst.start < pause.start < burst.end
    ]


def _cut(call: CallReport, paused: Sequence[Span]) -> frozenset[str]:
    return frozenset(
        word.text
        for said in call.said
        if overlap(Span(said.start_ms, said.end_ms + ENDPOINTING_MS), paused)
        for word in said.words
    )


def _without(paused: Sequence[Span], spans: Sequence[Span]) -> list[Span]:
    """Leave out when nobody was to hear."""
    return [left for span in spans for left in missing(span, [cut.cut(span) for cut in paused])]


def _on_clock(
    evidence: Evidence, call: CallReport, stretches: Sequence[tuple[float, float]]
) -> list[Span]:
    """Put stretches of the scenario on the call's clock; none if the call was never answered."""
    answered_at = evidence.answered_at(call)
    if answered_at is None:
        return []
    began_ms = (evidence.began_at - answered_at) * 1000
    spans = (Span(*(round(began_ms + second * 1000) for second in one)) for one in stretches)
    return union(spans)
