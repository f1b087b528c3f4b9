"""Webhooks in, events committed, commands out: over restarts, repeats and full disks."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from service.calls.commands import Answer
from service.errors import (
    CallOverError,
    CarrierUnavailableError,
    CommandRefusedError,
    JournalUnavailableError,
)
from service.ids import CallId
from tests.calls.harness import (
    CALL,
    IN_CALL,
    MEDIA,
    A,
    B,
    answered,
    hung_up,
    initiated,
    said,
)
from tests.runtime.harness import Runtime, open_runtime
from tests.waiting import PATIENCE_S, until


async def begin(runtime: Runtime, started_at: float) -> None:
    """Let a call ring and be answered."""
    await runtime.calls.tell(initiated(started_at))
    await runtime.calls.tell(answered(started_at + 0.01))


async def test_a_webhook_is_committed_before_tell_returns(tmp_path: Path) -> None:
    """And its command is on its way, with an id that a repeat would share."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        await runtime.calls.tell(initiated(time.time()))

        assert await runtime.types(CALL) == ["call.started"]
        await until(lambda: runtime.carrier.commands == [Answer(leg_id=A)])
        assert len(runtime.carrier.ids[0]) == len("00000000-0000-0000-0000-000000000000")


async def test_words_become_finals_with_the_body_that_the_lanes_get(tmp_path: Path) -> None:
    """The bytes in the journal and the bytes that are sent are the same."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        now = time.time()
        await begin(runtime, now)
        await runtime.calls.tell(said("hello", now + 0.02))
        await until(lambda: any(e.type == "transcript.final" for e in runtime.lanes.events))

        stored = await runtime.journal.read(CALL, after_seq=0, limit=10)
        assert [event.body for event in stored] == [event.body for event in runtime.lanes.events]
        assert await runtime.texts(CALL) == ["hello"]


async def test_interims_are_published_and_not_committed(tmp_path: Path) -> None:
    """A partial is worth nothing later, so it costs no transaction."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        now = time.time()
        await begin(runtime, now)
        await runtime.calls.tell(said("hel", now + 0.02, final=False))
        await runtime.calls.tell(said("hel", now + 0.02, final=False))

        partial = msgspec.json.decode(runtime.lanes.partials[0].body)
        assert partial["data"]["text"] == "hel"
        assert len(runtime.lanes.partials) == 1
        assert "transcript.partial" not in await runtime.types(CALL)


async def test_partials_after_a_crash_share_no_id_with_those_before_it(tmp_path: Path) -> None:
    """After kill -9 other words came under the same `webhook-id`, utterance and revision."""
    now = time.time()
    shown: list[tuple[str, str, int]] = []
    for life, word in enumerate(("one", "two", "three")):
        async with open_runtime(tmp_path, IN_CALL) as runtime:
            if life == 0:
                await begin(runtime, now)
            await runtime.calls.resume()
            for number in range(3):
                at = now + 0.1 * (1 + life) + 0.01 * number
                await runtime.calls.tell(said(f"{word} {number}", at, final=False))
            await until(lambda: len(runtime.lanes.partials) == 3)
            for partial in runtime.lanes.partials:
                data = msgspec.json.decode(partial.body)["data"]
                shown.append((partial.id, data["utterance_id"], data["revision"]))

    assert len({webhook_id for webhook_id, _, _ in shown}) == 9
    assert len({utterance for _, utterance, _ in shown}) == 1
    revisions = [revision for _, _, revision in shown]
    assert revisions == sorted(set(revisions))


async def test_partials_after_a_refused_commit_share_no_id_with_those_before_it(
    tmp_path: Path,
) -> None:
    """The process forgets what it showed when the disk is full, and goes on."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        now = time.time()
        await begin(runtime, now)
        await until(lambda: len(runtime.carrier.commands) == 2)
        await runtime.calls.tell(said("one", now + 0.02, final=False))
        runtime.disk.full = True
        await runtime.calls.tell(said("one two", now + 0.03, final=False))
        with pytest.raises(JournalUnavailableError):
            await runtime.calls.tell(said("one two.", now + 0.04))
        runtime.disk.full = False
        await runtime.calls.tell(said("three", now + 0.05, final=False))
        await until(lambda: len(runtime.lanes.partials) == 3)

        assert len({partial.id for partial in runtime.lanes.partials}) == 3


async def test_a_repeat_after_a_restart_is_as_quiet_as_the_first(tmp_path: Path) -> None:
    """The journal knows the webhook although this process never saw it."""
    now = time.time()
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        await runtime.calls.tell(initiated(now))
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        await runtime.calls.tell(initiated(now))
        await runtime.calls.tell(answered(now + 0.01))

        assert (await runtime.types(CALL))[:2] == ["call.started", "call.answered"]


async def test_a_webhook_that_waited_in_a_process_that_died_is_not_lost(tmp_path: Path) -> None:
    """It was acknowledged, so the next process takes its turn for it."""
    now = time.time()
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        await begin(runtime, now)
        await runtime.calls.tell(said("remember me", now + 0.02))
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        assert await runtime.calls.resume() == 1
        await until(lambda: any(e.type == "transcript.final" for e in runtime.lanes.events))

        assert await runtime.texts(CALL) == ["remember me"]


async def test_a_full_disk_refuses_the_webhook_and_takes_its_repeat(tmp_path: Path) -> None:
    """Nothing is half done: the repeat does all of it, once."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        webhook = initiated(time.time())
        runtime.disk.full = True
        with pytest.raises(JournalUnavailableError):
            await runtime.calls.tell(webhook)
        assert runtime.carrier.commands == []
        runtime.disk.full = False
        await runtime.calls.tell(webhook)

        assert await runtime.types(CALL) == ["call.started"]
        await until(lambda: len(runtime.carrier.commands) == 1)


async def test_many_webhooks_at_once_share_a_call_without_a_gap(tmp_path: Path) -> None:
    """Fifty sentences delivered simultaneously: all there, numbered without a hole."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        now = time.time()
        await begin(runtime, now)
        words = [said(f"sentence {n}", now + 0.02 + n / 1000) for n in range(50)]
        async with asyncio.TaskGroup() as tasks:
            for webhook in (*words, *words):
                tasks.create_task(runtime.calls.tell(webhook))
        await until(lambda: sum(e.type == "transcript.final" for e in runtime.lanes.events) == 50)

        assert await runtime.texts(CALL) == [f"sentence {n}" for n in range(50)]


async def test_a_webhook_without_a_session_is_found_by_its_leg(tmp_path: Path) -> None:
    """`call_session_id` is missing at times; the leg tells whose it is, after a restart too."""
    now = time.time()
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        await runtime.calls.tell(initiated(now))
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        await runtime.calls.tell(msgspec.structs.replace(answered(now + 0.01), call_id=None))

        assert "call.answered" in await runtime.types(CALL)


async def test_a_leg_stays_with_its_call_when_a_session_turns_up_later(tmp_path: Path) -> None:
    """It began under the leg's name, and goes on so after a restart."""
    now = time.time()
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        await runtime.calls.tell(msgspec.structs.replace(initiated(now), call_id=None))
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        await runtime.calls.tell(answered(now + 0.01))

        assert (await runtime.types(CallId(A)))[:2] == ["call.started", "call.answered"]


async def test_webhooks_of_a_leg_that_come_at_once_share_one_call(tmp_path: Path) -> None:
    """Also when only one of them names the session."""
    now = time.time()
    nameless = msgspec.structs.replace(answered(now + 0.01), call_id=None)
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        await asyncio.gather(runtime.calls.tell(nameless), runtime.calls.tell(initiated(now)))

        assert runtime.calls.live == 1


async def test_a_leg_that_nobody_knows_makes_a_call_of_its_own(tmp_path: Path) -> None:
    """Better a call under the leg's name than words without one."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        await runtime.calls.tell(
            msgspec.structs.replace(initiated(time.time(), leg=B), call_id=None)
        )

        assert await runtime.types(CallId(B)) == ["call.started"]


@pytest.mark.parametrize(
    ("refusal", "reason", "code"),
    [
        (CommandRefusedError("90034", "not answered"), "start_transcription_refused", "90034"),
        (CarrierUnavailableError("no answer"), "start_transcription_unreachable", ""),
    ],
)
async def test_a_command_that_fails_is_told(
    tmp_path: Path, refusal: CommandRefusedError, reason: str, code: str
) -> None:
    """With Telnyx's code where there is one, while it is sent again."""
    async with open_runtime(tmp_path, replace(IN_CALL, answer=False)) as runtime:
        runtime.carrier.refusal = refusal
        await begin(runtime, time.time())
        await until(lambda: any(e.type == "transcription.degraded" for e in runtime.lanes.events))

        told = msgspec.json.decode(runtime.lanes.events[-1].body)["data"]
        assert (told["reason"], told["code"]) == (reason, code)


async def test_a_command_that_fails_in_an_unforeseen_way_stops_nobody_else(tmp_path: Path) -> None:
    """It is told like any other failure, and the process goes on taking webhooks."""
    async with open_runtime(tmp_path, replace(IN_CALL, answer=False)) as runtime:
        runtime.carrier.refusal = ValueError("nobody thought of this")
        now = time.time()
        await begin(runtime, now)
        await until(lambda: any(e.type == "transcription.degraded" for e in runtime.lanes.events))
        await runtime.calls.tell(hung_up(now + 2))

        told = msgspec.json.decode(runtime.lanes.events[-1].body)["data"]
        assert told["reason"] == "start_transcription_internal_error"


async def test_a_command_that_finds_the_call_over_is_no_failure(tmp_path: Path) -> None:
    """90018 to an answer: the hang-up is on its way."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        runtime.carrier.refusal = CallOverError("90018", "ended")
        await begin(runtime, time.time())
        await until(lambda: len(runtime.carrier.commands) == 2)
        await runtime.calls.settle(5)

        assert await runtime.types(CALL) == ["call.started", "call.answered"]


async def test_a_command_repeated_after_a_restart_keeps_its_id(tmp_path: Path) -> None:
    """Telnyx may have done it although its answer never came, so it must know it again."""
    ids = []
    async with open_runtime(tmp_path, replace(IN_CALL, answer=False)) as runtime:
        runtime.carrier.silent = True
        await begin(runtime, time.time())
        await until(lambda: len(runtime.carrier.ids) == 1)
        ids += runtime.carrier.ids
    async with open_runtime(tmp_path, replace(IN_CALL, answer=False)) as runtime:
        await runtime.calls.resume()
        await until(lambda: len(runtime.carrier.ids) == 1)
        ids += runtime.carrier.ids

    assert ids[0] == ids[1]


async def test_a_call_that_is_over_is_dropped_from_memory(tmp_path: Path) -> None:
    """And is still found when something late comes for it."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        now = time.time()
        await runtime.calls.tell(initiated(now))
        await runtime.calls.tell(hung_up(now + 0.1))
        await until(lambda: any(e.type == "transcript.completed" for e in runtime.lanes.events))
        await runtime.calls.settle(5)
        runtime.calls.drop_idle()
        assert runtime.calls.live == 0
        await runtime.calls.tell(answered(now + 0.05))

        assert (await runtime.types(CALL))[-1] == "transcript.completed"


async def test_a_call_that_no_route_wants_leaves_no_event(tmp_path: Path) -> None:
    """It is taken, so that Telnyx does not repeat it, and left alone."""
    async with open_runtime(tmp_path, replace(IN_CALL, match={"to": "+49*"})) as runtime:
        await begin(runtime, time.time())

        assert await runtime.types(CALL) == []
        assert runtime.carrier.commands == []


async def test_nothing_of_a_call_that_no_route_wants_costs_a_restart_anything(
    tmp_path: Path,
) -> None:
    """An outgoing leg waits for its place, in the journal; then nothing is there to take up."""
    route, now = replace(IN_CALL, match={"to": "+49*"}), time.time()
    async with open_runtime(tmp_path, route) as runtime:
        await runtime.calls.tell(initiated(now, incoming=False))
        assert await runtime.journal.load(CALL) is not None
        async with asyncio.timeout(PATIENCE_S):
            while await runtime.journal.load(CALL) is not None:
                pass
        await runtime.calls.tell(hung_up(now + 1))
    async with open_runtime(tmp_path, route) as runtime:
        assert await runtime.journal.load(CALL) is None
        assert await runtime.calls.resume() == 0


async def test_a_leg_is_found_although_its_call_was_wanted_later(tmp_path: Path) -> None:
    """The first leg was in memory only until the second was wanted."""
    now = time.time()
    async with open_runtime(tmp_path, replace(IN_CALL, match={"direction": "outgoing"})) as runtime:
        await runtime.calls.tell(initiated(now))
        await runtime.calls.tell(initiated(now, leg=B, incoming=False))
        await until(lambda: any(e.type == "call.started" for e in runtime.lanes.events))

        assert await runtime.journal.find_call(A) == CALL


async def test_an_erasure_by_number_reaches_a_call_that_only_waits(tmp_path: Path) -> None:
    """What is in its state, too."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        await runtime.calls.tell(initiated(time.time(), incoming=False))
        found = await runtime.journal.calls_of_number("+15550100")
        assert found == [CALL]
        assert await runtime.calls.erase(CALL)

        assert await runtime.journal.load(CALL) is None


async def test_an_erasure_by_number_reaches_whoever_came_later(tmp_path: Path) -> None:
    """An agent to whom the call was handed over, although no event shows a number."""
    now, agent = time.time(), "+15550177"
    async with open_runtime(tmp_path, replace(IN_CALL, numbers="none")) as runtime:
        await runtime.calls.tell(initiated(now))
        rings = initiated(now, leg=B, incoming=False)
        await runtime.calls.tell(msgspec.structs.replace(rings, to_number=agent))
        await until(lambda: any(e.type == "call.started" for e in runtime.lanes.events))
        async with asyncio.timeout(PATIENCE_S):
            while await runtime.journal.calls_of_number(agent) != [CALL]:
                pass
        assert await runtime.calls.erase(CALL)

        assert await runtime.journal.calls_of_number(agent) == []
        assert all(agent.encode() not in event.body for event in runtime.lanes.events)
