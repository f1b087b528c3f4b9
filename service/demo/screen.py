"""The live transcript in a terminal: finals scroll, partials stand below them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from service.archive.wording import why
from service.demo.receiver import Receipt

_STYLES = {"customer": "cyan", "agent": "green", "unknown": "magenta"}
_WIDTH = max(len(role) for role in _STYLES)
NOTES = {
    "call.started": "the phone rings",
    "call.answered": "the call is answered",
    "call.bridged": "the caller is connected",
    "call.transferred": "the caller is transferred",
    "call.held": "on hold",
    "call.resumed": "not on hold any more",
    "conference.joined": "in a conference",
    "conference.left": "out of the conference",
    "call.unanswered": "nobody was reached",
    "call.attached": "the call is listened to from here on",
    "transcription.started": "transcription has begun",
    "transcription.degraded": "transcription is degraded",
    "transcription.failed": "transcription has failed",
    "transcription.recovered": "transcription works again",
    "transcript.gap": "some audio was lost",
    "call.ended": "the call has ended",
}


class Screen(Protocol):
    """Shows events as they come."""

    def show(self, receipt: Receipt) -> None:
        """Show one event of the call."""


@contextmanager
def open_screen(console: Console, *, live: bool) -> Iterator[Screen]:
    """Show the transcript on `console`; `live` moves the cursor, else there are only lines."""
    if not live:
        yield LineScreen(console)
        return
    with Live(console=console, auto_refresh=False, transient=True) as area:
        yield LiveScreen(area)


class LineScreen:
    """One line for each final and each note; partials are not shown."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def show(self, receipt: Receipt) -> None:
        """Print the event if it has a line."""
        if receipt.type != "transcript.partial" and (line := line_of(receipt)):
            self._console.print(line, soft_wrap=True)


class LiveScreen:
    """Finals scroll by; below them stand the utterances still being spoken, one for each track."""

    def __init__(self, area: Live) -> None:
        self._area = area
        self._open: dict[str, Receipt] = {}

    def show(self, receipt: Receipt) -> None:
        """Show a partial at the bottom, or print a final in its place."""
        if receipt.type == "transcript.partial":
            self._open[receipt.data["utterance_id"]] = receipt
            self._area.update(self._partials(), refresh=True)
            return
        self._open.pop(receipt.data.get("utterance_id", ""), None)
        with self._area.console:  # written at once, so that no line blinks or stands twice
            self._area.update(self._partials(), refresh=True)
            if line := line_of(receipt):
                self._area.console.print(line)

    def _partials(self) -> Group:
        spoken = sorted(self._open.values(), key=lambda partial: partial.data["start_ms"] or 0)
        return Group(*filter(None, map(line_of, spoken)))


def line_of(receipt: Receipt) -> Text | None:
    """Return the line of a partial, a final or a note; None for events that are not shown."""
    if receipt.type in ("transcript.partial", "transcript.final"):
        return _spoken(receipt)
    if receipt.type not in NOTES:
        return None
    note = NOTES[receipt.type]
    if reason := receipt.data.get("reason"):
        note = f"{note}: {_printable(why(reason))}"
    return Text(f"       {'':{_WIDTH}}  {note}", style="dim")


def _spoken(receipt: Receipt) -> Text:
    role = receipt.data["role"]
    is_final = receipt.type == "transcript.final"
    return Text.assemble(
        (f"{clock(receipt.data['start_ms'])}  ", "dim"),
        (f"{role:>{_WIDTH}}  ", "bold " + _STYLES[role]),
        (_printable(receipt.data["text"]), "" if is_final else "dim italic"),
        ("" if is_final else " \u2026", "dim"),
    )


def clock(at_ms: int | None) -> str:
    """Write a place on the call clock as minutes and seconds."""
    if at_ms is None:
        return "--:--"
    minutes, seconds = divmod(at_ms // 1000, 60)
    return f"{minutes:02}:{seconds:02}"


def _printable(text: str) -> str:
    """Keep an engine from writing to the terminal anything but text."""
    return "".join(character if character.isprintable() else " " for character in text)
