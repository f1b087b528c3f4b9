"""The ear of one scripted STT session: unpacks what it is sent, and follows the known audio."""

from collections.abc import Iterable

from service.errors import SettingsError
from service.simulator.rules.query import SttAsk
from service.simulator.speech.audio import Encoding
from service.simulator.speech.riff import parse_wav_head
from service.simulator.stt.reference_audio import Follower, KnownAudio, Placed

MAX_HEAD_BYTES = 4096
_FOLLOWED = {"linear16", "mulaw", "alaw"}
_BYTES_A_SAMPLE = {"linear16": 2, "wav": 2, "linear32": 4, "mulaw": 1, "alaw": 1}


class SessionEar:
    """Hears one session. Formats that are not linear16, mulaw, alaw or wav are all noise to it."""

    def __init__(self, ask: SttAsk, known: KnownAudio, streamed: Iterable[Encoding]) -> None:
        self._ask = ask
        self._known = known
        self._streamed = frozenset(streamed)
        self._head = b""
        self._follower: Follower | None = None
        self._deaf = False
        if ask.input_format != "wav":
            self._follow(ask.input_format, ask.rate_hz)

    @property
    def unknown_ms(self) -> int:
        """How much audio was of no recording here."""
        return self._follower.unknown_ms if self._follower else 0

    def take(self, data: bytes) -> list[Placed]:
        """Hear the next audio.

        Raises:
            SettingsError: The session is of WAV, and this is none.
        """
        if self._follower is None and not self._deaf:
            data = self._behead(data)
        return self._follower.take(data) if self._follower else []

    def settle(self) -> list[Placed]:
        """Make final what is heard of the open utterance."""
        return self._follower.settle() if self._follower else []

    def _behead(self, data: bytes) -> bytes:
        self._head += data
        head = parse_wav_head(self._head)
        if head is None:
            if len(self._head) > MAX_HEAD_BYTES:
                raise SettingsError(["a WAV file whose samples never begin"])
            return b""
        data, self._head = self._head[head.data_at :], b""
        self._follow(head.input_format if head.channels == 1 else "", head.rate_hz)
        return data

    def _follow(self, input_format: str, rate_hz: int) -> None:
        if input_format not in _FOLLOWED:
            self._deaf = True
            return
        reels = self._known.reels(input_format, rate_hz, self._streamed)
        self._follower = Follower(
            reels, input_format, rate_hz, endpointing_ms=self._ask.endpointing_ms
        )


def length_ms(ask: SttAsk, audio_bytes: int) -> int:
    """Return how long this much audio of a session is; 0 where only a decoder could say."""
    width = _BYTES_A_SAMPLE.get(ask.input_format, 0)
    return audio_bytes * 1000 // (ask.rate_hz * width) if width else 0
