"""The findings about a call: what the receiver got, in figures, and what is not as promised."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from service.demo.receiver import Receipt, Receiver
from service.demo.wer import Score, score_words, words_of
from service.simulator.speech.script import SPEAKER_OF, Utterance

MAX_ERROR_RATE = 0.35
"""Of words recognised wrongly in a call whose text is known. Our recogniser has about 0.05."""
EXPECTED = (
    "call.started",
    "call.answered",
    "transcription.started",
    "call.ended",
    "transcript.completed",
)
_LOSSES = {
    "transcript.gap": "some audio was not transcribed",
    "transcription.failed": "transcription failed",
}


@dataclass(frozen=True, slots=True)
class Latency:
    """How long something took, in milliseconds."""

    median_ms: int
    worst_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """One call as its receiver saw it."""

    call_id: str
    durable: int
    partials: int
    forged: int
    repeated: int
    words: int
    score: Score | None
    """None where nobody knows what was said."""
    delivery_latency: Latency | None
    """From when an event occurred to when it was received."""
    final_latency: Latency | None
    """From the end of an utterance to its final being received; None where that is not known."""
    problems: tuple[str, ...]
    """What should have arrived and did not, or not as it should; one line each."""


def judge(receiver: Receiver, *, script: Sequence[Utterance], real_time: bool) -> Findings:
    """Judge the call that a receiver got.

    `script` is what was said, empty if nobody knows; `real_time` is False for a call that was
    played faster than people talk: it has time stamps of its own, which no clock here agrees with.
    """
    receipts = receiver.receipts
    finals = [receipt for receipt in receipts if receipt.type == "transcript.final"]
    durable = [receipt for receipt in receipts if "seq" in receipt.data]
    clocked = [receipt for receipt in receipts if real_time or _stamped_here(receipt)]
    score = _score(script, finals) if script else None
    words = sum(len(words_of(final.data["text"])) for final in finals)
    problems = (
        *_unverified(receiver),
        *_wrong_order(durable),
        *_late_partials(receipts),
        *_missing(receipts),
        *_miscounted(receipts, finals),
        *(["no words arrived"] if not words else []),
        *_misheard(score),
    )
    return Findings(
        call_id=receipts[0].data["call_id"] if receipts else "",
        durable=len(durable),
        partials=len(receipts) - len(durable),
        forged=receiver.forged,
        repeated=receiver.repeated,
        words=words,
        score=score,
        delivery_latency=_latency(
            [receipt.received_at - receipt.occurred_at for receipt in clocked]
        ),
        final_latency=_latency(_final_latencies_s(receipts, finals)) if real_time else None,
        problems=problems,
    )


def _score(script: Sequence[Utterance], finals: Sequence[Receipt]) -> Score:
    """Compare speaker by speaker, or the call as a whole where a final does not say who spoke."""
    said = [(SPEAKER_OF[spoken.track], spoken.start_ms, spoken.text) for spoken in script]
    heard = [(f.data["role"], f.data["start_ms"] or 0, f.data["text"]) for f in finals]
    apart = {role for role, _, _ in heard} <= {speaker for speaker, _, _ in said}
    return score_words(_texts(said, apart=apart), _texts(heard, apart=apart))


def _texts(lines: Sequence[tuple[str, int, str]], *, apart: bool) -> Mapping[str, str]:
    texts: dict[str, str] = {}
    for who, _, text in sorted(lines, key=lambda line: line[1]):
        speaker = who if apart else ""
        texts[speaker] = f"{texts.get(speaker, '')} {text}"
    return texts


def _stamped_here(receipt: Receipt) -> bool:
    return receipt.data.get("time_source") == "audio"


def _unverified(receiver: Receiver) -> Iterator[str]:
    if receiver.forged:
        yield f"{receiver.forged} deliveries had a signature that does not hold"


def _wrong_order(durable: Sequence[Receipt]) -> Iterator[str]:
    arrived = [receipt.data["seq"] for receipt in durable]
    for earlier, later in pairwise(arrived):
        if later <= earlier:
            yield f"event {later} arrived after event {earlier}"
    missing = sorted(set(range(1, max(arrived, default=0) + 1)) - set(arrived))
    if missing:
        yield f"events never arrived: {', '.join(map(str, missing))}"


def _late_partials(receipts: Sequence[Receipt]) -> Iterator[str]:
    final: set[str] = set()
    late = 0
    for receipt in receipts:
        if receipt.type == "transcript.final":
            final.add(receipt.data["utterance_id"])
        elif receipt.type == "transcript.partial":
            late += receipt.data["utterance_id"] in final
    if late:
        yield f"{late} partials arrived after their final"


def _missing(receipts: Sequence[Receipt]) -> Iterator[str]:
    types = {receipt.type for receipt in receipts}
    yield from (f"{kind} never arrived" for kind in EXPECTED if kind not in types)
    yield from (f"{why} ({kind})" for kind, why in _LOSSES.items() if kind in types)


def _miscounted(receipts: Sequence[Receipt], finals: Sequence[Receipt]) -> Iterator[str]:
    completed = [r for r in receipts if r.type == "transcript.completed"]
    if completed and completed[-1].data["utterances"] != len(finals):
        count = completed[-1].data["utterances"]
        yield f"the call has {count} utterances, but {len(finals)} finals arrived"


def _misheard(score: Score | None) -> Iterator[str]:
    if score is not None and score.rate > MAX_ERROR_RATE:
        yield f"{score.rate:.0%} of the words were heard wrongly"


def _final_latencies_s(receipts: Sequence[Receipt], finals: Sequence[Receipt]) -> list[float]:
    answers = [receipt for receipt in receipts if receipt.type == "call.answered"]
    if not answers:
        return []
    return [
        final.received_at - answers[0].occurred_at - final.data["end_ms"] / 1000
        for final in finals
        if final.data["time_source"] == "audio"
    ]


def _latency(seconds: Sequence[float]) -> Latency | None:
    if not seconds:
        return None
    ordered = sorted(round(value * 1000) for value in seconds)
    return Latency(ordered[len(ordered) // 2], ordered[-1])
