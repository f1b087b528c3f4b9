"""Real words through the whole server, as a client hears them."""

import asyncio
import json
import struct

import numpy as np
import pytest

from service.recogniser.audio.raw import RawDecoder
from service.recogniser.audio.resampling import resample
from service.recogniser.audio.samples import Samples
from service.recogniser.models.networks import Networks
from service.recogniser.server import open_recogniser
from tests.recogniser.builders import FIXTURES, READ_CLIPS, audio, recording, reference
from tests.recogniser.harness import word_error_rate
from tests.recogniser.peers import PHONE, finals, open_client, partials, text_of

pytestmark = pytest.mark.speech
SECOND = 8_000


async def test_people_reading_aloud_are_understood(networks: Networks) -> None:
    """Four recordings over a telephone line: at most one word in seven wrong, all in all."""
    said, heard = [], []
    async with open_recogniser(networks=networks) as recogniser:
        for name in READ_CLIPS:
            async with open_client(recogniser, **PHONE) as client:
                await client.play(recording(name))
                said.append(reference(name))
                heard.append(text_of(await client.finish()))

    assert word_error_rate(" ".join(said), " ".join(heard)) <= 0.15


async def test_people_talking_freely_are_understood_somewhat(networks: Networks) -> None:
    """Fast, slurred and spontaneous speech: two words in three."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, **PHONE) as client,
    ):
        await client.play(recording("mfa_spont_25s"))
        heard = text_of(await client.finish())

    assert word_error_rate(reference("mfa_spont_25s"), heard) <= 0.35


async def test_each_turn_of_a_call_is_a_final_with_its_times(networks: Networks) -> None:
    """Six turns of a caller: in order, nothing between, begun and ended within half a second."""
    call = json.loads((FIXTURES / "calls" / "support-call.json").read_text())
    turns = [turn for turn in call["script"] if turn["speaker"] == "customer"]
    track = (FIXTURES / "calls" / call["tracks"]["inbound"]).read_bytes()
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, **PHONE) as client,
    ):
        await client.play(track)
        heard = finals(await client.finish())

    assert len(heard) == len(turns)
    for turn, final in zip(turns, heard, strict=True):
        assert final.start_time is not None
        assert final.duration is not None
        assert final.start_time == pytest.approx(turn["start_ms"] / 1000, abs=0.5)
        assert final.start_time + final.duration == pytest.approx(turn["end_ms"] / 1000, abs=0.5)
        assert final.speech_final


async def test_partials_come_while_somebody_speaks(networks: Networks) -> None:
    """They come before the audio has ended, grow, and begin where their final begins."""
    clip = recording("austen_0870")
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, **PHONE, interim_results="true") as client,
    ):
        await client.play(clip[: 2 * SECOND])
        first = await client.next()
        await client.play(clip[2 * SECOND : 5 * SECOND])
        second = await client.next()
        await client.play(clip[5 * SECOND :])
        final = finals(await client.finish())[0]

    assert (first.is_final, second.is_final) == (False, False)
    assert len(first.transcript or "") < len(second.transcript or "") < len(final.transcript or "")
    assert first.start_time == second.start_time == final.start_time
    assert first.speech_final is None


async def test_nobody_who_did_not_ask_gets_partials(networks: Networks) -> None:
    """`interim_results` is off unless it is on."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, **PHONE) as client,
    ):
        await client.play(recording("austen_0920") + b"\xff" * 2 * SECOND)
        answers = await client.finish()

    assert partials(answers) == []
    assert answers[-1].utterance_end


async def test_finalize_settles_what_was_said_so_far(networks: Networks) -> None:
    """The words come at once, without waiting for silence, and the session goes on."""
    clip = recording("jfk")
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, **PHONE, endpointing="false") as client,
    ):
        await client.play(clip[: 5 * SECOND])
        await client.socket.send('{"type":"Finalize"}')
        first = await client.next()
        await client.socket.send('{"type":"Finalize"}')
        nothing = await client.next()
        await client.play(clip[5 * SECOND :])
        rest = text_of(await client.finish())

    assert "fellow" in (first.transcript or "").lower()
    assert (nothing.transcript, nothing.is_final) == ("", True)
    assert "country" in rest


async def test_two_sessions_do_not_hear_each_other(networks: Networks) -> None:
    """Two tracks at once get their own words, as if they were alone."""
    names = ("austen_0870", "austen_0920")
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, **PHONE) as one,
        open_client(recogniser, **PHONE) as other,
    ):
        await asyncio.gather(
            *(client.play(recording(n)) for client, n in zip((one, other), names, strict=True))
        )
        heard = await asyncio.gather(one.finish(), other.finish())

    for name, answers in zip(names, heard, strict=True):
        assert word_error_rate(reference(name), text_of(answers)) <= 0.2


def as_wav(samples: Samples, rate_hz: int) -> bytes:
    """Return a live WAV stream of 16-bit samples: one without a length."""
    head = struct.pack("<HHIIHH", 1, 1, rate_hz, rate_hz * 2, 2, 16)
    data = (samples * 32767).astype("<i2").tobytes()
    return b"RIFF\xff\xff\xff\x7fWAVEfmt \x10\0\0\0" + head + b"data\xff\xff\xff\x7f" + data


FORMATS = {
    "alaw": ({"input_format": "alaw", "sample_rate": "8000"}, 8_000),
    "linear16": ({"input_format": "linear16", "sample_rate": "16000"}, 16_000),
    "linear32": ({"input_format": "linear32", "sample_rate": "24000"}, 24_000),
    "wav": ({"input_format": "wav"}, 44_100),
}


def in_format(name: str, samples: Samples, rate_hz: int) -> bytes:
    """Return samples in a format of the protocol."""
    match name:
        case "linear16":
            return (samples * 32767).astype("<i2").tobytes()
        case "linear32":
            return samples.astype("<f4").tobytes()
        case "wav":
            return as_wav(samples, rate_hz)
    values = RawDecoder("alaw", 8000).feed(bytes(range(256)))
    order = np.argsort(values)
    nearest = np.clip(np.searchsorted(values[order], samples), 0, 255)
    return bytes(order[nearest].astype(np.uint8))


@pytest.mark.parametrize("name", FORMATS)
async def test_every_format_and_rate_is_understood_alike(networks: Networks, name: str) -> None:
    """The same sentence, whatever it is wrapped in."""
    params, rate_hz = FORMATS[name]
    data = in_format(name, resample(audio("austen_0920"), 8_000, rate_hz), rate_hz)
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, **params) as client,
    ):
        await client.play(data, frame_bytes=8191)
        heard = text_of(await client.finish())

    assert word_error_rate(reference("austen_0920"), heard) <= 0.2
