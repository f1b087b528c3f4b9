"""Sentences with numbers that are nobody's secret."""

import json
import random
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.redaction.speech import TEENS, TENS, UNITS

_MONTHS: Final = ["January", "March", "May", "August", "October", "December"]
_PEOPLE: Final = ["people", "guests", "employees", "students", "customers"]


def _number(dice: random.Random, low: int, high: int) -> str:
    return str(dice.randint(low, high))


def _words(dice: random.Random) -> str:
    return dice.choice((*UNITS[2:], *TEENS, *TENS, f"{dice.choice(TENS)}-{dice.choice(UNITS[1:])}"))


def _clock(dice: random.Random) -> str:
    hour, minute = dice.randint(1, 12), dice.choice((0, 15, 30, 45))
    return dice.choice(
        (f"{hour}:{minute:02}", f"{hour} {minute or 10}", f"{hour} am", f"{hour} pm")
    )


_MADE: Final[dict[str, Callable[[random.Random], str]]] = {
    "day": lambda dice: _number(dice, 1, 28),
    "month": lambda dice: dice.choice(_MONTHS),
    "year": lambda dice: _number(dice, 1960, 2029),
    "price": lambda dice: f"${_number(dice, 1, 4000)}.{dice.randint(10, 99)}",
    "few": lambda dice: _number(dice, 2, 40),
    "some": lambda dice: _number(dice, 100, 999),
    "order": lambda dice: _number(dice, 1000, 9999),
    "long order": lambda dice: _number(dice, 10_000, 9_999_999),
    "flight": lambda dice: dice.choice(("BA ", "LH", "UA ")) + _number(dice, 100, 2999),
    "clock": _clock,
    "word": _words,
    "people": lambda dice: dice.choice(_PEOPLE),
    "zip": lambda dice: _number(dice, 10000, 99999),
}
_LONG: Final = 7
_ABOVE_STRICT: Final = ("{long order}", "{zip}")
_TEMPLATES: Final = (
    "the meeting is on {month} {day} {year}",
    "we met on the {day}th of {month} in {year}",
    "I moved here in {year} and left in {year}",
    "it costs {price} and the other one is {price}",
    "that will be {word} dollars and {word} cents",
    "the train leaves at {clock} and arrives at {clock}",
    "we are open from {clock} to {clock} on weekdays",
    "my order number is {long order} and I ordered it on {month} {day}",
    "order {order} was shipped on {month} {day} for {price}",
    "my order number is {order} and I ordered it on {month} {day}",
    "order {long order} was shipped on {month} {day} for {price}",
    "flight {flight} leaves gate {few} at {clock}",
    "I am on flight {flight} on {month} {day} at {clock}",
    "we expect two hundred and fifty {people} at the event",
    "there were {some} {people} and {few} of them left early",
    "it is twelve o'clock already",
    "see you at {word} o'clock",
    "about {word} percent of our {people} came back in {year}",
    "I live at {some} Baker Street apartment {few}",
    "the zip code is {zip} and the house number is {few}",
    "we have {few} offices in {few} countries",
    "it takes {word} minutes or {word} at most",
    "the invoice of {month} {day} was {price}, not {price}",
    "room {some} is on the {day}th floor",
    "I was born in {year} and my brother in {year}",
    "that one is better than the other one",
    "one moment please I have one more question",
    "no one told me about it, not even once",
    "oh I see, oh no, oh well",
    "she is {few} years old and he is {few}",
    "the package weighs {word} kilos and is {some} centimetres long",
    "the score was {few} to {few} in the end",
    "please meet me at the station at {clock}",
    "look at the first page and then at page {few}",
    "we sold {order} units in {year}",
    "the budget is two million dollars for {year}",
    "nineteen eighty four is a good book",
    "I called {word} times and waited for {word} minutes",
    "my appointment is on {month} {day} at {clock} with doctor Brown",
    "can I pay by card, it is {price}",
    "my card was charged {price} on {month} {day}",
    "my phone has {few} percent battery left",
    "take bus {few} or tram {few} to the centre",
    "version {few} came out on {year}-05-{day}",
)


FIXTURES: Final = Path(__file__).parents[2] / "fixtures"


def scripts() -> Iterator[list[tuple[str, str]]]:
    """Yield what is said in the demo's calls and in all scenarios: speaker and text."""
    for path in sorted((FIXTURES / "calls").glob("*.json")):
        script = json.loads(path.read_text())["script"]
        yield [(line["speaker"], line["text"]) for line in script]
    for path in sorted((FIXTURES / "scenarios").glob("*.toml")):
        calls = tomllib.loads(path.read_text()).get("call", ())
        yield [(line["speaker"], line["text"]) for call in calls for line in call.get("say", ())]


def sentences(dice: random.Random, count: int, max_digits: int) -> Iterator[tuple[str, str]]:
    """Yield sentences, each with the template that it was made by; no number has more digits."""
    templates = [
        template
        for template in _TEMPLATES
        if max_digits >= _LONG or not any(name in template for name in _ABOVE_STRICT)
    ]
    for number in range(count):
        template = templates[number % len(templates)]
        yield template, _filled(dice, template)


def _filled(dice: random.Random, template: str) -> str:
    made, rest = "", template
    while "{" in rest:
        before, _, rest = rest.partition("{")
        name, _, rest = rest.partition("}")
        made += before + _MADE[name](dice)
    return made + rest
