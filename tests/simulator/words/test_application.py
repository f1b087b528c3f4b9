"""An application that is not ours: it has a call transcribed, and posts lines of its own."""

import json

import aiohttp

from service.simulator.words.count import Count
from service.simulator.words.receiver import open_word_receiver
from service.simulator.words.tally import are_complete, tally
from tests.simulator.builders import scenario, transcribe
from tests.simulator.harness import open_simulation, run_to_end

NUMBERED = {"say": [], "numbered": {"duration_s": 20}}


async def test_an_application_of_any_kind_has_its_words_counted() -> None:
    """It says who spoke and what, one JSON object a line; the only call needs no name."""
    async with (
        open_word_receiver() as receiver,
        open_simulation(scenario(NUMBERED)) as (simulator, application),
        aiohttp.ClientSession() as http,
    ):
        application.answer_and(transcribe("Telnyx"))
        report = await run_to_end(simulator)
        lines = [
            json.dumps({"track": heard["transcription_track"], "text": heard["transcript"]})
            for heard in application.transcripts()
            if heard["is_final"]
        ]
        lines.append(json.dumps({"type": "transcript.completed"}))
        async with http.post(receiver.url, data="\n".join(lines)) as reply:
            assert reply.status == 204

    total = tally(report.calls, receiver.records, max_shift_ms=1500).total
    assert total == Count(said=total.said, heard=total.said)
    assert total.said > 20
    assert are_complete(report.calls, receiver.records)
