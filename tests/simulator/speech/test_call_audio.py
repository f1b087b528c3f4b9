"""Recordings: read from files of several kinds, or made from a script."""

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import SettingsError
from service.simulator.rng import Rng
from service.simulator.scenario import Pair, Say
from service.simulator.speech.audio import PCMU, Encoding, join_channels
from service.simulator.speech.call_audio import read_call_audio
from service.simulator.speech.made_audio import make_call_audio
from service.simulator.speech.riff import encode_wav, parse_wav, parse_wav_head

ULAW_A = bytes(range(256)) * 10
ULAW_B = bytes(reversed(range(256))) * 10
L16_BIG = Encoding("L16", 16000, big_endian=True)


def wav_of(kind: int, bits: int, channels: int, rate_hz: int, data: bytes) -> bytes:
    """Write a WAV file by hand."""
    block = channels * bits // 8
    shape = struct.pack("<HHIIHH", kind, channels, rate_hz, rate_hz * block, block, bits)
    body = b"fmt " + struct.pack("<I", len(shape)) + shape
    body += b"LIST\x03\x00\x00\x00abc\x00" + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body


def test_a_pair_of_mulaw_files_is_kept_byte_for_byte(tmp_path: Path) -> None:
    """The customer is inbound, the agent outbound; the shorter is filled with silence."""
    (tmp_path / "c.ulaw").write_bytes(ULAW_A)
    (tmp_path / "a.ulaw").write_bytes(ULAW_B[:-80])
    pair = Pair(customer=tmp_path / "c.ulaw", agent=tmp_path / "a.ulaw")
    call_audio = read_call_audio(pair)

    assert call_audio.encoded("inbound", PCMU) == ULAW_A
    assert call_audio.encoded("outbound", PCMU) == ULAW_B[:-80] + b"\xff" * 80
    assert call_audio.duration_ms == 320


def test_a_calls_json_brings_tracks_and_script(tmp_path: Path) -> None:
    """Paths in it begin at its own folder."""
    (tmp_path / "c.ulaw").write_bytes(ULAW_A)
    (tmp_path / "a.ulaw").write_bytes(ULAW_B)
    said = {"speaker": "agent", "text": "hello  you", "start_ms": 100, "end_ms": 300}
    tracks = {"inbound": "c.ulaw", "outbound": "a.ulaw"}
    path = tmp_path / "call.json"
    path.write_text(json.dumps({"tracks": tracks, "script": [said]}))
    call_audio = read_call_audio(path)

    assert [said.text for said in call_audio.utterances("outbound")] == ["hello you"]
    assert call_audio.utterances("inbound") == []


def test_a_mulaw_wav_of_two_channels_is_split_without_loss(tmp_path: Path) -> None:
    """Format 7, which the standard library refuses."""
    interleaved = bytes(byte for pair in zip(ULAW_A, ULAW_B, strict=True) for byte in pair)
    path = tmp_path / "two.wav"
    path.write_bytes(wav_of(7, 8, 2, 8000, interleaved))
    call_audio = read_call_audio(path, channels=("agent", "customer"))

    assert PCMU.decode(call_audio.encoded("outbound", PCMU)) == PCMU.decode(ULAW_A)
    assert PCMU.decode(call_audio.encoded("inbound", PCMU)) == PCMU.decode(ULAW_B)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100, 48000])
def test_linear_samples_of_any_rate_become_8_khz(tmp_path: Path, rate_hz: int) -> None:
    """A second stays a second."""
    tone = struct.pack("<2h", 4000, -4000) * (rate_hz // 2)
    path = tmp_path / "two.wav"
    path.write_bytes(encode_wav(join_channels(tone, tone), channels=2, rate_hz=rate_hz))

    assert abs(read_call_audio(path).duration_ms - 1000) <= 1


def test_samples_of_other_widths_and_kinds_are_read() -> None:
    """8 bits unsigned, 24 bits, A-law, and the extensible format's way to say 16 bits."""
    extensible = bytearray(wav_of(1, 16, 2, 8000, b"\x00\x40" * 4))
    shape = struct.pack("<HHIIHHHHIH", 0xFFFE, 2, 8000, 32000, 4, 16, 22, 16, 3, 1) + bytes(14)
    extensible[12:36] = b"fmt " + struct.pack("<I", len(shape)) + shape

    assert parse_wav(wav_of(1, 8, 2, 8000, b"\xc0" * 4)).pcm == b"\x00\x40" * 4
    assert parse_wav(wav_of(1, 24, 2, 8000, b"\x00\x00\x40" * 4)).pcm == b"\x00\x40" * 4
    assert len(parse_wav(wav_of(6, 8, 2, 8000, b"\x55" * 4)).pcm) == 8
    assert parse_wav(bytes(extensible)).pcm == b"\x00\x40" * 4


@pytest.mark.parametrize("text", ["{", "[]", '{"tracks": {}}', '{"tracks": 7}'])
def test_a_json_that_is_no_call_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    """Whatever else it is."""
    path = tmp_path / "call.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match="not the JSON of a call"):
        read_call_audio(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (wav_of(1, 16, 1, 8000, bytes(64)), "one channel"),
        (wav_of(3, 32, 2, 8000, bytes(64)), "format 3"),
        (wav_of(1, 16, 2, 4000, bytes(64)), "4000 Hz"),
        (b"ID3\x03", "not a WAV file"),
    ],
)
def test_what_is_no_call_is_refused_with_its_name(tmp_path: Path, data: bytes, said: str) -> None:
    """And with what is wrong with it."""
    path = tmp_path / "bad.wav"
    path.write_bytes(data)
    with pytest.raises(SettingsError) as failure:
        read_call_audio(path)

    assert str(path) in failure.value.problems[0]
    assert said in failure.value.problems[0]


@given(st.binary(max_size=200), st.binary(max_size=60))
def test_no_bytes_break_the_wav_reader(head: bytes, tail: bytes) -> None:
    """It reads them, or says that they are none."""
    for data in (head, b"RIFF\x00\x00\x00\x00WAVEfmt " + head + b"data" + tail):
        for parse in (parse_wav, parse_wav_head):
            try:
                parse(data)
            except SettingsError:
                continue


def test_an_encoded_track_can_be_decoded_again() -> None:
    """L16 at 16 kHz, big-endian, is twice as many samples of twice the bytes."""
    call_audio = make_call_audio([Say(speaker="agent", text="a b", at_ms=0)], Rng("x"))
    encoded = call_audio.encoded("outbound", L16_BIG)

    assert len(encoded) == 4 * len(call_audio.encoded("outbound", PCMU))
    assert L16_BIG.decode(encoded)[1::2] == encoded[::2]
    assert L16_BIG.bytes_per_ms == 32
