"""Receipts of a small call, to be judged and shown."""

from typing import Any

from service.demo.receiver import Receipt

ANSWERED_AT = 1_795_341_600.0


def receipt(kind: str, *, after_s: float = 1.0, took_s: float = 0.05, **data: Any) -> Receipt:  # noqa: ANN401 - whatever an event holds
    """Make a receipt of an event that occurred `after_s` the answer and took so long to come."""
    occurred_at = ANSWERED_AT + after_s
    return Receipt(
        webhook_id=f"{kind}-{data.get('seq')}-{data.get('revision')}",
        type=kind,
        data={"call_id": "call-1", **data},
        occurred_at=occurred_at,
        received_at=occurred_at + took_s,
    )


def spoken(kind: str, text: str, **data: Any) -> Receipt:  # noqa: ANN401 - whatever an event holds
    """Make a receipt of a partial or a final."""
    words: dict[str, Any] = {
        "utterance_id": "u1",
        "revision": 1,
        "text": text,
        "role": "customer",
        "start_ms": 1000,
        "end_ms": 2000,
        "time_source": "audio",
    }
    return receipt(f"transcript.{kind}", **{**words, **data})


def good_call() -> list[Receipt]:
    """Return what a receiver gets of a call in which one person says one thing."""
    return [
        receipt("call.started", seq=1, after_s=-2.0),
        receipt("call.answered", seq=2, after_s=0.0),
        receipt("transcription.started", seq=3, after_s=0.1),
        spoken("partial", "I would", after_seq=3, after_s=1.5),
        spoken("final", "I would like to go.", seq=4, revision=2, after_s=2.4),
        receipt("call.ended", seq=5, after_s=3.0),
        receipt("transcription.stopped", seq=6, after_s=3.1),
        receipt("transcript.completed", seq=7, after_s=3.2, utterances=1, words=5),
    ]
