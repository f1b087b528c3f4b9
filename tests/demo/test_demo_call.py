"""Choosing the call to play."""

import wave
from pathlib import Path

import pytest

from service.demo.demo_call import choose_call
from service.demo.options import Options
from service.errors import SettingsError
from service.simulator.speech.script import SPEAKER_OF


def write_wav(path: Path, *, channels: int, frames: int = 16_000) -> Path:
    """Write silence with 8000 frames a second."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * channels * frames))
    return path


def test_the_synthetic_call_says_that_it_is_one() -> None:
    """Two speakers take turns for 40 to 60 seconds, and every word is known."""
    call = choose_call(Options())

    assert call.label.startswith("synthetic")
    assert 40 <= call.duration_s <= 60
    assert {SPEAKER_OF[said.track] for said in call.script} == {"customer", "agent"}
    assert sum(len(said.words) for said in call.script) == 158


def test_the_real_call_says_that_it_is_no_conversation() -> None:
    """People read, and what they read is known."""
    call = choose_call(Options(real=True))

    assert "not a conversation" in call.label
    assert sum(len(said.words) for said in call.script) == 70


def test_a_recording_with_two_channels_is_played_without_a_script(tmp_path: Path) -> None:
    """Nobody knows what is said in it."""
    path = write_wav(tmp_path / "mine.wav", channels=2)

    call = choose_call(Options(recording=path))

    assert (call.path, call.script, call.duration_s) == (path, (), 2.0)
    assert call.label == "recording: mine.wav"


def test_a_recording_with_one_channel_is_refused_with_the_reason(tmp_path: Path) -> None:
    """Nobody could say who spoke."""
    path = write_wav(tmp_path / "mono.wav", channels=1)

    with pytest.raises(SettingsError, match="two"):
        choose_call(Options(recording=path))


def test_an_empty_recording_is_refused(tmp_path: Path) -> None:
    """There is nothing to play."""
    path = write_wav(tmp_path / "empty.wav", channels=2, frames=0)

    with pytest.raises(SettingsError, match="0 s long"):
        choose_call(Options(recording=path))


@pytest.mark.parametrize("name", ["speech.mp3", "missing.wav"])
def test_what_is_no_wav_is_refused_by_name(tmp_path: Path, name: str) -> None:
    """The error says which file, and why not."""
    (tmp_path / "speech.mp3").write_bytes(b"ID3\x04")

    with pytest.raises(SettingsError, match=name):
        choose_call(Options(recording=tmp_path / name))
