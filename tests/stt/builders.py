"""Plans, and speech that a test can read: every word is a tone of its own that says which."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from service.calls.inputs import TrackRef
from service.calls.routes import Route
from service.ids import CallId, LegId, StreamId
from service.ports import RecognitionPlan

SILENCE = b"\xff"
_SCRIPT = """
good morning this is claire i would like to change my booking from monday please yes no of
course what number do you have it should be three seven nine thank you very much for calling
anything else today that was all bye then have a nice one
"""
WORDS = tuple(_SCRIPT.split())
_CODES = 48
WORD_MS, GAP_MS = 300, 60
UNIT_BYTES = 80
"""10 ms of G.711."""
CHUNK_BYTES = 800
"""100 ms of it: what a recognition sends at a time."""
_STAMP_BYTES = 4
_FAINT = 0xF0
"""Codes of mu-law from here on are all but silence."""


def plan(
    model: str = "one",
    *,
    encoding: str = "PCMU",
    rate_hz: int = 8000,
    **route: Any,  # noqa: ANN401  # whatever a Route takes
) -> RecognitionPlan:
    """Return a plan whose route asks the peer for `model`; `route` is the rest of it."""
    return RecognitionPlan(
        call_id=CallId("call"),
        ref=TrackRef(LegId("leg"), StreamId(f"stream-{model}"), "inbound"),
        route=Route(model=f"peer/{model}", **route),
        encoding=encoding,
        sample_rate_hz=rate_hz,
    )


@dataclass(frozen=True, slots=True)
class Spoken:
    """One word and when it was spoken, in milliseconds."""

    text: str
    start_ms: int
    end_ms: int


def tone(code: int, duration_ms: int = WORD_MS) -> bytes:
    """Return a word in mu-law: a square wave of 400 Hz whose loudness is its number."""
    return (bytes((0x80 | code,)) * 10 + bytes((code,)) * 10) * (duration_ms * 2 // 5)


def voice(level: int, duration_ms: int, rate_hz: int = 8000) -> bytes:
    """Return what may be a voice, as native samples: another timbre every 50 ms."""
    wave = array("h")
    samples = rate_hz // 20
    for number in range(-(-duration_ms // 50)):
        half = rate_hz // 8000 * (4 + number * 7 % 13)
        period = array("h", [level] * half + [-level] * half)
        wave += (period * (samples // len(period) + 1))[:samples]
    return wave[: rate_hz * duration_ms // 1000].tobytes()


def silence(duration_ms: int) -> bytes:
    """Return digital silence in mu-law."""
    return SILENCE * (duration_ms * 8)


def speak(*utterances: tuple[int, int]) -> tuple[bytes, list[str]]:
    """Speak utterances of so many words, each after a pause of so many milliseconds.

    Returns the audio, in whole pieces of 100 ms, and the words.
    """
    audio = bytearray()
    words: list[str] = []
    spoken = 0
    for count, pause_ms in utterances:
        audio += silence(pause_ms)
        for _ in range(count):
            audio += tone(spoken % _CODES) + silence(GAP_MS)
            words.append(WORDS[spoken % len(WORDS)])
            spoken += 1
    audio += SILENCE * (-len(audio) % CHUNK_BYTES)
    return bytes(audio), words


HELLO, HELLO_WORDS = speak((3, 500), (2, 800))
"""3.1 s of mu-law: two utterances, and their words."""


def stamp(chunk: bytes, number: int) -> bytes:
    """Write a number into the end of a piece of mu-law, too faint to hear."""
    digits = bytes(_FAINT | (number >> shift & 0xF) for shift in (12, 8, 4, 0))
    return chunk[:-_STAMP_BYTES] + digits


def stamp_of(audio: bytes | bytearray) -> int | None:
    """Read the number in the end of audio; None if there is none."""
    digits = audio[-_STAMP_BYTES:]
    if len(digits) < _STAMP_BYTES or min(digits) < _FAINT:
        return None
    return sum((digit & 0xF) << shift for digit, shift in zip(digits, (12, 8, 4, 0), strict=True))


class Ear:
    """Hears words in mu-law as it comes in; one that was cut off is a mumble or nothing."""

    def __init__(self, mumble: str | None = None) -> None:
        self._rest = b""
        self._code: int | None = None
        self._since_ms = 0
        self._mumble = mumble
        self.position_ms = 0
        self.words: list[Spoken] = []

    @property
    def loud_since_ms(self) -> int | None:
        """When the word that is being spoken began; None in a pause."""
        return None if self._code is None else self._since_ms

    def hear(self, audio: bytes) -> None:
        """Take the next bytes."""
        audio = self._rest + audio
        whole = len(audio) - len(audio) % UNIT_BYTES
        self._rest = audio[whole:]
        for offset in range(0, whole, UNIT_BYTES):
            self._unit(audio[offset] & 0x7F)

    def _unit(self, code: int) -> None:
        heard = code if code < _CODES else None
        if heard != self._code:
            self.words.extend(self._word())
            self._code, self._since_ms = heard, self.position_ms
        self.position_ms += 10

    def _word(self) -> Iterator[Spoken]:
        if self._code is None:
            return
        text: str | None = WORDS[self._code]
        if self.position_ms - self._since_ms < WORD_MS * 2 // 3:
            text = self._mumble
        if text:
            yield Spoken(text, self._since_ms, self.position_ms)
