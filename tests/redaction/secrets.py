"""Made-up secrets: cards of all brands, codes, SSNs, IBANs, phone numbers, addresses."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

BRANDS: Final = {
    "visa": ("4", 16),
    "mastercard": ("52", 16),
    "amex": ("37", 15),
    "discover": ("6011", 16),
    "diners": ("36", 14),
    "jcb": ("3530", 16),
    "maestro": ("5018", 19),
}
_CARD_DIGITS: Final = 16
_SPELLED: Final = (
    "alpha bravo charlie delta echo foxtrot golf hotel kilo lima mike oscar tango zulu"
)
_NAMES: Final = ["maria", "john", "wei", "fatima", "olaf", "priya"]
_SURNAMES: Final = ["smith", "garcia", "chen", "okoye", "larsen", "patel"]


@dataclass(frozen=True, slots=True)
class Secret:
    """What is to be hidden: its digits, or for an address its words."""

    kind: str
    value: str


def card(dice: random.Random) -> Secret:
    """A card that adds up."""
    prefix, length = BRANDS[dice.choice(sorted(BRANDS))]
    digits = prefix + _digits(dice, length - len(prefix) - 1)
    check = next(last for last in "0123456789" if _adds_up(digits + last))
    return Secret("card", digits + check)


def misheard_card(dice: random.Random) -> Secret:
    """A card of which the engine got a digit wrong: nothing adds up."""
    digits = card(dice).value
    wrong = str((int(digits[5]) + 1) % 10)
    return Secret("card misheard", digits[:5] + wrong + digits[6:])


def card_of_runs(dice: random.Random) -> Secret:
    """A card in which digits stand several times in a row, as in those that shops try out."""
    digits = ""
    while len(digits) < _CARD_DIGITS:
        others = [one for one in "0123456789" if one != digits[-1:]]
        digits += dice.choice(others) * dice.randint(2, 5)
    return Secret("card of runs", digits[:_CARD_DIGITS])


def code(dice: random.Random) -> Secret:
    """A card's security code."""
    return Secret("code", _digits(dice, dice.choice((3, 4))))


def ssn(dice: random.Random) -> Secret:
    """A social security number."""
    return Secret(
        "ssn", f"{dice.randint(100, 665)}{dice.randint(10, 99)}{dice.randint(1000, 9999)}"
    )


def phone(dice: random.Random) -> Secret:
    """A phone number with its area code."""
    return Secret("phone", f"{dice.randint(201, 989)}{dice.randint(200, 999)}{_digits(dice, 4)}")


def iban(dice: random.Random) -> Secret:
    """A German IBAN that adds up; its digits."""
    account = _digits(dice, 18)
    check = 98 - int(account + "131400") % 97
    return Secret("iban", f"{check:02}{account}")


def serial(dice: random.Random) -> Secret:
    """A serial number; letters and words are said between its digits."""
    return Secret("serial", _digits(dice, dice.randint(10, 14)))


def email(dice: random.Random) -> Secret:
    """An e-mail address as it is said: what stands before the at."""
    if dice.random() < 0.5:
        return Secret("email", " ".join(dice.sample(_SPELLED.split(), dice.randint(3, 6))))
    return Secret("email", f"{dice.choice(_NAMES)} dot {dice.choice(_SURNAMES)}")


MAKERS: Final[dict[str, Callable[[random.Random], Secret]]] = {
    "card": card,
    "card misheard": misheard_card,
    "card of runs": card_of_runs,
    "code": code,
    "ssn": ssn,
    "phone": phone,
    "iban": iban,
    "serial": serial,
    "email": email,
}


def _digits(dice: random.Random, count: int) -> str:
    return "".join(dice.choices("0123456789", k=count))


def _adds_up(digits: str) -> bool:
    odd = [int(digit) for digit in digits[::-1][::2]]
    even = [int(digit) * 2 for digit in digits[::-1][1::2]]
    return (sum(odd) + sum(one // 10 + one % 10 for one in even)) % 10 == 0
