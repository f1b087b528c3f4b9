"""One way through a text: what of it is shown, hidden or held back, by what was shown before."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from service.redaction import exemptions
from service.redaction.addresses import (
    Place,
    addresses_in,
    open_email,
    open_written,
    without,
)
from service.redaction.exemptions import Exemption
from service.redaction.heard import parted, sounded
from service.redaction.labels import Label, is_card, label_of
from service.redaction.memory import Memory, OpenUtterance, Policy
from service.redaction.numbers import Hint, Run, is_between, runs_of, unsure_in
from service.redaction.said import Group, Mark, Said
from service.redaction.tokens import Kind, Token, tokens_of
from service.redaction.topics import Topics

MAX_PLAIN_WORDS: Final = 4
"""So many words of whoever says a number end it."""
MAX_PLAIN_WORDS_TO_HIDDEN: Final = 6
"""So many do where the last of it was hidden."""
MIN_SENTENCE: Final = 3
"""From so many words on an amount is of a sentence of its own."""
MAX_MOMENTS: Final = 4
"""So many times and years a text may have; what has more is read out."""
MAX_HELD_WORDS: Final = 16
_LAST: Final = 4
_MIN_CARD_DIGITS: Final = 12
"""From how many on a number that is called a card is taken to be read out, and its code to come."""
_COUNTRY: Final = re.compile(r"\b[A-Z]{2}\Z")
_WORD: Final = re.compile(r"[a-z]+")
_MAX_DECIDED_LATER: Final = 7
"""How many digits at the end of a partial may yet turn out to be an amount."""
_LABELS: Final = frozenset(label.value for label in Label)


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
    held: int = 0
    """How many characters at its end are held back."""
    closed: bool = False
    """Whether words of this text ended the number that was open before it."""
    ended: bool = False
    """Whether something of a number that they ended was shown."""
    late: bool = False
    """Whether it may be of a number that is over: nothing is shown of one, and nothing ends it."""
    ends_in_address: bool = False
    open: list[tuple[int, int]] = field(default_factory=list)
    """Where digits are shown of the number that is open at the end."""
    betrayed: list[tuple[int, int]] = field(default_factory=list)
    """Where digits are shown of a number of which others are hidden."""
    reaches_back: bool = False
    """Whether digits are hidden of the number that was open before this text."""
    topics: Topics = field(init=False)
    _tokens: list[Token] = field(default_factory=list)
    _others: int = 0
    _partials_showed: int = 0
    _others_hide: bool = False
    _moment: int | None = None
    """The last token of the last number that was a time or a year."""
    _moments: int = 0
    """How many there were."""

    def __post_init__(self) -> None:
        """Have it speak of nothing yet."""
        self.topics = Topics(self.policy, self.memory, self.said)

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
        self.late = memory.is_late(said.at)
        self.spent = self.spent or self.late or self._others_hide
        self._tokens = parted(tokens_of(said.text), said.language)
        self.topics.find()
        expected, kinds = self.topics.expects_address(), self.policy.kinds
        addresses = addresses_in(said.text, self._tokens, said.language, kinds, expected=expected)
        self._tokens = list(without(self._tokens, addresses.values()))
        self._steps(addresses)
        self.marks.sort()

    # --- the steps ---

    def _steps(self, addresses: Mapping[int, Place]) -> None:
        says_number = self.speaker == self.said.key and (self.shown > 0 or self.spent)
        hint = Hint(follows_number=says_number, may_go_on=not self.said.is_final)
        self._tokens = tokens = sounded(self._tokens, self.said.language, hint)
        found = runs_of(tokens, self.said.language, hint)
        runs = {run.first: run for run in found}
        unsure = unsure_in(tokens, found, self.said.language)
        held_from = self._open_address(addresses)
        place, group = 0, Group([], 0)
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
                if place in unsure and self.policy.counts_digits:
                    self._take_unsure(Group([Run(place, place, "1")], self.digits))
                place += 1
        self._decide(group, ends=True)

    def _take_unsure(self, word: Group) -> None:
        """Count a word that may be a digit; at the end of a partial it may have to wait."""
        last = len(self._tokens) - 1
        if word.runs[0].last == last and self._is_hidden(word, 1) and self._may_hold(word):
            self._hold(self._tokens[last].start)
        else:
            self._show(word)
        self.plain, self.speaker, self.counted = 0, self.said.key, True

    def _open_address(self, addresses: Mapping[int, Place]) -> int | None:
        """Return the token from which on a partial may end in an address."""
        said = self.said
        if "email" not in self.policy.kinds:
            return None
        first = open_email(self._tokens, said.language)
        self.ends_in_address = first is not None
        if first is None:
            after = self.topics.expects_after()
            first = open_written(said.text, self._tokens, said.language, expected_after=after)
        may_hold = said.holds and not said.is_final
        if not may_hold or first is None or len(self._tokens) - first > MAX_HELD_WORDS:
            return None
        inside = any(
            place.start <= self._tokens[first].start < place.end for place in addresses.values()
        )
        return None if inside else first

    def _address(self, place: int, address: Place) -> int:
        label = address.label
        if label is not Label.EMAIL:
            label = Label.IBAN if self.topics.last is Label.IBAN else label
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
        caution = self.topics.caution(spent=self.spent)
        is_open = self.spent or self.shown + self._others + self.digits > 0
        exemption = exemptions.exemption_of(
            text, run, caution, moment=self._moment, is_open=is_open
        )
        if exemption is not Exemption.MOMENT:
            return exemption
        if self.spent or self.topics.is_near() or self._moments == MAX_MOMENTS:
            return None
        self._moment = run.last
        self._moments += 1
        return exemption

    def _other(self, group: Group, token: Token) -> Group:
        language = self.said.language
        if token.kind is Kind.LABEL:
            group = self._decide(group)
            self._label(token)
            return group
        if is_between(token, language) or token.text in language.repeats:
            return group
        group = self._decide(group)
        self.prose += 1
        begins_number = exemptions.begins_number(self._tokens, token)
        if token.text in language.closers and (begins_number or self._is_speaker()):
            self._close(is_certain=begins_number)
        elif token.text not in language.pauses:
            self._count_plain()
        return group

    def _take_amount(self, run: Run) -> None:
        """Take an amount for the end of a number, but for one that is said between its groups."""
        if exemptions.is_pause(self._tokens, run, self.said.language):
            return
        is_money = exemptions.is_money(self._tokens, run, self.said.language)
        if self.prose > (0 if is_money else 1) or (self._is_speaker() and self.plain > 0):
            self._close(is_certain=self.prose >= MIN_SENTENCE)

    def _is_speaker(self) -> bool:
        return self.speaker in ("", self.said.key)

    def _count_plain(self) -> None:
        """Count a word of whoever says a number that belongs to none: enough of them end it."""
        if not self._is_speaker():
            return
        self.plain += 1
        if self.spent and self.plain >= MAX_PLAIN_WORDS_TO_HIDDEN:
            self.spent = self._others_hide or self.late or self.memory.lost
            self._close(ended=True)
        elif self.plain >= MAX_PLAIN_WORDS:
            self._close()

    def _label(self, token: Token) -> None:
        """Take what was hidden before, by an engine or by us, for what it says it is."""
        shown = self.said.text[token.start : token.end]
        name = shown[1:-1].partition(" …")[0]
        label = Label(name) if name in _LABELS else Label.NUMBER
        if not self._may_stand(shown):
            shown = f"[{label.value}]"
        self.marks.append(Mark(token.start, token.end, label, shown))
        if label not in (Label.HELD, Label.EMAIL):
            self.spent = self.counted = True
            self._note_hidden(self.digits, self.digits)
            self._betray()

    def _may_stand(self, shown: str) -> bool:
        """Whether a label shows no more digits than may be shown; those that it shows count."""
        if not self.said.language.digit_words.isdisjoint(_WORD.findall(shown.lower())):
            return False
        count = sum(sign.isdecimal() for sign in shown)
        if count and (self.spent or self.shown + self._others + count > self.topics.limit()):
            return False
        self.shown += count
        self.own += count
        return True

    @property
    def goes_on(self) -> bool:
        """Whether the number that is open was added to.

        Sentences with numbers do not keep one open that is hidden: calls are full of them.
        """
        return self.counted and not (self.memory.spent and self.prose >= MAX_PLAIN_WORDS)

    def _close(self, *, ended: bool = False, is_certain: bool = False) -> None:
        """End the open number, unless it is a keyword's, or the last of it was hidden.

        What is certain to be of another number ends that one as well, if no keyword is near.
        """
        is_kept = self.late or self.memory.lost or self._others_hide
        if self.spent and is_certain and not is_kept and not self.topics.is_named():
            self.spent, ended = False, True
        if not self.spent and not (self.shown and self.topics.is_near()):
            self.ended = self.ended or ended or self.shown > 0
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
        return count > 0 and (self.spent or self.shown + self._others + count > self.topics.limit())

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
        label = label_of(digits, self.topics.before(last.end), self.policy.kinds)
        if label is Label.CARD and self.total >= _MIN_CARD_DIGITS:
            self.topics.take_card()
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
