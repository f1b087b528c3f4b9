"""Secrets read out in every way, and what anybody got to see of them."""

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, get_args

from service.redaction.labels import Kind
from service.redaction.memory import MAX_SHOWN, Level, Memory, Policy
from service.redaction.redactor import Redacted, Spoken, redact
from tests.redaction.dialogues import REPEATED, Dialogue, Heard, dialogue, written
from tests.redaction.innocents import sentences
from tests.redaction.oracle import digits_in, most_in_order
from tests.redaction.secrets import MAKERS
from tests.redaction.tongues import ENGLISH, Tongue

UTTERANCES: Final = 10_000
SHORT_UTTERANCES: Final = 1_000
KINDS: Final[frozenset[Kind]] = frozenset(get_args(Kind))
MAX_WRONG: Final = 0.005
"""How many innocent sentences may be redacted."""
_NAMED_BOUND: Final = 4
_CODE_BOUND: Final = 1
_CALL_SENTENCES: Final = 20
_CARD: Final = re.compile("card|tarjeta")
HEADS: Final = (
    "kind", "utterances", "prefixes", "leaked", "missed in finals", "wrongly redacted",
    "held back p99 words", "ms",
)  # fmt: skip
Redactor = Callable[[Memory, Policy, Spoken], Redacted]


def without_hold_back(memory: Memory, policy: Policy, spoken: Spoken) -> Redacted:
    """Show the end of a partial as it is until it settles: the control that must leak."""
    shown = redact(memory, policy, spoken)
    if spoken.is_final:
        return shown
    last = len(spoken.words)
    while last and (digits_in(spoken.words[last - 1]) or spoken.words[last - 1] in ("and", "uh")):
        last -= 1
    settled = redact(Memory(), policy, _as(spoken, " ".join(spoken.words[:last])))
    return Redacted(" ".join((settled.text, *spoken.words[last:])), hidden=shown.hidden)


def without_chain(memory: Memory, policy: Policy, spoken: Spoken) -> Redacted:
    """Look at each text by itself: the other control that must leak."""
    del memory
    return redact(Memory(), policy, spoken)


CONTROLS: Final[dict[str, Redactor]] = {"hold-back": without_hold_back, "chain": without_chain}


@dataclass(slots=True)
class Row:
    """What came of the dialogues of one kind."""

    utterances: int = 0
    prefixes: int = 0
    leaked: int = 0
    missed: int = 0
    wrong: int = 0
    held_words: list[int] = field(default_factory=list)
    held_ms: list[int] = field(default_factory=list)

    def cells(self, name: str) -> tuple[str, ...]:
        """Return it as the table shows it."""
        counts = (self.utterances, self.prefixes, self.leaked, self.missed, self.wrong)
        words, ms = _p99(self.held_words), _p99(self.held_ms)
        return (name, *(f"{count:,}" for count in counts), str(words), f"{ms:,}")


@dataclass(slots=True)
class Viewer:
    """Somebody who sees everything that leaves: finals, and the open partials of both tracks."""

    dialogue: Dialogue
    bound: int
    finals: dict[tuple[int, int], str] = field(default_factory=dict)
    """The digits of each, by when it was said; what is said again comes after it."""
    texts: str = ""
    said: str = ""
    """What the finals were before anything of them was hidden."""
    open: dict[str, str] = field(default_factory=dict)
    ever: dict[int, str] = field(default_factory=dict)
    """The most digits that each utterance ever showed."""

    def sees(self, heard: Heard, text: str) -> bool:
        """Take an output; return whether it shows too much of the secret."""
        if heard.utterance % REPEATED < self.dialogue.begins:
            return False
        tongue = self.dialogue.tongue
        digits = digits_in(text, tongue)
        if len(digits) > len(self.ever.get(heard.utterance, "")):
            self.ever[heard.utterance] = digits
        if heard.is_final:
            self.said += f" {' '.join(heard.words)}"
            self.open.pop(heard.key, None)
            number = heard.utterance
            self.finals[number % REPEATED, number] = digits
            self.texts += f" {text}"
        else:
            self.open[heard.key] = text
        if self.dialogue.secret.kind == "email":
            return self._shows_address()
        return self._shows_too_much([digits_in(one, tongue) for one in self.open.values()])

    def remembers_too_much(self) -> bool:
        """Return whether all revisions together show too much."""
        return self._is_too_much(self._in_order(self.ever))

    def was_said(self) -> bool:
        """Return whether the finals said the secret, or too much of it."""
        if self.dialogue.secret.kind == "email":
            return self._is_address(self.said)
        return self._is_too_much(digits_in(self.said, self.dialogue.tongue))

    def _shows_too_much(self, partials: list[str]) -> bool:
        orders = ("".join(partials), "".join(reversed(partials)))
        finals = "".join(self.finals[one] for one in sorted(self.finals))
        return any(self._is_too_much(finals + order) for order in orders)

    def _in_order(self, shown: Mapping[int, str]) -> str:
        """Return the digits of utterances; apart those in which the number plainly begins anew.

        That its first digit is also what would come next of the reading before, is chance.
        """
        made = ""
        for number in sorted(shown):
            is_anew = number == self.dialogue.begins_anew
            if is_anew and self.dialogue.secret.value.startswith(shown[number]):
                made += " "
            made += shown[number]
        return made

    def _is_too_much(self, shown: str) -> bool:
        secret = self.dialogue.secret
        if secret.kind == "email":
            return False
        return most_in_order(shown, secret.value) > self.bound

    def _shows_address(self) -> bool:
        return self._is_address(" ".join((self.texts, *self.open.values())))

    def _is_address(self, shown: str) -> bool:
        if written(self.dialogue.secret, self.dialogue.tongue) in shown:
            return True
        secret, at_sign = self.dialogue.secret.value, self.dialogue.tongue.at
        return any(f"{secret} {one} example" in shown for one in (at_sign, f"({at_sign})"))


def judge(made: Dialogue, redactor: Redactor, policy: Policy, row: Row) -> None:
    """Play a dialogue and count what its viewer saw."""
    memory, viewer = Memory(), Viewer(made, bound_of(made, policy.level))
    held_since: dict[str, float] = {}
    hidden = 0
    for heard in made.heard:
        text = " ".join(heard.words)
        spoken = Spoken(
            text=text,
            key=heard.key,
            at=heard.at,
            is_final=heard.is_final,
            language=heard.language,
            words=heard.words,
            life=heard.life,
        )
        shown = redactor(memory, policy, spoken)
        row.leaked += viewer.sees(heard, shown.text)
        row.utterances += heard.is_final
        row.prefixes += not heard.is_final
        if heard.is_final:
            hidden += len(shown.hidden)
            row.wrong += bool(shown.hidden) and not _has_secret(made, heard)
        _count_held(row, heard, shown, held_since)
    row.leaked += viewer.remembers_too_much()
    row.missed += not hidden and viewer.was_said()


def _count_held(row: Row, heard: Heard, shown: Redacted, since: dict[str, float]) -> None:
    words = [len(one.words) for one in shown.hidden if one.entity == "held"]
    if words:
        row.held_words += words
        since.setdefault(heard.key, heard.at)
    elif heard.key in since:
        row.held_ms.append(round((heard.at - since.pop(heard.key)) * 1000))


def _has_secret(made: Dialogue, heard: Heard) -> bool:
    """Whether there is anything in an utterance that may have to be hidden."""
    return made.secret.kind == "email" or bool(digits_in(" ".join(heard.words), made.tongue))


def bound_of(made: Dialogue, level: Level) -> int:
    """Return how many digits of the secret in order anybody may see."""
    if made.secret.kind == "code":
        return _CODE_BOUND
    return min(MAX_SHOWN[level], _NAMED_BOUND) if made.is_named else MAX_SHOWN[level]


def prove(
    seed: int, utterances: int, redactor: Redactor, level: Level, tongue: Tongue = ENGLISH
) -> dict[str, Row]:
    """Play dialogues of all kinds until so many utterances were heard."""
    rows = {kind: Row() for kind in MAKERS}
    policy = Policy(KINDS, level, language=tongue.code)
    number = 0
    while sum(row.utterances for row in rows.values()) < utterances:
        for kind, row in rows.items():
            dice = random.Random(f"{seed} {kind} {number}")  # noqa: S311 - the same each time
            judge(dialogue(dice, kind, tongue), redactor, policy, row)
        number += 1
    return rows


def wrongly_redacted(
    seed: int, count: int, level: Level, tongue: Tongue = ENGLISH
) -> Iterator[tuple[str, str, str]]:
    """Yield innocent sentences of which something is hidden: template, sentence, what is left."""
    dice = random.Random(seed)  # noqa: S311
    policy = Policy(KINDS, level, language=tongue.code)
    for template, sentence in sentences(dice, count, MAX_SHOWN[level], tongue):
        spoken = Spoken(text=sentence, key="a", at=1_000.0, is_final=True, language=tongue.code)
        shown = redact(Memory(), policy, spoken)
        if shown.hidden:
            yield template, sentence, shown.text


def in_calls(seed: int, count: int, level: Level, tongue: Tongue = ENGLISH, *, named: bool) -> Row:
    """Say innocent sentences in calls of 20, nearly each with a number, and count what is hidden.

    In those that are `named` somebody speaks of a card now and then.
    """
    dice = random.Random(seed)  # noqa: S311
    policy = Policy(KINDS, level, language=tongue.code)
    made = list(sentences(dice, count, MAX_SHOWN[level], tongue))
    said = [one for template, one in made if named or not _CARD.search(template)]
    dice.shuffle(said)
    row, memory, at = Row(utterances=len(said)), Memory(), 0.0
    for number, sentence in enumerate(said):
        if number % _CALL_SENTENCES == 0:
            memory = Memory()
        at += dice.uniform(2.0, 8.0)
        spoken = Spoken(text=sentence, key=dice.choice("ab"), at=at, is_final=True)
        row.wrong += bool(redact(memory, policy, spoken).hidden)
    return row


def _p99(values: list[int]) -> int:
    return sorted(values)[int(len(values) * 0.99)] if values else 0


def _as(spoken: Spoken, text: str) -> Spoken:
    return Spoken(text=text, key=spoken.key, at=spoken.at, is_final=True)
