"""Receivers that cannot read all that comes."""

from collections.abc import Mapping
from typing import Any

from tests.delivery.planted.receiver import KNOWN, Crm, Event, RefusedError, named_by


@named_by("an event of 200 KB")
class Reads100Kib(Crm):
    """Of a body, as many frameworks do unless told otherwise."""

    def cut(self, body: bytes) -> bytes:
        return body[:102_400]


@named_by("the report of a long call")
class Takes1Mib(Crm):
    """And refuses what is larger."""

    def cut(self, body: bytes) -> bytes:
        if len(body) > 1_048_576:
            raise RefusedError(413)
        return body


@named_by("several events in one request")
class KnowsNoArrays(Crm):
    """Looks for the type of a list."""

    def events(self, webhook_id: str, headers: Mapping[str, str], sent: Any) -> int:  # noqa: ANN401 - JSON
        return 500 if isinstance(sent, list) else super().events(webhook_id, headers, sent)


@named_by("an array of one event")
class KnowsNoArrayOfOne(Crm):
    """Takes several for a batch, and one for an event."""

    def events(self, webhook_id: str, headers: Mapping[str, str], sent: Any) -> int:  # noqa: ANN401 - JSON
        alone = isinstance(sent, list) and len(sent) == 1
        return 422 if alone else super().events(webhook_id, headers, sent)


@named_by("fields that are null")
class KnowsNoNull(Crm):
    """Goes through words that are not there."""

    def event(self, event: Event, *, known: bool) -> int:
        data = event["data"]
        bothered = "words" in data and data["words"] is None and data["confidence"] is None
        return 500 if bothered else super().event(event, known=known)


@named_by("fields that are null")
class KnowsNoWords(Crm):
    """Has a schema in which words are always null."""

    def event(self, event: Event, *, known: bool) -> int:
        timed = event["data"].get("text") == "two" and event["data"]["words"]
        return 400 if timed else super().event(event, known=known)


@named_by("a partial, which has no seq")
class WantsASeq(Crm):
    """Of all that is of a call."""

    def event(self, event: Event, *, known: bool) -> int:
        data = event["data"]
        return 400 if "call_id" in data and "seq" not in data else super().event(event, known=known)


@named_by("a test of the endpoint")
class WantsACall(Crm):
    """In all that comes."""

    def event(self, event: Event, *, known: bool) -> int:
        return 204 if "call_id" in event["data"] else 500


@named_by("an event of no call")
class WantsALeg(Crm):
    """But for what erases, reports and tests."""

    def event(self, event: Event, *, known: bool) -> int:
        return 500 if event["type"] == "endpoint.disabled" else super().event(event, known=known)


@named_by("a type that nobody knows yet")
class KnowsAllTypes(Crm):
    """And refuses others."""

    def event(self, event: Event, *, known: bool) -> int:
        return 204 if event["type"] in KNOWN else 400


@named_by("fields that nobody knows yet")
class KnowsAllFields(Crm):
    """And refuses others."""

    def event(self, event: Event, *, known: bool) -> int:
        return 422 if "something_new" in event else super().event(event, known=known)


@named_by("a value that nobody knows yet")
class KnowsAllReasons(Crm):
    """And refuses others."""

    def event(self, event: Event, *, known: bool) -> int:
        new = event["data"].get("reason") == "something_new"
        return 422 if new else super().event(event, known=known)


@named_by("an erasure")
class BreaksAtErasures(Crm):
    """Of a call that it does not know."""

    def event(self, event: Event, *, known: bool) -> int:
        return 500 if event["type"] == "transcript.erased" else super().event(event, known=known)
