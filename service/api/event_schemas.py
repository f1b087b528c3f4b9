"""JSON Schemas of every event, made from the classes that events are written from."""

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from pydantic import TypeAdapter

from service.calls.events import Event, TranscriptPartial
from service.wire.events import Timing

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]
_SEQ: Schema = {"type": "integer", "minimum": 1, "description": "Gapless within the call."}
_AFTER_SEQ: Schema = {
    "type": "integer",
    "minimum": 0,
    "description": "The `seq` of the last durable event before it.",
}
_TIME: Schema = {"type": "string", "format": "date-time"}
_ALWAYS = frozenset({"call_id", "seq", "after_seq", "occurred_at", "metadata"})
_KINDS = (*get_args(Event), TranscriptPartial)


@cache
def event_schemas() -> dict[str, Schema]:
    """Return the schemas by name: `Event` (any of them), one for each type, and what they share.

    They point at each other as `#/$defs/<name>`. Fields are only ever added: one that was added
    later has a default and is not required, and nothing here forbids one that is not known yet.
    """
    schemas: dict[str, Schema] = {"Timing": TypeAdapter(Timing).json_schema()}
    for kind in _KINDS:
        schemas |= dict(_schemas_of(kind))
    mapping = {kind.type: f"#/$defs/{kind.__name__}" for kind in _KINDS}
    schemas["Event"] = {
        "description": "Any event, as every endpoint gets it.",
        "oneOf": [{"$ref": place} for place in mapping.values()],
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }
    return schemas


def schema_document() -> Schema:
    """Return one schema that fits every event, with all others inside."""
    schemas = dict(event_schemas())
    return {"$schema": DIALECT, "title": "Events of Callscribe", **schemas.pop("Event")} | {
        "$defs": schemas
    }


def _schemas_of(kind: type[Any]) -> Iterator[tuple[str, Schema]]:
    data = TypeAdapter(kind).json_schema(ref_template="#/$defs/{model}", mode="validation")
    yield from data.pop("$defs", {}).items()
    durable = kind is not TranscriptPartial
    fields = {name.rstrip("_"): schema for name, schema in data["properties"].items()}
    place = {"seq": _SEQ} if durable else {"after_seq": _AFTER_SEQ}
    properties = {
        "call_id": {"type": "string"},
        **place,
        **fields,
        "occurred_at": _TIME,
        "metadata": {"type": "object", "description": "The route's."},
        "timing": {"$ref": "#/$defs/Timing"},
    }
    since = {name.rstrip("_") for name in data.get("required", ())}
    required = [name for name in properties if name in since or name in _ALWAYS]
    yield (
        kind.__name__,
        {
            "type": "object",
            "description": _first_line(kind),
            "properties": {
                "type": {"type": "string", "const": kind.type},
                "timestamp": _TIME,
                "data": {"type": "object", "properties": properties, "required": required},
            },
            "required": ["type", "timestamp", "data"],
        },
    )


def _first_line(kind: type[Any]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]
