"""Redacts one text after the other of a call: finals in their order, partials as they come."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal
from unicodedata import normalize

from service.redaction.languages import language_heard
from service.redaction.memory import Memory, OpenUtterance, Policy
from service.redaction.prints import lost_of, prints_of
from service.redaction.said import Mark, Said
from service.redaction.walk import Walk

_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
HELD_S: Final = 3.0
"""How long the end of a partial is held back while no digit is added to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A text as an engine gave it. `at` is when it was said, in Unix seconds."""

    text: str
    key: str
    """Whose: one for each track of a leg."""
    at: float
    is_final: bool
    language: str | None = None
    """Which the engine found it to be; with another one than the call's, both are looked for."""
    words: tuple[str, ...] = ()
    """The texts of its words, where the engine gives them; they may be written otherwise."""
    life: int = 0
    """Which memory of the call this is: a new one does not know what partials have shown."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """What stands in place of something: where in the text that is shown, in characters."""

    entity: str
    start: int
    end: int
    words: tuple[int, ...] = ()
    """The places of the words that it stands for, where there are words."""


Earlier = Literal["hold", "hide", "release"]


@dataclass(frozen=True, slots=True)
class Aloud:
    """What of the sound of a final is not to be heard. Each two places are a stretch of its words.

    None stands for all of it: there are no words, or they do not agree with the text.
    """

    hidden: tuple[tuple[int, int], ...] | None = ()
    """Of what is hidden, and of shown digits of the same numbers."""
    open: tuple[tuple[int, int], ...] | None = ()
    """Of shown digits of a number that is open: more of it may be hidden yet."""
    earlier: Earlier = "hold"
    """What becomes of what was open before this text."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """What of a text is shown."""

    text: str
    words: tuple[str | None, ...] = ()
    """For each word what stands in its place; None for itself."""
    hidden: tuple[Hidden, ...] = ()
    aloud: Aloud = Aloud()
    """Of a final; what a partial hides is not known to be over."""


def redact(memory: Memory, policy: Policy, spoken: Spoken) -> Redacted:
    """Return what is shown of a text, and remember that it was."""
    spoken = _composed(spoken)
    is_over = memory.begin(life=spoken.life, at=spoken.at)
    walk = _walk(memory, policy, spoken)
    timed = walk
    joined = " ".join(spoken.words)
    if spoken.words and joined != spoken.text:
        timed = _walked(memory, policy, spoken, text=joined, hidden=walk.hidden)
        if timed.hidden != walk.hidden:
            walk = _walked(memory, policy, spoken, text=spoken.text, hidden=timed.hidden)
    _remember(memory, walk, timed)
    written = _written(spoken, walk, timed)
    if not spoken.is_final:
        return written
    return replace(written, aloud=_aloud(spoken, (walk, timed), is_over=is_over))


def _composed(spoken: Spoken) -> Spoken:
    """Return a text whose letters have their accents, as the words that are looked for.

    Without what is not seen, and parts words only for who looks for them.
    """
    if spoken.text.isascii() and all(word.isascii() for word in spoken.words):
        return spoken
    words = tuple(normalize("NFC", _UNSEEN.sub("", word)) for word in spoken.words)
    return replace(spoken, text=normalize("NFC", _UNSEEN.sub("", spoken.text)), words=words)


def _walk(memory: Memory, policy: Policy, spoken: Spoken) -> Walk:
    """Go through the text; twice where that shows that the utterance was begun anew.

    It has fewer digits, or others than it showed: these count as well.
    """
    walk = _walked(memory, policy, spoken, text=spoken.text)
    own = memory.utterances.get(spoken.key) or OpenUtterance()
    if walk.digits < own.digits and own.shown > own.before:
        own.before = own.shown
    elif lost := lost_of(own.prints, prints_of(walk.digits_shown)):
        own.before = min(own.shown, own.before + lost)
    else:
        return walk
    own.prints = ()
    return _walked(memory, policy, spoken, text=spoken.text)


def _walked(
    memory: Memory,
    policy: Policy,
    spoken: Spoken,
    *,
    text: str,
    hidden: tuple[int, int] | None = None,
) -> Walk:
    own = memory.utterances.get(spoken.key) or OpenUtterance()
    said = Said(
        text=text,
        key=spoken.key,
        language=language_heard(policy.language, spoken.language),
        at=spoken.at,
        is_final=spoken.is_final,
    )
    walk = Walk(policy, memory, said, hidden)
    walk.go()
    if own.held_at is None or spoken.at - own.held_at < HELD_S or own.held != walk.held:
        return walk
    said.holds = False
    walk = Walk(policy, memory, said, hidden)
    walk.go()
    return walk


def _remember(memory: Memory, walk: Walk, timed: Walk) -> None:
    said = walk.said
    own = memory.utterances.get(said.key) or OpenUtterance()
    shown = max(walk.own, timed.own)
    if not walk.closed:
        shown = max(shown, own.shown)
    if walk.topics.card:
        memory.card_at = said.at
    if walk.goes_on:
        memory.last_at = max(memory.last_at, said.at)
    if said.is_final:
        memory.utterances.pop(said.key, None)
        if topic := walk.topics.keyword or own.topic:
            memory.topic, memory.topic_at = topic, said.at
        if walk.late:
            memory.spent = memory.spent or walk.counted
            return
        if walk.ended:
            memory.ended_at = max(memory.ended_at, said.at)
        memory.shown = walk.shown + shown - walk.own
        memory.spent = walk.spent or timed.spent or (own.hidden is not None and not walk.closed)
        memory.total = walk.total
        memory.plain, memory.speaker = walk.plain, walk.speaker
        memory.at_address = said.key if walk.ends_in_address else ""
        return
    memory.utterances[said.key] = own
    if not walk.held or own.held_at is None or own.held != walk.held:
        own.held_at = said.at if walk.held else None
    own.held = walk.held
    own.prints = max(own.prints, prints_of(walk.digits_shown), key=len)
    own.shown, own.digits, own.hidden = shown, walk.digits, walk.hidden
    own.at = said.at
    own.topic = walk.topics.keyword or own.topic


def _written(spoken: Spoken, walk: Walk, timed: Walk) -> Redacted:
    """Put what is shown in the place of what is not, in the text and in its words."""
    behind = _words_behind(timed.marks, spoken.words)
    alike = len(walk.marks) == len(timed.marks)
    words: list[str | None] = [None] * len(spoken.words)
    for mark, places in zip(walk.marks if alike else timed.marks, behind, strict=True):
        for place in places:
            words[place] = mark.shown
    text, at, hidden = "", 0, []
    for number, mark in enumerate(walk.marks):
        text += spoken.text[at : mark.start]
        places = behind[number] if alike else ()
        hidden.append(Hidden(mark.label.entity, len(text), len(text) + len(mark.shown), places))
        text, at = text + mark.shown, mark.end
    return Redacted(text + spoken.text[at:], tuple(words), tuple(hidden))


def _aloud(spoken: Spoken, walks: tuple[Walk, Walk], *, is_over: bool) -> Aloud:
    walk, timed = walks
    earlier: Earlier = "hold"
    if (walk.reaches_back or timed.reaches_back) and not is_over:
        earlier = "hide"
    elif is_over or (walk.closed and timed.closed):
        earlier = "release"
    secrets = [[(mark.start, mark.end) for mark in one.marks] + one.betrayed for one in walks]
    # digits that partials hid and the final does not have were said at a time that nobody knows
    doubtful = any(one.hidden is not None and one.hidden[1] > one.digits for one in walks)
    if doubtful or (secrets[0] and not (spoken.words and secrets[1])):
        return Aloud(None, (), earlier)
    misheard = walk.said.language.misheard
    stretches = _stretches(secrets[1], spoken.words)
    hidden = tuple(_with_misheard(one, spoken.words, misheard) for one in stretches)
    if walk.open and not (spoken.words and timed.open):
        return Aloud(hidden, None, earlier)
    return Aloud(hidden, _stretches(timed.open, spoken.words), earlier)


def _stretches(
    spans: Sequence[tuple[int, int]], words: tuple[str, ...]
) -> tuple[tuple[int, int], ...]:
    """Return for each span of the words, joined by spaces, the first and the last word in it."""
    places = list(_spans(words)) if spans else []
    found = (
        [place for place, (start, end) in enumerate(places) if span[0] < end and start < span[1]]
        for span in spans
    )
    return tuple((within[0], within[-1]) for within in found if within)


def _with_misheard(
    stretch: tuple[int, int], words: tuple[str, ...], misheard: frozenset[str]
) -> tuple[int, int]:
    """Return a stretch with the words beside it that may have been digits of it."""
    first, last = stretch
    while first and _plain(words[first - 1]) in misheard:
        first -= 1
    while last + 1 < len(words) and _plain(words[last + 1]) in misheard:
        last += 1
    return first, last


def _plain(word: str) -> str:
    return word.strip(".,;:!?").lower()


def _words_behind(marks: list[Mark], words: tuple[str, ...]) -> list[tuple[int, ...]]:
    """Return for each mark the places of the words that it hides."""
    spans = list(_spans(words)) if marks else []
    return [
        tuple(
            place
            for place, (start, end) in enumerate(spans)
            if mark.start < end and start < mark.end
        )
        for mark in marks
    ]


def _spans(words: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Yield where each word is when they are joined by spaces."""
    start = 0
    for word in words:
        yield start, start + len(word)
        start += len(word) + 1
