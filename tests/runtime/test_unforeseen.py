"""What nobody foresaw: it is set aside, loudly, and everything around it goes on."""

import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service import tasks
from service.calls.inputs import ControlAsked, WordsHeard
from service.errors import JournalUnavailableError
from tests.calls.harness import CALL, IN_CALL, INBOUND, MEDIA, said
from tests.runtime.harness import Runtime, open_runtime
from tests.runtime.test_media import hearing
from tests.runtime.test_registry import begin
from tests.waiting import until

NONSENSE = 5
"""In place of a text: no turn can take it."""


def words(text: object, start_ms: int) -> WordsHeard:
    """Return a final of half a second."""
    return WordsHeard(
        ref=INBOUND,
        text=text,  # type: ignore[arg-type]  # that is the point
        is_final=True,
        start_ms=start_ms,
        end_ms=start_ms + 500,
    )


def delivered(runtime: Runtime, kind: str) -> int:
    """Return how many events of a type the lanes got."""
    return sum(event.type == kind for event in runtime.lanes.events)


async def test_one_poisonous_input_costs_nobody_elses_words(tmp_path: Path) -> None:
    """The finals of its batch are taken, in order; of its own words the gap is told."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        await hearing(runtime)
        tell = runtime.recognitions.opened[0].tell
        with capture_logs() as logs:
            for text, start_ms in (("one", 0), (NONSENSE, 600), ("three", 1200)):
                tell(words(text, start_ms))
            await until(lambda: delivered(runtime, "transcript.gap") == 1)

        assert await runtime.texts(CALL) == ["one", "three"]
        events = [line["event"] for line in logs if line["log_level"] == "error"]
        assert events == ["turn_failed", "turn_failed", "input_set_aside"]


async def test_a_call_whose_input_failed_wakes_when_it_wanted_to(tmp_path: Path) -> None:
    """What waits for its turn in the call is not forgotten over it."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        now = time.time()
        await begin(runtime, now)
        await runtime.calls.tell(said("hello", now + 0.02))
        runtime.calls.call(CALL).post(ControlAsked(action="nonsense", at=now))  # type: ignore[arg-type]
        await until(lambda: delivered(runtime, "transcript.final") == 1)


async def test_who_told_a_poisonous_input_is_refused(tmp_path: Path) -> None:
    """And the next one is taken."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        await hearing(runtime)
        call = runtime.calls.call(CALL)
        with pytest.raises(JournalUnavailableError):
            await call.tell(words(NONSENSE, 0))
        await call.tell(words("after", 600))

        assert await runtime.texts(CALL) == ["after"]


async def test_what_is_committed_is_not_taken_again_when_handing_on_fails(tmp_path: Path) -> None:
    """The lanes find it in the journal; to take it again would double it."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        await hearing(runtime)
        runtime.lanes.fault = RuntimeError("nobody foresaw this")
        call = runtime.calls.call(CALL)
        with capture_logs() as logs:
            await call.tell(words("once", 0))
            await call.tell(words("twice", 600))

        assert await runtime.texts(CALL) == ["once", "twice"]
        assert [line["event"] for line in logs if line["log_level"] == "error"] == [
            "outcome_not_handed_on"
        ]


@pytest.mark.parametrize(
    ("method", "kind"), [("prune", "prune_calls"), ("erasures", "notice_calls")]
)
async def test_a_keeper_of_the_calls_outlives_what_nobody_foresaw(
    tmp_path: Path, method: str, kind: str
) -> None:
    """It is counted and starts again, and calls are worked on all the while."""
    tasks.failures.clear()
    async with open_runtime(tmp_path, IN_CALL, faults={method: RuntimeError()}) as runtime:
        await until(lambda: tasks.failures[kind] == 1)
        await begin(runtime, time.time())
        await until(lambda: runtime.disk.called[method] == 2)

        assert (await runtime.types(CALL))[:2] == ["call.started", "call.answered"]
