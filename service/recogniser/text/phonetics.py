"""Phonetic distance: how similar two spellings sound in English, roughly.

The speech model judges what is found by it: it only has to leave out nothing that is likely, and
most of what is not. Vowels count for little, for telephone lines blur them.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_VOWEL: Final = "A"
_SPELT: Final = (
    ("tch", "C"), ("sch", "sk"), ("cz", "C"), ("ch", "C"), ("sh", "S"), ("ph", "f"), ("gh", "g"),
    ("ck", "k"), ("th", "T"), ("dg", "J"), ("qu", "kw"), ("x", "ks"), ("wr", "r"), ("kn", "n"),
    ("tion", "SAn"), ("sion", "SAn"), ("ci", "sA"), ("ce", "sA"), ("cy", "sA"), ("c", "k"),
    ("q", "k"), ("gg", "g"), ("ge", "JA"), ("gi", "JA"), ("j", "J"), ("wh", "w"), ("bh", "b"),
    ("kh", "k"), ("dh", "d"),
)  # fmt: skip
"""Spelling to sound: the first that fits holds; a letter that is not here stands for itself."""
_SOUNDS: Final = {sign: number for number, sign in enumerate("?AbdfghklmnprstvwzCJST0123456789")}
_NEAR: Final = (
    "pb", "td", "kg", "sz", "fv", "mn", "lr", "SC", "CJ", "SJ", "Tf", "Tt", "Ts", "sS", "zJ",
    "kC", "gJ", "wv", "hk", "bv", "Td", "hC",
)  # fmt: skip
_NEAR_COST, _FAR_COST, _VOWEL_COST = 0.4, 1.0, 0.9
_SLIPS: Final = {_VOWEL: 0.3} | dict.fromkeys("hwr", 0.4) | dict.fromkeys("lmntd", 0.8)
_SLIP_COST: Final = 0.9
"""What it costs to leave a sound out, or to put one in."""
_MAX_SHARE_APART: Final = 0.4
_ALWAYS_APART: Final = 2
"""By how much the lengths of two codes that are compared may differ: a share of the one wanted, and
so many sounds in any case."""

Matrix = NDArray[np.float32]


def phonetic_code(text: str) -> str:
    """Return a text's sounds, one sign each; "" if it has none that can be said in English."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    left = re.sub("[^a-z0-9]", "", plain)
    left = "z" + left[1:] if left.startswith("x") else left
    code = ""
    while left:
        spelt, sound = next((one for one in _SPELT if left.startswith(one[0])), (left[0], left[0]))
        code += sound
        left = left[len(spelt) :]
    return re.sub(r"(.)\1+", r"\1", re.sub("[aeiouyA]+", _VOWEL, code))


def phonetic_weight(code: str) -> float:
    """Return how much there is to go by: a consonant is 1, a vowel half."""
    return len(code) - code.count(_VOWEL) / 2


def similarity(heard: Sequence[str], wanted: Sequence[str]) -> Matrix:
    """Return for all codes of `heard` by all of `wanted`: 1 for the same, 0 or less for others.

    Of a hundred by a hundred it takes some 20 ms.
    """
    found = np.zeros((len(heard), len(wanted)), np.float32)
    lengths = np.array([len(one) for one in heard]), np.array([len(one) for one in wanted])
    apart = np.abs(lengths[0][:, None] - lengths[1][None])
    close = apart <= np.maximum(_ALWAYS_APART, lengths[1] * _MAX_SHARE_APART)[None]
    rows, columns = np.nonzero(close & (lengths[0] > 0)[:, None] & (lengths[1] > 0)[None])
    if len(rows) == 0:
        return found
    distance = _distances(
        (_coded(heard)[rows], lengths[0][rows]), (_coded(wanted)[columns], lengths[1][columns])
    )
    weights = [np.array([phonetic_weight(one) for one in side]) for side in (heard, wanted)]
    found[rows, columns] = 1 - distance / np.maximum(weights[0][rows], weights[1][columns])
    return found


Coded = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Codes as the numbers of their sounds, filled up to the same length, and their own lengths."""


def _coded(codes: Sequence[str]) -> NDArray[np.intp]:
    longest = max(len(code) for code in codes)
    return np.array([[_SOUNDS.get(s, 0) for s in code.ljust(longest, "?")] for code in codes])


def _distances(heard: Coded, wanted: Coded) -> Matrix:
    """Return the weighted Levenshtein distance from each to its partner, all at once."""
    signs, lengths = heard
    goals, goal_lengths = wanted
    table = np.zeros((goals.shape[1] + 1, len(goals)), np.float32)
    np.cumsum(_SLIP[goals].T, axis=0, out=table[1:])
    found = np.zeros(len(goals), np.float32)
    for at in range(signs.shape[1]):
        sign = signs[:, at]
        slip, change = _SLIP[sign], _CHANGE[sign[:, None], goals].T
        following = np.minimum(table[:-1] + change, table[1:] + slip)
        table[0] += slip
        for goal in range(goals.shape[1]):
            table[goal + 1] = np.minimum(following[goal], table[goal] + _SLIP[goals[:, goal]])
        done = np.flatnonzero(lengths == at + 1)
        found[done] = table[goal_lengths[done], done]
    return found


def _slips() -> Matrix:
    return np.array([_SLIPS.get(sign, _SLIP_COST) for sign in _SOUNDS], np.float32)


def _changes() -> Matrix:
    costs = np.full((len(_SOUNDS), len(_SOUNDS)), _FAR_COST, np.float32)
    vowel = _SOUNDS[_VOWEL]
    costs[vowel, :] = costs[:, vowel] = _VOWEL_COST
    for one, other in ((_SOUNDS[a], _SOUNDS[b]) for a, b in _NEAR):
        costs[one, other] = costs[other, one] = _NEAR_COST
    np.fill_diagonal(costs, 0)
    return costs


_SLIP: Final = _slips()
_CHANGE: Final = _changes()
