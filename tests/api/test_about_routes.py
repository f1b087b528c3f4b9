"""What the API says of itself, to everybody."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from service.api.calls.models import CallTranscript, WholeCall
from service.api.event_schemas import schema_document
from service.api.report_schema import report_schema
from service.calls.engines import catalogue
from tests.api.builders import CALL
from tests.api.harness import Harness, open_harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    """The API with a call in its journal."""
    async with open_harness(tmp_path) as harness:
        await harness.commit_call()
        yield harness


async def test_the_description_is_openapi(harness: Harness) -> None:
    """A validator of the specification finds nothing wrong with it."""
    described = (await harness.get("/openapi.json")).json

    assert described["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(described).iter_errors()) == []


async def test_every_route_is_described_with_what_it_may_answer(harness: Harness) -> None:
    """Each has a name of its own, a summary, a scope, and says what a refusal looks like."""
    described = (await harness.get("/openapi.json")).json
    operations: list[dict[str, Any]] = [
        operation for item in described["paths"].values() for operation in item.values()
    ]
    names = [operation["operationId"] for operation in operations]

    assert len(set(names)) == len(names) > 20
    assert all(tag["description"] for tag in described["tags"])
    for operation in operations:
        assert operation["summary"], operation
        assert any(status.startswith("2") for status in operation["responses"])
        assert bool(operation["security"]) == ("x-scope" in operation)
        assert not operation["security"] or {"401", "403", "429"} <= operation["responses"].keys()


async def test_schemas_and_engines_are_open_to_everybody(harness: Harness) -> None:
    """They hold nothing of this installation, and may be kept as long as they hold."""
    schemas = await harness.get("/v1/schemas/events")
    report = await harness.get("/v1/schemas/report")
    engines = await harness.get("/v1/engines")

    assert report.json == report_schema()
    assert schemas.json == schema_document()
    assert schemas.headers["Content-Type"] == "application/schema+json"
    assert engines.json == catalogue()
    assert engines.headers["Cache-Control"] == "no-cache"
    known = {"If-None-Match": engines.headers["ETag"]}
    assert (await harness.get("/v1/engines", headers=known)).status == 304


async def test_calls_and_transcripts_are_as_described(harness: Harness) -> None:
    """Every field of an answer is one of the model that it is described by."""
    call = (await harness.get(f"/v1/calls/{CALL}", key=harness.key)).json
    transcript = (await harness.get(f"/v1/calls/{CALL}/transcript", key=harness.key)).json

    assert set(call) == {field.alias or name for name, field in WholeCall.model_fields.items()}
    shown = WholeCall.model_validate(call).model_dump(by_alias=True, mode="json")
    assert shown == call
    told = CallTranscript.model_validate(transcript)
    assert told.model_dump(by_alias=True, mode="json") == transcript
