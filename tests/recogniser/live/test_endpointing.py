"""`endpointing`, on what people said: the silence that ends a segment."""

import pytest

from service.recogniser.models.networks import Networks
from service.recogniser.server import open_recogniser
from tests.recogniser.builders import FIXTURES
from tests.recogniser.harness import word_error_rate
from tests.recogniser.peers import PHONE, finals, open_client, text_of

pytestmark = pytest.mark.speech
MS = 8
TRACK = (FIXTURES / "calls" / "real-call.agent.ulaw").read_bytes()
FELLOWS, COUNTRY = TRACK[700 * MS : 2_691 * MS], TRACK[17_052 * MS : 19_965 * MS]
"""Two things a president says, each in one breath."""
FELLOWS_TEXT = "And so, my fellow Americans"
ONE_ENDING = 0.2
"""Of five words one may end otherwise: more silence behind it was heard in one of both."""


def silence(length_ms: int) -> bytes:
    """Return silence as mu-law, 8 kHz."""
    return b"\xff" * (length_ms * MS)


@pytest.mark.parametrize(("endpointing", "segments"), [("400", 2), ("2000", 1), ("false", 1)])
async def test_a_pause_ends_a_segment_if_it_is_long_enough(
    networks: Networks, endpointing: str, segments: int
) -> None:
    """A second of silence between two phrases parts them, or does not."""
    audio = FELLOWS + silence(1_000) + COUNTRY
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, **PHONE, endpointing=endpointing) as client,
    ):
        await client.play(audio)
        answers = finals(await client.finish())

    assert len(answers) == segments
    assert "fellow" in text_of(answers)
    assert "country" in text_of(answers)
    assert all(answer.speech_final for answer in answers)


@pytest.mark.parametrize("endpointing_ms", [300, 1_000])
async def test_a_final_comes_as_soon_as_the_silence_is_long_enough(
    networks: Networks, endpointing_ms: int
) -> None:
    """Not before: by the audio's own clock, for it is sent piece by piece."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, **PHONE, endpointing=str(endpointing_ms)) as client,
    ):
        await client.play(FELLOWS + silence(endpointing_ms - 150))
        await client.socket.send('{"type":"Finalize"}')
        early = await client.next()
        await client.play(FELLOWS + silence(endpointing_ms + 250))
        late = await client.next()  # nothing else asked for it
        await client.socket.send('{"type":"Finalize"}')
        nothing = await client.next()

    assert word_error_rate(FELLOWS_TEXT, early.transcript or "") <= ONE_ENDING
    assert word_error_rate(FELLOWS_TEXT, late.transcript or "") <= ONE_ENDING
    assert (nothing.transcript, nothing.is_final) == ("", True)
