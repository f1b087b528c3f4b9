"""What goes wrong with a media stream, as an application sees it and as the report tells it."""

import pytest

from service.ids import Track
from service.simulator.calls.plan import plan_calls
from service.simulator.report import StreamReport
from service.simulator.speech.audio import PCMU
from service.wire.media import AUTH_HEADER, parse_message
from tests.simulator.builders import scenario
from tests.simulator.harness import open_simulation, run_to_end
from tests.simulator.media.test_stream import played, streamed

TALK_MS = plan_calls(scenario())[0].audio.duration_ms + 500


def spans(report: StreamReport, track: Track = "inbound") -> list[tuple[int, int]]:
    """Return what was sent of a track."""
    return report.spans[track]


async def test_the_report_tells_what_was_sent() -> None:
    """From when to when, in milliseconds of the talk."""
    _, report = await streamed(media={"frame_ms": 100})
    ((start_ms, end_ms),) = spans(report.calls[0].streams[0])

    assert start_ms == 0
    assert end_ms >= TALK_MS - 100


@pytest.mark.parametrize("numbered", [True, False])
async def test_frames_are_missing_from_when_to_when(*, numbered: bool) -> None:
    """With their numbers, or as if there had been none."""
    media = {"missing_ms": [[1000, 1500]], "missing_numbers": numbered, "frame_ms": 100}
    application, report = await streamed(media=media)
    chunks = [int(frame["chunk"]) for frame in application.media[0].audio("inbound")]

    assert spans(report.calls[0].streams[0])[0] == (0, 1000)
    assert spans(report.calls[0].streams[0])[1][0] == 1500
    assert (chunks == list(range(1, len(chunks) + 1))) is not numbered


async def test_bursts_lose_nothing() -> None:
    """What was held back comes at once, in order."""
    media = {"bursts_ms": [[500, 1200]], "frame_ms": 100}
    application, _ = await streamed(media=media)
    whole = plan_calls(scenario())[0].audio.encoded("inbound", PCMU)

    assert played(application, "inbound").startswith(whole)


@pytest.mark.parametrize("for_ms", [None, 500])
async def test_a_stream_that_is_silent_stays_open(for_ms: int | None) -> None:
    """To its end, or for a while."""
    media = {"silent_after_ms": 1000, "silent_for_ms": for_ms, "frame_ms": 100}
    application, report = await streamed(media=media)
    sent = spans(report.calls[0].streams[0])

    assert sent[0] == (0, 1000)
    assert [start for start, _ in sent[1:]] == ([1500] if for_ms else [])
    assert report.calls[0].streams[0].end == "stopped"
    assert parse_message(application.media[0].messages[-1]).event == "stop"


@pytest.mark.parametrize(
    "hole", [{"silent_after_ms": 900, "silent_for_ms": 500}, {"missing_ms": [[900, 1400]]}]
)
async def test_a_frame_does_not_wait_for_the_next_one_where_none_comes(
    hole: dict[str, object],
) -> None:
    """It would be as late as no frame is that a network swapped with another."""
    media = {"reorder": 1.0, "frame_ms": 100, "missing_numbers": False, **hole}
    application, _ = await streamed(media=media)
    chunks = [int(frame["chunk"]) for frame in application.media[0].audio("inbound")]

    assert chunks[:11] == [2, 1, 4, 3, 6, 5, 8, 7, 9, 11, 10]


async def test_a_stream_ends_in_order_and_the_call_goes_on() -> None:
    """`stop`, the close, and the webhook, a while before the hang-up."""
    application, report = await streamed(media={"stops_at_ms": 1000, "frame_ms": 100})

    assert parse_message(application.media[0].messages[-1]).event == "stop"
    assert application.types().count("streaming.stopped") == 1
    assert spans(report.calls[0].streams[0]) == [(0, 1000)]
    assert report.calls[0].talk_ms >= TALK_MS - 100


async def test_a_stream_is_accepted_and_never_dialled() -> None:
    """No connection, no webhook; the next one is dialled."""
    async with open_simulation(scenario({"hangs_up": "service"}, media={"never_dials": 1})) as (
        simulator,
        application,
    ):
        run = run_to_end(simulator)
        application.answer_and(
            application.stream(), application.stream(), ("streaming_stop", {}), ("hangup", {})
        )
        report = await run

    assert [status for status, _ in application.outcomes] == [200, 200, 422, 200, 200]
    assert application.media == []
    assert [stream.end for stream in report.calls[0].streams] == ["never_dialled"]


async def test_the_auth_token_is_not_shown_if_it_is_set_so() -> None:
    """Third parties alone say that it is."""
    application, _ = await streamed({"stream_auth_token": "t0k"}, media={"auth_header": False})

    assert AUTH_HEADER not in application.media[0].headers


@pytest.mark.parametrize("starts", [True, False])
async def test_a_stream_dies_again_and_again_and_comes_back(*, starts: bool) -> None:
    """At the same address; with another `start`, or without."""
    media = {
        "drop_every_ms": 1000,
        "reconnect": True,
        "reconnect_after_s": 0,
        "reconnect_starts": starts,
        "new_stream_id": False,
        "frame_ms": 100,
    }
    application, report = await streamed(call={"linger_ms": 1500}, speed=20, media=media)
    first, second = application.media[:2]

    assert report.calls[0].streams[0].end == report.calls[0].streams[1].end == "dropped"
    assert parse_message(first.messages[0]).event == "connected"
    assert (parse_message(second.messages[0]).event == "connected") is starts
    assert len({parse_message(one.messages[-1]).stream_id for one in application.media}) == 1
