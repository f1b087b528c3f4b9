"""Speech in coded form: the files of `fixtures/codecs`, and packets made as they are needed.

`python -m tests.wire.speech` writes the files anew, where libvo-amrwbenc is installed.
"""

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from service.simulator.speech.amr_wb import BITS, SAMPLE_BYTES, FrameEncoder
from service.simulator.speech.audio import CODED_RATE_HZ, PCMU, RATE_HZ, change_rate
from service.simulator.speech.opus import OpusEncoder

with warnings.catch_warnings():  # gone from the standard library in 3.13; audioop-lts then
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

FIXTURES = Path(__file__).parents[2] / "fixtures"
CODECS = FIXTURES / "codecs"
_MAGIC = b"#!AMR-WB\n"
_MODES = 9


def spoken() -> bytes:
    """Return 11 s of a person, as native samples at 16 kHz."""
    mulaw = (FIXTURES / "speech" / "jfk.ulaw").read_bytes()
    return change_rate(PCMU.decode(mulaw), RATE_HZ, CODED_RATE_HZ)


def opus_packets(
    frame_ms: float = 20, *, samples: bytes | None = None, bits_per_s: int = 24_000
) -> list[bytes]:
    """Return speech as Opus packets."""
    encoder = OpusEncoder(frame_ms, bits_per_s=bits_per_s)
    size = int(frame_ms * CODED_RATE_HZ) // 1000 * 2
    return [encoder.encode(piece) for piece in _pieces(samples or spoken(), size)]


def amr_wb_frames(name: str) -> list[bytes]:
    """Return the frames of a file: `jfk`, or `modes`, which has every kind of them."""
    data = (CODECS / f"{name}.awb").read_bytes().removeprefix(_MAGIC)
    frames, at = [], 0
    while at < len(data):
        end = at + 1 + (BITS[data[at] >> 3 & 15] + 7) // 8
        frames.append(data[at:end])
        at = end
    return frames


def likeness(one: bytes, other: bytes) -> float:
    """Return how alike two sounds are, if the second is late by at most 20 ms: 1 for the same."""
    head = one[3200:-3200]  # it may begin and end with what the other does not have
    at, _ = audioop.findfit(other[3200 : 3200 + len(head) + 640], head)
    found = other[3200 + at * 2 :][: len(head)]
    return audioop.findfactor(head, found) * audioop.rms(found, 2) / audioop.rms(head, 2)


def _pieces(samples: bytes, size: int) -> Iterator[bytes]:
    return (samples[at : at + size] for at in range(0, len(samples) - size + 1, size))


def _write(name: str, frames: Sequence[bytes]) -> None:
    (CODECS / f"{name}.awb").write_bytes(_MAGIC + b"".join(frames))


def _of_every_mode() -> Iterator[bytes]:
    """Speech whose mode changes with every frame, and then half a second of silence."""
    encoder = FrameEncoder(dtx=True)
    samples = spoken()[: 90 * SAMPLE_BYTES] + bytes(25 * SAMPLE_BYTES)
    for number, piece in enumerate(_pieces(samples, SAMPLE_BYTES)):
        encoder.mode = number % _MODES
        yield encoder.encode(piece)


if __name__ == "__main__":
    CODECS.mkdir(exist_ok=True)
    speech = FrameEncoder()
    _write("jfk", [speech.encode(piece) for piece in _pieces(spoken(), SAMPLE_BYTES)])
    _write("modes", list(_of_every_mode()))
