"""The same speech, by services with the same faults: LiveKit's plug-in beside our recognitions.

Words are numbered, so that what is lost and what comes twice can be counted. `-s` prints the table.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import ClientError
from livekit.agents import APIError, stt
from livekit.plugins import telnyx
from livekit.rtc import AudioFrame

from tests.interop.harness import CALLSCRIBE, run, running
from tests.proof.beside.pace import frames_in_time

FAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "cut every 10 s of audio": {"close_after_ms": 10_000, "close_code": 1006},
    "closed in order every 7 s": {"session_limit_s": 7, "close_code": 1000},
    "answers 2 to 4 s late, cut every 12 s": {
        "late_s": [2, 4],
        "session_limit_s": 12,
        "close_code": 1006,
    },
    "deaf after 8 s, once": {"fault": [{"sessions": [1, 1], "deaf_after_ms": 8_000}]},
    "handshake takes 4 s": {"handshake_s": 4},
    "finals come twice": {"restate": 1},
}
TAIL_S = 12.0
"""How long LiveKit's finals are waited for after the speech: it never says that it is done."""
PYTHON = str(Path(CALLSCRIBE).parent / "python")
ROOT = Path(__file__).parents[2]
RATE_HZ = 8_000


class Count(NamedTuple):
    """What became of the words."""

    lost: int
    doubled: int


def count(said: Sequence[str], heard: Sequence[str]) -> Count:
    """Count the words that were not heard, and those that were too often."""
    missing = Counter(said) - Counter(heard)
    extra = Counter(heard) - Counter(said)
    return Count(missing.total(), extra.total())


async def hear_by_livekit(speech: bytes, url: str, key: str) -> list[str]:
    """Return the words of the plug-in's finals, as far as it came."""
    words: list[str] = []
    client = telnyx.STT(
        api_key=key, base_url=url, transcription_engine="deepgram", sample_rate=RATE_HZ
    )
    stream = client.stream()

    async def listen() -> None:
        async for event in stream:
            if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT:
                words.extend(event.alternatives[0].text.split())

    listening = asyncio.create_task(listen())
    try:
        with suppress(RuntimeError):  # it gave up, and takes no more
            async for frame in frames_in_time(speech):
                stream.push_frame(AudioFrame(frame, RATE_HZ, 1, len(frame) // 2))
            await asyncio.wait([listening], timeout=TAIL_S)
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError, APIError, ClientError):
            await listening
        await stream.aclose()
        await client.aclose()
    return words


async def hear_by_us(speech: str, stands: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    """Return what our recognitions heard, by the services in order."""
    services = json.dumps([[stand["url"], stand["key"], "Deepgram"] for stand in stands])
    printed = await run(PYTHON, "-m", "tests.proof.beside.ours", speech, services, cwd=ROOT)
    heard: list[dict[str, Any]] = json.loads(printed.splitlines()[-1])  # after the log
    return heard


async def test_no_word_is_lost_or_doubled_whatever_the_service_does(tmp_path: Path) -> None:
    """Ours hears all of them under every fault; what another client makes of it is printed."""
    tables = json.dumps([table for table in FAULTS.values() for _ in ("ours", "theirs")])
    command = (PYTHON, "-m", "tests.proof.beside.stands", str(tmp_path), tables)
    async with running(*command, cwd=ROOT) as program:
        found = json.loads(await program.line())
        speech = (tmp_path / "speech.pcm").read_bytes()
        ours, *theirs = await asyncio.gather(
            hear_by_us(found["speech"], found["stands"][::2]),
            *(hear_by_livekit(speech, **stand) for stand in found["stands"][1::2]),
        )
    rows = []
    for fault, by_us, by_livekit in zip(FAULTS, ours, theirs, strict=True):
        mine = count(found["said"], " ".join(by_us["heard"]).split())
        rows.append((fault, mine, by_us["lost_ms"], count(found["said"], by_livekit)))
    sys.stdout.write(f"\n{table(len(found['said']), rows)}\n")

    assert rows[0][3] == Count(0, 0), "the stand plays fair"
    assert [
        (fault, mine, lost_ms) for fault, mine, lost_ms, _ in rows if any(mine) or lost_ms
    ] == []


def table(words: int, rows: Sequence[tuple[str, Count, int, Count]]) -> str:
    """Return what was lost and doubled, to be read."""
    lines = [
        f"| fault ({words} words) | ours: lost | doubled | LiveKit: lost | doubled |",
        "|---|---|---|---|---|",
    ]
    for fault, mine, _, theirs in rows:
        cells = (fault, mine.lost, mine.doubled, theirs.lost, theirs.doubled)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)
