"""Telnyx records the call; what it recorded is fetched, kept as our own, and heard once more."""

import asyncio
import base64
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from service.app import running
from service.ids import CallId
from service.ingress.limits import MediaLimits
from service.recording.encrypted import is_encrypted
from service.recording.recorder import file_name
from service.recording.wav import HEADER_BYTES
from service.settings import Settings
from tests.journal.postgresql_server import make_schema, schema_url
from tests.recording.wavs import sides
from tests.service.harness import SCRIPT, SPEED, House, asking, open_house, settings_for
from tests.service.process import free_port, serving
from tests.service.test_stop import open_peers
from tests.service.virtual_time import in_virtual_time
from tests.waiting import PATIENCE_S, until

ROUTES: Mapping[str, dict[str, Any]] = {
    source: {"source": source, "engine": "Deepgram", "model": "nova-3", "record": "telnyx"}
    for source in ("media", "in_call")
}
AFTER = {"engine": "Deepgram", "model": "nova-3"}
HEARD, SAVED, FAILED = "recording.transcribed", "recording.saved", "recording.failed"
WORDS = [str(line["text"]) for line in SCRIPT]
CARD = [
    {"speaker": "agent", "text": "may I have your number", "at_ms": 400},
    {"speaker": "customer", "text": "4111 1111 1111 1111", "at_ms": 8000},
    {"speaker": "agent", "text": "thank you so much", "at_ms": 18_000},
    {"speaker": "customer", "text": "goodbye to you then", "at_ms": 30_000},
]
KEY = base64.b64encode(bytes(range(32))).decode()
RATE_HZ = 8_000
LOUD = 1_000
"""What is not louder is no voice: lines are never quite silent."""


def told(house: House, kind: str) -> list[Mapping[str, Any]]:
    """Return what was received of a type."""
    return [one.data for one in house.receiver.receipts if one.type == kind]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("source", ROUTES)
async def test_what_telnyx_recorded_is_kept_and_heard_again(
    tmp_path: Path, source: str, database: str
) -> None:
    """On both sources; by whom each stretch was said is known, and when."""
    changes: dict[str, object] = {"recordings_dir": str(tmp_path / "audio")}
    if database == "postgresql":
        await make_schema(f"tapes_{source}")
        changes |= {"database_url": schema_url(f"tapes_{source}"), "database_key": KEY}
    route = ROUTES[source] | {"after_call": AFTER}
    scenario = {"call": [{"say": SCRIPT}]}
    crm = {"partials": "off"}
    async with open_house(tmp_path / "j.db", scenario, changes, None, [crm], **route) as house:
        await house.play()
        await house.watch.until(lambda: bool(told(house, HEARD)))
        (kept,) = (tmp_path / "audio").iterdir()

    (recorded,) = told(house, SAVED)
    assert is_encrypted(kept) is (database == "postgresql")
    assert recorded["duration_ms"] > 10_000
    assert recorded["channels"] == ["inbound", "outbound"]
    (event,) = told(house, HEARD)
    assert [one["text"] for one in event["segments"]] == WORDS
    assert [one["role"] for one in event["segments"]] == [str(line["speaker"]) for line in SCRIPT]
    live = sorted(one["start_ms"] for one in told(house, "transcript.final"))
    apart = [abs(one["start_ms"] - at) for one, at in zip(event["segments"], live, strict=True)]
    assert max(apart) < 1_500


@pytest.mark.parametrize(
    ("source", "hides"), [("media", True), ("in_call", True), ("media", False)]
)
async def test_a_card_that_is_read_out_is_silent_in_what_is_kept(
    tmp_path: Path,
    source: str,
    hides: bool,  # noqa: FBT001
) -> None:
    """The words around it are not; nor is it in what is heard once more. The API gives it so."""
    changes = {"recordings_dir": str(tmp_path / "audio")}
    route = ROUTES[source] | {"after_call": AFTER}
    route |= {"redact": ["pci", "numbers"]} if hides else {}
    scenario = {"call": [{"say": CARD}]}
    async with open_house(tmp_path / "j.db", scenario, changes, None, **route) as house:
        await house.play()
        await house.watch.until(lambda: bool(told(house, HEARD)), timeout_s=60)
        (recorded,) = told(house, SAVED)
        async with (
            asking(house, tmp_path / "j.db", "calls:read") as client,
            client.get(f"/v1/calls/{recorded['call_id']}/audio") as answer,
        ):
            wav = await answer.read()

    customer, agent = sides(wav[HEADER_BYTES:])
    said_until = 25 * RATE_HZ  # but for the card the customer says nothing by then
    assert (max(customer[:said_until]) > LOUD) is not hides
    assert max(customer[said_until:]) > LOUD
    assert max(agent[said_until // 2 :]) > LOUD
    assert (recorded["silenced_ms"] > 1_000) is hides
    (event,) = told(house, HEARD)
    assert ("4111" in event["text"]) is not hides
    assert "goodbye to you then" in event["text"]


@in_virtual_time
async def test_a_link_that_died_is_asked_for_anew(tmp_path: Path) -> None:
    """The webhook came so late; a repeat of it changes nothing."""
    late = {"events": ["call.recording.saved"], "delay": 1.0, "delay_s": [15, 16], "duplicate": 1.0}
    scenario = {
        "call": [{"say": SCRIPT}],
        "webhooks": {"fault": [late]},
        "rest": {"recording_link_s": 1},
    }
    changes = {"recordings_dir": str(tmp_path / "audio")}
    route = ROUTES["media"]
    async with open_house(tmp_path / "j.db", scenario, changes, None, **route) as house:
        await house.play()
        await house.watch.until(lambda: bool(told(house, SAVED)), timeout_s=60)

    assert told(house, FAILED) == []
    assert len(told(house, SAVED)) == 1


@pytest.mark.parametrize("is_named", [True, False])
async def test_a_host_that_is_not_telnyxs_is_not_asked(tmp_path: Path, is_named: bool) -> None:  # noqa: FBT001
    """Unless the settings name it: the call is told that there will be no recording."""
    scenario = {"speed": SPEED, "recogniser": "script", "call": [{"say": SCRIPT}]}
    async with open_peers(scenario) as (telnyx, receiver, watch):
        settings = dict(settings_for(telnyx, receiver, tmp_path / "j.db", **ROUTES["in_call"]))
        settings |= {
            "telnyx_base_url": telnyx.url.replace("127.0.0.1", "localhost"),
            "recordings_dir": str(tmp_path / "audio"),
            "recording_hosts": [telnyx.base_url] if is_named else [],
        }
        limits = MediaLimits(speed=SPEED)
        async with running(Settings.model_validate(settings), media_limits=limits) as service:
            await telnyx.run(webhook_url=service.url + "/webhooks/telnyx")
            await watch.until(lambda: any(one.type in (SAVED, FAILED) for one in receiver.receipts))

    (receipt,) = [one for one in receiver.receipts if one.type in (SAVED, FAILED)]
    assert receipt.type == (SAVED if is_named else FAILED)
    if not is_named:
        assert (receipt.data["stage"], receipt.data["reason"]) == ("fetch", "unknown_host")
        assert not (tmp_path / "audio").exists()


@in_virtual_time
async def test_what_telnyx_cannot_store_is_told(tmp_path: Path) -> None:
    """And nothing is waited for."""
    scenario = {
        "call": [{"say": SCRIPT}],
        "rest": {"recording_error": "Unsupported backend"},
    }
    route = ROUTES["in_call"]
    async with open_house(tmp_path / "j.db", scenario, None, None, **route) as house:
        await house.play()
        await house.watch.until(lambda: bool(told(house, FAILED)))

    assert [(one["stage"], one["reason"]) for one in told(house, FAILED)] == [
        ("storage", "storage_unsupported")
    ]


@in_virtual_time
async def test_an_erasure_between_webhook_and_file_leaves_nothing(tmp_path: Path) -> None:
    """What Telnyx told of it is forgotten, with the link; no file comes to be."""
    route = ROUTES["in_call"] | {"redact": ["pci"]}  # it waits for the call's last words
    scenario = {"call": [{"say": SCRIPT}]}
    changes = {"recordings_dir": str(tmp_path / "audio")}
    async with open_house(tmp_path / "j.db", scenario, changes, None, **route) as house:
        report = await house.telnyx.run(webhook_url=house.service.url + "/webhooks/telnyx")
        call_id = CallId(report.calls[0].call_id)
        assert told(house, "transcript.completed") == []
        assert await house.service.keeper.erase(call_id)
        await house.watch.until(lambda: bool(told(house, "transcript.erased")))

    assert told(house, SAVED) == []
    assert not (tmp_path / "audio" / file_name(call_id)).exists()
    assert b"X-Amz-Signature" not in (tmp_path / "j.db").read_bytes()


@pytest.mark.slow
async def test_a_service_that_is_killed_before_the_file_is_here_fetches_it(
    tmp_path: Path,
) -> None:
    """The next one does, by what the journal has; neither log has a link."""
    route = ROUTES["in_call"] | {"redact": ["pci"]}
    scenario = {"speed": SPEED, "recogniser": "script", "call": [{"say": SCRIPT}]}
    async with open_peers(scenario) as (telnyx, receiver, watch):
        settings = settings_for(telnyx, receiver, tmp_path / "j.db", **route)
        port = free_port()
        async with serving(tmp_path, settings, port) as service:
            report = await telnyx.run(webhook_url=f"{service.url}/webhooks/telnyx")
            await service.stop(signal.SIGKILL)
        assert not any(one.type == SAVED for one in receiver.receipts)
        path = tmp_path / "recordings" / file_name(CallId(report.calls[0].call_id))
        assert not path.exists()
        async with serving(tmp_path, settings, port) as service:
            await watch.until(lambda: any(one.type == SAVED for one in receiver.receipts), 60)
            await until(path.exists)
            await asyncio.wait_for(service.stop(signal.SIGTERM), PATIENCE_S)

    assert b"Signature" not in (tmp_path / "log.jsonl").read_bytes()
    assert path.read_bytes()[:4] == b"RIFF"


@pytest.mark.parametrize("is_refused", [False, True])
@in_virtual_time
async def test_what_is_here_is_deleted_at_telnyx(tmp_path: Path, *, is_refused: bool) -> None:
    """Where the route says so; Telnyx is asked again if it did not do it."""
    fault = {"command": "delete_recording", "status": 422, "code": "10015", "times": 2}
    scenario: dict[str, Any] = {"call": [{"say": SCRIPT}]}
    scenario |= {"rest": {"fault": [fault]}} if is_refused else {}
    changes = {"recordings_dir": str(tmp_path / "audio")}
    route = ROUTES["in_call"] | {"delete_at_telnyx": True}
    async with open_house(tmp_path / "j.db", scenario, changes, None, **route) as house:
        await house.play()
        await house.watch.until(lambda: bool(told(house, SAVED)))
        await until(lambda: recordings_of(house) == [True])

    assert len(list((tmp_path / "audio").iterdir())) == 1
    assert told(house, FAILED) == []


@in_virtual_time
async def test_what_is_erased_here_is_erased_at_telnyx(tmp_path: Path) -> None:
    """Also a recording of which it tells only then: its webhook comes late."""
    late = {"events": ["call.recording.saved"], "delay": 1.0, "delay_s": [15, 16]}
    scenario = {"call": [{"say": SCRIPT}], "webhooks": {"fault": [late]}}
    changes = {"recordings_dir": str(tmp_path / "audio")}
    route = ROUTES["in_call"] | {"delete_at_telnyx": True}
    async with open_house(tmp_path / "j.db", scenario, changes, None, **route) as house:
        playing = asyncio.create_task(
            house.telnyx.run(webhook_url=house.service.url + "/webhooks/telnyx")
        )
        await house.watch.until(lambda: bool(told(house, "call.ended")))
        call_id = told(house, "call.ended")[0]["call_id"]
        async with (
            asking(house, tmp_path / "j.db", "admin") as client,
            client.delete(f"/v1/calls/{call_id}") as answer,
        ):
            assert answer.status == 204
        await playing
        await until(lambda: recordings_of(house) == [True])

    assert not list((tmp_path / "audio").glob("*"))


def recordings_of(house: House) -> list[bool]:
    """Return of each recording at Telnyx whether it was deleted."""
    return [one.is_deleted for one in house.telnyx.recordings]
