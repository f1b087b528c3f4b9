"""Telnyx's package for Node: it believes the webhooks of a simulated call, and no others."""

import json
from pathlib import Path

from tests.interop.harness import CALLSCRIBE, run
from tests.interop.peers import Webhook, open_application

SCENARIO = """
seed = 3
speed = 0

[[call]]
ring_s = 0.2
"""
"""A call that nobody answers."""


async def simulated_call(folder: Path) -> tuple[str, list[Webhook]]:
    """Play a call on `callscribe simulate`; return its public key and its webhooks."""
    scenario = folder / "unanswered.toml"
    scenario.write_text(SCENARIO)
    async with open_application() as (url, webhooks):
        command = (CALLSCRIBE, "simulate", str(scenario), "--port", "0", "--webhook-url", url)
        printed = await run(*command)
    settings = dict(
        line.removeprefix("export ").split("=", 1)
        for line in printed.splitlines()
        if line.startswith("export TELNYX")
    )
    return settings["TELNYX_PUBLIC_KEY"], webhooks


async def unwrapped(public_key: str, webhooks: list[Webhook]) -> list[dict[str, str]]:
    """Return what Telnyx's package makes of each webhook."""
    asked = json.dumps({"publicKey": public_key, "webhooks": webhooks})
    answers: list[dict[str, str]] = json.loads(await run("node", "unwrap.js", asked))
    return answers


async def test_telnyxs_package_believes_what_the_simulator_signs(tmp_path: Path) -> None:
    """Every webhook of a call is verified by the key that the simulator shows, and read."""
    key, webhooks = await simulated_call(tmp_path)

    answers = await unwrapped(key, webhooks)

    assert answers == [{"event": "call.initiated"}, {"event": "call.hangup"}]


async def test_telnyxs_package_does_not_believe_what_was_changed(tmp_path: Path) -> None:
    """One letter of a body, or the body of another webhook under this signature, is refused."""
    key, (ringing, hung_up) = await simulated_call(tmp_path)
    changed = {**ringing, "body": str(ringing["body"]).replace("incoming", "outgoing")}
    swapped = {**ringing, "body": hung_up["body"]}

    answers = await unwrapped(key, [changed, swapped])

    assert changed["body"] != ringing["body"]
    assert answers == [{"refused": "TelnyxWebhookVerificationError"}] * 2
