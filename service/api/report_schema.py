"""The JSON Schema of a call's report, made from the classes that it is written from."""

import json
from functools import cache

import msgspec

from service.api.event_schemas import DIALECT, Schema
from service.archive.report import CallDocument
from service.ports import REPORT_TYPE


@cache
def report_schema() -> Schema:
    """Return the schema of `call.report`; its `CallDocument` is what `call.json` holds.

    Fields are only ever added, and nothing here forbids one that is not known yet.
    """
    components = msgspec.json.schema_components([CallDocument], ref_template="#/$defs/{name}")
    (document,), parts = json.loads(json.dumps(components))
    return {
        "$schema": DIALECT,
        "title": "The report of a call",
        "type": "object",
        "properties": {
            "type": {"type": "string", "const": REPORT_TYPE},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": document,
        },
        "required": ["type", "timestamp", "data"],
        "$defs": parts,
    }
