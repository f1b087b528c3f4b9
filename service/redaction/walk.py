"""One way through a text: what of it is shown, hidden or held back, by what was shown before."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from service.redaction import exemptions
from service.redaction.addresses import Place, emails_in, ibans_in, open_email, without
from service.redaction.exemptions import Caution, Exemption
from service.redaction.labels import KIND_OF, Label, is_card, label_of
from service.redaction.languages import keyword_pattern
from service.redaction.memory import MAX_SHOWN, Memory, OpenUtterance, Policy
from service.redaction.numbers import Hint, Run, runs_of
from service.redaction.said import Group, Mark, Said
from service.redaction.tokens import Kind, Token, tokens_of

MAX_PLAIN_WORDS: Final = 4
"""So many words of whoever says a number end it."""
MAX_PLAIN_WORDS_TO_HIDDEN: Final = 6
"""So many do where the last of it was hidden."""
MAX_HELD_WORDS: Final = 16
_MAX_SHOWN_NEAR_KEYWORD: Final = 4
_LAST: Final = 4
_MIN_CARD_DIGITS: Final = 12
"""From how many on a number that is called a card is taken to be read out, and its code to come."""
_COUNTRY: Final = re.compile(r"\b[A-Z]{2}\Z")
_MAX_DECIDED_LATER: Final = 7
"""How many digits at the end of a partial may yet turn out to be an amount."""
_LABELS: Final = frozenset(label.value for label in Label)
_OF_CARDS: Final = frozenset({Label.CARD, Label.CODE})


@dataclass(slots=True)
class Walk:
    """Goes through a text once. What is remembered is only read; `redactor` writes it."""

    policy: Policy
    memory: Memory
    said: Said
    hidden: tuple[int, int] | None = None
    """From which digit of the text to which some are hidden, or were before."""
    marks: list[Mark] = field(default_factory=list)
    shown: int = 0
    spent: bool = False
    total: int = 0
    """Digits of the open number, shown or not."""
    own: int = 0
    """Digits of the open number that this text shows."""
    digits: int = 0
    """All digits of the text."""
    digits_shown: str = ""
    """Those that it shows, of whichever number."""
    plain: int = 0
    speaker: str = ""
    counted: bool = False
    """Whether there were digits that are none of an amount."""
    prose: int = 0
    """How many words of this text belong to no number."""
    topic: Label | None = None
    card: bool = False
    """Whether a card was hidden, or a keyword spoke of what follows one."""
    keyword: str = ""
    """The label of the last keyword in this text."""
    held: int = 0
    """How many characters at its end are held back."""
    closed: bool = False
    """Whether words of this text ended the number that was open before it."""
    ends_in_address: bool = False
    open: list[tuple[int, int]] = field(default_factory=list)
    """Where digits are shown of the number that is open at the end."""
    betrayed: list[tuple[int, int]] = field(default_factory=list)
    """Where digits are shown of a number of which others are hidden."""
    reaches_back: bool = False
    """Whether digits are hidden of the number that was open before this text."""
    _tokens: list[Token] = field(default_factory=list)
    _others: int = 0
    _partials_showed: int = 0
    _others_hide: bool = False
    _topics: list[tuple[int, Label]] = field(default_factory=list)
    _moment: int | None = None
    """The last token of the last number that was a time or a year."""
    _expiries: list[tuple[int, Label]] = field(default_factory=list)
    """Keywords of an expiry, which is one only after a card."""
    _remembered: Label | None = None

    def go(self) -> None:
        """Go through all of it."""
        memory, said = self.memory, self.said
        self.shown, self.spent, self.total = memory.shown, memory.spent, memory.total
        self.plain, self.speaker = memory.plain, memory.speaker
        own = memory.utterances.get(said.key) or OpenUtterance()
        if own.hidden is not None:
            self._note_hidden(*own.hidden)
        self.own, self._partials_showed = own.before, own.shown
        self.shown += own.before
        for other in memory.others_than(said.key, said.at):
            self._others += other.shown
            self._others_hide = self._others_hide or other.hidden is not None
        self.spent = self.spent or self._others_hide
        self._tokens = tokens_of(said.text)
        self._name()
        addresses = self._addresses()
        self._tokens = list(without(self._tokens, addresses.values()))
        self._steps(addresses)
        self.marks.sort()

    def _name(self) -> None:
        """Find the keywords of the kinds that are asked for."""
        for match in keyword_pattern(self.said.language).finditer(self.said.text):
            label = Label(match.lastgroup or "")
            if KIND_OF[label] in self.policy.kinds:
                self._topics.append((match.end(), label))
                self.card = self.card or label is Label.CODE
        self._remembered = remembered = self.memory.topic_near(self.said.key, self.said.at)
        of_cards = {remembered, *(label for _, label in self._topics)} & _OF_CARDS
        if not of_cards and not self.memory.expects_code(self.said.at):
            self._expiries = [one for one in self._topics if one[1] is Label.EXPIRY]
            self._topics = [one for one in self._topics if one[1] is not Label.EXPIRY]
        self.keyword = self._topics[-1][1].value if self._topics else ""
        self.topic = self._topics[-1][1] if self._topics else remembered

    def _addresses(self) -> dict[int, Place]:
        """Find addresses, by the place of their first sign; they are hidden whatever was said."""
        found: dict[int, Place] = {}
        said, kinds = self.said, self.policy.kinds
        if "email" in kinds:
            named = any(label is Label.EMAIL for _, label in self._topics)
            expected = named or self.topic is Label.EMAIL or self.memory.at_address == said.key
            for place in emails_in(said.text, self._tokens, said.language, expected=expected):
                found[place.start] = place
        if "iban" in kinds:
            found |= {place.start: place for place in ibans_in(said.text)}
        return found

    # --- the steps ---

    def _steps(self, addresses: Mapping[int, Place]) -> None:
        tokens, group = self._tokens, Group([], 0)
        says_number = self.speaker == self.said.key and (self.shown > 0 or self.spent)
        hint = Hint(follows_number=says_number, may_go_on=not self.said.is_final)
        found = runs_of(tokens, self.said.language, hint)
        runs = {run.first: run for run in found}
        held_from = self._open_address(addresses)
        place = 0
        while place < len(tokens):
            token = tokens[place]
            if held_from is not None and place >= held_from:
                self._decide(group)
                self._hold(token.start)
                return
            if token.start in addresses:
                group = self._decide(group)
                place = self._address(place, addresses[token.start])
            elif place in runs:
                group = self._run(group, runs[place])
                place = runs[place].last + 1
            else:
                group = self._other(group, token)
                place += 1
        self._decide(group, ends=True)

    def _open_address(self, addresses: Mapping[int, Place]) -> int | None:
        """Return the token from which on a partial may end in an address."""
        said = self.said
        if "email" not in self.policy.kinds:
            return None
        first = open_email(self._tokens, said.language)
        self.ends_in_address = first is not None
        if not said.holds:
            return None
        if said.is_final or first is None or len(self._tokens) - first > MAX_HELD_WORDS:
            return None
        inside = any(
            place.start <= self._tokens[first].start < place.end for place in addresses.values()
        )
        return None if inside else first

    def _address(self, place: int, address: Place) -> int:
        label = address.label
        if label is not Label.EMAIL:
            label = Label.IBAN if self.topic is Label.IBAN else label
            self.spent = self.counted = True
            digits = sum(sign.isdecimal() for sign in self.said.text[address.start : address.end])
            self._note_hidden(self.digits, self.digits + digits)
            self._betray()
            self.digits += digits
        self._mark(address.start, address.end, label)
        while place < len(self._tokens) and self._tokens[place].start < address.end:
            place += 1
        return place

    def _run(self, group: Group, run: Run) -> Group:
        if self.policy.counts_digits:
            exemption = self._exemption(run)
            if exemption is None:
                group.runs.append(run)
                if len(group.runs) == 1:
                    group.before = self.digits
                self.digits += len(run.digits)
                return group
            self.digits += len(run.digits)
            group = self._decide(group)
            if exemption is Exemption.AMOUNT:
                self._take_amount(run)
            elif run.last == len(self._tokens) - 1:  # a moment: what comes next may belong to it
                self._show(Group([run], self.digits))
                self.counted = True
        return group

    def _exemption(self, run: Run) -> Exemption | None:
        """Return why a run is none of a number; at the end of a partial nobody knows yet."""
        said = self.said
        if self._was_hidden(self.digits, len(run.digits)):
            return None
        if not said.is_final and exemptions.is_undecided(self._tokens, run, said.language):
            return None
        text = said.text, self._tokens, said.language
        exemption = exemptions.exemption_of(text, run, self._caution(), moment=self._moment)
        if exemption is not Exemption.MOMENT:
            return exemption
        if self.spent or self._is_near():
            return None
        self._moment = run.last
        return exemption

    def _caution(self) -> Caution:
        if self.topic in _OF_CARDS or self._limit() == 0:
            return Caution.CARD
        is_named = self.topic in (Label.SSN, Label.IBAN)
        return Caution.NAMED if self.spent or is_named else Caution.NONE

    def _other(self, group: Group, token: Token) -> Group:
        language = self.said.language
        if token.kind is Kind.LABEL:
            group = self._decide(group)
            self._label(token)
            return group
        if token.kind is Kind.SIGN or token.text in language.fillers:
            return group
        if token.text in language.hesitations or token.text in language.repeats:
            return group
        group = self._decide(group)
        self.prose += 1
        if token.text in language.closers and (
            self._is_speaker() or exemptions.begins_number(self._tokens, token)
        ):
            self._close()
        elif token.text not in language.pauses:
            self._count_plain()
        return group

    def _take_amount(self, run: Run) -> None:
        """Take an amount for the end of a number, but for one that is said between its groups."""
        if exemptions.is_pause(self._tokens, run, self.said.language):
            return
        if self.prose > 1 or (self._is_speaker() and self.plain > 0):
            self._close()

    def _is_speaker(self) -> bool:
        return self.speaker in ("", self.said.key)

    def _count_plain(self) -> None:
        """Count a word of whoever says a number that belongs to none: enough of them end it."""
        if not self._is_speaker():
            return
        self.plain += 1
        if self.spent and self.plain >= MAX_PLAIN_WORDS_TO_HIDDEN:
            self.spent = self._others_hide
            self._close()
        elif self.plain >= MAX_PLAIN_WORDS:
            self._close()

    def _label(self, token: Token) -> None:
        """Take what was hidden before, by an engine or by us, for what it says it is."""
        shown = self.said.text[token.start : token.end]
        name = shown[1:-1].partition(" ")[0]
        label = Label(name) if name in _LABELS else Label.NUMBER
        self.marks.append(Mark(token.start, token.end, label, shown))
        if label not in (Label.HELD, Label.EMAIL):
            self.spent = self.counted = True
            self._note_hidden(self.digits, self.digits)
            self._betray()

    @property
    def goes_on(self) -> bool:
        """Whether the number that is open was added to.

        Sentences with numbers do not keep one open that is hidden: calls are full of them.
        """
        return self.counted and not (self.memory.spent and self.prose >= MAX_PLAIN_WORDS)

    def _close(self) -> None:
        """End the open number, unless the last of it was hidden, or it is a keyword's."""
        if not self.spent and not (self.shown and self._is_near()):
            self.shown = self.own = self.plain = self.total = self._others = 0
            self.closed, self.open = True, []

    # --- what becomes of a group ---

    def _decide(self, group: Group, *, ends: bool = False) -> Group:
        if not group.runs:
            return group
        count = len(group.digits)
        self.total += count
        if ends and self._may_hold(group):
            self._hold(self._tokens[group.runs[0].first].start)
        elif self._is_hidden(group, count):
            self._hide(group)
        else:
            self._show(group)
        self.plain, self.speaker, self.counted = 0, self.said.key, True
        return Group([], 0)

    def _show(self, group: Group) -> None:
        count = len(group.digits)
        self.shown += count
        self.own += count
        self.digits_shown += group.digits
        first, last = self._tokens[group.runs[0].first], self._tokens[group.runs[-1].last]
        self.open.append((first.start, last.end))

    def _betray(self) -> None:
        """Note that what is shown of the open number is known to be of one that is hidden."""
        self.reaches_back = self.reaches_back or not self.closed
        self.betrayed += self.open
        self.open = []

    def _is_hidden(self, group: Group, count: int) -> bool:
        if self._was_hidden(group.before, count):
            return True
        return count > 0 and (self.spent or self.shown + self._others + count > self._limit())

    def _limit(self) -> int:
        if self.card or self.memory.expects_code(self.said.at):
            return 0
        shown = MAX_SHOWN[self.policy.level]
        return min(shown, _MAX_SHOWN_NEAR_KEYWORD) if self._is_near() else shown

    def _is_near(self) -> bool:
        return self.topic not in (None, Label.EMAIL)  # that makes nothing strict

    def _may_hold(self, group: Group) -> bool:
        said = self.said
        if said.is_final or not said.holds or len(group.digits) > _MAX_DECIDED_LATER:
            return False
        if self._was_hidden(group.before, len(group.digits)):
            return False
        return len(self._tokens) - group.runs[0].first <= MAX_HELD_WORDS

    def _hide(self, group: Group) -> None:
        text, tokens = self.said.text, self._tokens
        first, last = tokens[group.runs[0].first], tokens[group.runs[-1].last]
        digits = group.digits
        label = label_of(digits, self._topic_at(last.end), self.policy.kinds)
        if label is Label.CARD and self.total >= _MIN_CARD_DIGITS:
            self.card = True
            self._topics = sorted(self._topics + self._expiries)
            self._expiries = []
        self._note_hidden(group.before, group.before + len(digits))
        shown = ""
        if self._keeps_last(digits, label):
            shown = f" …{digits[-_LAST:]}"
            self.own += _LAST
        start = first.start
        if label is Label.IBAN and _COUNTRY.search(text, 0, start):
            start -= 2
        self._mark(start, last.end, label, shown)
        self.spent = True
        self._betray()

    def _keeps_last(self, digits: str, label: Label) -> bool:
        """Whether the last four digits may be shown: of a whole number, none of which was."""
        if self.policy.mask != "last4" or not self.said.is_final or label is not Label.CARD:
            return False
        before = self.shown + self._others + self._partials_showed
        return is_card(digits) and not before and not self.spent

    def _topic_at(self, end: int) -> Label | None:
        """Return the last keyword before a place; else what is remembered, else the next."""
        before = [label for at, label in self._topics if at <= end]
        if before:
            return before[-1]
        return self._topics[0][1] if self._topics and not self._remembered else self._remembered

    def _note_hidden(self, first: int, end: int) -> None:
        before = self.hidden or (first, end)
        self.hidden = (min(first, before[0]), max(end, before[1]))

    def _was_hidden(self, first: int, count: int) -> bool:
        """Whether some of so many digits from one on are among those that were hidden."""
        return self.hidden is not None and self.hidden[0] < first + count and first < self.hidden[1]

    def _hold(self, start: int) -> None:
        end = len(self.said.text.rstrip())
        self.held = end - start
        self._mark(start, end, Label.HELD)

    def _mark(self, start: int, end: int, label: Label, shown: str = "") -> None:
        self.marks.append(Mark(start, end, label, f"[{label.value}{shown}]"))
