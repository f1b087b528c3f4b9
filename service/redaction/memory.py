"""What is remembered of a call to redact it (counts, labels, times), and by which policy."""

from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from service.redaction.labels import Kind, Label

Level = Literal["strict", "balanced"]
Mask = Literal["label", "last4"]
MAX_SHOWN: Final[dict[Level, int]] = {"strict": 4, "balanced": 7}
"""How many digits in order of a number are shown at most."""
OPEN_S: Final = 30.0
"""How long after its last digits a number may go on."""
NEAR_S: Final = 60.0
"""How long a keyword, or a card, makes what follows strict."""


class Policy(NamedTuple):
    """What is to be hidden, and how."""

    kinds: frozenset[Kind]
    level: Level = "balanced"
    mask: Mask = "label"
    language: str | None = None
    """In which the call is had, by its route; None where nobody says."""

    @property
    def counts_digits(self) -> bool:
        """Whether numbers are hidden at all: all kinds but addresses are numbers."""
        return bool(self.kinds - {"email"})


@dataclass(slots=True)
class OpenUtterance:
    """What partials of an utterance that has no final yet have shown."""

    at: float = 0.0
    """When the last of them came."""
    shown: int = 0
    """Digits of the number that is open, at most."""
    before: int = 0
    """Of these, digits of what the utterance said before the engine began it anew."""
    digits: int = 0
    """All digits of the last partial, shown or not."""
    prints: tuple[int, ...] = ()
    """Of the digits that it showed, however many numbers they are of."""
    hidden: tuple[int, int] | None = None
    """From which of its digits to which some were hidden: none of these is shown any more."""
    held_at: float | None = None
    """Since when its end is held back as it is."""
    held: int = 0
    """How long that end is, in characters."""
    topic: str = ""
    """The label of its last keyword."""


@dataclass(slots=True)
class Memory:
    """What is remembered of a call. Times are Unix seconds."""

    shown: int = 0
    """Digits of the open number that were shown."""
    spent: bool = False
    """Whether some of the open number were hidden, so that none follows."""
    lost: bool = False
    """Whether nobody knows what was shown of it: no words end it then."""
    ended_at: float = 0.0
    """When what ended the last number was said: of that is what was said before and comes late."""
    total: int = 0
    """Its digits, shown or not."""
    last_at: float = 0.0
    """When digits were said last."""
    speaker: str = ""
    """Who said them."""
    plain: int = 0
    """Words that they said since then, and that belong to no number."""
    topic: str = ""
    """The label of the last keyword."""
    topic_at: float = 0.0
    card_at: float = 0.0
    """When a card, or a keyword for what follows one, was last said."""
    at_address: str = ""
    """Who ended a final in the middle of an address."""
    utterances: dict[str, OpenUtterance] = field(default_factory=dict)
    """Those without a final, by the track of the leg."""
    life: int = 0
    """Of which life of the call this is: partials of an earlier one are not remembered."""
    heir: int | None = None
    """The life that remembers them all the same: they were written down, and none came since."""

    def begin(self, *, life: int, at: float) -> bool:
        """Forget a number that is over, and say so; after a loss of memory one is being said."""
        if life != self.life:
            is_heir, self.life, self.heir = life == self.heir, life, None
            if not is_heir:
                self.spent, self.lost, self.last_at = True, True, at
                self.utterances.clear()
        if not self.is_over(at):
            return False
        if self.shown or self.spent:
            self.ended_at = max(self.ended_at, at)
        self.shown, self.spent, self.plain, self.total = 0, False, 0, 0
        self.lost = False
        return True

    def is_over(self, at: float) -> bool:
        """Say whether no number goes on: its last digits were said too long ago."""
        return at - self.last_at > OPEN_S

    def is_late(self, at: float) -> bool:
        """Say whether a text was said before a number was over that is not remembered any more."""
        return at < self.ended_at

    def others_than(self, key: str, at: float) -> list[OpenUtterance]:
        """Return the utterances of other tracks that are open now."""
        return [
            other
            for owner, other in self.utterances.items()
            if owner != key and at - other.at <= OPEN_S
        ]

    def topic_near(self, key: str, at: float) -> Label | None:
        """Return what the last keyword spoke of, a short while ago, in whatever utterance.

        Also in partials of this one: they are of one before it whose final was lost.
        """
        own = self.utterances.get(key)
        for one in (*self.others_than(key, at), *([own] if own else ())):
            if one.topic and at - one.at <= NEAR_S:
                return Label(one.topic)
        if not self.topic or at - self.topic_at > NEAR_S:
            return None
        return Label(self.topic)

    def expects_code(self, at: float) -> bool:
        """Say whether a card was said a short while ago, or its code was asked for."""
        return self.card_at > 0 and at - self.card_at <= NEAR_S
