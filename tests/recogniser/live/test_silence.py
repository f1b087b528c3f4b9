"""Nothing is heard where nobody speaks: engines like ours make words up on silence."""

import numpy as np
import pytest

from service.recogniser.models.networks import Networks
from service.recogniser.server import open_recogniser
from tests.recogniser.builders import SECOND, SOUNDS
from tests.recogniser.peers import open_client

pytestmark = pytest.mark.speech


@pytest.mark.parametrize("name", SOUNDS)
async def test_where_nobody_speaks_nothing_is_heard(networks: Networks, name: str) -> None:
    """Not one word, not as a partial either."""
    data = (np.clip(SOUNDS[name](), -1, 1) * 32767).astype("<i2").tobytes()
    params = {"input_format": "linear16", "sample_rate": "8000", "interim_results": "true"}
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, **params) as client,
    ):
        await client.play(data, frame_bytes=16_000)
        answers = await client.finish()

    assert [answer.transcript for answer in answers] == []


async def test_random_bytes_are_noise_and_not_words(networks: Networks) -> None:
    """Who announces mu-law and sends something else gets an empty transcript."""
    garbage = np.random.default_rng(2).bytes(10 * SECOND)
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, input_format="mulaw", sample_rate="8000") as client,
    ):
        await client.play(garbage)
        answers = await client.finish()

    assert answers == []
    assert client.socket.close_code == 1000
