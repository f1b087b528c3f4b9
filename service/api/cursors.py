"""Cursors of pages: opaque, signed, and good only for the question they came from. Pure."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Generic, TypeVar

import msgspec

from service.api.operations import Query
from service.api.problems import Fault, RefusalError

_TAG_BYTES = 16
_NOT_QUESTION = frozenset({"limit", "cursor"})

Place = tuple[int | float | str, ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of what was found, and the cursor of the next; None on the last."""

    items: Sequence[T]
    next: str | None


class Cursors:
    """Seals and opens cursors; `secret` is the installation's, for tokens too."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hmac.digest(secret, b"cursor", hashlib.sha256)

    def seal(self, question: Query, place: Place) -> str:
        """Return the cursor of a place in the answers to this question."""
        packed = msgspec.json.encode(place)
        return base64.urlsafe_b64encode(self._tag(question, packed) + packed).decode().rstrip("=")

    def open(self, question: Query, cursor: str, kind: type[Place]) -> Place:
        """Return the place of a cursor.

        Raises:
            RefusalError: 400: it was changed, or comes from another question.
        """
        try:
            raw = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
            packed = raw[_TAG_BYTES:]
            if hmac.compare_digest(raw[:_TAG_BYTES], self._tag(question, packed)):
                return msgspec.json.decode(packed, type=kind)
        except (binascii.Error, ValueError):
            pass
        raise RefusalError(
            HTTPStatus.BAD_REQUEST,
            "The cursor is none of this question: take it from next, with the same parameters.",
            faults=[Fault(("query", "cursor"), "is none of this question")],
        )

    def page(
        self, question: Query, found: Sequence[T], place: Callable[[T], Place], *, limit: int
    ) -> Page[T]:
        """Return the first `limit` of what was found; the next page begins after the last one.

        The caller finds one more than `limit`: it says whether there is a next page.
        """
        items = found[:limit]
        more = len(found) > len(items)
        return Page(items, self.seal(question, place(items[-1])) if more else None)

    def _tag(self, question: Query, packed: bytes) -> bytes:
        asked = question.model_dump_json(exclude=set(_NOT_QUESTION))
        signed = f"{type(question).__name__} {asked} ".encode() + packed
        return hmac.digest(self._secret, signed, hashlib.sha256)[:_TAG_BYTES]
