"""Scripted recognition of one STT session: its format is unpacked, its audio compared."""

from collections.abc import Iterable

from service.errors import SettingsError
from service.simulator.rules.query import SttQuery
from service.simulator.speech.audio import Encoding
from service.simulator.speech.riff import parse_wav_head
from service.simulator.stt.reference_audio import AudioMatcher, ReferenceAudio, TimedResult

MAX_HEAD_BYTES = 4096
_COMPARABLE = {"linear16", "mulaw", "alaw"}
_BYTES_A_SAMPLE = {"linear16": 2, "wav": 2, "linear32": 4, "mulaw": 1, "alaw": 1}


class SessionAsr:
    """Recognises one session; nothing in formats other than linear16, mulaw, alaw and wav."""

    def __init__(
        self, query: SttQuery, reference: ReferenceAudio, streamed: Iterable[Encoding]
    ) -> None:
        self._query = query
        self._reference = reference
        self._streamed = frozenset(streamed)
        self._head = b""
        self._matcher: AudioMatcher | None = None
        self._unreadable = False
        if query.input_format != "wav":
            self._match(query.input_format, query.rate_hz)

    @property
    def unknown_ms(self) -> int:
        """How much of the audio is of no call of this scenario."""
        return self._matcher.unknown_ms if self._matcher else 0

    def push(self, data: bytes) -> list[TimedResult]:
        """Take the next audio of the session; return the results it leads to.

        Raises:
            SettingsError: The session is to be WAV, and this is none.
        """
        if self._matcher is None and not self._unreadable:
            data = self._skip_head(data)
        return self._matcher.push(data) if self._matcher else []

    def finalize(self) -> list[TimedResult]:
        """Make the open utterance final."""
        return self._matcher.finalize() if self._matcher else []

    def _skip_head(self, data: bytes) -> bytes:
        self._head += data
        head = parse_wav_head(self._head)
        if head is None:
            if len(self._head) > MAX_HEAD_BYTES:
                raise SettingsError(["a WAV file whose samples never begin"])
            return b""
        data, self._head = self._head[head.data_at :], b""
        self._match(head.input_format if head.channels == 1 else "", head.rate_hz)
        return data

    def _match(self, input_format: str, rate_hz: int) -> None:
        if input_format not in _COMPARABLE:
            self._unreadable = True
            return
        tracks = self._reference.tracks(input_format, rate_hz, self._streamed)
        self._matcher = AudioMatcher(
            tracks, input_format, rate_hz, endpointing_ms=self._query.endpointing_ms
        )


def length_ms(query: SttQuery, audio_bytes: int) -> int:
    """Return how long this much audio of a session is; 0 where only a decoder could say."""
    width = _BYTES_A_SAMPLE.get(query.input_format, 0)
    return audio_bytes * 1000 // (query.rate_hz * width) if width else 0
