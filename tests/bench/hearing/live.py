"""A client of the recogniser's WebSocket that speaks in real time and times the answers."""

import asyncio
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect

from service.wire.stt import CLOSE_STREAM, SttResult, parse_result

CHUNK_S: Final = 0.1
"""What Callscribe sends at a time."""
RATE_HZ: Final = 8_000
LAST_WORDS_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """An answer; `at_s` on the clock of the audio: 0 is when its first sample was spoken."""

    at_s: float
    answer: SttResult


@dataclass(slots=True)
class Utterance:
    """One stretch of speech as the recogniser answered it. All times in seconds of the audio."""

    start_s: float
    end_s: float
    text: str
    final_at_s: float
    partials: list[Arrival] = field(default_factory=list)

    @property
    def final_delay_s(self) -> float:
        """From the end of the speech to its final."""
        return self.final_at_s - self.end_s

    @property
    def first_text_s(self) -> float:
        """From the beginning of the speech to the first text of any kind."""
        first = self.partials[0].at_s if self.partials else self.final_at_s
        return first - self.start_s

    @property
    def partial_delays_s(self) -> list[float]:
        """From the audio that a partial is of to the partial."""
        return [
            partial.at_s - (partial.answer.start_time or 0.0) - (partial.answer.duration or 0.0)
            for partial in self.partials
        ]


async def converse(
    url: str, audio: bytes, *, real_time: bool, rate_hz: int = RATE_HZ, codec: str = "mulaw"
) -> list[Arrival]:
    """Play a recording to a session of its own and return all answers, the last words too.

    If not in real time, it goes as quickly as the recogniser takes it, and without partials.

    Raises:
        TimeoutError: The answers did not end within 30 s of the audio.
        WebSocketException: The recogniser refused it, or cut it off.
    """
    wanted = {
        "transcription_engine": "local",
        "input_format": codec,
        "sample_rate": rate_hz,
        "interim_results": "true" if real_time else "false",
    }
    second_bytes = rate_hz * (1 if codec == "mulaw" else 2)
    address = f"{url}?{urlencode(wanted)}"
    async with (
        asyncio.timeout(len(audio) / second_bytes + LAST_WORDS_S),
        connect(address, compression=None, ping_interval=None) as socket,
    ):
        began = asyncio.get_running_loop().time()
        listening = asyncio.create_task(_listen(socket, began))
        try:
            await _speak(socket, audio, int(CHUNK_S * second_bytes), began if real_time else None)
            return await listening
        finally:
            listening.cancel()


async def _speak(
    socket: ClientConnection, audio: bytes, chunk_bytes: int, began: float | None
) -> None:
    clock = asyncio.get_running_loop().time
    for number, at in enumerate(range(0, len(audio), chunk_bytes), start=1):
        if began is not None:  # a piece is sent once its last sample has been spoken
            await asyncio.sleep(max(0.0, began + number * CHUNK_S - clock()))
        await socket.send(audio[at : at + chunk_bytes])
    await socket.send(CLOSE_STREAM)


async def _listen(socket: ClientConnection, began: float) -> list[Arrival]:
    clock = asyncio.get_running_loop().time
    return [Arrival(clock() - began, parse_result(message)) async for message in socket]


def text_of(arrivals: list[Arrival]) -> str:
    """Return all finals in one line."""
    return " ".join(
        arrival.answer.transcript
        for arrival in arrivals
        if arrival.answer.is_final and arrival.answer.transcript
    )


def utterances(arrivals: list[Arrival]) -> list[Utterance]:
    """Return each final that ended in silence, with the partials that came before it."""
    found: list[Utterance] = []
    partials: list[Arrival] = []
    for arrival in arrivals:
        answer = arrival.answer
        if not answer.is_final:
            partials.append(arrival)
        elif not answer.utterance_end:
            start_s = answer.start_time or 0.0
            end_s = start_s + (answer.duration or 0.0)
            if answer.speech_final and answer.transcript:
                found.append(Utterance(start_s, end_s, answer.transcript, arrival.at_s, partials))
            partials = []
    return found
