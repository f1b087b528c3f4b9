import re
from dataclasses import replace

import pytest

from service.errors import CarrierUnavailableError
from service.trial import Facts, compare, judge, place_call
from service.trial.simulated import scenario
from service.wire.signature import parse_public_key
from tests.settings.builders import PUBLIC_KEY
from tests.trial.harness import FROM, IN_CALL, PATIENCE, STREAMED, TO, open_trial, place

FAST: dict[str, object] = {"speed": 4}
LATER = [5.0]  # scenario seconds: more than a whole one, in which signatures count


async def test_all_steps_of_the_call_are_seen_and_told_without_anybodys_data() -> None:
    """Dial, speech, engines, the cut, codecs and the end; no number, id, key or word of it."""
    async with open_trial(scenario(webhooks={"retries_s": LATER}, **FAST)) as (simulator, trial):
        heard = replace(trial, streamed=STREAMED, in_call=IN_CALL)
        facts = await place_call(heard, PATIENCE)

        seen = facts.seen
        assert (seen["dial"], seen["answered"], seen["webhook.signature"]) == ("200", "yes", "good")
        assert seen["codec.PCMU"] == "PCMU 8000 Hz 1 channels 20 ms"
        assert seen["codec.L16"] == "L16 16000 Hz 1 channels 20 ms big-endian"
        assert seen["stt.Deepgram.nova-3.words"] == "all"
        assert seen["in_call.Telnyx.tracks"] == ("outbound",)
        assert seen["in_call.Telnyx.twice"] == "422 90054"
        assert seen["cut"] == "not dialled again"
        assert seen["webhook.refused"] == "came again attempt 2 same id signed anew"
        assert "x-telnyx-streaming-auth-token" in seen["media.headers"]
        assert seen["hangup.again"] == "422 90018"
        text = "\n".join(compare(facts, facts))
        legs = {command.leg_id for command in simulator.history.commands}
        for secret in (FROM[1:], TO[1:], trial.api_key, trial.connection_id, *legs):
            assert secret not in text
        assert not re.search(r"\d{6}", text)
        assert judge(facts, facts).faults == ()


async def test_a_stream_that_is_dialled_again_is_seen_to_be() -> None:
    """With which messages, and whether under another id."""
    facts = await place(scenario(media={"reconnect": True, "l16_endian": "little"}, **FAST))

    assert facts.seen["cut"] == "dialled again connected start media"
    assert facts.seen["cut.stream"] == "another id"
    assert str(facts.seen["codec.L16"]).endswith("little-endian")


async def test_what_a_carrier_counts_in_another_way_is_seen() -> None:
    """The settings of the simulator for which the sources disagree."""
    media = {"chunk_counts": "stream", "chunk_start": 0, "timestamp_unit": "samples"}
    facts = await place(
        scenario(
            media=media | {"connected_protocol": True, "auth_header": False, "duplicate": 0.3},
            webhooks={"resign_retries": False, "retries_s": LATER, "before_dial_response": True},
            **FAST,
        )
    )

    seen = facts.seen
    assert seen["media.chunk"] == "from 0 over both tracks"
    assert seen["media.timestamp"] == "samples"
    assert seen["media.token"] == "not in the header"
    assert seen["media.order"] == "some twice"
    assert "protocol" in seen["media.fields.connected"]
    assert seen["dial.webhook"] == "before the answer"
    assert str(seen["webhook.refused"]).endswith("signed at the same time")


async def test_a_config_that_is_refused_is_sent_in_the_other_shape() -> None:
    """Once, and both answers are told."""
    facts = await place(scenario(in_call={"nested_config": "refused"}, **FAST), in_call=IN_CALL)

    assert facts.seen["in_call.Telnyx"] == "422 10015"
    assert facts.seen["in_call.Telnyx.flat"] == "200"
    assert facts.seen["in_call.Telnyx.first"] == "final"


@pytest.mark.parametrize("picks_up", ["busy", "no_answer"])
async def test_a_call_that_nobody_takes_ends_there(picks_up: str) -> None:
    """Telnyx's cause is told, and nothing is asked of a call that is not there."""
    told = scenario(**FAST)
    call = told.call[0].model_copy(update={"picks_up": picks_up, "ring_s": 0.5})
    facts = await place(told.model_copy(update={"call": (call,)}))

    cause = {"busy": "user_busy", "no_answer": "no_answer"}[picks_up]
    assert facts.seen["answered"] == f"no {cause}"
    assert [subject for subject, _ in judge(facts, facts).faults] == ["call"]
    assert "hangup" not in facts.seen


async def test_a_dial_that_is_refused_is_told_by_its_code() -> None:
    """And that is all."""
    fault = {"command": "dial", "status": 403, "code": "10010"}
    facts = await place(scenario(rest={"fault": [fault]}))

    assert facts.seen["dial"] == "403 10010"
    assert judge(facts, facts).faults[0][0] == "call"


async def test_webhooks_by_another_key_are_told() -> None:
    """The call is hung up all the same, though nothing of it is believed."""
    async with open_trial(scenario(**FAST)) as (simulator, trial):
        wrong = replace(trial, public_keys=(parse_public_key(PUBLIC_KEY),))
        facts = await place_call(wrong, replace(PATIENCE, answer_s=1))

        assert facts.seen["webhook.signature"] == "not by this key"
        assert [one.name for one in simulator.history.commands] == ["dial", "hangup"]
        assert "webhooks" in dict(judge(facts, facts).faults)


async def test_an_api_that_is_not_there_is_an_error() -> None:
    """There is nothing to report."""
    with pytest.raises(CarrierUnavailableError):
        await place(scenario(), base_url="http://127.0.0.1:1/v2")


def test_an_engine_that_says_nothing_is_a_fault() -> None:
    """Its name is the subject."""
    facts = Facts()
    for fact, said in {
        "dial": "200",
        "webhook.signature": "good",
        "answered": "yes",
        "in_call.Google.first": "nothing",
    }.items():
        facts.note(fact, said)

    assert [subject for subject, _ in judge(facts, facts).faults] == ["in_call.Google"]
