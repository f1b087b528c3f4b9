"""What of a secret is heard in a recording, by what is said of the sound of each final."""

import random
from dataclasses import dataclass, field
from typing import Final

from service.redaction.memory import Level, Memory, Policy
from service.redaction.redactor import Aloud, Spoken, redact
from tests.redaction.builders import KINDS
from tests.redaction.dialogues import REPEATED, Dialogue, dialogue
from tests.redaction.oracle import digits_in, most_in_order
from tests.redaction.secrets import MAKERS
from tests.redaction.tongues import ENGLISH, Tongue

HEADS: Final = ("kind", "dialogues", "some of it heard", "most digits in order")
NUMBERS: Final = tuple(kind for kind in MAKERS if kind != "email")


@dataclass(slots=True)
class Recording:
    """The words that are heard in it, in the order of their finals; None: silence."""

    words: list[str | None] = field(default_factory=list)
    _waiting: list[int] = field(default_factory=list)

    def take(self, said: tuple[str, ...], aloud: Aloud) -> None:
        """Record a final, and what is said of its sound."""
        if aloud.earlier == "hide":
            for place in self._waiting:
                self.words[place] = None
        if aloud.earlier != "hold":
            self._waiting.clear()
        begin = len(self.words)
        self.words += [None] * len(said) if aloud.hidden is None else said
        for first, last in aloud.hidden or ():
            self.words[begin + first : begin + last + 1] = [None] * (last + 1 - first)
        whole = ((0, len(said) - 1),)
        for first, last in whole if aloud.open is None else aloud.open:
            self._waiting += range(begin + first, begin + last + 1)


@dataclass(slots=True)
class Sound:
    """What came of the dialogues of one kind."""

    dialogues: int = 0
    heard: int = 0
    """In how many of them two digits of the secret are heard in order, or more."""
    most: int = 0
    """How many are, at most."""

    def cells(self, name: str) -> tuple[str, ...]:
        """Return it as the table shows it."""
        return name, f"{self.dialogues:,}", f"{self.heard:,}", f"{self.most}"


def play(made: Dialogue, policy: Policy) -> int:
    """Play a dialogue; return how many digits of its secret are heard in order, at most."""
    memory, recording = Memory(), Recording()
    for heard in made.heard:
        text = " ".join(heard.words)
        spoken = Spoken(
            text=text,
            key=heard.key,
            at=heard.at,
            is_final=heard.is_final,
            language=made.tongue.code,
            words=heard.words,
            life=heard.life,
        )
        shown = redact(memory, policy, spoken)
        if heard.is_final and heard.utterance < REPEATED:  # what is said again is one sound
            recording.take(heard.words, shown.aloud)
    heard_words = " ".join(word or "[silence]" for word in recording.words)
    return most_in_order(digits_in(heard_words, made.tongue), made.secret.value)


def listen(seed: int, dialogues: int, level: Level, tongue: Tongue = ENGLISH) -> dict[str, Sound]:
    """Play so many dialogues of each kind of number."""
    policy = Policy(KINDS, level, language=tongue.code)
    rows = {kind: Sound() for kind in NUMBERS}
    for number in range(dialogues):
        for kind, row in rows.items():
            dice = random.Random(f"{seed} {kind} {number}")  # noqa: S311 - the same each time
            heard = play(dialogue(dice, kind, tongue), policy)
            row.dialogues += 1
            row.heard += heard > 1
            row.most = max(row.most, heard)
    return rows
