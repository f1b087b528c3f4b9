"""The running service against its own OpenAPI, judged by a program nobody here wrote."""

import asyncio
import json
import sys
import time
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from service.journal.sqlite.keys import open_sqlite_keys
from tests.api.builders import new_key
from tests.service.harness import SCRIPT, open_house

_SETTINGS = """
# no schema can say of a text that there is something in it to search for
[[operations]]
include-path-regex = "/v1/search"
checks.positive_data_acceptance.enabled = false
# nor which routes the settings have, and what fits them
[[operations]]
include-operation-id = ["place_call", "expect_stream"]
checks.positive_data_acceptance.enabled = false
"""
_TIMEOUT_S = 120


@pytest.mark.slow
async def test_the_service_keeps_to_its_own_description(tmp_path: Path) -> None:
    """Whatever is sent, good or bad: no 5xx, no answer that is not described, no way round keys."""
    calls = {"call": [{"say": SCRIPT, "count": 2, "every_s": 0.1}]}
    async with open_house(tmp_path / "j.db", calls, source="in_call", engine="Telnyx") as house:
        report = await house.play()
        async with open_sqlite_keys(tmp_path / "j.db") as keys:
            key = await new_key(keys, now=time.time())
        kept, erased = (call.call_id for call in report.calls)
        described = tmp_path / "openapi.json"
        described.write_text(json.dumps(await _description(house.service.url, kept, erased)))
        code, said = await _schemathesis(tmp_path, described, house.service.url, key)

    assert code == 0, said


async def _description(url: str, kept: str, erased: str) -> dict[str, Any]:
    """Return what the service says of itself, with calls for examples that are there."""
    async with aiohttp.ClientSession() as session, session.get(url + "/openapi.json") as answer:
        described: dict[str, Any] = await answer.json()
    for path in list(described["paths"]):
        for method, operation in list(described["paths"][path].items()):
            if "text/event-stream" in json.dumps(operation["responses"]):
                del described["paths"][path][method]  # it never ends; it has tests of its own
            # only the service can make a good cursor; it has tests of its own
            known = [one for one in operation["parameters"] if one["name"] != "cursor"]
            operation["parameters"] = known
            for parameter in known:
                if parameter["name"] == "call_id" and parameter["in"] == "path":
                    parameter["example"] = erased if method == "delete" else kept
    described["paths"] = {path: item for path, item in described["paths"].items() if item}
    return described


async def _schemathesis(folder: Path, described: Path, url: str, key: str) -> tuple[int, str]:
    settings = folder / "schemathesis.toml"
    settings.write_text(_SETTINGS)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings)),
        *("run", str(described), "--url", url),
        *("--header", f"Authorization: Bearer {key}"),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", "30", "--seed", "1"),
        *("--request-timeout", "10", "--no-color", "--warnings", "off"),
    ]
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=PIPE, stderr=STDOUT)
    async with asyncio.timeout(_TIMEOUT_S):
        out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()
