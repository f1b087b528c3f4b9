"""Nothing is heard where nobody speaks: engines like ours make words up on silence."""

from collections.abc import Callable

import numpy as np
import pytest

from service.recogniser.audio.samples import Samples
from service.recogniser.models.networks import Networks
from service.recogniser.server import open_recogniser
from tests.recogniser.talking import talk

pytestmark = pytest.mark.speech
RATE_HZ = 8_000
TIME = np.arange(15 * RATE_HZ) / RATE_HZ


def noise(level: float) -> Samples:
    """White noise."""
    return np.random.default_rng(1).normal(0, level, len(TIME)).astype(np.float32)


def tones(*frequencies_hz: float, on_s: float = 1.0, off_s: float = 0.0) -> Samples:
    """Tones of a telephone exchange, with a cadence."""
    sound = sum(np.sin(2 * np.pi * f * TIME) for f in frequencies_hz) * 0.2
    return np.asarray(sound * (TIME % (on_s + off_s) < on_s), np.float32)


def keys() -> Samples:
    """Somebody dials: a DTMF digit every quarter of a second."""
    rows, columns = np.array([697, 770, 852, 941]), np.array([1209, 1336, 1477])
    press = (TIME * 4).astype(int)
    sound = np.sin(2 * np.pi * rows[press % 4] * TIME) + np.sin(
        2 * np.pi * columns[press % 3] * TIME
    )
    return np.asarray(sound * 0.3 * (TIME * 4 % 1 < 0.4), np.float32)


def music() -> Samples:
    """Plucked notes with overtones over a chord and a drum: hold music, nearly."""
    notes = np.array([261.6, 329.6, 392.0, 523.3, 440.0, 349.2])
    beat, since = (TIME * 3).astype(int), TIME * 3 % 1
    pitch = notes[beat * 7 % 6]
    melody = sum(np.sin(2 * np.pi * pitch * h * TIME) / h for h in (1, 2, 3, 4)) * np.exp(
        -3 * since
    )
    chord = sum(np.sin(np.pi * note * TIME) for note in notes[:3])
    drum = noise(0.5) * np.exp(-40 * since)
    return np.asarray(0.15 * melody + 0.05 * chord + 0.2 * drum, np.float32)


SOUNDS: dict[str, Callable[[], Samples]] = {
    "silence": lambda: np.zeros(len(TIME), np.float32),
    "hiss": lambda: noise(0.002),
    "loud noise": lambda: noise(0.3),
    "ringback": lambda: tones(440, 480, on_s=2, off_s=4),
    "busy": lambda: tones(480, 620, on_s=0.5, off_s=0.5),
    "fax": lambda: tones(1100, on_s=0.5, off_s=3),
    "whistle": lambda: tones(1000),
    "keys": keys,
    "music": music,
}


@pytest.mark.parametrize("name", SOUNDS)
async def test_where_nobody_speaks_nothing_is_heard(networks: Networks, name: str) -> None:
    """Not one word, not as a partial either."""
    data = (np.clip(SOUNDS[name](), -1, 1) * 32767).astype("<i2").tobytes()
    params = {"input_format": "linear16", "sample_rate": "8000", "interim_results": "true"}
    async with (
        open_recogniser(networks=networks) as recogniser,
        talk(recogniser, **params) as client,
    ):
        await client.play(data, frame_bytes=16_000)
        answers = await client.finish()

    assert [answer.transcript for answer in answers] == []


async def test_random_bytes_are_noise_and_not_words(networks: Networks) -> None:
    """Who announces mu-law and sends something else gets an empty transcript."""
    garbage = np.random.default_rng(2).bytes(10 * RATE_HZ)
    async with (
        open_recogniser(networks=networks) as recogniser,
        talk(recogniser, input_format="mulaw", sample_rate="8000") as client,
    ):
        await client.play(garbage)
        answers = await client.finish()

    assert answers == []
    assert client.socket.close_code == 1000
