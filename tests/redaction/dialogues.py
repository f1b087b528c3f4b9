"""Dialogues in which a secret is read out, as two engines hear them: every prefix, and worse."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from tests.redaction.secrets import MAKERS, Secret, card, code
from tests.redaction.speech import SIZES, pieces, read
from tests.redaction.tongues import ENGLISH, Tongue

STYLES: Final = ("written", "spoken", "mixed")
CUSTOMER, AGENT = "leg/inbound", "leg/outbound"
REPEATED: Final = 1_000
"""Added to the number of an utterance whose final is said again."""
_WORD_S: Final = 0.3
_LATE: Final = 0.1
_RESTARTED: Final = 0.1
_SHORT: Final = (1, 1, 1, 2, 3)


@dataclass(frozen=True, slots=True)
class Heard:
    """What an engine says: a text of one track at a time, in seconds; partial or final."""

    key: str
    utterance: int
    words: tuple[str, ...]
    is_final: bool
    at: float
    language: str | None = None
    """Which the engine takes it for, rightly or not."""
    life: int = 0
    """Which process of ours hears it: the next one does not know what partials have shown."""


@dataclass(slots=True)
class Dialogue:
    """One secret, and everything that is heard while it is read out."""

    secret: Secret
    style: str
    is_named: bool
    """Whether a keyword was said before it."""
    tongue: Tongue = ENGLISH
    begins: int = 0
    """The first utterance in which it is read."""
    begins_anew: int | None = None
    """The one in which it is read back from its beginning; None: it is not."""
    heard: list[Heard] = field(default_factory=list)


@dataclass(slots=True)
class _Utterance:
    key: str
    words: list[str]
    is_apart: bool = False
    """Whether nobody speaks at the same time."""
    is_clear: bool = False
    """Whether no word of it is misheard as a digit that would be none of the secret's."""
    may_be_lost: bool = True
    """Whether its final may not come; the next partials are then taken for its own."""
    is_late: bool = False
    """Whether its final comes after what is said next."""


def dialogue(
    dice: random.Random, kind: str, tongue: Tongue = ENGLISH, *, loses_before: bool = True
) -> Dialogue:
    """Make a dialogue around a secret of a kind.

    With `loses_before` also finals that come before the secret is said may be lost.
    """
    secret = MAKERS[kind](dice)
    if kind == "email":
        secret = replace(secret, value=secret.value.replace(" dot ", f" {tongue.dot} "))
    name = kind.partition(" ")[0]
    is_named = kind == "code" or (kind != "serial" and dice.random() < 0.6)
    made = Dialogue(secret, dice.choice(STYLES), is_named, tongue)
    said: list[_Utterance] = []
    if kind == "code":
        said += _reading(dice, card(dice).value, made)
    if is_named:
        said.append(
            _Utterance(AGENT, dice.choice(tongue.asked[name]).split(), is_apart=True, is_clear=True)
        )
    made.begins = len(said)
    said += _address(dice, made) if kind == "email" else _reading(dice, secret.value, made)
    if kind != "email" and dice.random() < _LATE:
        said[-1].is_late = True
        said.append(_Utterance(CUSTOMER, dice.choice(tongue.searching).split(), is_apart=True))
    if kind != "email" and dice.random() < 0.3:
        made.begins_anew = len(said)
        said += _read_back(dice, made)
    if name == "card" and dice.random() < 0.5:
        said += _after_card(dice, tongue)
    for one in said[: 0 if loses_before else made.begins]:
        one.may_be_lost = False
    made.heard = list(_play(dice, said, tongue))
    if dice.random() < _RESTARTED:
        first = dice.randrange(len(made.heard))
        made.heard[first:] = [replace(one, life=1) for one in made.heard[first:]]
    return made


def _reading(dice: random.Random, digits: str, made: Dialogue) -> list[_Utterance]:
    said, tongue = [], made.tongue
    words = dice.choice(tongue.before).split()
    is_serial = made.secret.kind == "serial"
    for number, piece in enumerate(pieces(dice, digits, _SHORT if is_serial else SIZES)):
        if number and dice.random() < 0.35:
            said.append(_Utterance(CUSTOMER, words))
            said += _interjection(dice, made)
            words = []
        elif number:
            said_between = tongue.beside if is_serial else (*tongue.between, *tongue.holds)
            words += dice.choice(said_between).split()
        words += read(dice, piece, made.style, tongue)
        if len(piece) == 1 and dice.random() < 0.1 and made.secret.kind != "code":
            words += [*tongue.corrects, *read(dice, piece, "spoken", tongue)]
    said.append(_Utterance(CUSTOMER, words + dice.choice(tongue.ends).split()))
    return said


def _interjection(dice: random.Random, made: Dialogue) -> list[_Utterance]:
    if dice.random() < 0.4:
        return []
    if made.is_named and dice.random() < 0.2:
        return [_Utterance(CUSTOMER, dice.choice(made.tongue.searching).split())]
    texts = (*made.tongue.hums, *made.tongue.holds, *(made.tongue.chatter if made.is_named else ()))
    return [_Utterance(AGENT, dice.choice(texts).split())]


def _read_back(dice: random.Random, made: Dialogue) -> list[_Utterance]:
    words = list(made.tongue.reads_back)
    for piece in pieces(dice, made.secret.value):
        words += read(dice, piece, made.style, made.tongue)
        if dice.random() < 0.3:
            words += dice.choice(made.tongue.holds).split()
    return [_Utterance(AGENT, words), _Utterance(CUSTOMER, [made.tongue.yes])]


def _after_card(dice: random.Random, tongue: Tongue) -> list[_Utterance]:
    asks, answers = (said.split() for said in tongue.expires)
    return [
        _Utterance(AGENT, asks),
        _Utterance(CUSTOMER, [*answers, *read(dice, "27", "spoken", tongue)]),
        _Utterance(AGENT, tongue.on_the_back.split(), is_clear=True),
        _Utterance(CUSTOMER, read(dice, code(dice).value, "spoken", tongue)),
    ]


def _address(dice: random.Random, made: Dialogue) -> list[_Utterance]:
    tongue = made.tongue
    at_sign = f"({tongue.at})" if made.style == "mixed" else tongue.at
    local, domain = made.secret.value.split(), [at_sign, "example", tongue.dot, "com"]
    if made.is_named and dice.random() < 0.3:
        before = tongue.before[0].split()
        return [_Utterance(CUSTOMER, [*before, *local]), _Utterance(CUSTOMER, domain)]
    words = [*dice.choice(tongue.before).split(), *local, *domain]
    if made.style == "written":
        words = [*dice.choice(tongue.before).split(), f"{written(made.secret, tongue)}@example.com"]
    words += dice.choice(tongue.ends).split()
    return [_Utterance(CUSTOMER, words)]


def written(secret: Secret, tongue: Tongue) -> str:
    """Return what stands before the at sign of an address as engines write it."""
    return ".".join(word for word in secret.value.split() if word != tongue.dot)


# --- what the engines make of it ---


def _play(dice: random.Random, said: list[_Utterance], tongue: Tongue) -> Iterator[Heard]:
    at, number, late = 1_000.0, 0, list[Heard]()
    while number < len(said):
        streams = [list(_revisions(dice, said[number], number, at, tongue))]
        following = said[number + 1] if number + 1 < len(said) else None
        if following and _may_meet(said[number], following) and dice.random() < 0.25:
            number += 1
            streams.append(list(_revisions(dice, following, number, at + 0.1, tongue)))
        heard = sorted((one for stream in streams for one in stream), key=lambda one: one.at)
        at = heard[-1].at + dice.uniform(0.3, 5.0)
        now_late = [one for one in heard if one.is_final and said[one.utterance].is_late]
        yield from (one for one in (*heard, *late) if one not in now_late)
        late = now_late
        again = heard[-1]
        if dice.random() < 0.03 and again.is_final and not late:  # which the engine says again
            yield replace(again, utterance=number + REPEATED, at=at)
        number += 1


def _may_meet(one: _Utterance, other: _Utterance) -> bool:
    return one.key != other.key and not (one.is_apart or other.is_apart)


def _revisions(
    dice: random.Random, said: _Utterance, number: int, at: float, tongue: Tongue
) -> Iterator[Heard]:
    """Yield every prefix, some misheard or taken back, and the final; some after a seam."""
    words, begins = said.words, 0
    misheard, language = _misheard(tongue), dice.choice((tongue.code, tongue.code, "en", "es"))
    for end in range(1, len(words) + 1):
        at += _WORD_S * dice.uniform(0.7, 1.3)
        if dice.random() < 0.06 and not said.is_clear and words[end - 2 : end - 1] != ["oh"]:
            wrong = (*words[begins : end - 1], dice.choice(misheard))
            yield Heard(said.key, number, wrong, is_final=False, at=at, language=language)
        local, at_sign, _ = words[end - 1].partition("@")
        if at_sign:  # which comes a moment later
            early = (*words[begins : end - 1], local)
            yield Heard(said.key, number, early, is_final=False, at=at, language=language)
        yield Heard(
            said.key,
            number,
            tuple(words[begins:end]),
            is_final=False,
            at=at + 0.05,
            language=language,
        )
        if dice.random() < 0.03 and end - begins > 1:
            taken_back = tuple(words[begins : end - 1])
            yield Heard(
                said.key, number, taken_back, is_final=False, at=at + 0.1, language=language
            )
        if said.key == CUSTOMER and dice.random() < 0.02:
            begins = end  # the connection broke, and what was before is lost
    if dice.random() < 0.06 and said.may_be_lost:
        return
    left = tuple(words[begins:]) or tuple(words[-1:])
    yield Heard(
        said.key, number, left, is_final=True, at=at + dice.uniform(0.2, 0.8), language=language
    )


def _misheard(tongue: Tongue) -> Sequence[str]:
    return (*tongue.misheard, tongue.teens[-1], *tongue.units, *tongue.tens)
