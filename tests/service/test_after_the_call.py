"""What follows once a call is over."""

from pathlib import Path

from tests.service.harness import SCRIPT, open_house

ROUTE = {"source": "media", "engine": "Deepgram", "model": "nova-3"}
WORDS = [str(line["text"]) for line in SCRIPT]


async def test_a_crm_gets_the_whole_call_in_one_request(tmp_path: Path) -> None:
    """All words, in the order they were said, by whom; no event beside it."""
    crm = {"report": True, "events": ["call.report"], "partials": "off"}
    async with open_house(
        tmp_path / "j.db", {"call": [{"say": SCRIPT}]}, None, None, crm, **ROUTE
    ) as house:
        await house.telnyx.run(webhook_url=house.service.url + "/webhooks/telnyx")
        await house.watch.until(lambda: len(house.receiver.receipts) > 0)

    (report,) = house.receiver.receipts
    assert report.type == "call.report"
    assert [one["text"] for one in report.data["utterances"]] == WORDS
    assert {one["role"] for one in report.data["utterances"]} == {"agent", "customer"}
    assert report.data["revision"] == 1
    assert report.data["metadata"] == {"queue": "billing"}
    assert house.receiver.forged == 0
