"""Has what recognitions of one track say come in the order of their audio.

A stream that is dialled again is heard at once, while the last words of the one before it are still
waited for. What is said of the later audio waits for them: events come in order, and the books of a
track are kept in order as well.
"""

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from service.calls.inputs import Input, WordsHeard

Key = TypeVar("Key")


class Speaker:
    """Passes on what one recognition says, in its turn; until then partials are worthless."""

    def __init__(self, post: Callable[[Input], None]) -> None:
        self._post = post
        self._held: deque[Input] = deque()
        self._next: Speaker | None = None
        self._waits = False
        self._ended = False

    @property
    def over(self) -> bool:
        """Whether it has said all, and it was passed on."""
        return self._ended and not self._waits

    def say(self, item: Input) -> None:
        """Pass on an item, now or in its turn."""
        if not self._waits:
            self._post(item)
        elif not isinstance(item, WordsHeard) or item.is_final:
            self._held.append(item)

    def follow(self, before: "Speaker") -> None:
        """Wait until another one has said all."""
        before._next = self  # noqa: SLF001 - of the same class
        self._waits = True

    def end(self) -> None:
        """Note that nothing more is said."""
        self._ended = True
        self._hand_over()

    def _begin(self) -> None:
        self._waits = False
        while self._held:
            self._post(self._held.popleft())
        self._hand_over()

    def _hand_over(self) -> None:
        if self.over and self._next is not None:
            self._next._begin()  # noqa: SLF001 - of the same class
            self._next = None


class Succession(Generic[Key]):
    """Who speaks last, by track."""

    def __init__(self) -> None:
        self._last: dict[Key, Speaker] = {}

    def next(self, key: Key, post: Callable[[Input], None]) -> Speaker:
        """Return a speaker for a track, who waits for the one before."""
        speaker, before = Speaker(post), self._last.get(key)
        if before is not None and not before.over:
            speaker.follow(before)
        self._last[key] = speaker
        return speaker

    def end(self, key: Key, speaker: Speaker) -> None:
        """Note that a speaker says nothing more."""
        speaker.end()
        if self._last.get(key) is speaker and speaker.over:
            del self._last[key]
