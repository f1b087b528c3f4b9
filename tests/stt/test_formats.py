"""Audio formats: passed on where the engine takes them, converted where it does not."""

import math
import struct
import warnings
from array import array
from collections.abc import Callable

import G722  # type: ignore[import-not-found]  # a C extension without stubs
import pytest

from service.calls.engines import Engine, find_engine
from service.stt.formats import Intake, Outlet, WireFormat, choose_format
from service.stt.sound import loudness

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop


def engine(name: str, model: str | None = None) -> Engine:
    """Return an engine that is known."""
    found = find_engine(name, model)
    assert found is not None
    return found


def tone(rate_hz: int, duration_ms: int = 100, level: int = 8000) -> bytes:
    """Return a 440 Hz sine as native 16-bit samples."""
    count = rate_hz * duration_ms // 1000
    samples = (round(level * math.sin(2 * math.pi * 440 * n / rate_hz)) for n in range(count))
    return struct.pack(f"={count}h", *samples)


@pytest.mark.parametrize(
    ("name", "model", "encoding", "rate_hz", "expected"),
    [
        ("Deepgram", None, "PCMU", 8000, WireFormat("mulaw", 8000)),
        ("Deepgram", None, "PCMA", 8000, WireFormat("alaw", 8000)),
        ("Deepgram", None, "L16", 16000, WireFormat("linear16", 16000)),
        ("Deepgram", None, "G722", 8000, WireFormat("linear16", 16000)),
        ("Google", None, "PCMA", 8000, WireFormat("linear16", 8000)),
        ("Telnyx", None, "PCMU", 8000, WireFormat("linear16", 8000)),
        ("Azure", None, "PCMU", 8000, WireFormat("linear16", 8000)),
        ("Speechmatics", None, "PCMU", 8000, WireFormat("mulaw", 8000)),
        ("Speechmatics", "linden-1", "PCMU", 8000, WireFormat("linear16", 16000)),
        ("Parakeet", None, "PCMU", 8000, WireFormat("linear16", 16000)),
        ("Parakeet", None, "L16", 16000, WireFormat("linear16", 16000)),
        ("local", None, "pcmu", 8000, WireFormat("mulaw", 8000)),
    ],
)
def test_an_engine_gets_the_audio_as_it_came_where_it_can(
    name: str, model: str | None, encoding: str, rate_hz: int, expected: WireFormat
) -> None:
    """G.711 passes through if the engine takes it; else `linear16`, at a rate it takes."""
    assert choose_format(engine(name, model), encoding, rate_hz) == expected


def converted(encoding: str, rate_hz: int, target: WireFormat, *pieces: bytes) -> bytes:
    """Return what an engine is sent of a track's audio."""
    intake = Intake(encoding, rate_hz)
    outlet = Outlet(intake.kept, target)
    return b"".join(outlet.convert(intake.take(piece)[0]) for piece in pieces)


def test_mu_law_passes_through_untouched() -> None:
    """Byte for byte, with its samples beside it for the speech detector."""
    audio = audioop.lin2ulaw(tone(8000), 2)
    intake = Intake("PCMU", 8000)

    kept, linear = intake.take(audio)

    assert kept == audio
    assert linear == audioop.ulaw2lin(audio, 2)
    assert Outlet(intake.kept, WireFormat("mulaw", 8000)).convert(kept) == audio


@pytest.mark.parametrize(
    ("encoding", "encode", "decode"),
    [
        ("PCMU", audioop.lin2ulaw, audioop.ulaw2lin),
        ("PCMA", audioop.lin2alaw, audioop.alaw2lin),
    ],
)
def test_g711_is_decoded_for_an_engine_that_wants_samples(
    encoding: str, encode: Callable[[bytes, int], bytes], decode: Callable[[bytes, int], bytes]
) -> None:
    """What comes out is little-endian whatever this machine is."""
    audio = encode(tone(8000), 2)

    wire = converted(encoding, 8000, WireFormat("linear16", 8000), audio)

    assert struct.unpack("<800h", wire) == struct.unpack("=800h", decode(audio, 2))


def test_one_track_may_go_to_engines_of_several_formats() -> None:
    """What is kept is the same for all of them."""
    audio = audioop.lin2ulaw(tone(8000), 2)
    intake = Intake("PCMU", 8000)
    kept, linear = intake.take(audio)

    sent = [
        len(Outlet(intake.kept, target).convert(kept))
        for target in (
            WireFormat("mulaw", 8000),
            WireFormat("linear16", 8000),
            WireFormat("linear16", 16_000),
        )
    ]

    assert sent[:2] == [len(audio), len(linear)]
    assert abs(sent[2] - 2 * len(linear)) <= 4


@pytest.mark.parametrize("order", [">", "<"])
def test_l16_is_put_right_in_either_byte_order(order: str) -> None:
    """Network order is expected; the other one betrays itself as full-scale noise."""
    samples = struct.unpack("=1600h", tone(16000))
    audio = struct.pack(f"{order}1600h", *samples)

    wire = converted("L16", 16_000, WireFormat("linear16", 16_000), audio, audio)

    assert struct.unpack("<3200h", wire) == samples * 2


def test_the_byte_order_is_settled_once() -> None:
    """Silence decides nothing; after the first telling piece nothing changes it."""
    quiet, loud = bytes(3200), struct.pack(">1600h", *struct.unpack("=1600h", tone(16000)))
    intake = Intake("L16", 16_000)
    noise = struct.pack("<1600h", *struct.unpack("=1600h", tone(16000, level=300)))

    intake.take(quiet)
    intake.take(loud)

    assert intake.take(noise)[1] == audioop.byteswap(noise, 2)


def test_an_odd_byte_is_cut_off() -> None:
    """The end of a stream may be half a sample."""
    assert converted("L16", 8000, WireFormat("linear16", 8000), b"\x01\x02\x03") == b"\x02\x01"


def test_an_engine_that_wants_16_khz_gets_it_without_seams() -> None:
    """Resampled piece by piece, the audio is that of one go."""
    audio = audioop.lin2ulaw(tone(8000, 300), 2)
    target = WireFormat("linear16", 16000)
    pieces = [audio[n : n + 800] for n in range(0, 2400, 800)]

    in_pieces = converted("PCMU", 8000, target, *pieces)

    assert in_pieces == converted("PCMU", 8000, target, audio)
    assert abs(len(in_pieces) - 9600) <= 4


def test_g722_is_decoded_to_16_khz_with_its_state_kept() -> None:
    """Telnyx calls it 8000 Hz, by the RTP clock; in pieces it sounds as in one."""
    encoded = G722.G722(16000, 64000).encode(array("h", tone(16000, 300)))
    intake = Intake("G722", 8000)

    size = intake.chunk_bytes
    decoded = b"".join(intake.take(encoded[n : n + size])[1] for n in range(0, 2400, 800))

    assert size == 800
    assert intake.kept == WireFormat("linear16", 16_000)
    assert decoded == G722.G722(16000, 64000).decode(encoded).tobytes()
    assert loudness(decoded) > 4000


def test_an_unknown_codec_has_no_intake() -> None:
    """Whoever did not ask `decodable` finds out here."""
    with pytest.raises(ValueError, match="AMR-WB"):
        Intake("AMR-WB", 16000)


@pytest.mark.parametrize(
    ("audio", "silence"),
    [
        (WireFormat("mulaw", 8000), b"\xff" * 80),
        (WireFormat("alaw", 8000), b"\xd5" * 80),
        (WireFormat("linear16", 16000), bytes(320)),
    ],
)
def test_silence_is_silent_in_every_format(audio: WireFormat, silence: bytes) -> None:
    """Ten milliseconds of it."""
    assert audio.silence(10) == silence
