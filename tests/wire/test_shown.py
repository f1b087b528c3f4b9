"""Text as it is shown: what belongs to the spelling stays, what steers goes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.wire.shown import in_place, one_line

SPELT = {
    "a Persian joiner": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "a Sinhala joiner": "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "a flag of letters": "\U0001f3f4\U000e0067\U000e0062\U000e007f",
    "an emoji of a later Unicode": "\U0001fae8\U0001face",
    "marks of direction": "\u05d0\u200f!\u200e \u061c",
    "a soft hyphen": "co\u00adoperate",
    "a space of no width": "\u0e2a\u200b\u0e27",
    "a private letter": "\ue001\U000f0001",
    "a variant": "\u2764\ufe0f \u845b\U000e0100",
}


@pytest.mark.parametrize("text", SPELT.values(), ids=list(SPELT))
def test_what_belongs_to_the_spelling_stays(text: str) -> None:
    """Also what this Python does not know, or would not print."""
    assert one_line(text) == text.strip()
    assert in_place(text) == text


@pytest.mark.parametrize(
    ("text", "line", "place"),
    [
        ("a\n\x1b[31mb\x00  \u202ec", "a [31mb c", "a  [31mb    c"),
        ("\u2067a\u2069\x9bb\x7f", "ab", " a  b "),
        ("a\u2028b\u2029c\x85d", "a b c d", "a b c d"),
        ("a \x9b b", "a b", "a   b"),
        ("\ud83d!", "\ufffd!", "\ufffd!"),
    ],
)
def test_what_steers_goes(text: str, line: str, place: str) -> None:
    """Controls, separators, overrides and isolates; half a pair is a character nobody knows."""
    assert one_line(text) == line
    assert in_place(text) == place


@given(st.text())
def test_only_what_steers_goes(text: str) -> None:
    """All else is there, in its order, and can be written as UTF-8."""
    told = one_line(text)
    steers = {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", *map(chr, range(0x2066, 0x206A))}
    right = [
        "\ufffd" if unicodedata.category(one) == "Cs" else one
        for one in text
        if not one.isspace() and unicodedata.category(one) != "Cc" and one not in steers
    ]

    assert [one for one in told if one != " "] == right
    assert told == " ".join(told.encode().decode().split())
    assert len(in_place(text)) == len(text)
