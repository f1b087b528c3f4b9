"""What a feed has to say: events of several calls with partials between them, and their frames."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

CALLS = ("call-ä", "call-b", "call-c")
WORDS = ("yes", "größer als das", "東京 please", "thank you \U0001f642", "a\\nb \\ c")


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of a feed. `cursor` is its id; None for a partial."""

    cursor: int | None
    type: str
    body: dict[str, Any]

    def encode(self, line_end: str = "\n") -> bytes:
        """Return the frame as it is sent."""
        lines = [] if self.cursor is None else [f"id: {self.cursor}"]
        body = json.dumps(self.body, ensure_ascii=False, separators=(",", ":"))
        lines += [f"event: {self.type}", f"data: {body}", "", ""]
        return line_end.join(lines).encode()


def conversation(finals: int = 12) -> list[Frame]:
    """Return the frames of calls that go on beside each other, with partials before each final."""
    frames: list[Frame] = []
    seqs = dict.fromkeys(CALLS, 0)

    def add(kind: str, call_id: str, **data: object) -> None:
        durable = kind != "transcript.partial"
        seqs[call_id] += durable
        place = {"seq": seqs[call_id]} if durable else {"after_seq": seqs[call_id]}
        cursor = sum(frame.cursor is not None for frame in frames) + 1 if durable else None
        body = {"type": kind, "data": {"call_id": call_id, **place, **data}}
        frames.append(Frame(cursor, kind, body))

    for call_id in CALLS:
        add("call.started", call_id)
    for number in range(finals):
        call_id, text = CALLS[number % len(CALLS)], WORDS[number % len(WORDS)]
        utterance = {"utterance_id": f"utt_{call_id}_{number}", "role": "customer"}
        for revision in (0, 1):
            words = text[: 2 + revision]
            add("transcript.partial", call_id, **utterance, revision=revision, text=words)
        add("transcript.final", call_id, **utterance, revision=2, text=text)
    for call_id in CALLS:
        add("transcript.completed", call_id)
    return frames


def durable(frames: Sequence[Frame]) -> list[tuple[str, int]]:
    """Return which durable events these are, in order."""
    return [
        (one.body["data"]["call_id"], one.body["data"]["seq"])
        for one in frames
        if one.cursor is not None
    ]
