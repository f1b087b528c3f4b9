"""The tables of a journal, whatever the database: their columns, in the order they are copied in.

What a database derives from them for itself (its index of words, what is still open) is not here.
A value is the same in every database: text, bytes, whole numbers, floats, None.
"""

from dataclasses import dataclass
from typing import Final

Value = str | bytes | int | float | None
Row = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or the part of it that is copied. `key` are the columns that order its rows."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    def key_of(self, row: Row) -> Row:
        """Return the key of a row."""
        return tuple(row[self.columns.index(name)] for name in self.key)


def _table(name: str, columns: str, *key: str) -> Table:
    names = tuple(columns.split())
    return Table(name, names, key or names[:1])


TABLES: Final = (
    _table(
        "call",
        "call_no call_id version epoch last_seq state wake_at ended created_at updated_at",
    ),
    _table("leg", "leg_id call_no"),
    _table("party", "call_no number shown", "call_no", "number"),
    _table("inbox", "input_id received_at"),
    _table("event", "position call_no seq type body created_at"),
    _table(
        "utterance",
        "position call_no seq utterance_id role start_ms end_ms occurred_at text",
    ),
    _table(
        "summary",
        "call_no started_at answered_at ended_at completed_at erased_at direction from_number"
        " to_number duration_ms utterances words gaps transcription metadata route",
    ),
    _table(
        "lane",
        "call_no endpoint acked_seq head_seq attempts due_at generation",
        "call_no",
        "endpoint",
    ),
    _table("keeping", "call_no text_due_at attempts_s"),
    _table("parked", "id call_no endpoint seq type status reason parked_at"),
    _table("attempt", "id call_no endpoint seq made_at result status took_ms answer delete_at"),
    _table("endpoint_state", "endpoint disabled_reason disabled_at"),
    _table("endpoint_alias", "old new"),
    _table("endpoint_filter", "endpoint events report"),
    _table("media_token", "token_hash header_hash call_id leg_id expires_at"),
    _table("recording", "call_no file started_at delete_at"),
    _table("api_key", "id name digest scopes created_at revoked_at binding"),
    _table("saved_search", "id name query created_at"),
    _table("access", "id at key_id action call_id address"),
    _table("installation", "id token_secret"),
    _table("unscrubbed", "call_no"),
)
