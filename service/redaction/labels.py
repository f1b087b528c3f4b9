"""What is hidden is called: by its keyword, its length, and whether its digits add up.

None of this says whether it is hidden.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal

Kind = Literal["pci", "ssn", "phone", "email", "iban", "numbers"]
_CARD_DIGITS: Final = range(13, 20)
_PHONE_DIGITS: Final = range(10, 16)
_SSN_DIGITS: Final = 9
_DOUBLED_OVER: Final = 9


class Label(StrEnum):
    """What stands in the place of what was hidden, in brackets."""

    CARD = "CARD"
    CODE = "CODE"
    EXPIRY = "EXPIRY"
    SSN = "SSN"
    PHONE = "PHONE"
    EMAIL = "EMAIL"
    IBAN = "IBAN"
    NUMBER = "NUMBER"
    HELD = "…"
    """The open end of a partial, whatever it becomes."""

    @property
    def entity(self) -> str:
        """What events say of it."""
        return "held" if self is Label.HELD else self.value.lower()


KIND_OF: Final[Mapping[Label, Kind]] = {
    Label.CARD: "pci",
    Label.CODE: "pci",
    Label.EXPIRY: "pci",
    Label.SSN: "ssn",
    Label.PHONE: "phone",
    Label.EMAIL: "email",
    Label.IBAN: "iban",
}
_LENGTHS: Final[Mapping[Label, range]] = {
    Label.CODE: range(3, 5),
    Label.EXPIRY: range(3, 9),
    Label.IBAN: range(12, 31),
}
"""How many digits have those that a keyword alone does not make one."""


def label_of(digits: str, topic: Label | None, kinds: frozenset[Kind]) -> Label:
    """Return what to call a number. `topic` is the keyword near it, `kinds` what is asked for."""
    label = _fitting(digits, topic)
    return label if KIND_OF.get(label) in kinds else Label.NUMBER


def is_card(digits: str) -> bool:
    """Say whether it has a card's length, an issuer's first digit, and adds up (Luhn)."""
    return len(digits) in _CARD_DIGITS and digits[0] in "23456" and _luhn(digits)


def is_iban(text: str) -> bool:
    """Say whether letters and digits add up as those of an IBAN do (ISO 7064, mod 97-10)."""
    plain = "".join(text.split()).upper()
    if not plain.isascii() or not plain.isalnum():
        return False
    return int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def _fitting(digits: str, topic: Label | None) -> Label:
    count = len(digits)
    if topic is not None and count in _LENGTHS.get(topic, ()):
        return topic
    if is_card(digits):
        return Label.CARD
    if topic in (Label.CODE, Label.EXPIRY):
        return Label.CARD if count in _CARD_DIGITS else Label.NUMBER
    if topic in (Label.CARD, Label.SSN, Label.PHONE):
        return topic
    if count == _SSN_DIGITS and topic is None and _may_be_ssn(digits):
        return Label.SSN
    return Label.PHONE if count in _PHONE_DIGITS else Label.NUMBER


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    total = sum(int(digit) for digit in digits[::-2])
    total += sum(one - _DOUBLED_OVER if one > _DOUBLED_OVER else one for one in doubled)
    return total % 10 == 0


def _may_be_ssn(digits: str) -> bool:
    return digits[:3] not in ("000", "666") and digits[0] != "9" and digits[5:] != "0000"
