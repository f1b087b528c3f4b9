"""The library as plain Python: which calls and finals must be found, and in what order."""

from dataclasses import dataclass, field

from service.ids import CallId
from service.ports import CallFilter, Entry
from tests.journal.builders import TIMES, body


@dataclass(slots=True)
class Call:
    """A call and what was said in it: (role, text)."""

    call_id: str
    at: int
    from_number: str
    metadata: dict[str, object]
    ended: bool
    said: list[tuple[str, str]] = field(default_factory=list)

    def entry(self) -> Entry:
        """Return the commit that makes the call."""
        numbers = {"from": self.from_number, "to": "+999"}
        events = [
            body(
                self.call_id, 1, "call.started", self.at, direction="incoming",
                metadata=self.metadata, **numbers,
            )
        ]  # fmt: skip
        for role, text in self.said:
            seq = len(events) + 1
            spoken = {"utterance_id": f"u{seq}", "start_ms": seq, "end_ms": None}
            events.append(
                body(self.call_id, seq, "transcript.final", 1, role=role, text=text, **spoken)
            )
        if self.ended:
            ended = body(self.call_id, len(events) + 1, "call.ended", 2, duration_ms=5)
            events.append(ended)
        call_id = CallId(self.call_id)
        return Entry(call_id=call_id, version=0, epoch=1, state=b"", events=tuple(events))

    def fits(self, wanted: CallFilter) -> bool:
        """Tell whether the call is wanted."""
        began = TIMES[self.at]
        return all(
            (
                wanted.live in (None, not self.ended),
                wanted.started_from is None or began >= wanted.started_from,
                wanted.started_before is None or began < wanted.started_before,
                wanted.number is None
                or any(_is(number, wanted.number) for number in (self.from_number, "+999")),
                all(_as_text(self.metadata.get(k)) == v for k, v in wanted.metadata.items()),
            )
        )


def holds(text: str, words: str) -> bool:
    """Tell whether a text of words and spaces holds all that is typed as words, or as prefix*."""
    spoken = text.split()
    return all(
        any(one.startswith(word[:-1]) if word.endswith("*") else one == word for one in spoken)
        if not word.startswith("-")
        else word[1:] not in spoken
        for word in words.split()
    )


def _is(number: str, wanted: str) -> bool:
    if wanted.endswith("*"):
        return number.startswith(wanted[:-1])
    return number == wanted


def _as_text(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)
