import tempfile

import numpy as np
import pytest

from service.errors import BadInputError
from service.recogniser.files.transcription import ClientGoneError, transcribe_file
from service.recogniser.models.networks import Networks
from service.recogniser.scheduling.workers import open_workers
from tests.recogniser.builders import pack, packed, reference, side_by_side
from tests.recogniser.harness import word_error_rate

pytestmark = pytest.mark.speech


async def test_packed_silence_without_end_is_given_up(networks: Networks) -> None:
    """Two minutes of nothing in a few kilobytes: over the limit of one, and not all read."""
    with tempfile.TemporaryFile() as file:
        file.write(pack(np.zeros(120 * 8_000, np.float32), "flac"))
        file.seek(0)
        async with open_workers(networks, 1) as workers:
            with pytest.raises(BadInputError, match="longer than"):
                await transcribe_file(file, workers, is_gone=lambda: False, max_audio_s=60)


async def test_nobody_works_for_a_client_that_is_gone(networks: Networks) -> None:
    """The first words would be decoded for nobody."""
    with tempfile.TemporaryFile() as file:
        file.write(packed("jfk", "mp3"))
        file.seek(0)
        async with open_workers(networks, 1) as workers:
            with pytest.raises(ClientGoneError):
                await transcribe_file(file, workers, is_gone=lambda: True)
            assert workers.cpu.idle


async def test_each_channel_is_heard_by_itself_where_that_is_wanted(networks: Networks) -> None:
    """Two people who speak at the same time, in a file of two channels; in the order of time."""
    with tempfile.TemporaryFile() as file:
        file.write(side_by_side("jfk", "austen_0920"))
        file.seek(0)
        async with open_workers(networks, 1) as workers:
            heard = await transcribe_file(file, workers, multichannel=True, is_gone=lambda: False)

    for channel, name in enumerate(("jfk", "austen_0920")):
        said = " ".join(one.text for one in heard.segments if one.channel == channel)
        assert word_error_rate(reference(name), said) <= 0.2
    starts = [segment.start_s for segment in heard.segments]
    assert starts == sorted(starts)
    assert heard.duration_s == pytest.approx(11.0, abs=0.1)


async def test_a_file_of_one_channel_has_a_channel_0(networks: Networks) -> None:
    """As where there are more; without being asked, there are no channels."""
    found = []
    async with open_workers(networks, 1) as workers:
        for apart in (True, False):
            with tempfile.TemporaryFile() as file:
                file.write(packed("austen_0920", "telephone mp3"))
                file.seek(0)
                found.append(
                    await transcribe_file(file, workers, multichannel=apart, is_gone=lambda: False)
                )

    assert [{one.channel for one in heard.segments} for heard in found] == [{0}, {None}]
    assert found[0].text == found[1].text


async def test_channels_without_end_are_given_up(networks: Networks) -> None:
    """Nine of them are not told apart, and all share the limit of one file."""
    async with open_workers(networks, 1) as workers:
        for names, complaint in ((["jfk"] * 9, "more than 8"), (["jfk"] * 2, "longer than")):
            with tempfile.TemporaryFile() as file:
                file.write(side_by_side(*names))
                file.seek(0)
                with pytest.raises(BadInputError, match=complaint):
                    await transcribe_file(
                        file, workers, multichannel=True, is_gone=lambda: False, max_audio_s=15
                    )
