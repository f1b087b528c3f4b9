import tempfile

import numpy as np
import pytest

from service.errors import BadInputError
from service.recogniser.recording import ClientGoneError, transcribe
from service.recogniser.workers import Networks, open_workers
from tests.recogniser.packing import pack, packed

pytestmark = pytest.mark.speech


async def test_packed_silence_without_end_is_given_up(networks: Networks) -> None:
    """Two minutes of nothing in a few kilobytes: over the limit of one, and not all unpacked."""
    with tempfile.TemporaryFile() as file:
        file.write(pack(np.zeros(120 * 8_000, np.float32), "flac"))
        file.seek(0)
        async with open_workers(networks, 1) as workers:
            with pytest.raises(BadInputError, match="longer than"):
                await transcribe(file, workers, is_gone=lambda: False, max_audio_s=60)


async def test_nobody_works_for_a_client_that_is_gone(networks: Networks) -> None:
    """The first words would be decoded for nobody."""
    with tempfile.TemporaryFile() as file:
        file.write(packed("jfk", "mp3"))
        file.seek(0)
        async with open_workers(networks, 1) as workers:
            with pytest.raises(ClientGoneError):
                await transcribe(file, workers, is_gone=lambda: True)
            assert workers.turns.idle
