"""Dialogues as the audio of calls: engine sessions of our own, and a recording of each call."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Final, get_args

from structlog.testing import capture_logs

from service.ids import CallId, Track
from service.recording.recorder import file_name
from service.recording.wav import CHANNELS, HEADER_BYTES
from service.redaction.labels import Kind
from service.redaction.memory import MAX_SHOWN, Level
from service.simulator.report import CallReport
from tests.redaction.dialogues import AGENT, CUSTOMER, REPEATED, Dialogue, dialogue
from tests.redaction.oracle import digits_in, most_in_order
from tests.redaction.secrets import MAKERS
from tests.redaction.whole.calls import Call
from tests.redaction.whole.judging import leaks_in_events, leaks_in_text
from tests.redaction.whole.proof import Leaks
from tests.service.harness import House, open_house

WITH_WORDS: Final = ("webhooks", "journal: bytes", "recordings")
"""The places that have what was said; the log is to have none of it, hidden or not."""
_SPEED: Final = 2.0
_PATIENCE_S: Final = 120.0
_BEGINS_MS: Final = 1_000
_WORD_MS: Final = 350
_PAUSE_MS: Final = 900
_LINGER_MS: Final = 2_000
_SPEAKERS: Final = {CUSTOMER: "customer", AGENT: "agent"}
_BYTES_A_MS: Final = 8
_SILENCE: Final = 0xFF

Line = dict[str, str | int]


async def listen(
    folder: Path, seed: int, dialogues: int, level: Level, kinds: Sequence[Kind]
) -> dict[str, Leaks]:
    """Have so many dialogues of each kind said on the media source, and look at what is kept."""
    made = [
        _as_said(dialogue(random.Random(f"{seed} {kind} {number}"), kind))  # noqa: S311
        for number in range(dialogues)
        for kind in MAKERS
    ]
    numbers = {f"+1312556{place:04}": one for place, one in enumerate(made)}
    plans = [
        {"from": number, "say": _lines(one), "linger_ms": _LINGER_MS}
        for number, one in numbers.items()
    ]
    hidden = {"redact": list(kinds), "redact_level": level} if kinds else {}
    route = {"source": "media", "engine": "Deepgram", "record": "audio", **hidden}
    scenario = {"speed": _SPEED, "call": plans}
    with capture_logs() as logs:
        async with open_house(folder / "j.db", scenario, **route) as house:
            report = await house.telnyx.run(webhook_url=house.service.url + "/webhooks/telnyx")
            await house.watch.until(lambda: _are_kept(house, len(made)), timeout_s=_PATIENCE_S)
    calls = [Call(one.call_id, numbers[one.from_number]) for one in report.calls]
    return {
        "webhooks": Leaks(len(calls), _in_events(house, calls, level)),
        "journal: bytes": Leaks(len(calls), leaks_in_text(calls, _on_disk(folder))),
        "log": Leaks(len(calls), leaks_in_text(calls, "\n".join(map(str, logs)))),
        "recordings": Leaks(len(calls), _in_recordings(folder, calls, report.calls, level)),
    }


def _as_said(made: Dialogue) -> Dialogue:
    """Return a dialogue with the last that was heard of each utterance, as it was said."""
    heard = [one for one in made.heard if one.utterance < REPEATED]
    heard.sort(key=lambda one: one.utterance)
    said = [list(same)[-1] for _, same in groupby(heard, key=lambda one: one.utterance)]
    return replace(made, heard=[replace(one, is_final=True) for one in said])


def _lines(made: Dialogue) -> list[Line]:
    """Return a script of it: one after the other, each word as long as any."""
    lines, at_ms = list[Line](), _BEGINS_MS
    for heard in made.heard:
        text = " ".join(heard.words)
        lines.append({"speaker": _SPEAKERS[heard.key], "text": text, "at_ms": at_ms})
        at_ms += len(heard.words) * _WORD_MS + _PAUSE_MS
    return lines


def _are_kept(house: House, calls: int) -> bool:
    """Say whether all that is kept of the calls was told: their recordings, and that they ended."""
    types = [receipt.type for receipt in house.receiver.receipts]
    return min(types.count("recording.saved"), types.count("transcript.completed")) >= calls


def _in_events(house: House, calls: Sequence[Call], level: Level) -> int:
    receipts = house.receiver.receipts
    events = [{"type": one.type, **one.data} for one in receipts if "call_id" in one.data]
    return sum(
        leaks_in_events(call, (one for one in events if one["call_id"] == call.call_id), level) > 0
        for call in calls
    )


def _on_disk(folder: Path) -> str:
    return "\n".join(path.read_bytes().decode(errors="replace") for path in folder.glob("j.db*"))


def _in_recordings(
    folder: Path, calls: Sequence[Call], reports: Iterable[CallReport], level: Level
) -> int:
    """Return in how many recordings more digits of a secret are heard in order than are shown."""
    leaked = 0
    for call, report in zip(calls, reports, strict=True):
        path = folder / "recordings" / file_name(CallId(call.call_id))
        text = " ".join(_heard(path.read_bytes()[HEADER_BYTES:], report))
        secret = call.dialogue.secret
        shown = most_in_order(digits_in(text), secret.value) if secret.kind != "email" else 0
        leaked += shown > MAX_SHOWN[level]
    return leaked


def _heard(samples: bytes, report: CallReport) -> Iterator[str]:
    """Yield the words of a call in their order; in place of one that is silent that it is.

    There is noise in all of the talk: what is not even that was silenced.
    """
    tracks = {track: samples[CHANNELS.index(track) :: len(CHANNELS)] for track in get_args(Track)}
    first = min(_first_sound(track) for track in tracks.values())
    words = [(word, said.track) for said in report.said for word in said.words]
    for word, track in sorted(words, key=lambda one: one[0].start_ms):
        begins = first + (word.start_ms - report.talk_offset_ms) * _BYTES_A_MS
        quarter = (word.end_ms - word.start_ms) * _BYTES_A_MS // 4
        middle = tracks[track][begins + quarter : begins + 3 * quarter]
        yield word.text if middle.count(_SILENCE) < len(middle) else "[silence]"


def _first_sound(track: bytes) -> int:
    return next((place for place, one in enumerate(track) if one != _SILENCE), len(track))
