"""What a text speaks of, and what was spoken of before: keywords, and how strict they make it."""

from dataclasses import dataclass, field
from typing import Final

from service.redaction.exemptions import Caution
from service.redaction.labels import KIND_OF, Label
from service.redaction.languages import keyword_pattern
from service.redaction.memory import MAX_SHOWN, Memory, Policy
from service.redaction.said import Said

_MAX_SHOWN_NEAR_KEYWORD: Final = 4
_OF_CARDS: Final = frozenset({Label.CARD, Label.CODE})


@dataclass(slots=True)
class Topics:
    """The keywords of a text, by the kinds that are asked for. What is remembered is only read."""

    policy: Policy
    memory: Memory
    said: Said
    last: Label | None = None
    """The last keyword of the text; where it has none, what was spoken of shortly before."""
    keyword: str = ""
    """The label of the last keyword in this text."""
    card: bool = False
    """Whether a card was hidden, or a keyword spoke of what follows one."""
    _found: list[tuple[int, Label]] = field(default_factory=list)
    """The label of each, by the sign of the text at which it ends."""
    _expiries: list[tuple[int, Label]] = field(default_factory=list)
    """Keywords of an expiry, which is one only after a card."""
    _remembered: Label | None = None

    def find(self) -> None:
        """Find the keywords."""
        for match in keyword_pattern(self.said.language).finditer(self.said.text):
            label = Label(match.lastgroup or "")
            if KIND_OF[label] in self.policy.kinds:
                self._found.append((match.end(), label))
                self.card = self.card or label is Label.CODE
        self._remembered = remembered = self.memory.topic_near(self.said.key, self.said.at)
        of_cards = {remembered, *(label for _, label in self._found)} & _OF_CARDS
        if not of_cards and not self.memory.expects_code(self.said.at):
            self._expiries = [one for one in self._found if one[1] is Label.EXPIRY]
            self._found = [one for one in self._found if one[1] is not Label.EXPIRY]
        self.keyword = self._found[-1][1].value if self._found else ""
        self.last = self._found[-1][1] if self._found else remembered

    def take_card(self) -> None:
        """Take a card for said: its expiry and its code are to come."""
        self.card = True
        self._found = sorted(self._found + self._expiries)
        self._expiries = []

    def expects_address(self) -> bool:
        """Say whether an e-mail address is to come, or goes on."""
        named = any(label is Label.EMAIL for _, label in self._found)
        return named or self.last is Label.EMAIL or self.memory.at_address == self.said.key

    def expects_after(self) -> int | None:
        """Return after which sign of the text an address is expected; None where none is."""
        named = [at for at, label in self._found if label is Label.EMAIL]
        if named:
            return named[-1]
        return 0 if self.expects_address() else None

    def before(self, end: int) -> Label | None:
        """Return the last keyword before a place; else what is remembered, else the next."""
        before = [label for at, label in self._found if at <= end]
        if before:
            return before[-1]
        return self._found[0][1] if self._found and not self._remembered else self._remembered

    def is_near(self) -> bool:
        """Say whether a number was named: an e-mail address makes nothing strict."""
        return self.last not in (None, Label.EMAIL)

    def is_named(self) -> bool:
        """Say whether a number was named, or is a card's or follows one."""
        return self.is_near() or self.limit() == 0

    def limit(self) -> int:
        """Return how many digits of a number may be shown."""
        if self.card or self.memory.expects_code(self.said.at):
            return 0
        shown = MAX_SHOWN[self.policy.level]
        return min(shown, _MAX_SHOWN_NEAR_KEYWORD) if self.is_near() else shown

    def caution(self, *, spent: bool) -> Caution:
        """Return how careful to be with numbers that look innocent; `spent`: one was hidden."""
        if self.last in _OF_CARDS or self.limit() == 0:
            return Caution.CARD
        is_named = self.last in (Label.SSN, Label.IBAN)
        return Caution.NAMED if spent or is_named else Caution.NONE
