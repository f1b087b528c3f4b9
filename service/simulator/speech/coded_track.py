"""One track in OPUS or AMR-WB: payload by payload, each encoded when it is first sent, and kept."""

from typing import Protocol

from service.simulator.speech import audio
from service.simulator.speech.amr_wb import AmrWbEncoder, find_amr_wb
from service.simulator.speech.audio import CODED_RATE_HZ, RATE_HZ, SILENCE, Encoding
from service.wire.payload_decoder import PayloadDecoder

_TAIL_MS = 200
"""Of silence that is encoded after the talk; from then on the last payload is sent again."""


class PayloadEncoder(Protocol):
    """Encodes one track."""

    def encode(self, samples: bytes) -> bytes:
        """Return the payload of the next native samples; nothing if it is not sent."""


def can_encode(codec: str) -> bool:
    """Say whether a codec can be encoded on this machine: all but OPUS and AMR-WB always can."""
    if codec == "AMR-WB":
        return find_amr_wb() is not None
    if codec != "OPUS":
        return True
    try:
        from service.simulator.speech.opus import is_there  # noqa: PLC0415 - needs the extra
    except ImportError:
        return False
    return is_there()


class CodedTrack:
    """The payloads of one track, of a codec that can be encoded (`can_encode`)."""

    def __init__(self, mulaw: bytes, encoding: Encoding) -> None:
        linear = audio.PCMU.decode(mulaw + SILENCE * (_TAIL_MS * audio.PCMU.bytes_per_ms))
        samples = audio.change_rate(linear, RATE_HZ, CODED_RATE_HZ)
        self._encoding = encoding
        self._encoder = _make_encoder(encoding)
        self._size = size = encoding.frame_ms * CODED_RATE_HZ // 1000 * 2
        self._samples = samples + bytes(-len(samples) % size)
        self._sent: list[bytes] = []

    def payload(self, start_ms: int) -> bytes:
        """Return the payload that begins there; nothing if nothing is sent (DTX)."""
        wanted = min(start_ms // self._encoding.frame_ms, len(self._samples) // self._size - 1)
        while len(self._sent) <= wanted:
            at = len(self._sent) * self._size
            self._sent.append(self._encoder.encode(self._samples[at : at + self._size]))
        return self._sent[wanted]

    def decoded(self) -> bytes:
        """Return the track as it sounds to whoever decodes all of it: native 16-bit samples."""
        self.payload(len(self._samples))
        decoder = PayloadDecoder(self._encoding.name)
        return b"".join(
            decoder.decode(payload) if payload else bytes(self._size) for payload in self._sent
        )


def _make_encoder(encoding: Encoding) -> PayloadEncoder:
    if encoding.name == "AMR-WB":
        return AmrWbEncoder(octet_aligned=encoding.octet_aligned, dtx=encoding.dtx)
    from service.simulator.speech.opus import OpusEncoder  # noqa: PLC0415 - needs the extra

    return OpusEncoder(encoding.frame_ms)
