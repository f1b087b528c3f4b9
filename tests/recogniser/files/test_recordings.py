"""Recordings as other programs write them: all of their audio, at its own time."""

import pytest

from service.recogniser.files.transcription import Transcript, transcribe_file
from service.recogniser.models.networks import Networks
from service.recogniser.scheduling.workers import open_workers
from tests.recogniser.builders import FIXTURES
from tests.recogniser.harness import word_error_rate

pytestmark = pytest.mark.speech


async def transcript_of(networks: Networks, name: str, *, apart: bool = False) -> Transcript:
    """Transcribe a recording of `fixtures/recordings`."""
    async with open_workers(networks, 1) as workers:
        with (FIXTURES / "recordings" / name).open("rb") as file:
            return await transcribe_file(file, workers, multichannel=apart, is_gone=lambda: False)


FIRST = "And so, my fellow American"
SECOND = (
    "Had he married a more amiable woman he might have been made still more respectable than he was"
)


async def test_sentences_on_both_sides_of_a_recorders_pause_keep_their_times(
    networks: Networks,
) -> None:
    """Not joined, and 20 s apart as they were said; the pause is named."""
    heard = await transcript_of(networks, "pts-gap.webm")

    first, second = heard.segments
    assert word_error_rate(FIRST, first.text) <= 0.4
    assert word_error_rate(SECOND, second.text) <= 0.1
    assert (first.start_s, first.end_s) == pytest.approx((0.35, 2.24), abs=0.2)
    assert (second.start_s, second.end_s) == pytest.approx((20.35, 25.38), abs=0.2)
    assert heard.duration_s == pytest.approx(25.4, abs=0.1)
    assert heard.notes == ("no audio from 2.69 to 20.01 s",)


async def test_both_tracks_of_a_call_are_heard(networks: Networks) -> None:
    """Told apart, each says its own; together, they speak at the same time."""
    apart = await transcript_of(networks, "two-tracks.mka", apart=True)
    heard = await transcript_of(networks, "two-tracks.mka")

    for channel, said in enumerate((FIRST, SECOND)):
        (segment,) = (one for one in apart.segments if one.channel == channel)
        assert word_error_rate(said, segment.text) <= 0.4
    assert heard.duration_s == apart.duration_s == pytest.approx(5.4, abs=0.1)
    assert word_error_rate(SECOND, heard.text) <= 0.4  # the longer one


@pytest.mark.parametrize("name", ["padded-24-in-32.wav", "first-chunk-length.wav"])
async def test_a_wav_is_heard_whatever_wrote_it(networks: Networks, name: str) -> None:
    """Samples with padding; a header with the length of the first piece."""
    heard = await transcript_of(networks, name)

    assert word_error_rate(FIRST, heard.text) <= 0.4
    assert heard.duration_s == pytest.approx(2.7, abs=0.1)
