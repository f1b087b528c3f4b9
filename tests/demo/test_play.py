"""The demo from end to end: real recogniser, simulated Telnyx, the service, a receiver."""

import asyncio
import io
import os
import signal
import sys
import wave
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import pytest
from rich.console import Console

from service.demo.options import Options
from service.demo.play import play
from service.errors import SettingsError
from service.exits import Exit
from service.ids import Source
from tests.signals import heed_signals

pytestmark = [pytest.mark.slow, pytest.mark.speech]
TIMEOUT_S = 120


async def played(options: Options) -> tuple[int, str]:
    """Play a call; return the exit code and what was printed."""
    output = io.StringIO()
    async with asyncio.timeout(TIMEOUT_S):
        status = await play(options, Console(file=output, width=100))
    return status, output.getvalue()


@pytest.mark.parametrize("source", ["media", "in_call"])
async def test_every_word_of_the_synthetic_call_arrives_signed(
    source: Source, tmp_path: Path
) -> None:
    """From its audio, over Telnyx's two ways of transcribing, to a webhook."""
    journal = tmp_path / "demo.db"

    status, text = await played(Options(source=source, fast=True, once=True, journal=journal))

    assert (status, "problem" in text) == (Exit.OK, False), text
    assert text.startswith("synthetic")
    assert "customer  " in text
    assert "agent  " in text
    assert "the call has ended" in text
    assert " 0 refused" in text
    assert str(journal) in text
    assert journal.exists()


async def test_a_call_in_which_nobody_speaks_fails_the_demo(tmp_path: Path) -> None:
    """No words: the exit code says so, and so does the last line."""
    silence = tmp_path / "silence.wav"
    with wave.open(str(silence), "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 2 * 8000 * 2))

    status, text = await played(Options(fast=True, recording=silence, journal=tmp_path / "demo.db"))

    assert status == Exit.FAILED
    assert text.endswith("problem: no words arrived\n")


def left_in(folder: Path) -> list[Path]:
    """Return the folders of demos."""
    return list(folder.glob("callscribe-demo-*"))


async def test_a_demo_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recordings of people least of all, unless somebody says where they are to be kept."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    status, text = await played(Options(source="in_call", fast=True, once=True, real=True))

    assert status == Exit.OK
    assert "journal" not in text.partition("To hear a call")[0]
    assert not left_in(tmp_path)


async def test_a_journal_that_is_there_already_is_left_alone(tmp_path: Path) -> None:
    """It may be one with real calls in it."""
    journal = tmp_path / "callscribe.db"
    journal.write_bytes(b"calls")

    with pytest.raises(SettingsError, match="is there already"):
        await played(Options(journal=journal))

    assert journal.read_bytes() == b"calls"


async def test_a_journal_of_a_name_that_no_file_can_have_is_told_in_words(tmp_path: Path) -> None:
    """Not by a traceback."""
    with pytest.raises(SettingsError, match="File name too long"):
        await played(Options(journal=tmp_path / ("x" * 300)))


async def test_without_a_place_for_temporary_files_the_user_is_asked_for_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A container with a read-only disk, for one."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))

    with pytest.raises(SettingsError, match="--journal"):
        await played(Options())


async def test_ctrl_c_stops_every_part(tmp_path: Path) -> None:
    """No traceback, the exit code of an interrupt, and no process is left behind."""
    arguments = ("-u", "-m", "service", "demo", "--journal", str(tmp_path / "demo.db"))
    async with asyncio.timeout(TIMEOUT_S):
        demo = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,
            preexec_fn=heed_signals,
        )
        assert demo.stdout is not None
        await demo.stdout.readuntil(b"transcription has begun")
        os.killpg(demo.pid, signal.SIGINT)  # as a terminal does: to all of the group
        rest, _ = await demo.communicate()

    assert demo.returncode == Exit.INTERRUPTED
    assert b"Traceback" not in rest
    with pytest.raises(ProcessLookupError):
        os.killpg(demo.pid, 0)
