"""Sentences with numbers that are nobody's secret."""

import json
import random
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.redaction.speech import TEENS, TENS, UNITS
from tests.redaction.tongues import ENGLISH, SPANISH, Tongue

_MONTHS: Final = ["January", "March", "May", "August", "October", "December"]
_MESES: Final = ["enero", "marzo", "mayo", "agosto", "octubre", "diciembre"]
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
    "mes": lambda dice: dice.choice(_MESES),
    "palabra": lambda dice: dice.choice((*SPANISH.units[2:], *SPANISH.teens, *SPANISH.tens)),
    "precio": lambda dice: f"{_number(dice, 1, 4000)} euros",
    "hora": lambda dice: f"{dice.randint(1, 12)}:{dice.choice((0, 15, 30, 45)):02}",
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

_IN_SPANISH: Final = (
    "la reunión es el {day} de {mes} de {year}",
    "nos conocimos en {mes} de {year}",
    "cuesta {precio} y el otro cuesta {precio}",
    "son {palabra} euros con {palabra} céntimos",
    "el tren sale a las {hora} y llega a las {hora}",
    "abrimos desde las {hora} hasta las {hora}",
    "el pedido {order} salió el {day} de {mes}",
    "mi número de pedido es el pedido {long order} del {day} de {mes}",
    "el vuelo {flight} sale de la puerta {few} a las {hora}",
    "vendrán doscientas cincuenta personas",
    "había {some} personas y {few} se fueron pronto",
    "ya son las doce",
    "nos vemos a las {palabra}",
    "vivo en la calle Mayor {some}, planta {few}",
    "tarda {palabra} minutos o {palabra} como mucho",
    "la habitación {some} está en la planta {few}",
    "nací en {year} y mi hermano en {year}",
    "uno de los dos o el otro",
    "cada uno tiene el suyo",
    "tiene {few} años y su mujer {few}",
    "pesa {palabra} kilos y mide {some} centímetros",
    "mira la página {few} y luego la página {few}",
    "vendimos {order} unidades en {year}",
    "dos millones de euros para {year}",
    "llamé {palabra} veces y esperé {palabra} minutos",
    "puedo pagar con tarjeta, son {precio}",
    "el teléfono tiene {few} % de batería",
    "coja el autobús {few} o el tren {few}",
)
_ALL: Final = {ENGLISH.code: _TEMPLATES, SPANISH.code: _IN_SPANISH}


FIXTURES: Final = Path(__file__).parents[2] / "fixtures"


def scripts() -> Iterator[list[tuple[str, str]]]:
    """Yield what is said in the demo's calls and in all scenarios: speaker and text."""
    for path in sorted((FIXTURES / "calls").glob("*.json")):
        script = json.loads(path.read_text())["script"]
        yield [(line["speaker"], line["text"]) for line in script]
    for path in sorted((FIXTURES / "scenarios").glob("*.toml")):
        calls = tomllib.loads(path.read_text()).get("call", ())
        yield [(line["speaker"], line["text"]) for call in calls for line in call.get("say", ())]


def sentences(
    dice: random.Random, count: int, max_digits: int, tongue: Tongue = ENGLISH
) -> Iterator[tuple[str, str]]:
    """Yield sentences, each with the template that it was made by; no number has more digits."""
    templates = [
        template
        for template in _ALL[tongue.code]
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
