"""WAVs as others write them, and what is in them."""

import struct


def wav(
    samples: bytes,
    *,
    tag: int = 1,
    bits: int = 16,
    channels: int = 2,
    rate_hz: int = 8_000,
    size: int | None = None,
    before: bytes = b"",
) -> bytes:
    """Return a WAV; `before` are chunks that come before the audio, `size` what it says of that."""
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * block, block, bits)
    length = len(samples) if size is None else size
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + before
    chunks += b"data" + struct.pack("<I", length) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def ramp(blocks: int, *, channels: int = 2) -> bytes:
    """Return 16-bit samples none of which is silent; each channel has its own."""
    return b"".join(
        struct.pack("<h", (1 + number % 1_000) * (1 if channel == 0 else -1))
        for number in range(blocks)
        for channel in range(channels)
    )


def sides(audio: bytes) -> tuple[list[int], list[int]]:
    """Return the 16-bit samples of both channels."""
    samples = struct.unpack(f"<{len(audio) // 2}h", audio)
    return list(samples[::2]), list(samples[1::2])
