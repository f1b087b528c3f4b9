"""The schemas of events fit the events, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # has no types
from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]  # the same

from service.api.event_schemas import schema_document
from service.settings.checks import EVENT_TYPES

GOLDEN = sorted((Path(__file__).parents[2] / "fixtures" / "events").glob("*.json"))
VALIDATOR = Draft202012Validator(
    schema_document(), format_checker=Draft202012Validator.FORMAT_CHECKER
)


def names_in(schema: dict[str, Any]) -> set[str]:
    """Return the fields that a schema of one event type describes."""
    return set(schema["properties"]["data"]["properties"])


def test_the_schema_is_one() -> None:
    """Any reader of the dialect can use it."""
    Draft202012Validator.check_schema(schema_document())


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_golden_event_fits_its_schema(path: Path) -> None:
    """And has no field that its schema does not describe."""
    event = json.loads(path.read_text())

    VALIDATOR.validate(event)
    kind = schema_document()["discriminator"]["mapping"][event["type"]].rpartition("/")[2]
    assert set(event["data"]) == names_in(schema_document()["$defs"][kind])


def test_there_is_a_schema_for_every_golden_event() -> None:
    """By its type."""
    described = set(schema_document()["discriminator"]["mapping"])

    assert described >= {path.stem for path in GOLDEN}
    assert described <= set(EVENT_TYPES)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "call.unheard_of"},
        {"timestamp": 5},
        {"timestamp": "yesterday"},
        {"data": {}},
        {"data": None},
    ],
)
def test_what_is_no_event_does_not_fit(change: dict[str, Any]) -> None:
    """Each part is held to what it must be."""
    event = json.loads((GOLDEN[0].parent / "call.answered.json").read_text())

    with pytest.raises(ValidationError):
        VALIDATOR.validate(event | change)


def test_a_field_of_a_later_version_does_no_harm() -> None:
    """Fields are only ever added."""
    event = json.loads((GOLDEN[0].parent / "call.answered.json").read_text())
    event["data"]["mood"] = "cheerful"

    VALIDATOR.validate(event)
